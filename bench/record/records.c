/* See records.h. Reading, and keeping in memory; records_collect.c writes. */
#include "bench/record/records.h"

#include "bench/record/record_columns.h"
#include "bench/sweep/describe.h"
#include "bench/text/tsv_cells.h"
#include "bench/text/words.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TABLE_FILE_BYTES = 1 << 26 };    /* more than MAX_POINTS rows have */

static bool create(struct records *records, int capacity, struct error *err)
{
	*records = (struct records){ .count = 0 };
	records->states = calloc((size_t)capacity + 1, sizeof *records->states);
	records->of = calloc((size_t)capacity + 1, sizeof *records->of);
	records->faults = calloc((size_t)capacity + 1, sizeof *records->faults);
	if (records->states && records->of && records->faults)
		return true;
	records_free(records);
	return fail(err, "not enough memory for %d records", capacity);
}

void records_free(struct records *records)
{
	for (int i = 0; records->faults && i < records->count; i++)
		free(records->faults[i]);
	free(records->faults);
	free(records->states);
	free(records->of);
	free(records->title);
	*records = (struct records){ .count = 0 };
}

static bool set_title(struct records *records, const char *title, struct error *err)
{
	free(records->title);
	records->title = strdup(title);
	return records->title || fail(err, "not enough memory for a title");
}

static void name_point(struct record *record, const struct point *point)
{
	snprintf(record->id, sizeof record->id, "%s", point->id);
	snprintf(record->family, sizeof record->family, "%s", point->family);
	record->width = point->width;
	snprintf(record->variant, sizeof record->variant, "%s", point->variant->name);
	snprintf(record->group, sizeof record->group, "%s", point->variant->group);
	record->seed = point->seed;
}

const char *records_fault(const struct records *records)
{
	for (int i = 0; i < records->count; i++)
		if (records->faults[i])
			return records->faults[i];
	return NULL;
}

static bool is_stale(const char *folder, const char *id)
{
	char before[POINT_ID_LEN + 1];
	struct error ignored = { "" };
	struct record record;

	describe_id_before(id, before);
	return record_read(folder, before, &record, &ignored);
}

static bool read_one(const char *folder, const struct point *point, struct records *to, struct error *err)
{
	int i = to->count++;
	struct error broken = { "" };

	if (record_read(folder, point->id, &to->of[i], &broken)) {
		to->states[i] = RECORD_READ;
	} else {
		record_clear(&to->of[i]);
		to->states[i] = broken.text[0] ? RECORD_BROKEN : is_stale(folder, point->id) ? RECORD_STALE :
			RECORD_MISSING;
		to->faults[i] = broken.text[0] ? strdup(broken.text) : NULL;
	}
	name_point(&to->of[i], point);
	return to->states[i] != RECORD_BROKEN || to->faults[i] ||
	       fail(err, "not enough memory for a broken record's error");
}

/* Records of before data sets had a headline have another split's accuracy there, but all splits' as well. */
static void use_headline(const struct data_format *format, struct record *record)
{
	for (int i = 0; format && format->headline && i < record->split_count; i++)
		if (strcmp(record->split_names[i], format->headline) == 0)
			record->last = record->splits[i];
}

bool records_read(const char *folder, const struct sweep *sweep, struct records *to, struct error *err)
{
	if (!create(to, sweep->point_count, err))
		return false;
	bool good = set_title(to, sweep->title ? sweep->title : sweep->name, err);
	for (int i = 0; good && i < sweep->point_count; i++) {
		good = read_one(folder, &sweep->points[i], to, err);
		use_headline(sweep->data.format, &to->of[i]);
	}
	if (!good)
		records_free(to);
	return good;
}

bool records_choose(const struct records *records, const int *points, int count, struct records *to,
                    struct error *err)
{
	if (!create(to, count, err))
		return false;
	for (int i = 0; i < count; i++) {
		to->of[i] = records->of[points[i]];
		to->states[i] = records->states[points[i]];
	}
	to->count = count;
	return true;
}

/* As it would be read back: a text stays on its line. */
void records_put(struct records *records, int point, const struct record *record)
{
	struct record *to = &records->of[point];

	*to = *record;
	for (char *c = to->message; *c; c++)
		*c = (unsigned char)*c < ' ' || *c == 127 ? ' ' : *c;
	records->states[point] = RECORD_READ;
	free(records->faults[point]);
	records->faults[point] = NULL;
}

/* --- points.tsv --------------------------------------------------------------------------------------------------- */

/* Where a points.tsv has what a record needs. */
struct table_columns {
	struct record_layout layout;
	struct tsv_cells cells;
	int title;              /* field of each line; -1: none */
	char splits[MAX_SPLITS][SPLIT_NAME_BYTES];
	int split_count;
};

/* Splits are those whose accuracies the table has. */
static void find_splits(const struct tsv_row *header, struct table_columns *to)
{
	for (int i = 0, part; i < header->count && to->split_count < MAX_SPLITS; i++) {
		const char *name = split_column_find(header->fields[i], &part);

		if (name && part == 0 && words_is_name(name) && strlen(name) < SPLIT_NAME_BYTES)
			memcpy(to->splits[to->split_count++], name, strlen(name) + 1);
	}
}

static bool find_columns(const struct tsv_row *header, const char *const *needed, struct table_columns *to,
                         struct error *err)
{
	*to = (struct table_columns){ .title = -1 };
	for (int i = 0; i < header->count; i++)
		to->title = strcmp(header->fields[i], "title") == 0 ? i : to->title;
	find_splits(header, to);
	record_layout_results(to->splits, to->split_count, &to->layout);
	return tsv_cells_find(to->layout.cells, header, &to->cells, err) &&
	       tsv_cells_have(&to->cells, header, needed, err);
}

static bool read_row(const struct table_columns *columns, const struct tsv_row *row, struct records *to,
                     struct error *err)
{
	struct record *record = &to->of[to->count];

	record_clear(record);
	record->split_count = columns->split_count;
	memcpy(record->split_names, columns->splits, sizeof record->split_names);
	if (!tsv_cells_parse(&columns->cells, row, record, err) ||
	    (columns->title >= 0 && to->count == 0 && !set_title(to, row->fields[columns->title], err)))
		return false;
	to->states[to->count++] = RECORD_READ;
	return true;
}

static bool read_rows(struct tsv *file, const char *const *needed, struct records *to, struct error *err)
{
	struct table_columns columns;
	struct tsv_row row;

	if (!tsv_read(file, &row, err) || !find_columns(&row, needed, &columns, err))
		return false;
	while (tsv_read(file, &row, err)) {
		if (row.count == 0)
			return true;
		if (to->count == MAX_POINTS)
			return fail_at(err, row.at[0], "more than %d points", MAX_POINTS);
		if (!read_row(&columns, &row, to, err))
			return false;
	}
	return false;
}

bool records_read_table(const char *path, const char *const *needed, struct records *to, struct error *err)
{
	struct tsv file;

	if (!create(to, MAX_POINTS, err))
		return false;
	bool opened = tsv_open(&file, path, TABLE_FILE_BYTES, err);
	bool good = opened ? read_rows(&file, needed, to, err) :
	                     fail(err, "%s: cannot be read: %s", path, strerror(ENOENT));

	if (opened)
		tsv_close(&file);
	if (!good)
		records_free(to);
	return good;
}
