/* The choice among the builds of the kernels. See kernels.h. */
#include "nn/kernel/kernels.h"

#include <string.h>

/* Numbers of weight sums that may wait between bands of rows: 128 KiB of an L2 cache. */
enum { SUMS_AT_ONCE = 1 << 15 };

extern const struct kernels kernels_avx512, kernels_avx2, kernels_portable;

const struct kernels *const kernels_all[] = {
#ifndef ONLY_PORTABLE
	&kernels_avx512,
	&kernels_avx2,
#endif
	&kernels_portable,
	NULL
};

const struct kernels *kernels_choose(const char *wanted)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		if ((!wanted || !*wanted || !strcmp((*k)->name, wanted)) && (*k)->runs_here())
			return *k;
	return NULL;
}

size_t conv_weights_scratch_len(int in_channels, int out_channels, int kernel_h, int kernel_w)
{
	size_t block = (size_t)in_channels * (size_t)kernel_h * (size_t)kernel_w * CHANNEL_BLOCK * LANES;
	size_t blocks = ((size_t)out_channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK, fitting = SUMS_AT_ONCE / block;

	return block * (fitting < 1 ? 1 : fitting < blocks ? fitting : blocks);
}
