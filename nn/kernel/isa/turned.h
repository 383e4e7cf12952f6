/* Weight gradients as matrix products in which a lane is an input channel; see turned.c. Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_TURNED_H
#define NN_KERNEL_ISA_TURNED_H

#include "nn/kernel/isa/vector.h"

/* LANES channels of LANES images become LANES images of LANES channels: to[image * to_stride + channel] =
 * from[channel * from_stride + image]. */
void KERNEL(turn)(const real *from, size_t from_stride, real *to, size_t to_stride);

/* sums[r][c] += sum over k < turns of gradients[r * row + k] * inputs[k][c]. */
struct product {
	int rows, columns;      /* columns: whole LANES */
	int turns;
	const real *gradients;
	size_t row;
	const real *inputs;     /* [turns][columns] */
	real *sums;             /* [rows][columns] */
};

void KERNEL(add_product)(const struct product *product);

/* The same with inputs that are yet to be turned, a few pixels at a time:
 *   sums[r][c] += sum over pixels and lanes of gradients[r][pixel] * in[c][pixel]; where `ones`, in[channels] is 1 everywhere. */
struct turned_planes {
	const real *in;
	int channels;
	bool ones;
	size_t plane, row;      /* numbers from one channel of `in`, of gradients, to the next */
	size_t pixels;
	const real *gradients;
	int rows;
	real *sums;             /* [rows][turned_columns(channels + ones)] */
	real *scratch;          /* turned_pixels() times so many columns times LANES numbers */
};

void KERNEL(add_turned)(const struct turned_planes *planes);

/* A 1x1 convolution's weight gradient in steps, see conv_turned.c: sums at 0; pixels added, each once; sums written to d_weights. Scratch:
 * see struct turned_layout. */
void KERNEL(conv_turned_begin)(const struct conv_weights_job *job);
void KERNEL(conv_turned_add)(const struct conv_weights_job *job, struct range pixels);
void KERNEL(conv_turned_end)(const struct conv_weights_job *job);
/* The same whole. */
void KERNEL(conv_turned)(const struct conv_weights_job *job);

#endif
