/* Reads tab-separated lines, and believes nothing: a line without its end, a control character, a file too large are errors at
 * their place. Floor 4a; what the fields say is for others to judge. */
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
	const char *fields[TSV_FIELDS]; /* borrowed from the file; without control characters */
	struct mark at[TSV_FIELDS];     /* their places; after the end: at[0] is the line that would come */
};

/* Reads a whole file of at most `most` bytes. False without an error where there is no such file. */
bool tsv_open(struct tsv *file, const char *path, size_t most, struct error *err);
void tsv_close(struct tsv *file);

/* The next line. */
bool tsv_read(struct tsv *file, struct tsv_row *row, struct error *err);
/* Whether the next line begins with these letters. */
bool tsv_next_begins(const struct tsv *file, const char *with);

#endif
