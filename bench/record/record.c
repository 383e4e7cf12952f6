/* See record.h. Learning curves in memory, and writing both files of a point. */
#include "bench/record/record.h"

#include "bench/record/record_columns.h"

#include <stdio.h>
#include <stdlib.h>

bool curve_add(struct curve *curve, const struct epoch_row *row, double seconds, struct error *err)
{
	if (curve->count == curve->capacity) {
		int capacity = curve->capacity ? 2 * curve->capacity : 64;
		struct epoch_row *rows = realloc(curve->rows, (size_t)capacity * sizeof *rows);
		if (rows)
			curve->rows = rows;
		double *times = realloc(curve->seconds, (size_t)capacity * sizeof *times);
		if (times)
			curve->seconds = times;
		if (!rows || !times)
			return fail(err, "not enough memory for %d epochs", capacity);
		curve->capacity = capacity;
	}
	curve->rows[curve->count] = *row;
	curve->seconds[curve->count++] = seconds;
	return true;
}

void curve_free(struct curve *curve)
{
	free(curve->rows);
	free(curve->seconds);
	*curve = (struct curve){ 0 };
}

static bool save_record(const char *path, const struct record *record, struct error *err)
{
	struct record_layout layout;
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	record_layout(record->split_names, record->split_count, &layout);
	fprintf(draft.stream, "format\t%d\n", record_format());
	for (int i = 0; i < layout.count; i++) {
		fprintf(draft.stream, "%s\t", layout.cells[i].name);
		cell_print(&layout.cells[i], record, draft.stream);
		fputc('\n', draft.stream);
	}
	return draft_save(&draft, path, err);
}

static bool save_curve(const char *path, const struct curve *curve, struct error *err)
{
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	cells_print_names(curve_file_cells, "", draft.stream);
	fputc('\n', draft.stream);
	for (int i = 0; i < curve->count; i++) {
		cells_print(curve_file_cells, &(struct curve_line){ curve->rows[i], curve->seconds[i] },
		            draft.stream);
		fputc('\n', draft.stream);
	}
	return draft_save(&draft, path, err);
}

bool record_path(const char *folder, const char *id, enum record_file which, char to[FILE_PATH_BYTES],
                 struct error *err)
{
	int len = snprintf(to, FILE_PATH_BYTES, "%s/points/%s%s.tsv", folder, id, which == CURVE_FILE ? ".curve" : "");

	return len < FILE_PATH_BYTES || fail(err, "%.100s...: the path is too long", folder);
}

bool record_write(const char *folder, const struct record *record, const struct curve *curve, struct error *err)
{
	char points[FILE_PATH_BYTES], path[FILE_PATH_BYTES], curve_path[FILE_PATH_BYTES];

	if (!record_path(folder, record->id, RECORD_FILE, path, err) ||
	    !record_path(folder, record->id, CURVE_FILE, curve_path, err))
		return false;
	snprintf(points, sizeof points, "%s/points", folder);
	return folder_create(points, err) && save_curve(curve_path, curve, err) && save_record(path, record, err);
}
