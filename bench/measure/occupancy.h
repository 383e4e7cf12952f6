/* Simulates how busy a sweep keeps machines of 1, 2, 4, ... cores: the scheduler decides on virtual threads. Floor
 * 4f. */
#ifndef BENCH_MEASURE_OCCUPANCY_H
#define BENCH_MEASURE_OCCUPANCY_H

#include "bench/system/schedule.h"
#include "bench/text/table.h"

struct occupancy {
	const char *sweep;
	int task_count;
	const struct task *tasks;         /* work in seconds of one thread */
	int most_cores;
};

extern const struct column occupancy_columns[];

/* Adds a row for each number of cores; memory is unlimited. */
bool occupancy_add(struct table *table, const struct occupancy *occupancy, struct error *err);

#endif
