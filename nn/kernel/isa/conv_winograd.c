/* Convolution of one lane group by Winograd's algorithm, see nn/kernel/winograd.h. Floor 1. Formula and memory layout:
 * struct conv_job in kernels.h, but weights are [point][ceil(o / CHANNEL_BLOCK)][i][CHANNEL_BLOCK].
 *
 * Some tiles of outputs at a time: their inputs are transformed for all input channels, each of the 16 or 36 points is
 * a 1x1 convolution of the tiles, as if they were pixels, and its results are transformed back. All of that lies in L2,
 * or nearly. */
#include "nn/kernel/isa/conv_algorithms.h"
#include "nn/kernel/isa/winograd_tile.h"

/* One lane part of a job, `tiles` of it at a time. */
struct work {
	const struct conv_job *job;
	int tiles;
	size_t in_stride, out_stride;   /* see struct winograd_conv_layout, whose inputs lie at 0 */
	real *sums;
};

static struct winograd_form form_of(const struct conv_job *j)
{
	return (struct winograd_form){ j->kernel.h, j->winograd };
}

static struct work work_of(const struct conv_job *j)
{
	struct winograd_conv_layout l = winograd_conv_layout(&(struct winograd){ form_of(j), j->in_shape.c,
		j->out_shape.c });

	return (struct work){ j, l.tiles, l.in_stride, l.out_stride, j->scratch + l.sums };
}

INLINE void take_inputs(struct winograd_form form, const struct work *w, const struct tiles *tiles)
{
	const struct conv_job *j = w->job;
	size_t len = plane_len(j->in_shape);

	for (int part = 0; part < PARTS; part++)
		for (int i = 0; i < j->in_shape.c; i++) {
			struct plane plane = { j->in + (size_t)i * len + part * VEC_LEN, j->in_shape.h, j->in_shape.w };
			for (int t = 0; t < tiles->count; t++)
				transform_inputs(form, plane, tiles->at[t].y - j->top, tiles->at[t].x - j->left,
				                 j->scratch + (size_t)(i * w->tiles + t) * LANES + part * VEC_LEN,
				                 w->in_stride);
		}
}

/* Sums over input channels, point by point. */
static void multiply(const struct work *w, int tiles)
{
	const struct conv_job *j = w->job;
	size_t weights = (size_t)(j->out_shape.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK *
		(size_t)j->in_shape.c;

	for (size_t point = 0; point < (size_t)winograd_points(form_of(j)); point++)
		KERNEL(conv_direct)(&(struct conv_job){
			.in = j->scratch + point * w->in_stride,
			.in_shape = { j->in_shape.c, 1, w->tiles },
			.out = w->sums + point * w->out_stride,
			.out_shape = { j->out_shape.c, 1, w->tiles }, .rows = 1, .columns = tiles, .out_step = 1,
			.kernel = { 1, 1 }, .stride = 1, .weights = j->weights + point * weights,
			.activation = ACTIVATION_IDENTITY, .hot = true });
}

INLINE void put_output(const struct conv_job *j, size_t at, vec sum)
{
	if (j->mask_by)
		sum = masked(sum, load(j->mask_by + at), j->mask_activation);
	else
		sum = activated(sum, j->activation);
	put(j->out + at, sum, j->stream);
}

/* One output channel's points of a tile to its outputs, of which some may lie outside. */
INLINE void write_tile(struct winograd_form form, const struct work *w, int o, struct tile tile, const real *from,
                       size_t part)
{
	const struct conv_job *j = w->job;
	size_t plane = (size_t)j->out_shape.h * (size_t)j->out_shape.w;
	vec bias = j->bias ? splat(j->bias[o]) : splat(0), sums[WINOGRAD_OUTPUTS][WINOGRAD_OUTPUTS];

	transform_outputs(form, from, w->out_stride, sums);
	UNROLL
	for (int y = 0; y < form.outputs; y++)
		UNROLL
		for (int x = 0; x < form.outputs; x++)
			if (tile.y + y < j->rows && tile.x + x < j->columns)
				put_output(j, ((size_t)o * plane + (size_t)(tile.y + y) * (size_t)j->out_shape.w +
				               (size_t)(tile.x + x)) * LANES + part * VEC_LEN, sums[y][x] + bias);
}

INLINE void write_outputs(struct winograd_form form, const struct work *w, const struct tiles *tiles)
{
	for (size_t part = 0; part < PARTS; part++)
		for (int o = 0; o < w->job->out_shape.c; o++)
			for (int t = 0; t < tiles->count; t++)
				write_tile(form, w, o, tiles->at[t],
				           w->sums + (size_t)(o * w->tiles + t) * LANES + part * VEC_LEN, part);
}

INLINE void conv_of(struct winograd_form form, const struct work *w)
{
	const struct conv_job *j = w->job;
	struct tiles tiles;

	for (int next = 0; (tiles = next_tiles(j->rows, j->columns, form.outputs, w->tiles, &next)).count; ) {
		take_inputs(form, w, &tiles);
		multiply(w, tiles.count);
		write_outputs(form, w, &tiles);
	}
}

void KERNEL(conv_winograd)(const struct conv_job *j)
{
	struct work w = work_of(j);

	if (j->kernel.h == 5)
		conv_of((struct winograd_form){ 5, 2 }, &w);
	else if (j->winograd == 4)
		conv_of((struct winograd_form){ 3, 4 }, &w);
	else
		conv_of((struct winograd_form){ 3, 2 }, &w);
}
