/* The weight gradient of a convolution by Winograd's algorithm, of one lane group, see nn/kernel/winograd.h. Floor 1.
 * Formula: struct conv_weights_job in kernels.h.
 *
 * Some tiles at a time: the gradients with respect to their outputs, and their inputs, are transformed to points. For
 * each point the products of all pairs of channels are summed over tiles and images: a matrix product, output channels
 * by (tile, image) times (tile, image) by input channels, with transposed lanes, see transpose.h. So a sum is one
 * number instead of one a lane, and those of all points lie in L2. After the last tile they are transformed to
 * weights. */
#include "nn/kernel/isa/conv_weights.h"
#include "nn/kernel/isa/transpose.h"
#include "nn/kernel/isa/winograd_tile.h"

struct work {
	const struct conv_weights_job *job;
	struct winograd_layout layout;
	int points;
	real *inputs, *gradients, *sums, *untransposed;
};

static struct work work_of(const struct conv_weights_job *j)
{
	const struct winograd_form form = { j->kernel.h, j->winograd };
	struct work w = { .job = j, .points = winograd_points(form),
		.layout = winograd_layout(&(struct winograd){ form, j->in_shape.c, j->out_shape.c }) };

	w.inputs = j->scratch + w.layout.inputs;
	w.gradients = j->scratch + w.layout.gradients;
	w.sums = j->scratch + w.layout.sums;
	w.untransposed = j->scratch + w.layout.untransposed;
	return w;
}

INLINE void take_gradients(struct winograd_form form, const struct work *w, const struct tiles *tiles)
{
	const struct conv_weights_job *j = w->job;
	size_t len = plane_len(j->out_shape);

	for (int part = 0; part < PARTS; part++)
		for (int o = 0; o < j->out_shape.c; o++) {
			struct plane plane = { j->d_out + (size_t)o * len + part * VEC_LEN, j->out_shape.h,
				j->out_shape.w };
			for (int t = 0; t < tiles->count; t++)
				transform_gradients(form, plane, tiles->at[t], w->gradients +
				                    (size_t)(o * w->layout.tiles + t) * LANES + part * VEC_LEN,
				                    w->layout.gradients_stride);
		}
}

/* LANES input channels of one tile, from channel `first` on; behind the last channel anything may stand. */
INLINE void take_block(struct winograd_form form, const struct work *w, int first, struct tile tile, real *to)
{
	const struct conv_weights_job *j = w->job;
	size_t len = plane_len(j->in_shape);

	for (int part = 0; part < PARTS; part++)
		for (int i = 0; i < LANES && first + i < j->in_shape.c; i++) {
			struct plane plane = { j->in + (size_t)(first + i) * len + part * VEC_LEN, j->in_shape.h,
				j->in_shape.w };
			transform_inputs(form, plane, tile.y - j->top, tile.x - j->left,
			                 w->untransposed + i * LANES + part * VEC_LEN, LANES * LANES);
		}
	for (int point = 0; point < w->points; point++)
		KERNEL(transpose)(w->untransposed + point * LANES * LANES, LANES,
		                  to + (size_t)point * w->layout.inputs_stride,
		             (size_t)w->layout.columns);
}

INLINE void take_inputs(struct winograd_form form, const struct work *w, const struct tiles *tiles)
{
	for (int t = 0; t < tiles->count; t++)
		for (int i = 0; i < w->layout.columns; i += LANES)
			take_block(form, w, i, tiles->at[t], w->inputs + (size_t)(t * LANES * w->layout.columns + i));
}

static void multiply_point(const struct work *w, int point, int tiles)
{
	const struct winograd_layout *l = &w->layout;

	KERNEL(add_product)(&(struct product){ .rows = l->rows, .columns = l->columns, .depth = tiles * LANES,
		.gradients = w->gradients + (size_t)point * l->gradients_stride, .row = (size_t)l->tiles * LANES,
		.inputs = w->inputs + (size_t)point * l->inputs_stride,
		.sums = w->sums + (size_t)point * (size_t)(l->rows * l->columns) });
}

/* Gt times the numbers of an axis. */
INLINE void transform_sums(struct winograd_form form, const vec from[], vec to[])
{
	const real *g = winograd_g(form);

	UNROLL_CONSTANT
	for (int k = 0; k < form.kernel; k++) {
		to[k] = splat(g[k]) * from[0];
		UNROLL_CONSTANT
		for (int p = 1; p < winograd_axis(form); p++)
			to[k] += splat(g[p * form.kernel + k]) * from[p];
	}
}

/* The sums of one output channel with VEC_LEN input channels to their weights, [kernel][kernel][VEC_LEN]. */
INLINE void transform_points(struct winograd_form form, const real *sums, size_t stride, real *to)
{
	const int axis = winograd_axis(form);
	vec columns[WINOGRAD_AXIS][WINOGRAD_AXIS];

	for (int x = 0; x < axis; x++) {
		vec m[WINOGRAD_AXIS];
		for (int y = 0; y < axis; y++)
			m[y] = load(sums + (size_t)(y * axis + x) * stride);
		transform_sums(form, m, columns[x]);
	}
	for (int y = 0; y < form.kernel; y++) {
		vec line[WINOGRAD_AXIS], weights[WINOGRAD_AXIS];
		for (int x = 0; x < axis; x++)
			line[x] = columns[x][y];
		transform_sums(form, line, weights);
		for (int x = 0; x < form.kernel; x++)
			store(to + (y * form.kernel + x) * VEC_LEN, weights[x]);
	}
}

INLINE void write_weights(struct winograd_form form, const struct work *w)
{
	const struct conv_weights_job *j = w->job;
	const int taps = form.kernel * form.kernel;
	const size_t stride = (size_t)(w->layout.rows * w->layout.columns);
	_Alignas(64) real weights[WINOGRAD_POINTS * VEC_LEN];
	real *to = j->d_weights;

	for (int o = 0; o < j->out_shape.c; o++)
		for (int i = 0; i < j->in_shape.c; i += VEC_LEN) {
			transform_points(form, w->sums + o * w->layout.columns + i, stride, weights);
			for (int c = 0; c < VEC_LEN && i + c < j->in_shape.c; c++)
				for (int k = 0; k < taps; k++)
					*to++ = weights[k * VEC_LEN + c];
		}
}

INLINE void weights_of(struct winograd_form form, const struct work *w)
{
	const struct conv_weights_job *j = w->job;
	struct tiles tiles;

	clear(w->sums, (size_t)(w->points * w->layout.rows * w->layout.columns));
	for (int next = 0; (tiles = next_tiles(j->out_shape.h, j->out_shape.w, form.outputs, w->layout.tiles,
	                                       &next)).count; ) {
		take_gradients(form, w, &tiles);
		take_inputs(form, w, &tiles);
		for (int point = 0; point < w->points; point++)
			multiply_point(w, point, tiles.count);
	}
	write_weights(form, w);
}

void KERNEL(conv_winograd_weights)(const struct conv_weights_job *j)
{
	struct work w = work_of(j);

	if (j->kernel.h == 5)
		weights_of((struct winograd_form){ 5, 2 }, &w);
	else if (j->winograd == 4)
		weights_of((struct winograd_form){ 3, 4 }, &w);
	else
		weights_of((struct winograd_form){ 3, 2 }, &w);
}
