/* The networks of a sweep side by side: accuracy, parameters, multiply-adds and time per image, each relative to the base. Floor 4e.
 *
 * reports/<sweep>/compare.tsv holds it for pictures, where the sweep names its base: what `archsweep compare --tsv` prints. */
#ifndef BENCH_MEASURE_COMPARE_H
#define BENCH_MEASURE_COMPARE_H

#include "bench/measure/timing.h"
#include "bench/sweep/cost.h"
#include "bench/text/table.h"

/* One network, its seeds together. */
struct variant {
	const struct point *point;      /* its first */
	struct cost cost;
	int seeds, done;                /* points, and those of them that have an accuracy on the same data as the base */
	const char *status;             /* "done", or what is the matter with the first point that has no such accuracy; static */
	double accuracy, lowest, highest;       /* mean and range of those; not a number where there are none */
	const struct timing *timing;    /* borrowed from the timings; NULL: not measured */
};

struct comparison {
	const struct sweep *sweep;
	int count;
	struct variant *variants;       /* owned; in the sweep's order */
	const struct variant *base;
	int lacking;                    /* variants whose seeds do not all have an accuracy */
};

/* Joins counts, the records in `folder` and `timings`, which must outlive it. `base` is a point of the sweep. Records that cannot be read
 * count as missing; `broken` gets the first one's error. */
struct comparison_source {
	const struct sweep *sweep;
	const char *folder;             /* reports/<sweep> */
	const struct timings *timings;
	int base;
};
bool comparison_create(const struct comparison_source *source, struct comparison *to, struct error *broken, struct error *err);
void comparison_free(struct comparison *comparison);

/* To stdout; for people with lines below that say what the numbers are. */
bool comparison_print(const struct comparison *comparison, enum table_format format, struct error *err);

/* What the records and speed.tsv of `folder` say, as compare.tsv; a sweep that names no base gets none, and an older one is removed. */
bool comparison_keep(const struct sweep *sweep, const char *folder, struct error *err);

#endif
