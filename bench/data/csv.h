/* Reads a CSV file, plain or gzipped, line by line. Floor 4b.
 *
 * Fields are separated by commas, lines by LF or CRLF; a field in double quotes may contain commas, but neither quotes
 * nor newlines. The caller interprets the fields. */
#ifndef BENCH_DATA_CSV_H
#define BENCH_DATA_CSV_H

#include "nn/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct csv;

/* Lines longer than `longest` bytes are errors. NULL and an error as from bytes_open. The path is borrowed. */
struct csv *csv_open(const char *path, size_t longest, struct error *err);
void csv_close(struct csv *csv);        /* NULL is fine */

/* Goes to the next line; the last line needs no newline. False if reading fails. */
bool csv_next(struct csv *csv, struct error *err);

/* The number of the current line, 1 for the first; 0 after the end of the file. */
int csv_line(const struct csv *csv);

/* Part of the current line, without quotes; valid until the next line. The byte after it is never a digit, so that a
 * number can be parsed without a bounds check. */
struct text { const char *at; size_t len; };

/* Splits the current line, which must have exactly `count` fields. */
bool csv_split(const struct csv *csv, struct text *to, int count, struct error *err);

/* The position of a byte of the current line, for errors. */
struct mark csv_mark(const struct csv *csv, const char *at);

#endif
