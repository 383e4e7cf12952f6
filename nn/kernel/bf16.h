/* Convolutions whose factors are bfloat16, the upper half of a float's bits, and whose sums are float. Floor 1. What is here is plain
 * and rare; nn/kernel/isa computes (conv_bf16.c, conv_bf16_weights.c).
 *
 * Two numbers share the place of one, so arrays of pairs are arrays of `real` that hold other bits. Where the processor has AVX512_BF16
 * one instruction multiplies 16 pairs and adds both products, twice what it does in float; elsewhere two do, with the same bytes (but
 * for products below 2^-126, which that instruction takes for 0). In the double build halves are upper halves of doubles.
 *
 * Forward and by data, a pair are two input channels: weights are [ceil(o / CHANNEL_BLOCK)][pair][ky][kx][CHANNEL_BLOCK], and inputs are
 * paired a few rows at a time, with zeros around them. By the weights, a pair are two lanes, and two neighbouring pixels lie side by
 * side in the place of one. */
#ifndef NN_KERNEL_BF16_H
#define NN_KERNEL_BF16_H

#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef REAL_IS_DOUBLE
typedef uint64_t real_bits;
enum { FRACTION_BITS = 52 };
#else
typedef uint32_t real_bits;
enum { FRACTION_BITS = 23 };
#endif

enum { HALF_BITS = sizeof(real) * 4 };

/* The number's nearest half, of two the even one, as the lower half of what comes back. As AVX512_BF16 does it, a number below the smallest
 * normal one is 0 and a NaN stays one. */
static inline real_bits bf16_half(real x)
{
	const real_bits one = 1, sign = one << (2 * HALF_BITS - 1), smallest = one << FRACTION_BITS, infinite = sign - smallest;
	real_bits bits, quiet, rounded;

	memcpy(&bits, &x, sizeof bits);
	quiet = bits >> HALF_BITS | smallest >> (HALF_BITS + 1);
	rounded = (bits + (one << (HALF_BITS - 1)) - 1 + (bits >> HALF_BITS & 1)) >> HALF_BITS;
	rounded = (bits & ~sign) < smallest ? (bits & sign) >> HALF_BITS : rounded;
	return (bits & ~sign) > infinite ? quiet : rounded;
}

/* Two numbers in the place of one. */
static inline real_bits bf16_pair(real low, real high)
{
	return bf16_half(low) | bf16_half(high) << HALF_BITS;
}

static inline int bf16_pairs(int count)
{
	return (count + 1) / 2;
}

/* How many of a stride's columns a kernel's taps begin at. */
static inline int bf16_steps(int kernel_w, int stride)
{
	return kernel_w < stride ? kernel_w : stride;
}

/* Whether a convolution of so many channels is worth the rounding: with few of them pairs are half empty, or rounding takes longer than
 * multiplying. */
bool bf16_pays(int in_channels, int out_channels);

struct conv_job;
struct conv_weights_job;

/* Rows of output, or for a 1x1 kernel over whole rows pixels, that are computed at a time: as many as keep their inputs in half of L2. */
int bf16_rows(const struct conv_job *job);
int bf16_pixels(const struct conv_job *job);

/* Numbers of scratch of a conv job, and of one with a smaller kernel and fewer columns. */
size_t bf16_scratch_len(const struct conv_job *job);

/* How scratch is cut for a weight gradient: the sums of `channels` output channels (where no sum waits: of one block of them), their
 * gradients [channel][row][pair of pixels][LANES], and all inputs [channel][row][step][pair of pixels][LANES], `step` being which of the
 * stride's columns begin there. */
struct bf16_layout {
	int channels, rows;     /* done at a time */
	bool whole;             /* all rows are, and sums need not wait */
	int out_width, in_width, step_width;    /* pairs of pixels of a row of gradients, of inputs, of those of one step */
	size_t sums, d_out, in, len;    /* offsets and length in numbers */
};

struct bf16_layout bf16_layout(const struct conv_weights_job *job);

/* Under a 1x1 kernel over whole planes rows don't matter: the same job with longer ones, so that fewer end in half a pair. */
struct conv_weights_job bf16_long_rows(const struct conv_weights_job *job);

#endif
