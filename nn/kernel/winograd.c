/* See winograd.h. */
#include "nn/kernel/winograd.h"
#include "nn/kernel/kernels.h"

enum {
	/* Channels from which tiles of 2x2 and 4x4 outputs pay: measured, see conv_winograd.c and conv_winograd_weights.c. */
	LEAST_OF_TWO = 32, LEAST_OF_FOUR = 16,
	/* Channels read and written together, above which outputs do not go by tiles of 4x4: what three of them need leaves L2, and their
	 * rounding, 3 times that of 2x2, was seen to turn decisions of rectifiers in cnn-wide: gradients 2.3e-4 off instead of 3.6e-5. */
	MOST_OF_FOUR = 160,
	SCRATCH_BYTES = 3 << 18,        /* of the transformed tiles: what L2 has room for beside the weights */
};

/* Products that a plane takes for a pair of channels. */
static int64_t products(struct winograd_form form, struct shape s)
{
	int64_t down = (s.h + form.outputs - 1) / form.outputs, across = (s.w + form.outputs - 1) / form.outputs;

	return down * across * winograd_points(form);
}

/* Whether no more than a fifth of what tiles of 2x2 cover lies outside the plane; larger ones may take as many products. */
static bool tiles_fit(struct winograd_form form, struct shape s)
{
	int64_t most = 5 * (int64_t)s.h * s.w * winograd_points((struct winograd_form){ form.kernel, 2 });

	return 16 * products(form, s) <= most;
}

/* Larger tiles take more scratch and longer transforms. */
static bool is_larger_better(struct shape s)
{
	return 10 * products((struct winograd_form){ 3, 4 }, s) <= 9 * products((struct winograd_form){ 3, 2 }, s);
}

static int fewer(struct shape in, struct shape out)
{
	return in.c < out.c ? in.c : out.c;
}

int winograd_outputs(int kernel, struct shape in, struct shape out)
{
	const struct winograd_form two = { kernel, 2 }, four = { kernel, 4 };

	if (kernel == 3 && fewer(in, out) >= LEAST_OF_FOUR && in.c + out.c <= MOST_OF_FOUR && is_larger_better(in) &&
	    is_larger_better(out) && tiles_fit(four, in) && tiles_fit(four, out))
		return 4;
	return (kernel == 3 || kernel == 5) && fewer(in, out) >= LEAST_OF_TWO && tiles_fit(two, in) && tiles_fit(two, out) ? 2 : 0;
}

int winograd_weights_outputs(int kernel, struct shape in, struct shape out)
{
	const struct winograd_form two = { kernel, 2 }, four = { kernel, 4 };

	if (kernel == 3 && fewer(in, out) >= LEAST_OF_FOUR && is_larger_better(out) && tiles_fit(four, out))
		return 4;
	return (kernel == 3 || kernel == 5) && fewer(in, out) >= LEAST_OF_TWO && tiles_fit(two, out) ? 2 : 0;
}

static const real g2_3[4][3] = { { 1, 0, 0 }, { 0.5, 0.5, 0.5 }, { 0.5, -0.5, 0.5 }, { 0, 0, 1 } };

#define THIRD ((real)1 / 3)
#define FIFTEENTH ((real)1 / 15)

static const real g4_3[6][3] = {
	{ 1, 0, 0 },
	{ -THIRD, -THIRD, -THIRD },
	{ THIRD, -THIRD, THIRD },
	{ FIFTEENTH, 2 * FIFTEENTH, 4 * FIFTEENTH },
	{ -16 * FIFTEENTH, 8 * FIFTEENTH, -4 * FIFTEENTH },
	{ 0, 0, 1 },
};

static const real g2_5[6][5] = {
	{ 1, 0, 0, 0, 0 },
	{ -THIRD, -THIRD, -THIRD, -THIRD, -THIRD },
	{ THIRD, -THIRD, THIRD, -THIRD, THIRD },
	{ FIFTEENTH, 2 * FIFTEENTH, 4 * FIFTEENTH, 8 * FIFTEENTH, 16 * FIFTEENTH },
	{ -16 * FIFTEENTH, 8 * FIFTEENTH, -4 * FIFTEENTH, 2 * FIFTEENTH, -FIFTEENTH },
	{ 0, 0, 0, 0, 1 },
};

const real *winograd_g(struct winograd_form form)
{
	return form.kernel == 5 ? g2_5[0] : form.outputs == 4 ? g4_3[0] : g2_3[0];
}

/* to[p] = sum over k of G[p][k] * from[k * step]. */
static void transform(struct winograd_form form, const real *from, int step, real to[WINOGRAD_AXIS])
{
	const real *g = winograd_g(form);

	for (int p = 0; p < winograd_axis(form); p++, g += form.kernel) {
		to[p] = 0;
		for (int k = 0; k < form.kernel; k++)
			to[p] += g[k] * from[k * step];
	}
}

void winograd_kernel(struct winograd_form form, const real *weights, real *points)
{
	real columns[WINOGRAD_AXIS][WINOGRAD_AXIS];     /* G times each column of the kernel */

	for (int column = 0; column < form.kernel; column++)
		transform(form, weights + column, form.kernel, columns[column]);
	for (int row = 0; row < winograd_axis(form); row++)
		transform(form, columns[0] + row, WINOGRAD_AXIS, points + row * winograd_axis(form));
}

/* As many as SCRATCH_BYTES has room for, at least `least`, in steps of `least`. */
static int tiles_of(const struct winograd *w, int least)
{
	size_t each = (size_t)winograd_points(w->form) * (size_t)(w->in_channels + w->out_channels) * LANES * sizeof(real);
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

	return (size_t)winograd_points(w->form) * (winograd_stride(w->in_channels, tiles) + winograd_stride(w->out_channels, tiles));
}

struct winograd_layout winograd_layout(const struct winograd *w)
{
	struct winograd_layout l = { .tiles = tiles_of(w, 2), .columns = turned_columns(w->in_channels),
		.rows = (w->out_channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK };
	size_t points = (size_t)winograd_points(w->form);

	l.inputs_stride = winograd_stride(l.columns, l.tiles);
	l.gradients_stride = winograd_stride(l.rows, l.tiles);
	l.gradients_at = points * l.inputs_stride;
	l.sums_at = l.gradients_at + points * l.gradients_stride;
	l.turn_at = l.sums_at + points * (size_t)l.rows * (size_t)l.columns;
	l.len = l.turn_at + points * LANES * LANES;
	return l;
}
