/* The choice among the builds of the kernels. See kernels.h. */
#include "nn/kernel/kernels.h"

#include <string.h>

extern const struct kernels kernels_avx512bf16, kernels_avx512, kernels_avx2, kernels_portable;

const struct kernels *const kernels_all[] = {
#ifndef ONLY_PORTABLE
	&kernels_avx512bf16,
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
