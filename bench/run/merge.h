/* Points that were trained elsewhere, brought into the sweep's folder. Floor 4g.
 *
 * merge_plan looks at everything and decides; only then merge_copy writes, so that a contradiction leaves the folder as
 * it was. What is there stays, and merging twice changes nothing. */
#ifndef BENCH_RUN_MERGE_H
#define BENCH_RUN_MERGE_H

#include "bench/run/pending.h"

enum { MERGE_STAYS = -1 };

struct merge {
	const struct sweep *sweep;
	const char *folder;             /* reports/<sweep>: where all points are to be */
	int source_count;
	char *const *sources;           /* [source_count]: the same elsewhere */
	struct pending points;          /* owned: all of the sweep */
	struct records records;         /* owned: the folder's, as they will be */
	int *from;                      /* [points.count], owned: the source that it comes from, or MERGE_STAYS */
	/* Called for each record that does not count, with the reason. */
	void (*passed_over)(const char *reason);
};

/* Fills points, records and from; the rest is the caller's. A record that is broken, damaged or of another network is
 * passed over; of two that count the finished one is taken. False, and an error that names both files, where two say
 * different things of one point, or where two points were trained on different data. merge_free in any case. */
bool merge_plan(struct merge *merge, struct error *err);

/* Copies what merge_plan chose, the lock of each point taken meanwhile; `lock` is lock_open's. A point that a run
 * trains at the moment is left to it, and passed over. */
bool merge_copy(struct merge *merge, int lock, struct error *err);

void merge_free(struct merge *merge);

#endif
