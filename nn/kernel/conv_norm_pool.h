/* A 1x1 convolution and its activation, and the batch norm and max pooling that alone read it, fused. What lies
 * between, x, is computed some rows at a time, in cache, forward and again for the gradients, and the whole never
 * exists. Convolutional networks end a stage like that; DenseNet (Huang et al. 2017, "Densely connected convolutional
 * networks", section 3) calls it a transition. Floor 1.
 *
 *   x[c] = activation(bias[c] + sum over i of weights[c][i] * in[i])
 *   x_at_argmax[c] = of each window, the x that becomes its maximum
 *
 * Batch norm multiplies by gamma: where gamma is negative the smallest x of a window becomes the maximum. */
#ifndef NN_KERNEL_CONV_NORM_POOL_H
#define NN_KERNEL_CONV_NORM_POOL_H

#include "nn/kernel/kernels.h"
#include "nn/kernel/window.h"

/* One lane group's. */
struct conv_norm_pool_job {
	const real *in;
	struct shape in_shape;
	int channels;                   /* of x */
	const real *weights;            /* packed as conv_job wants them */
	const real *bias;               /* [channels], or NULL for none */
	struct activation activation;
	const struct window *windows;   /* of the pooling, on x */
	const real *gamma;              /* [channels]: batch norm's factor, whose sign decides which x is chosen */
	real *x_at_argmax;              /* [channels][windows->out_h][windows->out_w]: written forward, read backward */
	const real *lane_mask;          /* [LANES], 64-byte aligned: 1 for lanes that carry an image, else 0 */
	real *scratch;                  /* conv_norm_pool_scratch_len() numbers, 64-byte aligned */

	/* Forward. */
	double *sums;                   /* [channels][2]: of x and of x * x over pixels and these lanes; or NULL */

	/* Backward. The gradient with respect to x: struct batch_norm_job, whose members the first four are; [channels]
	 * each. */
	const real *mean, *gain, *slope, *shift;
	const real *d_out;              /* with respect to batch norm's output, an array like x_at_argmax */
	const real *transposed_weights; /* packed, [in_shape.c][channels] */
	real *d_weights, *d_bias;       /* [channels][in_shape.c]; [channels] or NULL */
	real *d_in;                     /* or NULL */
	const struct activation *mask; /* whose outputs `in` are: d_in is multiplied by its derivative; or NULL */
	bool stream;                    /* d_in: see streams() */
};

/* Rows of windows in a band; the most rows of x that those see, and that a channel has in scratch. */
int conv_norm_pool_windows(struct shape in, int channels, const struct window *windows);
int conv_norm_pool_rows(struct shape in, int channels, const struct window *windows);

/* Whether the kernel can compute these shapes, and is faster than one layer after the other. */
bool conv_norm_pool_pays(struct shape in, int channels);

/* How scratch is cut: rows of x and of its gradient, [channels] of `shape` each, and what the weight gradient needs. In
 * numbers. */
struct conv_norm_pool_layout { struct shape shape; size_t x, d, weights, len; };
struct conv_norm_pool_layout conv_norm_pool_layout(struct shape in, int channels, const struct window *windows);

size_t conv_norm_pool_scratch_len(struct shape in, int channels, const struct window *windows);

#endif
