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
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq") &&
	       __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("fma");
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
	.conv = KERNEL(conv),
	.conv_weights = KERNEL(conv_weights),
	.conv_backward = KERNEL(conv_backward),
	.expand = KERNEL(expand),
	.expand_backward = KERNEL(expand_backward),
	.channel_gram = KERNEL(channel_gram),
	.project = KERNEL(project),
	.project_backward = KERNEL(project_backward),
	.transit = KERNEL(transit),
	.transit_backward = KERNEL(transit_backward),
	.max_pool = KERNEL(max_pool),
	.max_pool_backward = KERNEL(max_pool_backward),
	.norm_max_pool_backward = KERNEL(norm_max_pool_backward),
	.average_pool = KERNEL(average_pool),
	.average_pool_backward = KERNEL(average_pool_backward),
	.activate = KERNEL(activate),
	.activate_backward = KERNEL(activate_backward),
	.channel_moments = KERNEL(channel_moments),
	.scale_shift = KERNEL(scale_shift),
	.channel_products = KERNEL(channel_products),
	.batch_norm_backward = KERNEL(batch_norm_backward),
	.add = KERNEL(add),
	.channel_sums = KERNEL(channel_sums),
	.dropout = KERNEL(dropout),
	.scale_bytes = KERNEL(scale_bytes),
	.limit_multiply = KERNEL(limit_multiply),
	.limit_read = KERNEL(limit_read),
};
