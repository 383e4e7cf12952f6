/* Copying one point's learning curve into the table of all curves, once every line has been checked. See record_cells.h. */
#include "bench/record/record_cells.h"

#include "bench/text/tsv.h"
#include "bench/text/words.h"

#include <errno.h>
#include <string.h>

enum { CURVE_BYTES = 1 << 28 };         /* a million epochs and more */

static bool check_header(const struct tsv_row *row, struct error *err)
{
	char shown[SHOWN_BYTES];
	int i = 0;

	for (; curve_cells[i].name; i++) {
		if (i == row->count)
			return fail_at(err, row->at[0], "column \"%s\" is missing", curve_cells[i].name);
		if (strcmp(row->fields[i], curve_cells[i].name) != 0)
			return fail_at(err, row->at[i], "found \"%s\" where column \"%s\" belongs", words_show(row->fields[i], shown),
			               curve_cells[i].name);
	}
	return i == row->count || fail_at(err, row->at[i], "found \"%s\" behind the last column", words_show(row->fields[i], shown));
}

static bool parse_line(const struct tsv_row *row, int epoch, struct curve_line *to, struct error *err)
{
	int columns = 0;

	while (curve_cells[columns].name)
		columns++;
	if (row->count != columns)
		return fail_at(err, row->at[0], "found %d values, %d belong here", row->count, columns);
	for (int i = 0; i < columns; i++)
		if (!cell_parse(&curve_cells[i], row->fields[i], row->at[i], to, err))
			return false;
	return to->row.epoch == epoch || fail_at(err, row->at[0], "epoch: found %d where %d belongs", to->row.epoch, epoch);
}

static bool copy_lines(struct tsv *file, const struct record *record, FILE *to, struct error *err)
{
	struct curve_line line = { .seconds = 0 };
	struct tsv_row row;
	int epoch = 0;

	if (!tsv_read(file, &row, err) || !check_header(&row, err))
		return false;
	while (tsv_read(file, &row, err) && row.count > 0) {
		if (!parse_line(&row, ++epoch, &line, err))
			return false;
		cells_print(curve_owner, record, to);
		fputc('\t', to);
		cells_print(curve_cells, &line, to);
		fputc('\n', to);
	}
	return row.count == 0 && (epoch == record->epochs ||
	       fail_at(err, row.at[0], "the file ends after %d of the record's %d epochs", epoch, record->epochs));
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
