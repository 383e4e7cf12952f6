/* See record.h. Learning curves as text: printed, read back, copied into the table of all curves once every line has
 * been checked. */
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

void curve_print(const struct curve *curve, FILE *to)
{
	cells_print_names(curve_file_cells, "", to);
	fputc('\n', to);
	for (int i = 0; i < curve->count; i++) {
		cells_print(curve_file_cells, &(struct curve_line){ curve->rows[i], curve->seconds[i] }, to);
		fputc('\n', to);
	}
}

/* A curve that is being read. */
struct curve_reader {
	struct tsv *file;
	struct tsv_cells cells;
	int epoch;              /* of the last row */
};

static bool begin(struct curve_reader *r, struct error *err)
{
	struct tsv_row row;

	if (!tsv_read(r->file, &row, err))
		return false;
	if (row.count == 0)
		return fail_at(err, row.at[0], "column \"%s\" is missing", curve_cells[0].name);
	return find_columns(&row, &r->cells, err);
}

/* The next row; at the end of the file *ended, and where it is. */
static bool next(struct curve_reader *r, struct curve_line *line, bool *ended, struct mark *at, struct error *err)
{
	struct tsv_row row;

	if (!tsv_read(r->file, &row, err))
		return false;
	*ended = row.count == 0;
	*at = row.at[0];
	if (*ended)
		return true;
	if (!tsv_cells_parse(&r->cells, &row, line, err))
		return false;
	return line->row.epoch == ++r->epoch ||
	       fail_at(err, *at, "epoch: found %d where %d belongs", line->row.epoch, r->epoch);
}

/* What is done with each row. */
typedef bool take_line(void *about, const struct curve_line *line, struct error *err);

static bool read_rows(struct tsv *file, int rows, take_line *take, void *about, struct error *err)
{
	struct curve_reader r = { .file = file };
	struct curve_line line = { .seconds = 0 };
	struct mark at = { 0 };
	bool ended = false, good = begin(&r, err);

	while (good && !ended)
		good = next(&r, &line, &ended, &at, err) && (ended || take(about, &line, err));
	return good && (r.epoch == rows ||
	                fail_at(err, at, "the file ends after %d of the record's %d epochs", r.epoch, rows));
}

static bool take_row(void *about, const struct curve_line *line, struct error *err)
{
	return curve_add(about, &line->row, line->seconds, err);
}

bool curve_read(struct tsv *file, int rows, struct curve *to, struct error *err)
{
	return read_rows(file, rows, take_row, to, err);
}

/* Where rows go, and whose they are. */
struct copy {
	const struct record *record;
	FILE *to;
};

static bool copy_line(void *about, const struct curve_line *line, struct error *err)
{
	const struct copy *copy = about;

	(void)err;
	cells_print(curve_owner, copy->record, copy->to);
	fputc('\t', copy->to);
	cells_print(curve_cells, line, copy->to);
	fputc('\n', copy->to);
	return true;
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
		good = read_rows(&file, record->epochs, copy_line, &(struct copy){ record, lines.stream }, err);
		fflush(lines.stream);
		if (good)
			fwrite(lines.bytes, 1, lines.len, to);
		draft_discard(&lines);
	}
	tsv_close(&file);
	return good;
}
