/* Profiles training: an observer with a clock. Floor 4f.
 *
 * Layers overlap: a thread runs several layers for one lane group while others work on other groups. So the time of a
 * layer is the sum over all threads, and time in no piece of work is waiting. */
#ifndef BENCH_MEASURE_PROFILE_H
#define BENCH_MEASURE_PROFILE_H

#include "bench/sweep/sweep.h"
#include "nn/base/observer.h"

#include <stdatomic.h>

struct profile {
	_Atomic int64_t ns[MAX_LAYERS + 1][STAGES];     /* summed over threads; [0] the input, [i + 1] layer i */
	double wall_seconds;
	int64_t images;
};

/* An observer that fills a zeroed profile, which must not move. */
struct observer profile_observer(struct profile *profile);
/* Clears the profile after the warm-up. No thread may be working. */
void profile_reset(struct profile *profile);

/* Seconds per image of the whole machine: the time of all threads, divided by their number. */
double profile_seconds(const struct profile *profile, enum stage stage, int layer, int threads);

#endif
