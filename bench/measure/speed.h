/* How many images a second one network does on this machine, in training or in inference, measured on made-up images. Floor 4f. */
#ifndef BENCH_MEASURE_SPEED_H
#define BENCH_MEASURE_SPEED_H

#include "bench/measure/profile.h"
#include "nn/kernel/kernels.h"
#include "nn/train/train.h"

enum { MAX_STRETCHES = 99 };

struct speed_request {
	const struct network *network;
	const struct recipe *recipe;    /* batch, optimizer, augmentation; its epochs and learning rate don't matter */
	const struct kernels *kernels;
	int threads;                    /* all on this one network */
	int stretches;                  /* measured one after the other, 1 .. MAX_STRETCHES; one more comes first to warm up */
	double seconds;                 /* least length of a stretch; a stretch has at least one batch, in inference a few */
	bool inference;                 /* evaluation instead of training */
	double peak_seconds;            /* of nothing but multiply-adds, before each stretch; 0: none */
	struct profile *profile;        /* not NULL: borrowed, filled while the stretches run */
};

struct speed_result {
	double images_per_second;       /* median of the stretches */
	double slowest, fastest;
	double peak_gflops;             /* median of what these threads could do at best, see limits_peak(); 0: not asked */
};

/* Whole updates as in training: loading and augmenting a batch, forward, loss, backward, step. Inference is what an epoch's evaluation
 * does: loading, forward with moving statistics and without dropout, loss. */
bool speed_measure(const struct speed_request *request, struct speed_result *result, struct error *err);

#endif
