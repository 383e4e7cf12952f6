/* See records.h. The table of a sweep's points, for people and machines: made from the columns that are `shown`. */
#include "bench/record/records.h"

#include "bench/record/record_columns.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

/* The columns that are shown, from left to right; people and machines may have one each of the same name. */
struct shown {
	int count;
	const struct record_column *rows[MAX_RECORD_COLUMNS];
	bool hidden[MAX_RECORD_COLUMNS];                /* from people: no two points differ in it */
	struct column columns[2 * MAX_RECORD_COLUMNS + 1];
	int column_count;
};

static bool has_two_columns(const struct record_column *row)
{
	return row->percent || row->if_differs;
}

static enum column_kind kind_of(const struct record_column *row)
{
	switch (row->cell.kind) {
	case CELL_INT:
	case CELL_COUNT:
		return COLUMN_INT;
	case CELL_REAL:
	case CELL_SCORE:
		return COLUMN_REAL;
	default:
		return COLUMN_TEXT;
	}
}

static void add_columns(struct shown *s, const struct record_column *row)
{
	struct column column = { row->cell.name, .kind = kind_of(row), .decimals = row->decimals, .title = row->title,
		.machine_only = row->machine_only, .spare = row->spare };

	if (has_two_columns(row)) {
		struct column machine = column;

		machine.machine_only = true;
		machine.title = NULL;
		machine.decimals = row->percent ? DECIMALS_NEEDED : row->decimals;
		s->columns[s->column_count++] = machine;
		column.people_only = true;
	}
	s->columns[s->column_count++] = column;
}

/* The row that follows in the order of `shown`, or NULL. */
static const struct record_column *next_row(int behind)
{
	const struct record_column *next = NULL;

	for (const struct record_column *row = record_columns; row->cell.name; row++)
		if (row->shown > behind && (!next || row->shown < next->shown))
			next = row;
	return next;
}

static size_t member_size(const struct cell *cell)
{
	switch (cell->kind) {
	case CELL_TEXT:
		return cell->size;
	case CELL_WORD:
	case CELL_INT:
		return sizeof(int);
	default:
		return 8;
	}
}

static bool differs(const struct records *records, const struct cell *cell)
{
	const char *first = (const char *)records->of;

	for (int i = 1; i < records->count; i++)
		if (memcmp((const char *)&records->of[i] + cell->offset, first + cell->offset, member_size(cell)) != 0)
			return true;
	return false;
}

static void choose_columns(const struct records *records, struct shown *to)
{
	*to = (struct shown){ .count = 0 };
	for (const struct record_column *row = next_row(0); row; row = next_row(row->shown)) {
		to->hidden[to->count] = row->if_differs && !differs(records, &row->cell);
		to->rows[to->count++] = row;
		add_columns(to, row);
	}
}

static void add_whole(struct table *table, const struct record_column *row, int64_t value)
{
	if (value == 0 && row->zero_is_none)
		table_missing(table);
	else
		table_int(table, value);
}

static void add_real(struct table *table, const struct record_column *row, double value)
{
	table_real(table, value == 0 && row->zero_is_none ? NAN : value);
	if (row->percent)
		table_real(table, 100 * value);
}

static void add_value(struct table *table, const struct record_column *row, const struct record *record)
{
	const void *member = (const char *)record + row->cell.offset;
	char digest[20];

	switch (row->cell.kind) {
	case CELL_TEXT:
		table_text(table, *(const char *)member ? member : NULL);
		break;
	case CELL_WORD:
		table_text(table, row->cell.words[*(const int *)member]);
		break;
	case CELL_INT:
		add_whole(table, row, *(const int *)member);
		break;
	case CELL_COUNT:
		add_whole(table, row, *(const int64_t *)member);
		break;
	case CELL_REAL:
	case CELL_SCORE:
		add_real(table, row, *(const double *)member);
		break;
	case CELL_DIGEST:
		snprintf(digest, sizeof digest, "%016" PRIx64, *(const uint64_t *)member);
		table_text(table, digest);
		break;
	}
}

/* Of a point without a record the table says who it is, and that it is not trained. */
static bool is_known(const struct record_column *row)
{
	static const char *const names[] = { "id", "family", "width", "variant", "seed" };

	for (int i = 0; i < 5; i++)
		if (strcmp(row->cell.name, names[i]) == 0)
			return true;
	return false;
}

static void add_cell(struct table *table, const struct record_column *row, const struct record *record, bool trained)
{
	if (trained || is_known(row)) {
		add_value(table, row, record);
	} else if (strcmp(row->cell.name, "status") == 0) {
		table_text(table, "not trained");
	} else {
		table_missing(table);
		if (row->percent)
			table_missing(table);
	}
}

bool records_print(const struct records *records, enum table_format format, FILE *to, struct error *err)
{
	struct shown shown;

	choose_columns(records, &shown);
	struct table *table = table_create(shown.columns);
	for (int i = 0; i < records->count; i++)
		for (int k = 0; k < shown.count; k++) {
			bool trained = records->states[i] == RECORD_READ;

			add_cell(table, shown.rows[k], &records->of[i], trained);
			if (!shown.rows[k]->if_differs)
				continue;
			if (shown.hidden[k])
				table_missing(table);
			else
				add_cell(table, shown.rows[k], &records->of[i], trained);
		}
	bool printed = table_print(table, format, to, err);
	table_destroy(table);
	return printed;
}
