/* The table that `archsweep run --dry-run` prints: what would be trained. Floor 4g. */
#ifndef BENCH_RUN_PENDING_TABLE_H
#define BENCH_RUN_PENDING_TABLE_H

#include "bench/run/pending.h"
#include "bench/text/table.h"

/* What is expected of each point on one thread; not above 0: unknown. */
struct forecast {
	const double *images_per_second, *seconds;      /* [pending->count], borrowed */
};

/* All chosen points, with what they cost and why they would be trained. */
bool pending_table_print(const struct sweep *sweep, const struct pending *pending, struct forecast forecast,
                         enum table_format format, struct error *err);

#endif
