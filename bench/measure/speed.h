/* Measures how many images per second a network trains or evaluates on this machine, with made-up images. Floor 4f. */
#ifndef BENCH_MEASURE_SPEED_H
#define BENCH_MEASURE_SPEED_H

#include "bench/measure/profile.h"
#include "bench/sweep/sweep.h"
#include "nn/kernel/kernels.h"
#include "nn/train/train.h"

enum { MAX_REPEATS = 99 };

struct speed_request {
	const struct point *point;      /* its recipe's epochs and learning rate are ignored */
	const struct kernels *kernels;
	int threads;                    /* all on this one network */
	int repeats;                  /* measurements, 1 .. MAX_REPEATS, after one for warm-up */
	double seconds;                 /* least length of a measurement, which takes at least one pass */
	bool inference;                 /* evaluation instead of training */
	double peak_seconds;            /* measures the peak this long before each measurement; 0: not */
	struct profile *profile;        /* borrowed; filled during the measurements; may be NULL */
};

struct speed_result {
	double images_per_second;       /* median of the measurements */
	double slowest, fastest;
	double peak_gflops;             /* median of limits_peak() on these threads; 0: not measured */
};

/* Training: whole updates, with loading and augmenting a batch, teachers (who know nothing), forward, loss, backward,
 * step. Inference: an epoch's evaluation, with loading, forward with moving statistics and without dropout, loss. */
bool speed_measure(const struct speed_request *request, struct speed_result *result, struct error *err);

#endif
