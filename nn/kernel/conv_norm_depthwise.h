/* A 1x1 convolution, its activation, and a 3x3 depthwise convolution, fused. What lies between, y, is the largest array
 * of a network of inverted residuals (Sandler et al. 2018, "MobileNetV2"); here some rows of it at a time are computed
 * in cache, forward and again for the gradients, and the whole never exists. Floor 1.
 *
 *   y[c] = activation(bias[c] + sum over i of weights[c][i] * in[i])        out[c] = depthwise convolution of y[c]
 *
 * A batch norm between the two needs moments of y before y is computed, and its gradient depends on all images: both
 * follow from sums over the few input channels, which its layer computes. */
#ifndef NN_KERNEL_CONV_NORM_DEPTHWISE_H
#define NN_KERNEL_CONV_NORM_DEPTHWISE_H

#include "nn/kernel/window.h"
#include "nn/kernel/kernels.h"

/* One lane group's. */
struct conv_norm_depthwise_job {
	const real *in;
	struct shape in_shape;
	int channels;                   /* of y and of out */
	const real *weights;            /* packed as conv_job wants them */
	const real *bias;               /* [channels] */
	struct activation activation;
	const struct window *window;    /* of the depthwise convolution, which conv_norm_depthwise_fits() */
	const real *taps;               /* [channels][9][CHANNEL_BLOCK] */
	real *scratch;                  /* conv_norm_depthwise_scratch_len() numbers, 64-byte aligned */

	/* Forward. */
	real *out;
	const real *out_bias;           /* [channels], or NULL for none */
	struct activation out_activation;
	bool stream;                    /* see streams() */

	/* Backward. d is the gradient with respect to y before its activation. Its weights are not the transposed ones
	 * of y where batch norm stands between. */
	const real *d_out;
	const real *flipped_taps;       /* [channels], each as conv_pack_flipped packs all phases of one channel */
	const real *transposed_weights; /* packed, [in_shape.c][channels] */
	real *d_in;                     /* sum over c of these weights[i][c] * d[c]; or NULL */
	/* [channels][conv_norm_depthwise_columns()]: sum of d[c] * in[i], and behind the last input the sum of d[c] */
	real *products;
	real *d_taps;                   /* [channels][9] */
};

/* products[i][k] = sum of x[i] * x[k] over pixels and lanes, sums[i] = sum of x[i]. */
struct gram_job {
	const real *x;
	int channels, height, width;
	real *products;                 /* [channels][channels] */
	real *sums;                     /* [channels] */
	real *scratch;                  /* conv_weights_scratch_len(channels, channels, 1, 1), 64-byte aligned */
};

/* Whether a depthwise convolution can be fused like this. */
bool conv_norm_depthwise_fits(const struct window *window, int multiplier);

/* Whether it is faster than one layer after the other. */
bool conv_norm_depthwise_pays(struct shape in, int channels, int stride);

size_t conv_norm_depthwise_columns(int in_channels);

/* How scratch is cut. Forward: rows of the input, [in.c], and of a chunk of y, [CONV_NORM_DEPTHWISE_CHUNK]. Backward:
 * the sums for the taps, [channels][9][LANES]; transposed inputs; rows of the input, [in.c], and of y, [channels].
 * Offsets and lengths in numbers. */
struct conv_norm_depthwise_layout { size_t taps, transposed, in, y, len; };
struct conv_norm_depthwise_layout conv_norm_depthwise_forward_layout(struct shape in, const struct window *window);
struct conv_norm_depthwise_layout conv_norm_depthwise_backward_layout(struct shape in, int channels,
                                                                      const struct window *window);

/* The longer of the two, and of what struct gram_job needs. */
size_t conv_norm_depthwise_scratch_len(struct shape in, int channels, const struct window *window);

/* Rows of y that are computed at a time for the gradients; rows of the output for which one chunk of y is computed. */
int conv_norm_depthwise_rows(struct shape in, int channels, int stride);
int conv_norm_depthwise_out_rows(struct shape in, const struct window *window);

/* In scratch, pixels from the rows of one channel, which have `pixels` together, to those of the next one. */
static inline int conv_norm_depthwise_row(int pixels)
{
	return pixels | 1;
}

enum { CONV_NORM_DEPTHWISE_CHUNK = 4 * CHANNEL_BLOCK }; /* channels of that chunk */

#endif
