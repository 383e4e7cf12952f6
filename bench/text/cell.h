/* A table of cells describes how the members of a struct are written to TSV: name, kind, offset, range. Floor 4a.
 *
 * Writing, reading and headers use the same table, so that values read back bit for bit, and a new column takes one
 * row. */
#ifndef BENCH_TEXT_CELL_H
#define BENCH_TEXT_CELL_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdio.h>

enum cell_kind {
	CELL_TEXT,              /* char[size]; control characters are written as spaces */
	CELL_WORD,              /* an enum: index of the word in .words */
	CELL_INT,               /* int */
	CELL_COUNT,             /* int64_t */
	CELL_REAL,              /* double, finite */
	CELL_SCORE,             /* double; NaN: none */
	CELL_DIGEST,            /* uint64_t, 16 hexadecimal digits */
};

struct cell {
	const char *name;
	enum cell_kind kind;
	size_t offset;
	size_t size;            /* CELL_TEXT: bytes, including the final 0 */
	double min, max;        /* of numbers, inclusive; other kinds ignore them */
	const char *const *words;       /* CELL_WORD: NULL at the end */
};                              /* a table ends with a cell without a name */

void cell_print(const struct cell *cell, const void *from, FILE *to);

/* Prints a whole table's values, or its names with the suffix `behind`; separated by tabs, nothing at the end. */
void cells_print(const struct cell *cells, const void *from, FILE *to);
void cells_print_names(const struct cell *cells, const char *behind, FILE *to);

/* Parses exactly what cell_print writes, and numbers in other decimal spellings. `at`: the text's position, for
 * errors. */
bool cell_parse(const struct cell *cell, const char *text, struct mark at, void *to, struct error *err);

#endif
