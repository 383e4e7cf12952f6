/* Batch norm with known moments, its activation, and a 1x1 convolution that alone reads it, fused. What lies between,
 * y, is computed some pixels at a time, in cache, forward and again for the gradients, and the whole never exists.
 * Because of the activation, batch norm cannot be folded into the weights; an inverted residual ends like that (Sandler
 * et al. 2018, "MobileNetV2"). Floor 1.
 *
 *   y[i] = activation(scale[i] * x[i] + shift[i])
 *   out[c] = out_activation(bias[c] + sum over i of weights[c][i] * y[i]) */
#ifndef NN_KERNEL_ACTIVE_NORM_CONV_H
#define NN_KERNEL_ACTIVE_NORM_CONV_H

#include "nn/kernel/kernels.h"

/* One lane group's. */
struct active_norm_conv_job {
	const real *x;
	struct shape in_shape;
	const real *scale, *shift;      /* [in_shape.c] */
	struct activation activation;
	int channels;                   /* of out */
	real *scratch;                  /* active_norm_conv_scratch_len() numbers, 64-byte aligned */

	/* Forward. */
	const real *weights;            /* packed as conv_job wants them */
	const real *bias;               /* [channels], or NULL for none */
	real *out;
	struct activation out_activation;
	bool stream;                    /* see streams() */

	/* Backward. */
	const real *d_out;
	const real *transposed_weights; /* packed, [in_shape.c][channels] */
	const real *mean;               /* [in_shape.c] */
	real *d;                        /* the gradient with respect to the activation's input, an array like x */
	double *sums;                   /* [in_shape.c][2]: of d, and of d * (x - mean) */
	real *d_weights;                /* [channels][in_shape.c] */
};

size_t active_norm_conv_scratch_len(struct shape in, int channels);

/* Pixels that are computed at a time. */
int active_norm_conv_pixels(struct shape in);

#endif
