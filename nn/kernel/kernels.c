/* The choice among the builds of the kernels. See kernels.h. */
#include "nn/kernel/kernels.h"

#include <string.h>

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

size_t conv_weights_scratch_len(struct shape in, int kernel_h, int kernel_w)
{
	return (size_t)in.c * (size_t)kernel_h * (size_t)kernel_w * CHANNEL_BLOCK * LANES;
}
