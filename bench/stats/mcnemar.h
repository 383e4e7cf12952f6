/* McNemar's exact test: do two classifiers err equally often on the same images? Floor 4f.
 *
 * Only images count on which one is right and the other wrong. If both err equally often, each of these falls to either
 * side like a fair coin (McNemar 1947; exact by the binomial distribution: Dietterich, "Approximate statistical tests
 * for comparing supervised classification learning algorithms", 1998). */
#ifndef BENCH_STATS_MCNEMAR_H
#define BENCH_STATS_MCNEMAR_H

#include <stdint.h>

/* The two-sided p: how probable counts are that differ as much as these or more. 1 where both are 0. */
double mcnemar_exact(int64_t only_a, int64_t only_b);

/* One p for `count` tests of one question that may depend on each other in any way: count / k times the k-th smallest,
 * k = ceil(count / 2), at most 1 (Rueger 1978; Vovk and Wang, "Combining p-values via averaging", 2020). Sorts `p`;
 * count > 0. */
double mcnemar_join(double *p, int count);

#endif
