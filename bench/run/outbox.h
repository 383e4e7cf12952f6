/* Lines that wait for somebody to print them. Floor 4g. At most OUTBOX_LINES wait; those that find no room are counted.
 * Not for several threads at once. */
#ifndef BENCH_RUN_OUTBOX_H
#define BENCH_RUN_OUTBOX_H

#include <stdbool.h>
#include <stdio.h>

enum { OUTBOX_LINES = 256 };

struct outbox_line {
	char *text;             /* owned */
	bool trouble;
};

struct outbox {
	struct outbox_line lines[OUTBOX_LINES];
	int count, left_out;
};

/* Copies the line; without room or memory it is left out. */
void outbox_put(struct outbox *box, const char *line, bool trouble);
bool outbox_is_empty(const struct outbox *box);
/* Prints all lines as a terminal can show them, trouble in red where `colour`, then how many were left out. */
void outbox_print(const struct outbox *box, bool colour, FILE *to);
void outbox_clear(struct outbox *box);

#endif
