/* See records.h. All records and curves of a sweep as two tables, for pictures and people. */
#include "bench/record/records.h"

#include "bench/record/record_columns.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The names of all splits that any record has, and which records go into the tables. */
struct collection {
	const struct records *records;
	const char *folder;
	int split_count;
	char split_names[MAX_SPLITS][SPLIT_NAME_BYTES];
	bool *left_out;                 /* [records->count], owned */
	struct error trouble;           /* the first record or curve that could not be read */
};

static int find_name(const char (*names)[SPLIT_NAME_BYTES], int count, const char *name)
{
	int i = 0;

	while (i < count && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* Columns for the splits of one record. Points of a sweep share their data, so they rarely differ but for points that
 * failed early. */
static bool add_splits(struct collection *c, const struct record *record)
{
	int before = c->split_count;

	for (int i = 0; i < record->split_count; i++) {
		const char *name = record->split_names[i];
		int place = find_name(c->split_names, c->split_count, name);

		if (place < c->split_count || strcmp(name, "validation") == 0)
			continue;
		if (place == MAX_SPLITS) {
			c->split_count = before;
			return fail(&c->trouble, "%s/points/%s.tsv: the sweep's records have more than %d splits",
			            c->folder, record->id, MAX_SPLITS);
		}
		snprintf(c->split_names[c->split_count++], SPLIT_NAME_BYTES, "%s", name);
	}
	return true;
}

static int choose_records(struct collection *c)
{
	int count = 0;

	for (int i = 0; i < c->records->count; i++) {
		c->left_out[i] = c->records->states[i] != RECORD_READ || !add_splits(c, &c->records->of[i]);
		count += !c->left_out[i];
	}
	return count;
}

/* The record with the collection's splits: those that it lacks have no scores. */
static struct record with_all_splits(const struct collection *c, const struct record *record)
{
	struct record all = *record;

	all.split_count = c->split_count;
	memcpy(all.split_names, c->split_names, sizeof all.split_names);
	for (int i = 0; i < c->split_count; i++) {
		int place = find_name(record->split_names, record->split_count, c->split_names[i]);

		all.splits[i] = place < record->split_count ? record->splits[place] : (struct score){ NAN, NAN };
	}
	return all;
}

static bool save_as_it_is(struct draft *draft, const char *folder, const char *name, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (snprintf(path, sizeof path, "%s/%s", folder, name) < FILE_PATH_BYTES)
		return draft_save(draft, path, err);
	draft_discard(draft);
	return fail(err, "%.100s...: the path is too long", folder);
}

bool table_file_save(struct draft *draft, const char *folder, const char *name, struct error *err)
{
	if (fflush(draft->stream) == 0)
		draft_unquote(draft);
	return save_as_it_is(draft, folder, name, err);
}

static bool save_points(const struct collection *c, struct error *err)
{
	const struct cell title = { "title", CELL_TEXT, .offset = 0 };
	struct record_layout layout;
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	record_layout_results(c->split_names, c->split_count, &layout);
	cells_print_names(layout.cells, "", draft.stream);
	fprintf(draft.stream, "\t%s\n", title.name);
	for (int i = 0; i < c->records->count; i++) {
		if (c->left_out[i])
			continue;
		struct record record = with_all_splits(c, &c->records->of[i]);

		cells_print(layout.cells, &record, draft.stream);
		fputc('\t', draft.stream);
		cell_print(&title, c->records->title, draft.stream);
		fputc('\n', draft.stream);
	}
	return save_as_it_is(&draft, c->folder, "points.tsv", err);
}

/* All that is no result: what made each record, and how fast. */
static bool save_times(const struct collection *c, struct error *err)
{
	const struct record_column *id = &record_columns[record_column_find("id")];
	struct cell cells[MAX_RECORD_COLUMNS + 4] = { id->cell };
	struct draft draft;
	int count = 1;

	for (int i = 0; curve_owner[i].name; i++)
		cells[count++] = curve_owner[i];
	for (const struct record_column *column = record_columns; column->cell.name; column++)
		if (column->circumstance)
			cells[count++] = column->cell;
	if (!draft_open(&draft, err))
		return false;
	cells_print_names(cells, "", draft.stream);
	fputc('\n', draft.stream);
	for (int i = 0; i < c->records->count; i++) {
		if (c->left_out[i])
			continue;
		cells_print(cells, &c->records->of[i], draft.stream);
		fputc('\n', draft.stream);
	}
	return table_file_save(&draft, c->folder, "times.tsv", err);
}

static bool save_curves(struct collection *c, struct error *err)
{
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	cells_print_names(curve_owner, "", draft.stream);
	fputc('\t', draft.stream);
	cells_print_names(curve_cells, "", draft.stream);
	fputc('\n', draft.stream);
	for (int i = 0; i < c->records->count; i++)
		if (!c->left_out[i])
			curve_copy(c->folder, &c->records->of[i], draft.stream, &c->trouble);
	return table_file_save(&draft, c->folder, "curves.tsv", err);
}

bool records_collect(const struct records *records, const char *folder, int *found, struct error *err)
{
	struct collection c = { .records = records, .folder = folder, .trouble = { "" } };
	const char *fault = records_fault(records);

	c.left_out = calloc((size_t)records->count + 1, sizeof *c.left_out);
	if (!c.left_out)
		return fail(err, "not enough memory for %d points", records->count);
	if (fault)
		fail(&c.trouble, "%s", fault);
	*found = choose_records(&c);
	bool saved = folder_create(folder, err) && save_points(&c, err) && save_times(&c, err) &&
		save_curves(&c, err);
	free(c.left_out);
	if (saved && c.trouble.text[0])
		return fail(err, "%s", c.trouble.text);
	return saved;
}
