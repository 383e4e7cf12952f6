/* speed.tsv: writing it, and reading it back believing nothing. See timing.h. */
#include "bench/measure/timing.h"

#include "bench/sweep/cost.h"
#include "bench/system/atomic_file.h"
#include "bench/text/cell.h"
#include "bench/text/tsv.h"
#include "bench/text/words.h"

#include <limits.h>
#include <string.h>

enum { SPEED_BYTES = 1 << 22 };         /* more than any sweep's has */

#define TIMING(member) .offset = offsetof(struct timing, member)
#define TIMING_TEXT(member) TIMING(member), .size = sizeof ((struct timing *)0)->member
#define MICROSECONDS .min = 1e-6, .max = 1e12

static const struct cell cells[] = {
	{ "id", CELL_TEXT, TIMING_TEXT(id) },
	{ "family", CELL_TEXT, TIMING_TEXT(family) },
	{ "width", CELL_REAL, TIMING(width), .max = MAX_WIDTH },
	{ "training_microseconds", CELL_REAL, TIMING(training.median), MICROSECONDS },
	{ "training_fastest", CELL_REAL, TIMING(training.fastest), MICROSECONDS },
	{ "training_slowest", CELL_REAL, TIMING(training.slowest), MICROSECONDS },
	{ "inference_microseconds", CELL_REAL, TIMING(inference.median), MICROSECONDS },
	{ "inference_fastest", CELL_REAL, TIMING(inference.fastest), MICROSECONDS },
	{ "inference_slowest", CELL_REAL, TIMING(inference.slowest), MICROSECONDS },
	{ "batch", CELL_INT, TIMING(batch), .min = 1, .max = INT_MAX },
	{ "rounds", CELL_INT, TIMING(rounds), .min = 1, .max = MAX_ROUNDS },
	{ "kernels", CELL_TEXT, TIMING_TEXT(kernels) },
	{ "processor", CELL_TEXT, TIMING_TEXT(processor) },
	{ 0 }
};

static bool speed_path(const char *folder, char to[FILE_PATH_BYTES], struct error *err)
{
	return snprintf(to, FILE_PATH_BYTES, "%s/speed.tsv", folder) < FILE_PATH_BYTES ||
	       fail(err, "%.100s...: the path is too long", folder);
}

bool timings_write(const char *folder, const struct sweep *sweep, const struct timings *timings, struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct draft draft;

	if (!speed_path(folder, path, err) || !folder_create(folder, err) || !draft_open(&draft, err))
		return false;
	cells_print_names(cells, "", draft.stream);
	fputc('\n', draft.stream);
	for (int i = 0; i < sweep->point_count; i++) {
		if (!timings->of[i].rounds)
			continue;
		cells_print(cells, &timings->of[i], draft.stream);
		fputc('\n', draft.stream);
	}
	return draft_save(&draft, path, err);
}

/* --- reading ------------------------------------------------------------------------------------------------------ */

static int column_count(void)
{
	return (int)(sizeof cells / sizeof *cells) - 1;
}

static bool check_count(const struct tsv_row *row, struct error *err)
{
	return row->count == column_count() ||
	       fail_at(err, row->at[0], "found %d values, %d belong here", row->count, column_count());
}

static bool read_header(struct tsv *file, struct error *err)
{
	char shown[SHOWN_BYTES];
	struct tsv_row row;

	if (!tsv_read(file, &row, err))
		return false;
	for (int i = 0; i < row.count && i < column_count(); i++)
		if (strcmp(row.fields[i], cells[i].name) != 0)
			return fail_at(err, row.at[i], "found \"%s\" where column \"%s\" belongs",
			               words_show(row.fields[i], shown), cells[i].name);
	return check_count(&row, err);
}

static bool read_timing(const struct tsv_row *row, struct timing *to, struct error *err)
{
	if (!check_count(row, err))
		return false;
	for (int i = 0; i < row->count; i++)
		if (!cell_parse(&cells[i], row->fields[i], row->at[i], to, err))
			return false;
	return true;
}

static bool place(const struct sweep *sweep, const struct timing *timing, struct mark at, struct timings *to,
                  struct error *err)
{
	for (int i = 0; i < sweep->point_count; i++) {
		if (!point_begins_network(sweep, i) || strcmp(to->ids[i], timing->id) != 0)
			continue;
		if (to->of[i].rounds)
			return fail_at(err, at, "id: \"%s\" stands twice", timing->id);
		to->of[i] = *timing;
	}
	return true;
}

static bool read_rows(struct tsv *file, const struct sweep *sweep, struct timings *to, struct error *err)
{
	struct tsv_row row;

	if (!read_header(file, err))
		return false;
	while (tsv_read(file, &row, err)) {
		struct timing timing = { .rounds = 0 };

		if (row.count == 0)
			return true;
		if (!read_timing(&row, &timing, err) || !place(sweep, &timing, row.at[0], to, err))
			return false;
	}
	return false;
}

bool timings_read(const char *folder, const struct sweep *sweep, struct timings *to, struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct tsv file;

	memset(to->of, 0, (size_t)sweep->point_count * sizeof *to->of);
	if (!speed_path(folder, path, err) || !tsv_open(&file, path, SPEED_BYTES, err))
		return false;
	bool good = read_rows(&file, sweep, to, err);
	tsv_close(&file);
	if (!good)
		memset(to->of, 0, (size_t)sweep->point_count * sizeof *to->of);
	return good;
}
