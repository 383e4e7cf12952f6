/* archsweep equal: which family of a sweep wins where they have equally many parameters. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/stats/equal.h"
#include "bench/system/machine.h"

#include <stdlib.h>

static const struct option_row options[] = {
	{ "if-any", .help = "do nothing where no two families meet" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "records are in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "markdown" },
	{ "markdown", .help = "a table for a web page", .excludes = "json" },
	{ 0 }
};

static const char help[] =
	"For each two families of the sweep and each place where their networks meet, a row: accuracies, their\n"
	"difference in points with its 95 % interval over test images and seeds, and McNemar's exact p. Networks meet\n"
	"where their total parameters are within 5 % of each other; each with the nearest. `archsweep match` finds\n"
	"widths at which families meet. Of variants, those of the same name meet, or those that `best` has chosen by\n"
	"the validation images. Below the table it says in words who is ahead, where, and by how much.\n"
	"\n"
	"Accuracies and outputs are those of the records in reports/<sweep>/; labels are the data's. The table is\n"
	"kept there as equal.tsv, from which `archsweep plot` draws its picture.\n"
	"\n"
	"Exit status: 0 done, 1 a point has no accuracy or its outputs cannot be read, 2 the command line or the\n"
	"YAML is wrong.\n";

/* All that is read and found; all but the sweep is owned. */
struct equal {
	const struct options *given;
	const struct sweep *sweep;
	struct report_folder folder;
	struct records records;
	struct side side;
	struct encounters encounters;
	struct dataset data;
	struct difference *differences;
};

static int conclude(const struct equal *e, struct error *err)
{
	int count = e->encounters.pairs.count, lacking = differences_lacking(e->differences, count);
	const char *broken = records_fault(&e->records), *fault = differences_fault(e->differences, count);

	if (broken || fault)
		fail(err, "%s", broken ? broken : fault);
	if (lacking)
		fail(err, "%d of %d pairs lack an accuracy; `archsweep run` trains what is missing", lacking, count);
	return err->text[0] ? EXIT_FAILED : EXIT_DONE;
}

static bool print(const struct equal *e, const struct contest *contest, struct error *err)
{
	enum table_format format = options_format(e->given);
	const struct pairs *pairs = &e->encounters.pairs;

	if (!differences_print(e->differences, pairs->count, format, stdout, err))
		return false;
	if (format != TABLE_HUMAN && format != TABLE_MARKDOWN)
		return true;
	putchar('\n');
	encounters_print(&e->encounters, e->differences, stdout);
	putchar('\n');
	differences_explain(contest, pairs, e->differences);
	return true;
}

static int compare(struct equal *e, struct error *err)
{
	const struct pairs *pairs = &e->encounters.pairs;
	struct contest contest = { &e->side, &e->side, &e->data, contest_split(e->sweep, &e->data, err) };

	e->differences = calloc((size_t)pairs->count + 1, sizeof *e->differences);
	if (!e->differences)
		return fail(err, "not enough memory for %d pairs of networks", pairs->count), EXIT_FAILED;
	if (!contest.split || !differences_compute(&contest, pairs, machine_threads(), e->differences, err) ||
	    !encounters_save(&e->encounters, e->differences, e->folder.path, err) || !print(e, &contest, err))
		return EXIT_FAILED;
	return conclude(e, err);
}

static int read_all(struct equal *e, struct error *err)
{
	if (!reports_folder(e->given, e->sweep, &e->folder, err) || !report_folder_check(&e->folder, err))
		return EXIT_USAGE;
	if (!records_read(e->folder.path, e->sweep, &e->records, err))
		return EXIT_FAILED;
	e->side = (struct side){ .sweep = e->sweep, .folder = e->folder.path, .records = &e->records };
	if (!side_choose(&e->side, NULL, err) || !side_keep_chosen(&e->side, err) ||
	    !encounters_find(&e->side, &e->encounters, err))
		return EXIT_FAILED;
	if (e->encounters.pairs.count == 0 && options_has(e->given, "if-any"))
		return encounters_save(&e->encounters, NULL, e->folder.path, err) ? EXIT_DONE : EXIT_FAILED;
	if (!dataset_is_named(&e->sweep->data, err))
		return EXIT_USAGE;
	if (!dataset_read(&e->sweep->data, &e->data, err))
		return e->data.misfit ? EXIT_USAGE : EXIT_FAILED;
	return compare(e, err);
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct equal e = { .given = given, .sweep = sweep };
	int status = read_all(&e, err);

	free(e.differences);
	dataset_free(&e.data);
	encounters_free(&e.encounters);
	side_free(&e.side);
	records_free(&e.records);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_equal = {
	.name = "equal", .summary = "compare families of a sweep where they have equally many parameters",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
