/* Which points of a sweep were chosen, what each costs, and which of them are pending: still to be trained.
 * Floor 4g. */
#ifndef BENCH_RUN_PENDING_H
#define BENCH_RUN_PENDING_H

#include "bench/record/records.h"

#include <stdbool.h>

enum pending_reason {
	UP_TO_DATE,             /* not pending: a valid record of a finished training on this data */
	PENDING_NEW,            /* no record */
	PENDING_DIVERGED, PENDING_FAILED,       /* a record that says so */
	PENDING_STALE,          /* a record with the id that an older program gave the point */
	PENDING_BROKEN,         /* a record that cannot be read */
	PENDING_OTHER_DATA,     /* trained on data with another digest */
	PENDING_FORCED,         /* --force */
};

struct pending_point {
	const struct point *point;      /* the sweep's */
	int index;                      /* its number there, and in struct records */
	struct cost cost;
	enum pending_reason reason;
};

struct pending {
	int count;
	struct pending_point *points;   /* [count], owned: all that were chosen, in the sweep's order */
	int to_train;                   /* those that are not up to date */
};

/* Takes the points that match any of the patterns (none: all points) and counts them. Fails at a pattern that matches
 * nothing. */
bool pending_choose(const struct sweep *sweep, const char *const *patterns, int pattern_count, struct pending *to,
                    struct error *err);
/* How many expected counts of the chosen networks do not hold; a line on stderr for each. */
int pending_check_counts(const struct pending *pending);
void pending_free(struct pending *pending);

/* Compares each point with its record. `data_digest` NULL: whatever data, for when it could not be read. */
void pending_check(struct pending *pending, const struct records *records, const uint64_t *data_digest, bool force);

/* "new", "diverged before", ...: static. */
const char *pending_reason_text(enum pending_reason reason);

/* Whether every point that is to be trained fits into memory by itself; the message names the largest that does not. */
bool pending_fits(const struct pending *pending, int64_t memory_bytes, struct error *err);

#endif
