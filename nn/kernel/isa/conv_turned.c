/* The weight gradient under a 1x1 kernel as a matrix product, of one lane group: output channels by (pixel, image) times (pixel, image) by
 * input channels, see turned.c. Floor 1. Formula: struct conv_weights_job in kernels.h; conv_weights.c sends such jobs here.
 *
 * In conv_weights.c's blocks a 1x1 kernel meets each pixel of an input channel once for every four output channels, from planes that at
 * 12x12, 24x24 and 48x48 share few sets of L1. Turned inputs lie side by side. What it gained, GFLOP/s on one core of 245 (Zen 5), hot:
 * 64 to 64 channels at 24x24 153 to 197, 128 to 128 at 12x12 154 to 223, 30 to 120 157 to 200, 96 to 96 at 23x23 171 to 222, 25 to 100
 * at 24x24 145 to 164; but 36 to 36, a quarter of whose lanes is empty, 157 to 126, and 16 to 32 152 to 136. Training, images/s: conv1x1
 * 48 565 to 596, mobilenet-v1 3330 to 3470, mobilenet-v2 half a percent. */
#include "nn/kernel/isa/turned.h"

/* One pixel: to[image][channel]. Of the last channels, which do not fill their lanes, a copy is turned. */
static void turn_pixel(const struct conv_weights_job *j, size_t pixel, real *to)
{
	size_t plane = (size_t)j->in_shape.h * (size_t)j->in_shape.w * LANES, columns = (size_t)turned_columns(j->in_shape.c);
	const real *from = j->in + pixel * LANES;
	int i = 0;

	for (; i + LANES <= j->in_shape.c; i += LANES)
		KERNEL(turn)(from + (size_t)i * plane, plane, to + i, columns);
	if (i == j->in_shape.c)
		return;
	real rest[LANES * LANES] __attribute__((aligned(64))) = { 0 };
	for (int k = 0; i + k < j->in_shape.c; k++)
		for (int lane = 0; lane < LANES; lane += VEC_LEN)
			store(rest + k * LANES + lane, load(from + (size_t)(i + k) * plane + lane));
	KERNEL(turn)(rest, LANES, to + i, columns);
}

static void write_weights(const struct conv_weights_job *j, const real *sums)
{
	real *to = j->d_weights;

	for (int o = 0; o < j->out_shape.c; o++, sums += turned_columns(j->in_shape.c))
		for (int i = 0; i < j->in_shape.c; i++)
			*to++ = sums[i];
}

void KERNEL(conv_turned)(const struct conv_weights_job *j)
{
	size_t pixels = (size_t)j->out_shape.h * (size_t)j->out_shape.w, columns = (size_t)turned_columns(j->in_shape.c);
	size_t most = (size_t)turned_pixels(j->in_shape.c), count, sums_len = (size_t)j->out_shape.c * columns;
	real *sums = j->scratch, *inputs = sums + sums_len;

	for (size_t i = 0; i < sums_len; i += VEC_LEN)
		store(sums + i, splat(0));
	for (size_t first = 0; first < pixels; first += count) {
		count = pixels - first < most ? pixels - first : most;
		for (size_t pixel = 0; pixel < count; pixel++)
			turn_pixel(j, first + pixel, inputs + pixel * columns * LANES);
		KERNEL(add_product)(&(struct product){ .rows = j->out_shape.c, .columns = (int)columns, .turns = (int)count * LANES,
			.gradients = j->d_out + first * LANES, .row = pixels * LANES, .inputs = inputs, .sums = sums });
	}
	write_weights(j, sums);
}
