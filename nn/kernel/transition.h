/* A 1x1 convolution and its activation, behind which come batch norm and a max pooling that alone read them, in one go: what lies between,
 * x, is made a few rows at a time, in cache, forward and again for the gradients, and never is an array. Convolutional networks end a
 * stage like that, and DenseNet (Huang et al. 2017, "Densely connected convolutional networks", 3) calls what ends one a transition.
 * Floor 1; nn/kernel/isa/transition.c computes it, nn/layer/transition.c says what it is told.
 *
 *   x[c] = activation(bias[c] + sum over i of weights[c][i] * in[i])        winners[c] = of each window, the x that becomes its maximum */
#ifndef NN_KERNEL_TRANSITION_H
#define NN_KERNEL_TRANSITION_H

#include "nn/kernel/kernels.h"
#include "nn/kernel/window.h"

/* One lane group's. */
struct transition_job {
	const real *in;
	struct shape in_shape;
	int channels;                   /* of x */
	const real *weights;            /* packed as conv_job wants them */
	const real *bias;               /* [channels], or NULL for none */
	struct activation activation;
	const struct window *windows;   /* of the pooling, on x */
	const real *gamma;              /* [channels]: what batch norm multiplies by, whose sign says who wins */
	real *winners;                  /* [channels][windows->out_h][windows->out_w]: written forward, read backward */
	const real *mask;               /* [LANES], 64-byte aligned: 1 for lanes that carry an image, else 0 */
	real *scratch;                  /* transition_scratch_len() numbers, 64-byte aligned */

	/* Forward. */
	double *sums;                   /* [channels][2]: of x and of x * x over pixels and the mask's lanes; or NULL */

	/* Backward. The gradient by x is struct batch_norm_job's, of which the first four are; [channels] each. */
	const real *mean, *gain, *slope, *shift;
	const real *d_out;              /* by batch norm's output, an array like winners */
	const real *turned;             /* weights packed by data, [in_shape.c][channels] */
	real *d_weights, *d_bias;       /* [channels][in_shape.c]; [channels] or NULL */
	real *d_in;                     /* or NULL */
	const struct activation *gate;  /* NULL, or whose outputs `in` are: d_in is to be the gradient by its inputs */
	bool stream;                    /* d_in: see streams() */
};

/* Rows of windows that are taken at a time; the most rows of x that those meet, and that a channel has in scratch. */
int transition_windows(struct shape in, int channels, const struct window *windows);
int transition_rows(struct shape in, int channels, const struct window *windows);

/* Whether the kernels can do such a one, and that is faster than one layer after the other: measured, see isa/transition.c. */
bool transition_pays(struct shape in, int channels);

/* How scratch is cut: rows of x and of its gradient, [channels] of `shape` each, and what the weight gradient needs. In numbers. */
struct transition_layout { struct shape shape; size_t x, d, weights, len; };
struct transition_layout transition_layout(struct shape in, int channels, const struct window *windows);

size_t transition_scratch_len(struct shape in, int channels, const struct window *windows);

#endif
