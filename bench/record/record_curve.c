/* See record.h. Copies one point's learning curve into the table of all curves, once every line has been checked. */
#include "bench/record/record.h"

#include "bench/record/record_columns.h"

#include "bench/text/tsv_cells.h"
#include "bench/text/words.h"

#include <errno.h>
#include <string.h>

enum { CURVE_BYTES = 1 << 28 };         /* a million epochs and more */

/* All columns of a curve and no others. */
static bool find_columns(const struct tsv_row *header, struct tsv_cells *to, struct error *err)
{
	char shown[SHOWN_BYTES];

	for (int i = 0, k; i < header->count; i++) {
		for (k = 0; curve_file_cells[k].name && strcmp(curve_file_cells[k].name, header->fields[i]) != 0; k++)
			;
		if (!curve_file_cells[k].name)
			return fail_at(err, header->at[i], "\"%s\" is no column of a learning curve",
			               words_show(header->fields[i], shown));
	}
	return tsv_cells_find(curve_file_cells, header, to, err) && tsv_cells_have(to, header, NULL, err);
}

static void copy_line(const struct curve_line *line, const struct record *record, FILE *to)
{
	cells_print(curve_owner, record, to);
	fputc('\t', to);
	cells_print(curve_cells, line, to);
	fputc('\n', to);
}

static bool copy_lines(struct tsv *file, const struct record *record, FILE *to, struct error *err)
{
	struct curve_line line = { .seconds = 0 };
	struct tsv_cells cells;
	struct tsv_row row;
	int epoch = 0;

	if (!tsv_read(file, &row, err))
		return false;
	if (row.count == 0)
		return fail_at(err, row.at[0], "column \"%s\" is missing", curve_cells[0].name);
	if (!find_columns(&row, &cells, err))
		return false;
	while (tsv_read(file, &row, err) && row.count > 0) {
		if (!tsv_cells_parse(&cells, &row, &line, err))
			return false;
		if (line.row.epoch != ++epoch)
			return fail_at(err, row.at[0], "epoch: found %d where %d belongs", line.row.epoch, epoch);
		copy_line(&line, record, to);
	}
	if (row.count == 0 && epoch != record->epochs)
		return fail_at(err, row.at[0], "the file ends after %d of the record's %d epochs", epoch,
		               record->epochs);
	return row.count == 0;
}

bool curve_copy(const char *folder, const struct record *record, FILE *to, struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct tsv file;
	struct draft lines;

	if (!record_path(folder, record->id, CURVE_FILE, path, err))
		return false;
	if (!tsv_open(&file, path, CURVE_BYTES, err))
		return fail(err, "%s: cannot be read: %s", path, strerror(ENOENT));
	bool good = draft_open(&lines, err);
	if (good) {
		good = copy_lines(&file, record, lines.stream, err);
		fflush(lines.stream);
		if (good)
			fwrite(lines.bytes, 1, lines.len, to);
		draft_discard(&lines);
	}
	tsv_close(&file);
	return good;
}
