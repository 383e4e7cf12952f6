/* See record.h. Learning curves in memory, and writing both files of a point. */
#include "bench/record/record.h"

#include "bench/record/record_columns.h"
#include "bench/system/digest.h"

#include <inttypes.h>
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

static void print_record(const struct record *record, FILE *to)
{
	struct record_layout layout;

	record_layout(record->split_names, record->split_count, &layout);
	fprintf(to, "format\t%d\n", record_format());
	for (int i = 0; i < layout.count; i++) {
		fprintf(to, "%s\t", layout.cells[i].name);
		cell_print(&layout.cells[i], record, to);
		fputc('\n', to);
	}
}

static bool save_record(const char *path, const struct record *record, struct error *err)
{
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	print_record(record, draft.stream);
	if (fflush(draft.stream) == 0)
		fprintf(draft.stream, "digest\t%016" PRIx64 "\n", digest_bytes(DIGEST_START, draft.bytes, draft.len));
	return draft_save(&draft, path, err);
}

static bool save_curve(const char *path, const struct curve *curve, struct error *err)
{
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	curve_print(curve, draft.stream);
	return draft_save(&draft, path, err);
}

bool record_path(const char *folder, const char *id, enum record_file which, char to[FILE_PATH_BYTES],
                 struct error *err)
{
	int len = snprintf(to, FILE_PATH_BYTES, "%s/points/%s%s.tsv", folder, id, which == CURVE_FILE ? ".curve" : "");

	return len < FILE_PATH_BYTES || fail(err, "%.100s...: the path is too long", folder);
}

bool record_rewrite(const char *folder, const struct record *record, struct error *err)
{
	char path[FILE_PATH_BYTES];

	return record_path(folder, record->id, RECORD_FILE, path, err) && save_record(path, record, err);
}

bool record_write(const char *folder, struct record *record, const struct curve *curve, struct error *err)
{
	char points[FILE_PATH_BYTES], path[FILE_PATH_BYTES], curve_path[FILE_PATH_BYTES];

	if (!record_path(folder, record->id, RECORD_FILE, path, err) ||
	    !record_path(folder, record->id, CURVE_FILE, curve_path, err))
		return false;
	snprintf(points, sizeof points, "%s/points", folder);
	return folder_create(points, err) && save_curve(curve_path, curve, err) &&
	       digest_file(curve_path, &record->file_digests[POINT_CURVE], err) && save_record(path, record, err);
}
