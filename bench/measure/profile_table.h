/* Prints a profile as rows: loading, each layer, loss, waiting. Floor 4f. */
#ifndef BENCH_MEASURE_PROFILE_TABLE_H
#define BENCH_MEASURE_PROFILE_TABLE_H

#include "bench/measure/profile.h"
#include "bench/text/table.h"

/* One network's profile, and the peak for percentages. */
struct profiled {
	const struct sweep *sweep;
	const struct point *point;
	const struct model_plan *plan;
	const struct profile *profile;
	int threads;
	double peak_gflops;             /* of all threads */
};

extern const struct column profile_columns[];

void profile_table_add(struct table *table, const struct profiled *profiled);

#endif
