/* See record.h. Reads one record: its columns may stand in any order, but nothing in the file is believed. */
#include "bench/record/record.h"

#include "bench/record/record_columns.h"
#include "bench/system/digest.h"
#include "bench/text/tsv.h"
#include "bench/text/words.h"

#include <string.h>

enum { RECORD_BYTES = 1 << 16 };        /* more than any record of ours has */

static const char digest_name[] = "digest";

/* A file that is being read. */
struct reading {
	struct tsv file;
	int format;
	struct record *to;
	bool seen[MAX_RECORD_COLUMNS];          /* rows of record_columns */
	bool split_seen[MAX_SPLITS][2];         /* parts of the record's splits */
	uint64_t digest;                        /* of all lines but the last */
	bool digest_seen;
};

/* The next line: a name and one value. The file may end instead: then the row's count is 0. */
static bool read_pair(struct tsv *file, struct tsv_row *row, struct error *err)
{
	char shown[SHOWN_BYTES];

	if (!tsv_read(file, row, err))
		return false;
	return row->count == 0 || row->count == 2 ||
	       fail_at(err, row->at[0], "%s: found %d values, one belongs here", words_show(row->fields[0], shown),
	               row->count - 1);
}

static bool read_format(struct reading *r, struct error *err)
{
	const struct cell cell = { "format", CELL_INT, 0, .min = 1, .max = 1e9 };
	char shown[SHOWN_BYTES];
	struct tsv_row row;

	if (!read_pair(&r->file, &row, err))
		return false;
	if (row.count == 0)
		return fail_at(err, row.at[0], "the file ends before column \"format\"");
	if (strcmp(row.fields[0], cell.name) != 0)
		return fail_at(err, row.at[0], "found \"%s\" where column \"format\" belongs",
		               words_show(row.fields[0], shown));
	if (!cell_parse(&cell, row.fields[1], row.at[1], &r->format, err))
		return false;
	r->to->format = r->format;
	return r->format <= record_format() || fail_at(err, row.at[1], "format: found %s, this program reads 1 to %d",
	                                               words_show(row.fields[1], shown), record_format());
}

/* Marks a column as seen. */
static bool see(bool *seen, const struct tsv_row *row, struct error *err)
{
	if (*seen)
		return fail_at(err, row->at[0], "column \"%s\" stands twice", row->fields[0]);
	*seen = true;
	return true;
}

/* The record's split of that name, which is added where it is new; -1 and an error. */
static int find_split(struct record *to, const char *name, struct mark at, struct error *err)
{
	for (int i = 0; i < to->split_count; i++)
		if (strcmp(to->split_names[i], name) == 0)
			return i;
	if (to->split_count == MAX_SPLITS)
		return fail_at(err, at, "more than %d splits", MAX_SPLITS), -1;
	if (strlen(name) >= SPLIT_NAME_BYTES)
		return fail_at(err, at, "a split's name is longer than %d bytes", SPLIT_NAME_BYTES - 1), -1;
	memcpy(to->split_names[to->split_count], name, strlen(name) + 1);
	return to->split_count++;
}

static bool read_split(struct reading *r, const struct tsv_row *row, const char *name, int part, struct error *err)
{
	if (!words_is_name(name))
		return fail_at(err, row->at[0], "%s is not followed by the name of a split", split_column_prefix(part));
	int split = find_split(r->to, name, row->at[0], err);

	if (split < 0 || !see(&r->split_seen[split][part], row, err))
		return false;
	struct cell cell = split_column_cell(split, part);
	cell.name = row->fields[0];
	return cell_parse(&cell, row->fields[1], row->at[1], r->to, err);
}

/* Whether records of that format have the column. */
static bool is_in_file(const struct record_column *column, int format)
{
	return !column->table_only && column->since <= format;
}

static bool read_column(struct reading *r, const struct tsv_row *row, struct error *err)
{
	char shown[SHOWN_BYTES];
	int part, i = record_column_find(row->fields[0]);
	const char *split = split_column_find(row->fields[0], &part);

	if (split)
		return read_split(r, row, split, part, err);
	if (i < 0 || !is_in_file(&record_columns[i], r->format))
		return fail_at(err, row->at[0], "\"%s\" is no column of format %d", words_show(row->fields[0], shown),
		               r->format);
	return see(&r->seen[i], row, err) &&
	       cell_parse(&record_columns[i].cell, row->fields[1], row->at[1], r->to, err);
}

/* Whether all columns have come that records of this format have. */
static bool check_end(const struct reading *r, struct mark at, struct error *err)
{
	for (int i = 0; record_columns[i].cell.name; i++)
		if (!r->seen[i] && is_in_file(&record_columns[i], r->format))
			return fail_at(err, at, "the file ends before column \"%s\"", record_columns[i].cell.name);
	for (int i = 0; i < 2 * r->to->split_count; i++)
		if (!r->split_seen[i / 2][i % 2])
			return fail_at(err, at, "the file ends before column \"%s%s\"", split_column_prefix(i % 2),
			               r->to->split_names[i / 2]);
	return true;
}

static bool has_digest(const struct reading *r)
{
	return r->format >= RECORD_WITH_DIGESTS;
}

/* Of all bytes before the last line: taken before lines are cut apart. */
static uint64_t digest_lines(const struct tsv *file)
{
	size_t len = file->len > 0 ? file->len - 1 : 0;

	while (len > 0 && file->text[len - 1] != '\n')
		len--;
	return digest_bytes(DIGEST_START, file->text, len);
}

/* The last line. */
static bool read_digest(struct reading *r, const struct tsv_row *row, struct error *err)
{
	const struct cell cell = { digest_name, CELL_DIGEST, .offset = 0 };
	struct mark at = row->at[1];
	struct tsv_row end;
	uint64_t digest;

	if (!see(&r->digest_seen, row, err) || !cell_parse(&cell, row->fields[1], at, &digest, err) ||
	    !tsv_read(&r->file, &end, err))
		return false;
	if (end.count != 0)
		return fail_at(err, end.at[0], "a line behind the digest, which is the last");
	return check_end(r, end.at[0], err) &&
	       (digest == r->digest || fail_at(err, at, "digest: does not match the lines above it"));
}

static bool read_all(struct reading *r, struct error *err)
{
	struct tsv_row row;

	if (!read_format(r, err))
		return false;
	while (read_pair(&r->file, &row, err)) {
		if (row.count == 0)
			return check_end(r, row.at[0], err) &&
			       (!has_digest(r) || fail_at(err, row.at[0], "the file ends before column \"%s\"",
			                                  digest_name));
		if (has_digest(r) && strcmp(row.fields[0], digest_name) == 0)
			return read_digest(r, &row, err);
		if (!read_column(r, &row, err))
			return false;
	}
	return false;
}

bool record_read(const char *folder, const char *id, struct record *to, struct error *err)
{
	char path[FILE_PATH_BYTES], shown[SHOWN_BYTES];
	struct reading reading = { .to = to };

	record_clear(to);
	if (!record_path(folder, id, RECORD_FILE, path, err) || !tsv_open(&reading.file, path, RECORD_BYTES, err))
		return false;
	reading.digest = digest_lines(&reading.file);
	bool good = read_all(&reading, err);
	tsv_close(&reading.file);
	if (good && strcmp(to->id, id) != 0)
		return fail(err, "%s: the record of another point: id is \"%s\"", path, words_show(to->id, shown));
	return good;
}
