/* See with_pairs.h. */
#include "bench/command/with_pairs.h"

#include "bench/command/command.h"
#include "bench/system/machine.h"

#include <stdlib.h>

int with_pairs_open(struct with_pairs *w, struct error *err)
{
	if (!reports_folder(w->given, w->sweep, &w->folder, err) || !report_folder_check(&w->folder, err))
		return EXIT_USAGE;
	if (!records_read(w->folder.path, w->sweep, &w->records, err))
		return EXIT_FAILED;
	w->side = (struct side){ .sweep = w->sweep, .folder = w->folder.path, .records = &w->records };
	return side_choose(&w->side, NULL, err) && side_keep_chosen(&w->side, err) ? EXIT_DONE : EXIT_FAILED;
}

int with_pairs_compare(struct with_pairs *w, struct error *err)
{
	if (!dataset_is_named(&w->sweep->data, err))
		return EXIT_USAGE;
	if (!dataset_read(&w->sweep->data, &w->data, err))
		return w->data.misfit ? EXIT_USAGE : EXIT_FAILED;
	w->contest = (struct contest){ &w->side, &w->side, &w->data, contest_split(w->sweep, &w->data, err) };
	w->differences = calloc((size_t)w->pairs.count + 1, sizeof *w->differences);
	if (!w->differences)
		return fail(err, "not enough memory for %d pairs of networks", w->pairs.count), EXIT_FAILED;
	return w->contest.split && differences_compute(&w->contest, &w->pairs, machine_threads(), w->differences, err) ?
		EXIT_DONE : EXIT_FAILED;
}

int with_pairs_conclude(const struct with_pairs *w, struct error *err)
{
	int lacking = differences_lacking(w->differences, w->pairs.count);
	const char *broken = records_fault(&w->records), *fault = differences_fault(w->differences, w->pairs.count);

	if (broken || fault)
		fail(err, "%s", broken ? broken : fault);
	if (lacking)
		fail(err, "%d of %d pairs lack an accuracy; `archsweep run` trains what is missing", lacking,
		     w->pairs.count);
	return err->text[0] ? EXIT_FAILED : EXIT_DONE;
}

void with_pairs_free(struct with_pairs *w)
{
	free(w->differences);
	dataset_free(&w->data);
	pairs_free(&w->pairs);
	side_free(&w->side);
	records_free(&w->records);
}
