/* The table of one instruction set's kernels. Floor 1. */
#include "nn/kernel/isa/vector.h"

#define KERNEL_TEXT_OF(set) #set
#define KERNEL_TEXT(set) KERNEL_TEXT_OF(set)

static bool runs_here(void)
{
#if defined __AVX512BF16__
	if (!__builtin_cpu_supports("avx512bf16"))
		return false;
#endif
#if defined __AVX512F__
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("fma");
#elif defined __AVX2__
	return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#else
	return true;
#endif
}

extern const struct kernels KERNEL(kernels);

const struct kernels KERNEL(kernels) = {
	.name = KERNEL_TEXT(KERNEL_SET),
	.runs_here = runs_here,
	.lanes = VEC_LEN,
#define KERNEL_ROW(kernel, parameters) .kernel = KERNEL(kernel),
#include "nn/kernel/kernel_list.h"
};
