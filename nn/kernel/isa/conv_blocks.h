/* Convolution in blocks of pixels and channels; see conv.c. Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_CONV_BLOCKS_H
#define NN_KERNEL_ISA_CONV_BLOCKS_H

#include "nn/kernel/isa/vector.h"

/* One native vector of the lanes of a job. */
INLINE struct conv_job conv_part(const struct conv_job *job, int part)
{
	struct conv_job j = *job;

	j.in += part * VEC_LEN;
	j.out += part * VEC_LEN;
	if (j.gate)
		j.gate += part * VEC_LEN;
	return j;
}

/* Such a part. With job->bf16 `in` is paired already: its channels are pairs, and no column lies outside. */
void KERNEL(conv_blocks)(const struct conv_job *job);

#endif
