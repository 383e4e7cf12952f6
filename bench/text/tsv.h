/* Reads tab-separated lines. A line without its newline, a control character, and a file that is too large are errors
 * with their position. Floor 4a. */
#ifndef BENCH_TEXT_TSV_H
#define BENCH_TEXT_TSV_H

#include "nn/base/error.h"

#include <stddef.h>

enum { TSV_FIELDS = 64 };

/* A file as it was read. */
struct tsv {
	const char *path;       /* borrowed */
	char *text, *next;      /* text is owned; next: where the next line starts */
	size_t len;
	int line;               /* of the row that was read last, from 1 */
};

struct tsv_row {
	int count;              /* 0: the file has ended */
	const char *fields[TSV_FIELDS]; /* borrowed from the file; no control characters */
	struct mark at[TSV_FIELDS];     /* their positions; at the end of the file: at[0] is the next line */
};

/* Reads a whole file of at most `most` bytes. False without an error if there is no such file. */
bool tsv_open(struct tsv *file, const char *path, size_t most, struct error *err);
void tsv_close(struct tsv *file);

/* The next line. */
bool tsv_read(struct tsv *file, struct tsv_row *row, struct error *err);
/* Whether the next line begins with these letters. */
bool tsv_next_begins(const struct tsv *file, const char *with);

#endif
