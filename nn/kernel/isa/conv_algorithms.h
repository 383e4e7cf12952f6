/* The algorithms for a convolution of one lane group; conv.c chooses among them, and none of them calls it. Floor 1;
 * for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_CONV_ALGORITHMS_H
#define NN_KERNEL_ISA_CONV_ALGORITHMS_H

#include "nn/kernel/isa/vector.h"

/* One native vector of the lanes of a job. */
INLINE struct conv_job conv_part(const struct conv_job *job, int part)
{
	struct conv_job j = *job;

	j.in += part * VEC_LEN;
	j.out += part * VEC_LEN;
	if (j.mask_by)
		j.mask_by += part * VEC_LEN;
	return j;
}

/* The sums as the formula has them; see conv_direct.c. */
void KERNEL(conv_direct)(const struct conv_job *job);
/* The same for one conv_part(). With job->bf16 `in` holds pairs of channels, and no column lies outside. */
void KERNEL(conv_blocks)(const struct conv_job *job);

/* By Winograd's algorithm, see conv_winograd.c, and in bfloat16, see conv_bf16.c; both compute their sums directly. */
void KERNEL(conv_winograd)(const struct conv_job *job);
void KERNEL(conv_bf16)(const struct conv_job *job);

#endif
