/* Shared by weights*.c. Floor 4b; private to them. */
#ifndef BENCH_WEIGHTS_WEIGHTS_LIST_H
#define BENCH_WEIGHTS_WEIGHTS_LIST_H

#include "bench/weights/weights.h"

struct weights {
	const struct network *network;
	const struct model_plan *plan;
	struct feature_orders *orders;  /* owned */
	int count;
	struct weight *arrays;          /* owned */
	size_t params_len, state_len;
};

/* Offset in memory, from the array's beginning, of the file's number at `index`, which then moves on to the next. */
size_t weight_next(const struct weight *w, int64_t index[MAX_AXES]);

#endif
