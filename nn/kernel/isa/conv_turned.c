/* The weight gradient under a 1x1 kernel as a matrix product, of one lane group: output channels by (pixel, image) times (pixel, image) by
 * input channels, see turned.c. Floor 1. Formula: struct conv_weights_job in kernels.h; conv_weights.c sends such jobs here.
 *
 * In conv_weights.c's blocks a 1x1 kernel meets each pixel of an input channel once for every four output channels, from planes that at
 * 12x12, 24x24 and 48x48 share few sets of L1. Turned inputs lie side by side. What it gained, GFLOP/s on one core of 245 (Zen 5), hot:
 * 64 to 64 channels at 24x24 153 to 197, 128 to 128 at 12x12 154 to 223, 30 to 120 157 to 200, 96 to 96 at 23x23 171 to 222, 25 to 100
 * at 24x24 145 to 164; but 36 to 36, a quarter of whose lanes is empty, 157 to 126, and 16 to 32 152 to 136. Training, images/s: conv1x1
 * 48 565 to 596, mobilenet-v1 3330 to 3470, mobilenet-v2 half a percent.
 *
 * Of the two sides that is turned which makes less work: of more channels than go out the outputs' gradients. GFLOP/s, hot and from memory:
 * 100 to 30 channels at 12x12 154 and 145 to 204 and 193, 120 to 30 157 and 125 to 205 and 190, 240 to 60 at 6x6 197 to 216. */
#include "nn/kernel/isa/turned.h"

void KERNEL(conv_turned_begin)(const struct conv_weights_job *j)
{
	struct turned_layout l = turned_layout(turned_sides(j->in_shape.c, j->out_shape.c));

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
void KERNEL(conv_turned_add)(const struct conv_weights_job *j, struct range pixels)
{
	struct turned_sides s = turned_sides(j->in_shape.c, j->out_shape.c);
	struct turned_layout l = turned_layout(s);
	size_t in_plane = plane_len(j->in_shape), out_plane = plane_len(j->out_shape), count = (size_t)(pixels.last - pixels.first);
	const real *in = j->in + ((ptrdiff_t)pixels.first - (ptrdiff_t)j->top * j->in_shape.w) * LANES;
	const real *d_out = j->d_out + (ptrdiff_t)pixels.first * LANES;

	KERNEL(add_turned)(&(struct turned_planes){ .in = s.outputs ? d_out : in, .channels = s.turned,
		.plane = s.outputs ? out_plane : in_plane, .pixels = count, .gradients = s.outputs ? in : d_out, .rows = s.rows,
		.row = s.outputs ? in_plane : out_plane, .sums = j->scratch + l.sums, .scratch = j->scratch + l.turned });
	if (j->d_bias)
		add_to_bias(j, d_out, out_plane, count);
}

/* The sums, [inputs][columns] of outputs or the other way round, as weights. */
void KERNEL(conv_turned_end)(const struct conv_weights_job *j)
{
	struct turned_sides s = turned_sides(j->in_shape.c, j->out_shape.c);
	size_t columns = (size_t)turned_columns(s.turned), o_step = s.outputs ? 1 : columns, i_step = s.outputs ? columns : 1;
	const real *sums = j->scratch + turned_layout(s).sums;
	real *to = j->d_weights;

	for (int o = 0; o < j->out_shape.c; o++)
		for (int i = 0; i < j->in_shape.c; i++)
			*to++ = sums[(size_t)o * o_step + (size_t)i * i_step];
}

void KERNEL(conv_turned)(const struct conv_weights_job *j)
{
	KERNEL(conv_turned_begin)(j);
	KERNEL(conv_turned_add)(j, (struct range){ 0, j->out_shape.h * j->out_shape.w });
	KERNEL(conv_turned_end)(j);
}
