/* Gathering a sweep's records and curves into two tables for pictures and people. See record.h. */
#include "bench/record/record.h"

#include "bench/record/record_cells.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct collection {
	const char *folder;
	const struct sweep *sweep;
	int count;
	struct record *records;         /* owned; in the sweep's order */
	int split_count;                /* names of splits that any record has */
	char split_names[MAX_SPLITS][sizeof ((struct record *)0)->split_names[0]];
	struct error trouble;           /* the first record or curve that could not be read */
};

static int find_name(const char (*names)[32], int count, const char *name)
{
	int i = 0;

	while (i < count && strcmp(names[i], name) != 0)
		i++;
	return i;
}

/* Columns for the splits of one record. Points of a sweep share their data, so they rarely differ but for points that failed early. */
static bool add_splits(struct collection *c, const struct record *record)
{
	int before = c->split_count;

	for (int i = 0; i < record->split_count; i++) {
		int place = find_name(c->split_names, c->split_count, record->split_names[i]);

		if (place < c->split_count)
			continue;
		if (place == MAX_SPLITS) {
			c->split_count = before;
			return fail(&c->trouble, "%s/points/%s.tsv: the sweep's records have more than %d splits", c->folder, record->id,
			            MAX_SPLITS);
		}
		snprintf(c->split_names[c->split_count++], sizeof c->split_names[0], "%s", record->split_names[i]);
	}
	return true;
}

static bool read_all(struct collection *c, struct error *err)
{
	c->records = calloc((size_t)c->sweep->point_count + 1, sizeof *c->records);
	if (!c->records)
		return fail(err, "not enough memory for %d records", c->sweep->point_count);
	for (int i = 0; i < c->sweep->point_count; i++) {
		const struct point *point = &c->sweep->points[i];
		struct record *record = &c->records[c->count];

		if (!record_read(c->folder, point->id, record, &c->trouble) || !add_splits(c, record))
			continue;
		snprintf(record->family, sizeof record->family, "%s", point->family);
		record->width = point->width;
		record->seed = point->seed;
		c->count++;
	}
	return true;
}

static void print_header(const struct collection *c, FILE *to)
{
	cells_print_names(record_head, "", to);
	for (int i = 0; i < c->split_count; i++) {
		fputc('\t', to);
		cells_print_names(split_cells, c->split_names[i], to);
	}
	fputc('\t', to);
	cells_print_names(record_tail, "", to);
	fputs("\ttitle\n", to);
}

static void print_record(const struct collection *c, const struct record *record, FILE *to)
{
	const struct score no_score = { NAN, NAN };
	const struct cell title = { "title", CELL_TEXT, .offset = 0 };

	cells_print(record_head, record, to);
	for (int i = 0; i < c->split_count; i++) {
		int place = find_name(record->split_names, record->split_count, c->split_names[i]);

		fputc('\t', to);
		cells_print(split_cells, place < record->split_count ? &record->splits[place] : &no_score, to);
	}
	fputc('\t', to);
	cells_print(record_tail, record, to);
	fputc('\t', to);
	cell_print(&title, c->sweep->title ? c->sweep->title : c->sweep->name, to);
	fputc('\n', to);
}

/* Tables for gnuplot and spreadsheets: a double quote would swallow the tabs behind it. */
static bool save_table(struct draft *draft, const char *folder, const char *name, struct error *err)
{
	char path[FILE_PATH_BYTES];

	if (snprintf(path, sizeof path, "%s/%s", folder, name) >= FILE_PATH_BYTES) {
		draft_discard(draft);
		return fail(err, "%.100s...: the path is too long", folder);
	}
	if (fflush(draft->stream) == 0)
		for (char *quote = draft->bytes; (quote = memchr(quote, '"', (size_t)(draft->bytes + draft->len - quote)));)
			*quote = '\'';
	return draft_save(draft, path, err);
}

static bool save_points(const struct collection *c, struct error *err)
{
	struct draft draft;

	if (!draft_open(&draft, err))
		return false;
	print_header(c, draft.stream);
	for (int i = 0; i < c->count; i++)
		print_record(c, &c->records[i], draft.stream);
	return save_table(&draft, c->folder, "points.tsv", err);
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
	for (int i = 0; i < c->count; i++)
		curve_copy(c->folder, &c->records[i], draft.stream, &c->trouble);
	return save_table(&draft, c->folder, "curves.tsv", err);
}

static void clean(const char *folder)
{
	char points[FILE_PATH_BYTES];

	folder_clean(folder);
	if (snprintf(points, sizeof points, "%s/points", folder) < FILE_PATH_BYTES)
		folder_clean(points);
}

bool record_collect(const char *folder, const struct sweep *sweep, int *found, struct error *err)
{
	struct collection c = { .folder = folder, .sweep = sweep, .trouble = { "" } };
	bool saved = folder_create(folder, err) && read_all(&c, err) && save_points(&c, err) && save_curves(&c, err);

	clean(folder);
	free(c.records);
	*found = c.count;
	if (saved && c.trouble.text[0])
		return fail(err, "%s", c.trouble.text);
	return saved;
}
