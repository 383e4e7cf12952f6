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
	PENDING_DAMAGED,        /* a file beside the record is missing or not what was written, or the record does not
	                         * fit the network */
	PENDING_FORCED,         /* --force */
};

struct pending_point {
	const struct point *point;      /* the sweep's */
	int index;                      /* its number there, and in struct records */
	struct cost cost, teachers;     /* of its teachers, see point_count_teachers */
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

/* Marks in taken[count] the chosen points that a point learns from, those that they learn from, and so on. */
void pending_take_teachers(const struct pending *pending, const struct point *point, bool *taken);

/* Where the points are kept, and on which data they must have been trained: NULL: whatever data, for when it could not
 * be read. */
struct pending_source {
	const char *folder;             /* reports/<sweep> */
	const uint64_t *data_digest;
	bool force;                     /* what is up to date is pending, too */
};

/* Compares each point with its record and the files beside it. */
void pending_check(struct pending *pending, const struct records *records, const struct pending_source *source);

/* Whether a record of a finished training is all that it should be: on this data, of this network, its files whole.
 * `why` says what is wrong. */
bool pending_is_whole(const char *folder, const struct pending_point *point, const struct record *record,
                      const uint64_t *data_digest, struct error *why);

/* False, and an error, where points of the folder were trained on other data: two data sets share no folder. */
bool pending_check_data(const struct records *records, const char *folder, uint64_t data_digest, struct error *err);

/* Adds the memory of the answers that teachers' students keep of this data; once. */
void pending_count_answers(struct pending *pending, const struct dataset *data);

/* "new", "diverged before", ...: static. */
const char *pending_reason_text(enum pending_reason reason);

/* Whether every point that is to be trained fits into memory by itself; the message names the largest that does not. */
bool pending_fits(const struct pending *pending, int64_t memory_bytes, struct error *err);

#endif
