/* Reading one record back, line by line in the order of the table, believing nothing. See record.h. */
#include "bench/record/record.h"

#include "bench/record/record_cells.h"
#include "bench/text/tsv.h"
#include "bench/text/words.h"

#include <string.h>

enum { RECORD_BYTES = 1 << 16 };        /* more than any record of ours has */

/* The next line must be `name` and one value. */
static bool read_pair(struct tsv *file, const char *name, struct tsv_row *row, struct error *err)
{
	char shown[SHOWN_BYTES];

	if (!tsv_read(file, row, err))
		return false;
	if (row->count == 0)
		return fail_at(err, row->at[0], "the file ends before column \"%s\"", name);
	if (strcmp(row->fields[0], name) != 0)
		return fail_at(err, row->at[0], "found \"%s\" where column \"%s\" belongs", words_show(row->fields[0], shown), name);
	if (row->count != 2)
		return fail_at(err, row->at[0], "%s: found %d values, one belongs here", name, row->count - 1);
	return true;
}

static bool read_format(struct tsv *file, int *format, struct error *err)
{
	char shown[SHOWN_BYTES];
	struct tsv_row row;
	const struct cell cell = { "format", CELL_INT, 0, .min = 1, .max = 1e9 };

	if (!read_pair(file, cell.name, &row, err) || !cell_parse(&cell, row.fields[1], row.at[1], format, err))
		return false;
	return *format <= RECORD_FORMAT || fail_at(err, row.at[1], "format: found %s, this program reads 1 to %d",
	                                           words_show(row.fields[1], shown), RECORD_FORMAT);
}

static bool read_cells(struct tsv *file, const struct cell *cells, struct record *to, struct error *err)
{
	struct tsv_row row;

	for (const struct cell *cell = cells; cell->name; cell++)
		if (!read_pair(file, cell->name, &row, err) || !cell_parse(cell, row.fields[1], row.at[1], to, err))
			return false;
	return true;
}

/* Format 1 had no precision, the first column, since all was float32. */
static bool read_tail(struct tsv *file, int format, struct record *to, struct error *err)
{
	return read_cells(file, format == 1 ? record_tail + 1 : record_tail, to, err);
}

static bool has_split(const struct record *record, const char *name)
{
	for (int i = 0; i < record->split_count; i++)
		if (strcmp(record->split_names[i], name) == 0)
			return true;
	return !split_is_written(name);
}

/* The split's name is what stands behind "accuracy_" on the next line, which is still to be read. */
static bool find_split(struct tsv *file, struct record *to, struct error *err)
{
	size_t before = strlen(split_cells[0].name), len = strcspn(file->next + before, "\t\n");
	struct mark at = { file->path, file->line + 1, 1 };
	char *name = to->split_names[to->split_count];

	if (to->split_count == MAX_SPLITS)
		return fail_at(err, at, "more than %d splits", MAX_SPLITS);
	if (len >= sizeof to->split_names[0])
		return fail_at(err, at, "a split's name is longer than %zu bytes", sizeof to->split_names[0] - 1);
	memcpy(name, file->next + before, len);
	name[len] = '\0';
	if (!words_is_name(name))
		return fail_at(err, at, "accuracy_ is not followed by the name of a split");
	return !has_split(to, name) || fail_at(err, at, "column \"%s%s\" stands twice", split_cells[0].name, name);
}

static bool read_splits(struct tsv *file, struct record *to, struct error *err)
{
	char column[64];
	struct tsv_row row;

	while (tsv_next_begins(file, split_cells[0].name)) {
		if (!find_split(file, to, err))
			return false;
		for (const struct cell *part = split_cells; part->name; part++) {
			struct cell cell = *part;

			snprintf(column, sizeof column, "%s%s", cell.name, to->split_names[to->split_count]);
			cell.name = column;
			if (!read_pair(file, column, &row, err) ||
			    !cell_parse(&cell, row.fields[1], row.at[1], &to->splits[to->split_count], err))
				return false;
		}
		to->split_count++;
	}
	return true;
}

static bool read_end(struct tsv *file, struct error *err)
{
	char shown[SHOWN_BYTES];
	struct tsv_row row;

	if (!tsv_read(file, &row, err))
		return false;
	return row.count == 0 || fail_at(err, row.at[0], "found \"%s\" behind the last column", words_show(row.fields[0], shown));
}

bool record_read(const char *folder, const char *id, struct record *to, struct error *err)
{
	char path[FILE_PATH_BYTES], shown[SHOWN_BYTES];
	struct tsv file;
	int format;

	*to = (struct record){ 0 };
	if (!record_path(folder, id, RECORD_FILE, path, err) || !tsv_open(&file, path, RECORD_BYTES, err))
		return false;
	bool good = read_format(&file, &format, err) && read_cells(&file, record_head, to, err) && read_splits(&file, to, err) &&
	            read_tail(&file, format, to, err) && read_end(&file, err);
	tsv_close(&file);
	if (good && strcmp(to->id, id) != 0)
		return fail(err, "%s: the record of another point: id is \"%s\"", path, words_show(to->id, shown));
	return good;
}
