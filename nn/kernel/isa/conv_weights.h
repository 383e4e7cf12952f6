/* The weight gradient in steps, see conv_weights.c, and the algorithms for it. Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_CONV_WEIGHTS_H
#define NN_KERNEL_ISA_CONV_WEIGHTS_H

#include "nn/kernel/isa/vector.h"

/* One native vector of the lanes of a job. */
INLINE struct conv_weights_job weights_part(const struct conv_weights_job *job, int part)
{
	struct conv_weights_job j = *job;

	j.in += part * VEC_LEN;
	j.d_out += part * VEC_LEN;
	j.scratch += part * VEC_LEN;
	return j;
}

/* --- conv_weights.c: a job in steps, by whichever algorithm --- */

/* Whether the steps below can do a job: it goes in blocks, and the sums of all output channels have room in scratch. */
bool KERNEL(conv_weights_fit)(const struct conv_weights_job *job);

/* Sums at 0; the rows of a range of d_out added, each row once; sums over lanes written to d_weights. Also under a 1x1
 * kernel as a matrix product. `in` and d_out may be other parts of their arrays from call to call, with `top` as it
 * follows. */
void KERNEL(conv_weights_begin)(const struct conv_weights_job *job);
void KERNEL(conv_weights_add)(const struct conv_weights_job *job, struct range range);
void KERNEL(conv_weights_end)(const struct conv_weights_job *job);

/* --- The algorithms among which conv_weights.c chooses; none of them calls it --- */

/* Blocks of channels, see conv_weights_blocks.c: as many channels at a time as have room, for any kernel and plane. */
void KERNEL(conv_weights_blocks)(const struct conv_weights_job *job);
/* The same block by block, for planes that are one band; whether a plane is. */
void KERNEL(conv_weights_plane)(const struct conv_weights_job *job);
bool KERNEL(conv_weights_one_band)(const struct conv_weights_job *job);
/* The same in steps. */
void KERNEL(conv_weights_blocks_begin)(const struct conv_weights_job *job);
void KERNEL(conv_weights_blocks_add)(const struct conv_weights_job *job, struct range rows);
void KERNEL(conv_weights_blocks_end)(const struct conv_weights_job *job);

/* By Winograd's algorithm, see conv_winograd_weights.c, and in bfloat16, see conv_bf16_weights.c. */
void KERNEL(conv_winograd_weights)(const struct conv_weights_job *job);
void KERNEL(conv_bf16_weights)(const struct conv_weights_job *job);

#endif
