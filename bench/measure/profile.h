/* Where the time of training goes: an observer with a clock. Floor 4f.
 *
 * Layers overlap: threads work through several layers for one lane group while others are at other groups. So the time of a layer is
 * the sum over all threads, and what no thread spent in any piece of work is waiting. */
#ifndef BENCH_MEASURE_PROFILE_H
#define BENCH_MEASURE_PROFILE_H

#include "bench/sweep/sweep.h"
#include "nn/base/observer.h"

#include <stdatomic.h>

struct profile {
	_Atomic int64_t ns[MAX_LAYERS + 1][STAGES];     /* summed over threads; [0] is the network's input, [i + 1] layer i */
	double wall_seconds;
	int64_t images;
};

/* Watches for a zeroed profile, which must stay where it is. */
struct observer profile_observer(struct profile *profile);
/* Forgets all, for after the warm-up. No thread may be at work. */
void profile_reset(struct profile *profile);

/* Seconds of the machine for one image: of all threads together, divided by their number. */
double profile_seconds(const struct profile *profile, enum stage stage, int layer, int threads);

#endif
