/* Convolution and pooling as the formulas of nn/kernel/kernels.h state them: plain loops in double over arrays
 * [image][c][h][w], no lane groups, no blocks, no phases. What the engine's results are compared with, so it shares
 * nothing with the engine. */
#ifndef TESTS_HELPERS_NAIVE_H
#define TESTS_HELPERS_NAIVE_H

#include "nn/base/field.h"
#include "nn/base/tensor.h"

/* Where windows lie. */
struct naive_window {
	struct pair kernel;
	int stride, top, left;
};

/* A convolution and its gradients: each function reads two of in, weight and out, and fills the third. */
struct naive_conv {
	int images, groups;
	struct shape in_shape, out_shape;
	struct naive_window window;
	double *in;             /* [image][c][h][w]; for naive_conv_data the gradient by it, to be filled */
	double *weight;         /* [o][c / groups][kernel.h][kernel.w]; for naive_conv_weights the gradient by it */
	double *bias;           /* [o], or NULL for none; likewise */
	double *out;            /* [image][o][h][w]; for the gradients the gradient by it, read */
};

/* What is convolved and by which kernels, in a static buffer, for messages. */
const char *naive_conv_name(const struct naive_conv *c, const char *kernels);

void naive_conv(const struct naive_conv *c);
void naive_conv_weights(const struct naive_conv *c);
void naive_conv_data(const struct naive_conv *c);

struct naive_pool {
	int images;
	struct shape in_shape, out_shape;
	struct naive_window window;
	const double *in;
	double *out;
	const double *d_out;    /* backward only */
	double *d_in;           /* backward only, filled */
};

void naive_max_pool(const struct naive_pool *p);
void naive_average_pool(const struct naive_pool *p);

/* min(max(x, slope * x), cap), and a gradient by such an output y taken on to its input. */
double naive_activate(double x, double slope, double cap);
double naive_take_on(double d, double y, double slope, double cap);

#endif
