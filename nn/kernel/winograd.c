/* See winograd.h. */
#include "nn/kernel/winograd.h"
#include "nn/kernel/kernels.h"

enum {
	LEAST_CHANNELS = 32,            /* measured, see conv_winograd.c */
	LEAST_WEIGHTS_CHANNELS = 32,    /* measured, see conv_winograd_weights.c */
	SCRATCH_BYTES = 3 << 18,        /* of the transformed tiles: what L2 has room for beside the weights */
};

/* Whether no more than a fifth of what tiles cover lies outside the plane. */
static bool tiles_fit(struct shape s)
{
	return (s.h + 1) / 2 * 4.0 * ((s.w + 1) / 2) <= 1.25 * s.h * s.w;
}

static bool is_known(int kernel)
{
	return kernel == 3 || kernel == 5;
}

bool winograd_pays(int kernel, struct shape in, struct shape out)
{
	return is_known(kernel) && in.c >= LEAST_CHANNELS && out.c >= LEAST_CHANNELS && tiles_fit(in) && tiles_fit(out);
}

bool winograd_weights_pays(int kernel, struct shape in, struct shape out)
{
	return is_known(kernel) && in.c >= LEAST_WEIGHTS_CHANNELS && out.c >= LEAST_WEIGHTS_CHANNELS && tiles_fit(out);
}

static const real g3[4][3] = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };

#define THIRD ((real)1 / 3)
#define FIFTEENTH ((real)1 / 15)

static const real g5[6][5] = {
	{ 1, 0, 0, 0, 0 },
	{ -THIRD, -THIRD, -THIRD, -THIRD, -THIRD },
	{ THIRD, -THIRD, THIRD, -THIRD, THIRD },
	{ FIFTEENTH, 2 * FIFTEENTH, 4 * FIFTEENTH, 8 * FIFTEENTH, 16 * FIFTEENTH },
	{ -16 * FIFTEENTH, 8 * FIFTEENTH, -4 * FIFTEENTH, 2 * FIFTEENTH, -FIFTEENTH },
	{ 0, 0, 0, 0, 1 },
};

const real *winograd_g(int kernel)
{
	return kernel == 3 ? g3[0] : g5[0];
}

/* to[p] = sum over k of G[p][k] * from[k * step]. */
static void transform(int kernel, const real *from, int step, real to[WINOGRAD_AXIS])
{
	const real *g = winograd_g(kernel);

	for (int p = 0; p <= kernel; p++, g += kernel) {
		to[p] = 0;
		for (int k = 0; k < kernel; k++)
			to[p] += g[k] * from[k * step];
	}
}

void winograd_kernel(int kernel, const real *weights, real *points)
{
	real columns[WINOGRAD_AXIS][WINOGRAD_AXIS];     /* G times each column of the kernel */

	for (int column = 0; column < kernel; column++)
		transform(kernel, weights + column, kernel, columns[column]);
	for (int row = 0; row <= kernel; row++)
		transform(kernel, columns[0] + row, WINOGRAD_AXIS, points + row * (kernel + 1));
}

/* As many as SCRATCH_BYTES has room for, at least `least`, in steps of `least`. */
static int tiles_of(const struct winograd *w, int least)
{
	size_t each = (size_t)winograd_points(w->kernel) * (size_t)(w->in_channels + w->out_channels) * LANES * sizeof(real);
	int room = (int)(SCRATCH_BYTES / each) / least * least;

	return room < least ? least : room < WINOGRAD_TILES ? room : WINOGRAD_TILES;
}

int winograd_tiles(const struct winograd *w)
{
	return tiles_of(w, 3);
}

size_t winograd_stride(int channels, int tiles)
{
	enum { PAD = 5 };       /* lines */

	return ((size_t)(channels * tiles) + PAD) * LANES;
}

size_t winograd_scratch_len(const struct winograd *w)
{
	int tiles = winograd_tiles(w);

	return (size_t)winograd_points(w->kernel) * (winograd_stride(w->in_channels, tiles) + winograd_stride(w->out_channels, tiles));
}

struct winograd_layout winograd_layout(const struct winograd *w)
{
	struct winograd_layout l = { .tiles = tiles_of(w, 2), .columns = turned_columns(w->in_channels),
		.rows = (w->out_channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK };
	size_t points = (size_t)winograd_points(w->kernel);

	l.inputs_stride = winograd_stride(l.columns, l.tiles);
	l.gradients_stride = winograd_stride(l.rows, l.tiles);
	l.gradients_at = points * l.inputs_stride;
	l.sums_at = l.gradients_at + points * l.gradients_stride;
	l.turn_at = l.sums_at + points * (size_t)l.rows * (size_t)l.columns;
	l.len = l.turn_at + points * LANES * LANES;
	return l;
}
