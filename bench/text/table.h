/* Rows of typed cells, printed as aligned text or Markdown for people, as TSV, or as a JSON array of objects. Floor
 * 4a.
 *
 *	struct table *t = table_create(columns);        // a const array that ends with a column without a name
 *	table_text(t, "plain"); table_real(t, 6); table_int(t, 12339); table_missing(t);        // a row, cell by cell
 *	bool ok = table_print(t, TABLE_HUMAN, stdout, &err);
 *	table_destroy(t);
 *
 * Functions that add cells never fail: if memory runs out, table_print reports it. Texts may contain any bytes. */
#ifndef BENCH_TEXT_TABLE_H
#define BENCH_TEXT_TABLE_H

#include "bench/text/text.h"
#include "nn/base/error.h"

enum table_format {
	TABLE_HUMAN,            /* aligned, thousands separated, "-" for missing; omits columns without any value */
	TABLE_TSV,              /* a header line of names; empty for missing; \t \n \r \\ escaped */
	TABLE_JSON,             /* an array with one object a line; null for missing */
	TABLE_MARKDOWN,         /* a table of GitHub's Markdown with what people see */
};

enum column_kind {
	COLUMN_TEXT,
	COLUMN_INT,
	COLUMN_BYTES,           /* a whole number of bytes; 1.5 MiB for people */
	COLUMN_REAL,
	COLUMN_BOOL,            /* true, false; yes, NO for people */
	COLUMN_JSON,            /* a text that is a JSON value, and stands as one in JSON */
};

enum { DECIMALS_NEEDED = -1 };  /* the shortest text that reads back as the same number: 0.25, 6 */

struct column {
	const char *name;       /* TSV's header, JSON's key */
	enum column_kind kind;
	int decimals;           /* COLUMN_REAL: digits after the point, or DECIMALS_NEEDED */
	const char *title;      /* header for people; NULL: the name */
	bool machine_only;      /* not in the human form */
	bool people_only;       /* not in TSV and JSON */
	int spare;              /* on a terminal that is too narrow the columns with the largest go first; 0: never */
};

struct table;

/* Borrows the columns. NULL without memory, which all functions below accept. */
struct table *table_create(const struct column *columns);
void table_destroy(struct table *table);

/* Each adds the next cell, and starts a new row after the last column; the kind must be the column's. */
void table_text(struct table *table, const char *text);         /* copied; NULL: missing */
void table_json(struct table *table, const char *value);        /* likewise */
void table_int(struct table *table, int64_t value);
void table_bytes(struct table *table, int64_t bytes);
void table_real(struct table *table, double value);             /* not finite: missing */
void table_bool(struct table *table, bool value);
void table_missing(struct table *table);
/* Marks the table as out of memory, for callers that could not make the next cell; table_print reports it. */
void table_fail(struct table *table);

int table_row_count(const struct table *table);

/* False if memory ran out since table_create. Errors of the output are left to main, which checks stdout at the end.
 * The human form is coloured where `to` is a terminal that wants colour, and there no wider than the terminal as far as
 * columns can be spared; a last line names those that were left out. */
bool table_print(const struct table *table, enum table_format format, FILE *to, struct error *err);

#endif
