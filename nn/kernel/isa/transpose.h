/* Weight gradients as matrix products in which a lane is a channel, for 1x1 kernels and for Winograd's algorithm. Floor
 * 1; for nn/kernel/isa alone.
 *
 * The gradient of the weight of a pair of channels is one sum over pixels and images. With an image in each lane it
 * takes a whole vector of sums, which must be stored until all pixels are read, and whose lanes must be added up at the
 * end. So here the inputs are transposed, LANES channels of LANES images at a time: then a vector of sums is one output
 * channel's with several input channels, and the outputs' gradients are broadcast as they lie. */
#ifndef NN_KERNEL_ISA_TRANSPOSE_H
#define NN_KERNEL_ISA_TRANSPOSE_H

#include "nn/kernel/isa/vector.h"

/* LANES channels of LANES images become LANES images of LANES channels: to[image * to_stride + channel] =
 * from[channel * from_stride + image]. */
void KERNEL(transpose)(const real *from, size_t from_stride, real *to, size_t to_stride);

/* sums[r][c] += sum over k < depth of gradients[r * row + k] * inputs[k][c]. */
struct product {
	int rows, columns;      /* columns: whole LANES */
	int depth;
	const real *gradients;
	size_t row;
	const real *inputs;     /* [depth][columns] */
	real *sums;             /* [rows][columns] */
};

void KERNEL(add_product)(const struct product *product);

/* The same with inputs that are transposed a few pixels at a time:
 *   sums[r][c] += sum over pixels and lanes of gradients[r][pixel] * in[c][pixel]
 * and in[channels] is 1 everywhere where `ones`. */
struct transposed_planes {
	const real *in;
	int channels;
	bool ones;
	size_t plane, row;      /* numbers from one channel of `in`, of gradients, to the next */
	size_t pixels;
	const real *gradients;
	int rows;
	real *sums;             /* [rows][transposed_columns(channels + ones)] */
	real *scratch;          /* [transposed_pixels()][LANES][transposed_columns()] */
};

void KERNEL(add_transposed)(const struct transposed_planes *planes);

/* A 1x1 convolution's weight gradient in steps, see conv_weights_product.c: sums at 0; pixels added, each once; sums
 * written to d_weights. Scratch: see struct product_layout. */
void KERNEL(conv_weights_product_begin)(const struct conv_weights_job *job);
void KERNEL(conv_weights_product_add)(const struct conv_weights_job *job, struct range pixels);
void KERNEL(conv_weights_product_end)(const struct conv_weights_job *job);
/* All three steps. */
void KERNEL(conv_weights_product)(const struct conv_weights_job *job);

#endif
