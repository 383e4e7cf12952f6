/* What there is to do of a sweep: the points that were asked for, what each costs, and whether it must be trained. Floor 4f. */
#ifndef BENCH_RUN_TODO_H
#define BENCH_RUN_TODO_H

#include "bench/record/record.h"

#include <stdbool.h>

enum todo_reason {
	TODO_UP_TO_DATE,        /* a valid record of a finished training on this data: nothing to do */
	TODO_NEW,               /* no record */
	TODO_DIVERGED, TODO_FAILED,     /* a record that says so */
	TODO_BROKEN,            /* a record that cannot be read */
	TODO_OTHER_DATA,        /* trained on data with another digest */
	TODO_FORCED,            /* --force */
};

struct task {
	const struct point *point;      /* the sweep's */
	struct cost cost;
	enum todo_reason reason;
};

struct todo {
	int count;
	struct task *tasks;     /* [count], owned: in the sweep's order */
	int stale;              /* tasks that are not up to date */
};

/* Takes the points that match any of the patterns (none: all points) and counts them. Fails at a pattern that matches nothing. */
bool todo_choose(const struct sweep *sweep, const char *const *patterns, int pattern_count, struct todo *to, struct error *err);
void todo_free(struct todo *todo);

/* Compares each task with its record in `folder`. `data_digest` NULL: whatever data, for when it could not be read. */
void todo_check(struct todo *todo, const char *folder, const uint64_t *data_digest, bool force);

/* "new", "diverged before", ...: static. */
const char *todo_reason_text(enum todo_reason reason);

/* Whether every task fits into memory by itself; the message names the largest that does not. */
bool todo_fits(const struct todo *todo, int64_t memory_bytes, struct error *err);

#endif
