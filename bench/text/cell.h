/* A table of cells says how a struct's members stand in a TSV file: name, kind, place, range. Floor 4a.
 *
 * One table drives writing, reading and the headers, so that what is written reads back as the same bits, and a new column is one row. */
#ifndef BENCH_TEXT_CELL_H
#define BENCH_TEXT_CELL_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdio.h>

enum cell_kind {
	CELL_TEXT,              /* char[size]; control characters are written as blanks */
	CELL_WORD,              /* an enum: the place of the word in .words */
	CELL_INT,               /* int */
	CELL_COUNT,             /* int64_t */
	CELL_REAL,              /* double, finite */
	CELL_SCORE,             /* double; nan where there is none */
	CELL_DIGEST,            /* uint64_t, 16 hexadecimal digits */
};

struct cell {
	const char *name;
	enum cell_kind kind;
	size_t offset;
	size_t size;            /* CELL_TEXT: bytes with the 0 at the end */
	double min, max;        /* of numbers, both ends included; ignored by the other kinds */
	const char *const *words;       /* CELL_WORD: NULL at the end */
};                              /* a table ends with a cell without a name */

void cell_print(const struct cell *cell, const void *from, FILE *to);

/* A whole table's values, or its names with `behind` added to each; tabs between them, nothing at the end. */
void cells_print(const struct cell *cells, const void *from, FILE *to);
void cells_print_names(const struct cell *cells, const char *behind, FILE *to);

/* Takes exactly what cell_print writes, and numbers in other decimal spellings. `at` is the text's place, for messages. */
bool cell_parse(const struct cell *cell, const char *text, struct mark at, void *to, struct error *err);

#endif
