/* The interval of a difference in accuracy between two networks on the same test images, by the bootstrap. Floor 4f.
 *
 * Images are drawn with replacement, each with the answers of both networks: the paired bootstrap, percentile interval
 * (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapters 8 and 13). Where a network has several
 * seeds, these are drawn as well, since all of them answer the same images: rows and columns are drawn independently
 * (Owen, "The pigeonhole bootstrap", 2007), which errs to the wide side. Of S seeds S - 1 are drawn, so that the
 * variance of few seeds comes out right and not (S - 1) / S of it (McCarthy and Snowden 1985).
 *
 * Always the same random numbers: the same answers give the same interval. */
#ifndef BENCH_STATS_BOOTSTRAP_H
#define BENCH_STATS_BOOTSTRAP_H

#include "nn/base/error.h"

#include <stdint.h>

enum { MAX_COMPARED_SEEDS = 4096 };

/* Which images a network got right. */
struct answers {
	int seeds;
	uint8_t **right;        /* [seeds][images]: 1 or 0 */
};

struct bootstrap {
	int images;
	const struct answers *a, *b;    /* with at least one seed, and MAX_COMPARED_SEEDS at most */
	bool paired;            /* both have the same seeds, in the same order: they are drawn together */
};

/* Mean accuracy over seeds and images, as a share. */
double answers_accuracy(const struct answers *answers, int images);

/* The middle 95 % of the accuracy of b minus that of a, as shares. False without memory. */
bool bootstrap_interval(const struct bootstrap *bootstrap, double *low, double *high, struct error *err);

#endif
