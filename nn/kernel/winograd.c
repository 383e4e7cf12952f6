/* See winograd.h. */
#include "nn/kernel/winograd.h"
#include "nn/base/layout.h"
#include "nn/kernel/kernels.h"

enum {
	/* Channels from which tiles of 2x2 and 4x4 outputs pay. */
	LEAST_OF_TWO = 32, LEAST_OF_FOUR = 16,
	/* Channels read and written together, above which outputs are not computed in tiles of 4x4: three of them do
	 * not fit L2, and their rounding, 3 times that of 2x2, is seen in the decisions of rectifiers. */
	MOST_OF_FOUR = 160,
	SCRATCH_BYTES = 3 << 18,        /* of the transformed tiles: that fits L2 beside the weights */
};

/* Products for a plane and a pair of channels. */
static int64_t products(struct winograd_form form, struct shape s)
{
	int64_t down = (s.h + form.outputs - 1) / form.outputs, across = (s.w + form.outputs - 1) / form.outputs;

	return down * across * winograd_points(form);
}

/* Whether no more than a fifth of what tiles of 2x2 cover lies outside the plane; larger ones may take as many
 * products. */
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
	return (kernel == 3 || kernel == 5) && fewer(in, out) >= LEAST_OF_TWO && tiles_fit(two, in) &&
	       tiles_fit(two, out) ? 2 : 0;
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

/* A number of each of CHANNEL_BLOCK kernels. */
typedef real block __attribute__((vector_size(CHANNEL_BLOCK * sizeof(real)), aligned(sizeof(real)), may_alias));

/* to[p] = sum over k of G[p][k] * from[k * step]. */
static void transform(struct winograd_form form, const block *from, int step, block to[WINOGRAD_AXIS])
{
	const real *g = winograd_g(form);

	for (int p = 0; p < winograd_axis(form); p++, g += form.kernel) {
		to[p] = g[0] * from[0];
		for (int k = 1; k < form.kernel; k++)
			to[p] += g[k] * from[k * step];
	}
}

/* The points of `count` kernels, G weights Gt; to = [point][stride]. */
static void transform_kernels(const struct winograd_pack *p, const real *first, int count, real *to, size_t stride)
{
	const int taps = p->form.kernel * p->form.kernel, axis = winograd_axis(p->form);
	block weights[WINOGRAD_TAPS] = { { 0 } };
	block columns[WINOGRAD_AXIS][WINOGRAD_AXIS];    /* G times each column of a kernel */

	for (int c = 0; c < count; c++)
		for (int k = 0; k < taps; k++)
			weights[k][c] = first[(size_t)c * p->written_step + (size_t)(p->flipped ? taps - 1 - k : k)];
	for (int x = 0; x < p->form.kernel; x++)
		transform(p->form, weights + x, p->form.kernel, columns[x]);
	for (int y = 0; y < axis; y++) {
		block line[WINOGRAD_AXIS];
		transform(p->form, columns[0] + y, WINOGRAD_AXIS, line);
		for (int x = 0; x < axis; x++)
			*(block *)(to + (size_t)(y * axis + x) * stride) = line[x];
	}
}

void winograd_pack(const struct winograd_pack *p, real *to)
{
	int blocks = (p->written + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
	size_t stride = (size_t)blocks * CHANNEL_BLOCK * (size_t)p->read;

	for (int o = 0; o < p->written; o += CHANNEL_BLOCK)
		for (int i = 0; i < p->read; i++) {
			const real *first = p->kernels + (size_t)o * p->written_step + (size_t)i * p->read_step;
			int left = p->written - o;
			transform_kernels(p, first, left < CHANNEL_BLOCK ? left : CHANNEL_BLOCK,
			                  to + packed_at(o, (size_t)p->read, (size_t)i), stride);
		}
}

/* As many as SCRATCH_BYTES has room for, at least `least`, in steps of `least`. */
static int tiles_of(const struct winograd *w, int least)
{
	size_t each = (size_t)winograd_points(w->form) * (size_t)(w->in_channels + w->out_channels) * LANES *
		sizeof(real);
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

struct winograd_conv_layout winograd_conv_layout(const struct winograd *w)
{
	struct layout all = { 0 };
	struct winograd_conv_layout l = { .tiles = winograd_tiles(w) };
	size_t points = (size_t)winograd_points(w->form);

	l.in_stride = winograd_stride(w->in_channels, l.tiles);
	l.out_stride = winograd_stride(w->out_channels, l.tiles);
	l.inputs = layout_add(&all, points * l.in_stride);
	l.sums = layout_add(&all, points * l.out_stride);
	l.len = all.len;
	return l;
}

size_t winograd_scratch_len(const struct winograd *w)
{
	return winograd_conv_layout(w).len;
}

struct winograd_layout winograd_layout(const struct winograd *w)
{
	struct layout all = { 0 };
	struct winograd_layout l = { .tiles = tiles_of(w, 2), .columns = transposed_columns(w->in_channels),
		.rows = (w->out_channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK };
	size_t points = (size_t)winograd_points(w->form);

	l.inputs_stride = winograd_stride(l.columns, l.tiles);
	l.gradients_stride = winograd_stride(l.rows, l.tiles);
	l.inputs = layout_add(&all, points * l.inputs_stride);
	l.gradients = layout_add(&all, points * l.gradients_stride);
	l.sums = layout_add(&all, points * (size_t)l.rows * (size_t)l.columns);
	l.untransposed = layout_add(&all, points * LANES * LANES);
	l.len = all.len;
	return l;
}
