/* Convolutions whose factors are bfloat16, the upper half of a float's bits, and whose sums are float. Floor 1. Here:
 * rounding and sizes; nn/kernel/isa computes (conv_bf16.c, conv_bf16_weights.c).
 *
 * Two numbers share the place of one, so arrays of pairs are arrays of `real` that hold other bits. Where the processor
 * has AVX512_BF16 one instruction multiplies 16 pairs and adds both products, twice as many as in float; elsewhere two
 * instructions do, with the same bytes (but for products below 2^-126, which that instruction takes for 0). In the
 * double build halves are upper halves of doubles.
 *
 * Forward, and for the gradient with respect to the input, a pair are two input channels: weights are [ceil(o /
 * CHANNEL_BLOCK)][pair][ky][kx][CHANNEL_BLOCK], and inputs are paired a few rows at a time, with zeros around them. For
 * the weight gradient a pair are two lanes, and two neighbouring pixels lie side by side in the place of one. */
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

/* x rounded to the nearest half, of two equally near ones to the even one, in the lower bits. As with AVX512_BF16, a
 * number below the smallest normal one becomes 0, and a NaN stays one. */
static inline real_bits bf16_half(real x)
{
	const real_bits one = 1, sign = one << (2 * HALF_BITS - 1), smallest = one << FRACTION_BITS;
	const real_bits infinite = sign - smallest;
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

/* How many of a stride's remainders the columns of a kernel's taps have. */
static inline int bf16_steps(int kernel_w, int stride)
{
	return kernel_w < stride ? kernel_w : stride;
}

/* Whether a convolution is faster in bfloat16: with few channels pairs are half empty, or rounding takes longer than
 * multiplying. */
bool bf16_pays(int in_channels, int out_channels);

struct conv_job;
struct conv_weights_job;

/* Rows of output, or for a 1x1 kernel over whole rows pixels, that are computed at a time: as many as keep their paired
 * inputs in L2. */
int bf16_rows(const struct conv_job *job);
int bf16_pixels(const struct conv_job *job);

/* Numbers of scratch of a conv job, and of one with a smaller kernel and fewer columns. */
size_t bf16_scratch_len(const struct conv_job *job);

/* How scratch is cut for a weight gradient: the sums of `channels` output channels (where no sum waits: of one block of
 * them), their gradients [channel][row][pair of pixels][LANES], and all inputs [channel][row][step][pair of
 * pixels][LANES], `step` being which of the stride's columns begin there. */
struct bf16_layout {
	int channels, rows;     /* done at a time */
	bool whole;             /* all rows are, and sums need not wait */
	int out_width, in_width, step_width;    /* pairs of pixels in a row of gradients, inputs, inputs of one step */
	size_t sums, d_out, in, len;    /* offsets and length in numbers */
};

struct bf16_layout bf16_layout(const struct conv_weights_job *job);

/* Under a 1x1 kernel over whole planes rows don't matter: the same job with longer ones, so that fewer end in half a
 * pair. */
struct conv_weights_job bf16_long_rows(const struct conv_weights_job *job);

#endif
