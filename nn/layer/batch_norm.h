/* Batch norm's algebra, for its own layer and for the operations of nn/fused that it is part of. Floor 2; for those
 * alone.
 *
 *   y = scale * x + shift      scale = gamma / sqrt(variance + epsilon)      shift = beta - mean * scale
 *   d_x = gain * d_y + slope * (x - mean) + shift      (Ioffe and Szegedy 2015; the formulas stand in batch_norm.c)
 *
 * A channel is settled once its moments are known, and settled backward once the sums over its gradient are. */
#ifndef NN_LAYER_BATCH_NORM_H
#define NN_LAYER_BATCH_NORM_H

#include "nn/base/layout.h"
#include "nn/layer/layer.h"

/* Batch norm as a member of the operation whose pass it is, with its memory. */
struct norm {
	const struct pass *pass;
	const struct member *member;
	real *mean, *inverse;           /* [channels], of the batch or moving; in `saved` */
	double *sums;                   /* [groups + 1][channels][2], the last ones of the whole batch; in `shared` */
};

/* Takes its memory from the operation's two layouts. */
struct norm norm_take(const struct pass *p, const struct member *m, struct layout *saved, struct layout *shared);

/* The two sums of one channel in one group; group n->pass->groups is the whole batch. */
double *norm_sums(const struct norm *n, int group, int c);

/* Sums of x and of x * x over one group, of all channels, into its sums; only while training. */
void norm_measure(const struct norm *n, int group);
/* Settles all channels from the sums of all groups. */
void norm_settle(const struct norm *n);
/* Settles one channel, from the mean and the variance of its input, which only count while training. */
void norm_settle_channel(const struct norm *n, int c, double mean, double variance);

/* Of a settled channel: scale, shift and the activation behind; not streamed. */
struct affine norm_affine(const struct norm *n, int c);
/* Scale and shift of all channels, settled; [channels] each. */
void norm_scales(const struct norm *n, real *scale, real *shift);

/* x and d_y of one channel of one group, `pixels` of each. */
struct norm_gradient { const real *x, *d_y; size_t pixels; };

/* Gradients of one group with respect to gamma and beta, and the channel's sums. */
void norm_measure_backward(const struct norm *n, int group, int c, struct norm_gradient g);

/* Adds up the sums of all groups that norm_measure_backward has left. */
void norm_settle_backward(const struct norm *n);
/* How d_y of a channel becomes d_x once that is settled: mean, gain, slope and shift, and the channel's pixels. */
struct batch_norm_job norm_job(const struct norm *n, int c);
/* The same, settled from the sums of d_y and of d_y * (x - mean) over the whole batch, which it is given; it writes the
 * gradients with respect to gamma and beta, ungrouped. */
struct batch_norm_job norm_settle_channel_backward(const struct norm *n, int c, const double sums[2]);

/* Writes d_in[0] of one group of the operation from d_y, an array of its shape, which may be d_in[0] itself; its input
 * is batch norm's. */
void norm_apply_backward(const struct norm *n, int group, struct tensor d_y);

extern const struct layer_type layer_batch_norm;

#endif
