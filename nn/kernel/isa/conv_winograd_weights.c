/* The weight gradient of a convolution by Winograd's algorithm, of one lane group, see nn/kernel/winograd.h. Floor 1. Formula: struct
 * conv_weights_job in kernels.h.
 *
 * Some tiles at a time: the gradients by their outputs and their inputs are transformed to points, and for each point what all tiles and
 * all images say of a pair of channels is added up: a matrix product, output channels by (tile, image) times (tile, image) by input
 * channels, with lanes turned, see turned.c. So a sum is one number, and those of all points lie in L2. At the very end they become
 * weights.
 *
 * What it gained in training, images/s (two cores of 240 GFLOP/s, Zen 5): cnn-5x5 with 5x5 by it and by conv_winograd.c 296 to 413,
 * plain 48 929 to 1016, cnn-leaky 493 to 573, cnn-wide 599 to 709, vgg-like 151 to 179, mnist-base 5060 to 5420; but with 24 channels
 * plain 24 loses 5 %, with 12 conv1x1 12 a tenth. Without gain: half and twice the scratch, and asking for the next tiles' pixels. */
#include "nn/kernel/isa/turned.h"
#include "nn/kernel/isa/winograd_tile.h"

struct work {
	const struct conv_weights_job *job;
	struct winograd_layout layout;
	int kernel, points;
	real *gradients, *sums, *turn;
};

static struct work work_of(const struct conv_weights_job *j)
{
	struct work w = { .job = j, .kernel = j->kernel.h, .points = winograd_points(j->kernel.h),
		.layout = winograd_layout(&(struct winograd){ j->kernel.h, j->in_shape.c, j->out_shape.c }) };

	w.gradients = j->scratch + w.layout.gradients_at;
	w.sums = j->scratch + w.layout.sums_at;
	w.turn = j->scratch + w.layout.turn_at;
	return w;
}

INLINE void take_gradients(int kernel, const struct work *w, const struct tiles *tiles)
{
	const struct conv_weights_job *j = w->job;
	size_t len = (size_t)j->out_shape.h * (size_t)j->out_shape.w * LANES;

	for (int part = 0; part < PARTS; part++)
		for (int o = 0; o < j->out_shape.c; o++) {
			struct plane plane = { j->d_out + (size_t)o * len + part * VEC_LEN, j->out_shape.h, j->out_shape.w };
			for (int t = 0; t < tiles->count; t++)
				transform_gradients(kernel, plane, tiles->at[t], w->gradients +
				                    (size_t)(o * w->layout.tiles + t) * LANES + part * VEC_LEN, w->layout.gradients_stride);
		}
}

/* LANES input channels of one tile, from channel `first` on; channels behind the last leave what they like. */
INLINE void take_block(int kernel, const struct work *w, int first, struct tile tile, real *to)
{
	const struct conv_weights_job *j = w->job;
	size_t len = (size_t)j->in_shape.h * (size_t)j->in_shape.w * LANES;

	for (int part = 0; part < PARTS; part++)
		for (int i = 0; i < LANES && first + i < j->in_shape.c; i++) {
			struct plane plane = { j->in + (size_t)(first + i) * len + part * VEC_LEN, j->in_shape.h, j->in_shape.w };
			transform_inputs(kernel, plane, tile.y - j->top, tile.x - j->left, w->turn + i * LANES + part * VEC_LEN,
			                 LANES * LANES);
		}
	for (int point = 0; point < w->points; point++)
		KERNEL(turn)(w->turn + point * LANES * LANES, LANES, to + (size_t)point * w->layout.inputs_stride,
		             (size_t)w->layout.columns);
}

INLINE void take_inputs(int kernel, const struct work *w, const struct tiles *tiles)
{
	for (int t = 0; t < tiles->count; t++)
		for (int i = 0; i < w->layout.columns; i += LANES)
			take_block(kernel, w, i, tiles->at[t], w->job->scratch + (size_t)(t * LANES * w->layout.columns + i));
}

static void multiply_point(const struct work *w, int point, int tiles)
{
	const struct winograd_layout *l = &w->layout;

	KERNEL(add_product)(&(struct product){ .rows = l->rows, .columns = l->columns, .turns = tiles * LANES,
		.gradients = w->gradients + (size_t)point * l->gradients_stride, .row = (size_t)l->tiles * LANES,
		.inputs = w->job->scratch + (size_t)point * l->inputs_stride,
		.sums = w->sums + (size_t)point * (size_t)(l->rows * l->columns) });
}

/* Gt times kernel + 1 numbers. */
INLINE void transform_sums(int kernel, const vec from[], vec to[])
{
	const real *g = winograd_g(kernel);

	UNROLL_CONSTANT
	for (int k = 0; k < kernel; k++) {
		to[k] = splat(g[k]) * from[0];
		UNROLL_CONSTANT
		for (int p = 1; p <= kernel; p++)
			to[k] += splat(g[p * kernel + k]) * from[p];
	}
}

/* The sums of one output channel with VEC_LEN input channels to their weights, [kernel][kernel][VEC_LEN]. */
INLINE void transform_points(int kernel, const real *sums, size_t stride, real *to)
{
	vec columns[WINOGRAD_AXIS][WINOGRAD_AXIS];

	for (int x = 0; x <= kernel; x++) {
		vec m[WINOGRAD_AXIS];
		for (int y = 0; y <= kernel; y++)
			m[y] = load(sums + (size_t)(y * (kernel + 1) + x) * stride);
		transform_sums(kernel, m, columns[x]);
	}
	for (int y = 0; y < kernel; y++) {
		vec line[WINOGRAD_AXIS], weights[WINOGRAD_AXIS];
		for (int x = 0; x <= kernel; x++)
			line[x] = columns[x][y];
		transform_sums(kernel, line, weights);
		for (int x = 0; x < kernel; x++)
			store(to + (y * kernel + x) * VEC_LEN, weights[x]);
	}
}

INLINE void write_weights(int kernel, const struct work *w)
{
	const struct conv_weights_job *j = w->job;
	const int taps = kernel * kernel;
	const size_t stride = (size_t)(w->layout.rows * w->layout.columns);
	_Alignas(64) real weights[WINOGRAD_POINTS * VEC_LEN];
	real *to = j->d_weights;

	for (int o = 0; o < j->out_shape.c; o++)
		for (int i = 0; i < j->in_shape.c; i += VEC_LEN) {
			transform_points(kernel, w->sums + o * w->layout.columns + i, stride, weights);
			for (int c = 0; c < VEC_LEN && i + c < j->in_shape.c; c++)
				for (int k = 0; k < taps; k++)
					*to++ = weights[k * VEC_LEN + c];
		}
}

INLINE void weights_of(int kernel, const struct work *w)
{
	const struct conv_weights_job *j = w->job;
	struct tiles tiles;

	clear(w->sums, (size_t)(w->points * w->layout.rows * w->layout.columns));
	for (int next = 0; (tiles = next_tiles(j->out_shape.h, j->out_shape.w, w->layout.tiles, &next)).count; ) {
		take_gradients(kernel, w, &tiles);
		take_inputs(kernel, w, &tiles);
		for (int point = 0; point < w->points; point++)
			multiply_point(w, point, tiles.count);
	}
	write_weights(kernel, w);
}

void KERNEL(conv_winograd_weights)(const struct conv_weights_job *j)
{
	struct work w = work_of(j);

	if (j->kernel.h == 3)
		weights_of(3, &w);
	else
		weights_of(5, &w);
}
