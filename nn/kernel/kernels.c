/* The choice among the builds of the kernels. See kernels.h. */
#include "nn/kernel/kernels.h"

#include <string.h>

/* KERNEL_SETS: SET(name) for each set that is linked, best first; from the Makefile. */
#define SET(name) extern const struct kernels kernels_##name;
KERNEL_SETS
#undef SET

const struct kernels *const kernels_all[] = {
#define SET(name) &kernels_##name,
	KERNEL_SETS
#undef SET
	NULL
};

const struct kernels *kernels_choose(const char *wanted)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		if ((!wanted || !*wanted || !strcmp((*k)->name, wanted)) && (*k)->runs_here())
			return *k;
	return NULL;
}
