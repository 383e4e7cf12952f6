/* The kernel sets that this machine can run, one after the other: `for (EACH_SET(k)) (*k)->conv(&job);` */
#ifndef TESTS_HELPERS_SETS_H
#define TESTS_HELPERS_SETS_H

#include "nn/kernel/kernels.h"

/* The first set from `k` on that runs here, or the NULL at the end. */
static inline const struct kernels *const *next_set(const struct kernels *const *k)
{
	while (*k && !(*k)->runs_here())
		k++;
	return k;
}

#define EACH_SET(k) const struct kernels *const *k = next_set(kernels_all); *k; k = next_set(k + 1)

#endif
