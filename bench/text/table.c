/* See table.h. A table stores typed cells; table_print formats them. */
#include "bench/text/table.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const char colour_title[] = "\033[1m", colour_false[] = "\033[31m", colour_end[] = "\033[0m";

struct table_cell {
	bool present;
	union {
		char *text;     /* owned */
		int64_t integer;
		double real;
		bool truth;
	};
};

struct table {
	const struct column *columns;
	size_t width;           /* columns */
	size_t count, capacity; /* cells, row after row */
	struct table_cell *cells;
	bool out_of_memory;
};

struct table *table_create(const struct column *columns)
{
	struct table *table = calloc(1, sizeof *table);

	if (!table)
		return NULL;
	table->columns = columns;
	while (columns[table->width].name)
		table->width++;
	return table;
}

/* Whether cells of that kind own a text. */
static bool is_text(enum column_kind kind)
{
	return kind == COLUMN_TEXT || kind == COLUMN_JSON;
}

void table_destroy(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		if (table->cells[i].present && is_text(table->columns[i % table->width].kind))
			free(table->cells[i].text);
	free(table->cells);
	free(table);
}

static bool table_grow(struct table *table)
{
	if (!table || table->out_of_memory)
		return false;
	if (table->count < table->capacity)
		return true;
	size_t capacity = table->capacity ? 2 * table->capacity : 256;
	struct table_cell *cells = realloc(table->cells, capacity * sizeof *cells);
	table->out_of_memory = !cells;
	if (!cells)
		return false;
	table->cells = cells;
	table->capacity = capacity;
	return true;
}

static void cell_add(struct table *table, enum column_kind kind, struct table_cell cell)
{
	if (!table_grow(table))
		return;
	assert(table->columns[table->count % table->width].kind == kind && "a cell of its column's kind");
	(void)kind;
	table->cells[table->count++] = cell;
}

void table_missing(struct table *table)
{
	if (table_grow(table))
		table->cells[table->count++] = (struct table_cell){ .present = false };
}

static void add_text(struct table *table, enum column_kind kind, const char *text)
{
	if (!text) {
		table_missing(table);
		return;
	}
	if (!table_grow(table))
		return;
	char *copy = strdup(text);
	table->out_of_memory = !copy;
	if (copy)
		cell_add(table, kind, (struct table_cell){ .present = true, .text = copy });
}

void table_fail(struct table *table)
{
	if (table)
		table->out_of_memory = true;
}

void table_text(struct table *table, const char *text)
{
	add_text(table, COLUMN_TEXT, text);
}

void table_json(struct table *table, const char *value)
{
	add_text(table, COLUMN_JSON, value);
}

void table_int(struct table *table, int64_t value)
{
	cell_add(table, COLUMN_INT, (struct table_cell){ .present = true, .integer = value });
}

void table_bytes(struct table *table, int64_t bytes)
{
	cell_add(table, COLUMN_BYTES, (struct table_cell){ .present = true, .integer = bytes });
}

void table_real(struct table *table, double value)
{
	cell_add(table, COLUMN_REAL, (struct table_cell){ .present = isfinite(value), .real = value });
}

void table_bool(struct table *table, bool value)
{
	cell_add(table, COLUMN_BOOL, (struct table_cell){ .present = true, .truth = value });
}

int table_row_count(const struct table *table)
{
	return table ? (int)(table->count / table->width) : 0;
}

/* The text of a cell that is present: its own, or written into `to`. Thousands are separated for people. */
static const char *cell_text(const struct column *column, const struct table_cell *cell, bool people,
                             char to[NUMBER_BYTES])
{
	switch (column->kind) {
	case COLUMN_TEXT:
	case COLUMN_JSON:
		return cell->text;
	case COLUMN_BOOL:
		return people ? (cell->truth ? "yes" : "NO") : cell->truth ? "true" : "false";
	case COLUMN_INT:
	case COLUMN_BYTES:
		if (people)
			return column->kind == COLUMN_INT ? format_thousands(cell->integer, to)
			                                  : format_bytes(cell->integer, to);
		snprintf(to, NUMBER_BYTES, "%" PRId64, cell->integer);
		return to;
	case COLUMN_REAL:
		if (column->decimals == DECIMALS_NEEDED || fabs(cell->real) >= 1e15)
			return words_number(cell->real, to);
		assert(column->decimals >= 0 && column->decimals <= 12);
		snprintf(to, NUMBER_BYTES, "%.*f", column->decimals, cell->real);
		return to;
	}
	return "";
}

static void print_tsv(const struct table *table, FILE *to)
{
	const char *gap = "";

	for (size_t i = 0; i < table->width; i++) {
		if (table->columns[i].people_only)
			continue;
		fprintf(to, "%s%s", gap, table->columns[i].name);
		gap = "\t";
	}
	for (size_t i = 0; i < table->count; i++) {
		const struct column *column = &table->columns[i % table->width];
		char number[NUMBER_BYTES];
		if (i % table->width == 0)
			gap = "\n";
		if (column->people_only)
			continue;
		fputs(gap, to);
		gap = "\t";
		if (table->cells[i].present)
			print_tsv_text(cell_text(column, &table->cells[i], false, number), to);
	}
	putc('\n', to);
}

static void print_json_cell(const struct column *column, const struct table_cell *cell, FILE *to)
{
	char number[NUMBER_BYTES];

	print_json_text(column->name, to);
	fputs(": ", to);
	if (!cell->present)
		fputs("null", to);
	else if (column->kind == COLUMN_TEXT)
		print_json_text(cell->text, to);
	else
		fputs(cell_text(column, cell, false, number), to);
}

static void print_json(const struct table *table, FILE *to)
{
	putc('[', to);
	for (size_t row = 0; row < table->count; row += table->width) {
		const char *gap = row ? ",\n  {" : "\n  {";
		for (size_t i = 0; i < table->width; i++) {
			if (table->columns[i].people_only)
				continue;
			fputs(gap, to);
			print_json_cell(&table->columns[i], &table->cells[row + i], to);
			gap = ", ";
		}
		putc('}', to);
	}
	fputs(table->count ? "\n]\n" : "]\n", to);
}

static const char *column_title(const struct column *column)
{
	return column->title ? column->title : column->name;
}

/* The width of a column in characters; 0: not shown. */
static int column_width(const struct table *table, size_t column)
{
	const struct column *about = &table->columns[column];
	int width = text_width(column_title(about));
	bool any = table->count == 0;

	for (size_t i = column; i < table->count; i += table->width) {
		char number[NUMBER_BYTES];
		if (!table->cells[i].present)
			continue;
		int needed = text_width(cell_text(about, &table->cells[i], true, number));
		width = needed > width ? needed : width;
		any = true;
	}
	return any && !about->machine_only ? width : 0;
}

/* State while a line of the human form is printed. */
struct line {
	FILE *to;
	const int *widths;      /* of all columns */
	bool colour;
	bool started;           /* something was printed before */
	int owed;               /* spaces to print before the next text, so that lines do not end in spaces */
};

static void line_add(struct line *line, int width, bool to_the_left, const char *text, const char *colour)
{
	int blanks = width - text_width(text);

	fprintf(line->to, "%*s", line->owed + (line->started ? 2 : 0) + (to_the_left ? 0 : blanks), "");
	fputs(line->colour && colour ? colour : "", line->to);
	print_plain_text(text, line->to);
	fputs(line->colour && colour ? colour_end : "", line->to);
	line->owed = to_the_left ? blanks : 0;
	line->started = true;
}

/* Prints one row of cells; NULL: the titles. */
static void print_human_row(const struct table *table, const struct table_cell *cells, struct line line)
{
	for (size_t i = 0; i < table->width; i++) {
		const struct column *column = &table->columns[i];
		bool to_the_left = is_text(column->kind) || column->kind == COLUMN_BOOL;
		char number[NUMBER_BYTES];
		if (line.widths[i] == 0)
			continue;
		if (!cells)
			line_add(&line, line.widths[i], to_the_left, column_title(column), colour_title);
		else if (!cells[i].present)
			line_add(&line, line.widths[i], to_the_left, "-", NULL);
		else
			line_add(&line, line.widths[i], to_the_left, cell_text(column, &cells[i], true, number),
			         column->kind == COLUMN_BOOL && !cells[i].truth ? colour_false : NULL);
	}
	putc('\n', line.to);
}

/* The terminal's columns; INT_MAX where `to` is no terminal. */
static int room_for(FILE *to)
{
	struct winsize size;
	int descriptor = fileno(to);

	if (descriptor < 0 || !isatty(descriptor) || ioctl(descriptor, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return INT_MAX;
	return size.ws_col;
}

static int total_width(const struct table *table, const int *widths)
{
	int total = -2;

	for (size_t i = 0; i < table->width; i++)
		total += widths[i] ? widths[i] + 2 : 0;
	return total;
}

/* The column that is shown and can best be spared; of equals the last. table->width: none. */
static size_t find_spare(const struct table *table, const int *widths)
{
	size_t found = table->width;

	for (size_t i = 0; i < table->width; i++)
		if (widths[i] && table->columns[i].spare > 0 &&
		    (found == table->width || table->columns[i].spare >= table->columns[found].spare))
			found = i;
	return found;
}

/* Leaves out columns until the rest fits, and marks them in `left_out`. */
static void fit_widths(const struct table *table, int room, int *widths, bool *left_out)
{
	for (size_t i; total_width(table, widths) > room && (i = find_spare(table, widths)) < table->width;) {
		left_out[i] = true;
		widths[i] = 0;
	}
}

static void print_left_out(const struct table *table, const bool *left_out, FILE *to)
{
	const char *gap = "too narrow for: ";

	for (size_t i = 0; i < table->width; i++) {
		if (!left_out[i])
			continue;
		fputs(gap, to);
		print_plain_text(column_title(&table->columns[i]), to);
		gap = ", ";
	}
	if (*gap == ',')
		putc('\n', to);
}

static bool print_human(const struct table *table, FILE *to, struct error *err)
{
	int *widths = malloc(table->width * sizeof *widths);
	bool *left_out = calloc(table->width, sizeof *left_out);

	if (!widths || !left_out) {
		free(widths);
		free(left_out);
		return fail(err, "archsweep: out of memory");
	}
	for (size_t i = 0; i < table->width; i++)
		widths[i] = column_width(table, i);
	fit_widths(table, room_for(to), widths, left_out);
	struct line line = { .to = to, .widths = widths, .colour = wants_colour(to) };
	print_human_row(table, NULL, line);
	for (size_t row = 0; row < table->count; row += table->width)
		print_human_row(table, table->cells + row, line);
	print_left_out(table, left_out, to);
	free(left_out);
	free(widths);
	return true;
}

/* A bar would end the cell; the others have a meaning of their own. */
static bool print_markdown_text(const char *text, FILE *to)
{
	char *copy = malloc(2 * strlen(text) + 1), *end = copy;

	if (!copy)
		return false;
	for (; *text; text++) {
		if (strchr("|\\<`*[", *text))
			*end++ = '\\';
		*end++ = *text;
	}
	*end = '\0';
	print_plain_text(copy, to);
	free(copy);
	return true;
}

/* One row of cells; NULL: the titles. */
static bool print_markdown_row(const struct table *table, const struct table_cell *cells, const int *widths, FILE *to)
{
	bool good = true;

	for (size_t i = 0; i < table->width; i++) {
		const struct column *column = &table->columns[i];
		char number[NUMBER_BYTES];

		if (widths[i] == 0)
			continue;
		fputs("| ", to);
		good = print_markdown_text(!cells ? column_title(column) : !cells[i].present ? "-" :
		                           cell_text(column, &cells[i], true, number), to) && good;
		fputc(' ', to);
	}
	fputs("|\n", to);
	return good;
}

static bool print_markdown(const struct table *table, FILE *to, struct error *err)
{
	int *widths = malloc(table->width * sizeof *widths);

	if (!widths)
		return fail(err, "archsweep: out of memory");
	for (size_t i = 0; i < table->width; i++)
		widths[i] = column_width(table, i);
	bool good = print_markdown_row(table, NULL, widths, to);
	for (size_t i = 0; i < table->width; i++) {
		enum column_kind kind = table->columns[i].kind;

		if (widths[i])
			fputs(is_text(kind) || kind == COLUMN_BOOL ? "|---" : "|---:", to);
	}
	fputs("|\n", to);
	for (size_t row = 0; row < table->count; row += table->width)
		good = print_markdown_row(table, table->cells + row, widths, to) && good;
	free(widths);
	return good || fail(err, "archsweep: out of memory");
}

bool table_print(const struct table *table, enum table_format format, FILE *to, struct error *err)
{
	if (!table || table->out_of_memory)
		return fail(err, "archsweep: out of memory");
	assert(table->count % table->width == 0 && "whole rows");
	if (format == TABLE_HUMAN)
		return print_human(table, to, err);
	if (format == TABLE_MARKDOWN)
		return print_markdown(table, to, err);
	if (format == TABLE_TSV)
		print_tsv(table, to);
	else
		print_json(table, to);
	return true;
}
