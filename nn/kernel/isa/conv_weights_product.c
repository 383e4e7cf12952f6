/* The weight gradient of a 1x1 convolution as a matrix product, of one lane group: output channels by (pixel, image)
 * times (pixel, image) by input channels, see transpose.h. Floor 1. Formula: struct conv_weights_job in kernels.h;
 * conv_weights.c sends such jobs here.
 *
 * Blocks of channels (conv_weights_blocks.c) would read each pixel of an input channel once for every four output
 * channels, from planes that at 12x12, 24x24 and 48x48 share few sets of L1. Transposed inputs lie side by side. Of the
 * inputs and the outputs' gradients that side is transposed which makes less work, see product_sides(). */
#include "nn/kernel/isa/transpose.h"

void KERNEL(conv_weights_product_begin)(const struct conv_weights_job *j)
{
	struct product_layout l = product_layout(product_sides(j->in_shape.c, j->out_shape.c));

	clear(j->scratch + l.sums, l.sums_len);
	for (int o = 0; j->d_bias && o < j->out_shape.c; o++)
		j->d_bias[o] = 0;
}

static void add_to_bias(const struct conv_weights_job *j, const real *d_out, size_t plane, size_t pixels)
{
	_Alignas(64) real sums[LANES];

	for (int o = 0; o < j->out_shape.c; o++, d_out += plane) {
		for (int lane = 0; lane < LANES; lane += VEC_LEN)
			store(sums + lane, sum_pixels(d_out + lane, pixels));
		j->d_bias[o] += lane_sum(sums);
	}
}

/* Under a 1x1 kernel `top` says how many rows earlier an input's row lies than that of d_out. */
void KERNEL(conv_weights_product_add)(const struct conv_weights_job *j, struct range pixels)
{
	struct product_sides s = product_sides(j->in_shape.c, j->out_shape.c);
	struct product_layout l = product_layout(s);
	size_t in_plane = plane_len(j->in_shape), out_plane = plane_len(j->out_shape);
	size_t count = (size_t)(pixels.last - pixels.first);
	const real *in = j->in + ((ptrdiff_t)pixels.first - (ptrdiff_t)j->top * j->in_shape.w) * LANES;
	const real *d_out = j->d_out + (ptrdiff_t)pixels.first * LANES;

	KERNEL(add_transposed)(&(struct transposed_planes){ .in = s.outputs ? d_out : in, .channels = s.transposed,
		.plane = s.outputs ? out_plane : in_plane, .pixels = count, .gradients = s.outputs ? in : d_out,
		.rows = s.rows, .row = s.outputs ? in_plane : out_plane, .sums = j->scratch + l.sums,
		.scratch = j->scratch + l.transposed });
	if (j->d_bias)
		add_to_bias(j, d_out, out_plane, count);
}

/* The sums, [inputs][columns] of outputs or the other way round, as weights. */
void KERNEL(conv_weights_product_end)(const struct conv_weights_job *j)
{
	struct product_sides s = product_sides(j->in_shape.c, j->out_shape.c);
	size_t columns = (size_t)transposed_columns(s.transposed), o_step = s.outputs ? 1 : columns;
	size_t i_step = s.outputs ? columns : 1;
	const real *sums = j->scratch + product_layout(s).sums;
	real *to = j->d_weights;

	for (int o = 0; o < j->out_shape.c; o++)
		for (int i = 0; i < j->in_shape.c; i++)
			*to++ = sums[(size_t)o * o_step + (size_t)i * i_step];
}

void KERNEL(conv_weights_product)(const struct conv_weights_job *j)
{
	KERNEL(conv_weights_product_begin)(j);
	KERNEL(conv_weights_product_add)(j, (struct range){ 0, j->out_shape.h * j->out_shape.w });
	KERNEL(conv_weights_product_end)(j);
}
