/* The order in which the kernels read a convolution's weights, see struct conv_job in kernels.h. Floor 1. */
#ifndef NN_KERNEL_CONV_PACK_H
#define NN_KERNEL_CONV_PACK_H

#include "nn/base/field.h"
#include "nn/kernel/kernels.h"

/* How one convolution group's kernel lies in memory, and which of its taps one phase of the flipped kernel takes. */
struct conv_taps {
	const real *kernel;     /* [out_each][in_each][h][w] */
	int out_each, in_each;
	struct pair size;
	struct pair first, count;       /* taps first, first + step, ... (count of them) along each axis */
	int step;
	bool bf16;                      /* packed in pairs of channels that are read */
};

/* All of a 1x1 kernel, [out][in]. */
static inline struct conv_taps pointwise_taps(const real *kernel, int out, int in)
{
	return (struct conv_taps){ .kernel = kernel, .out_each = out, .in_each = in, .size = { 1, 1 },
		.count = { 1, 1 }, .step = 1 };
}

/* Output channels in whole blocks. */
static inline size_t conv_blocks(int channels)
{
	return (size_t)(channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK;
}

/* The places of the channels that are read: a number each, or a pair for two. */
static inline size_t conv_places(int channels, bool bf16)
{
	return (size_t)(bf16 ? bf16_pairs(channels) : channels);
}

/* to = [blocks of o][place of i][ky][kx][CHANNEL_BLOCK], conv_blocks(out_each) * conv_places(in_each) * h * w numbers.
 * Lanes of a block past the last channel are left as they are and never read. */
void conv_pack(const struct conv_taps *t, real *to);

/* For the gradient with respect to the input, one phase, the kernel transposed and its taps flipped:
 * to = [blocks of i][place of o][ky from the last][kx from the last][CHANNEL_BLOCK]. */
void conv_pack_flipped(const struct conv_taps *t, real *to);

#endif
