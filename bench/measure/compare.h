/* The networks of a sweep side by side: accuracy, parameters, multiply-adds and time per image, each relative to the
 * base. Floor 4f.
 *
 * reports/<sweep>/compare.tsv holds it for pictures, where the sweep names its base: what `archsweep compare --tsv`
 * prints. */
#ifndef BENCH_MEASURE_COMPARE_H
#define BENCH_MEASURE_COMPARE_H

#include "bench/measure/timing.h"
#include "bench/summary/summary.h"
#include "bench/sweep/cost.h"
#include "bench/text/table.h"

/* One network, its seeds together. */
struct contender {
	const struct point *point;      /* its first */
	struct cost cost;
	const struct network_summary *summary;  /* of the accuracies on the same data as the base's; the comparison's */
	const struct timing *timing;    /* borrowed from the timings; NULL: not measured */
};

struct comparison {
	const struct sweep *sweep;
	struct summary summary;         /* owned */
	int count;
	struct contender *variants;       /* owned; in the sweep's order */
	const struct contender *base;
	int lacking;                    /* variants whose seeds do not all have an accuracy */
};

/* What is joined: counts, records and times. `records` and `timings` must outlive the comparison. */
struct comparison_source {
	const struct sweep *sweep;
	const struct records *records;
	const struct timings *timings;
	int base;                       /* a point of the sweep */
};
/* Records that cannot be read count as missing. */
bool comparison_create(const struct comparison_source *source, struct comparison *to, struct error *err);
void comparison_free(struct comparison *comparison);

/* To stdout; for people with lines below that say what the numbers are. */
bool comparison_print(const struct comparison *comparison, enum table_format format, struct error *err);

/* Writes what the records and speed.tsv say to folder/compare.tsv; a sweep that names no base gets none, and an older
 * one is removed. */
bool comparison_save(const struct sweep *sweep, const char *folder, const struct records *records, struct error *err);

#endif
