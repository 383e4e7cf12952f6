/* Convolution of one lane group by Winograd's F(2x2, 3x3), see nn/kernel/winograd.h. Floor 1. Formula and memory layout: struct conv_job in
 * kernels.h, whose weights are [point][ceil(o / CHANNEL_BLOCK)][i][CHANNEL_BLOCK] here.
 *
 * WINOGRAD_TILES tiles of 2x2 outputs at a time: their inputs are transformed for all input channels, each of the 16 points is a 1x1
 * convolution of the tiles, as if they were pixels, and what comes of it is transformed back. All of that lies in L2, or nearly.
 *
 * What it gained over conv.c, in GFLOP/s of the direct algorithm, two cores of 240 (Zen 5), cold arrays: 32 channels at 24x24 351 to 400,
 * 48 at 48x48 394 to 457, 64 at 24x24 414 to 670, 128 at 12x12 401 to 542, 256 at 6x6 501 to 587; but 24 at 23x23 382 to 338, and 144
 * to 96 at 5x5, where a quarter of the tiles lies outside, 411 to 301. Training: plain 24 2072 to 2443 images/s, cnn-leaky 338 to 408. */
#include "nn/kernel/isa/vector.h"

/* A tile's first output row and column. */
struct tile { int y, x; };

struct tiles {
	struct tile at[WINOGRAD_TILES];
	int count;
};

/* Bt times four numbers. */
INLINE void transform(const vec from[4], vec to[4])
{
	to[0] = from[0] - from[2];
	to[1] = from[1] + from[2];
	to[2] = from[2] - from[1];
	to[3] = from[1] - from[3];
}

/* One channel's inputs of one tile to the 16 points, which lie `stride` apart. */
INLINE void transform_tile(const real *plane, const struct conv_job *j, struct tile tile, real *to, size_t stride)
{
	const int height = j->in_shape.h, width = j->in_shape.w, row = tile.y - j->top, column = tile.x - j->left;
	const bool inside = row >= 0 && column >= 0 && row + 4 <= height && column + 4 <= width;
	vec columns[4][4];

	UNROLL
	for (int x = 0; x < 4; x++) {
		vec d[4];
		UNROLL
		for (int y = 0; y < 4; y++) {
			bool here = inside || ((unsigned)(row + y) < (unsigned)height && (unsigned)(column + x) < (unsigned)width);
			d[y] = here ? load(plane + ((ptrdiff_t)(row + y) * width + column + x) * LANES) : splat(0);
		}
		transform(d, columns[x]);
	}
	UNROLL
	for (int y = 0; y < 4; y++) {
		vec line[4] = { columns[0][y], columns[1][y], columns[2][y], columns[3][y] }, points[4];
		transform(line, points);
		UNROLL
		for (int x = 0; x < 4; x++)
			store(to + (size_t)(y * 4 + x) * stride, points[x]);
	}
}

static void transform_inputs(const struct conv_job *j, const struct tiles *tiles)
{
	size_t stride = winograd_stride(j->in_shape.c), plane = (size_t)j->in_shape.h * (size_t)j->in_shape.w * LANES;

	for (int part = 0; part < PARTS; part++)
		for (int i = 0; i < j->in_shape.c; i++)
			for (int t = 0; t < tiles->count; t++)
				transform_tile(j->in + (size_t)i * plane + part * VEC_LEN, j, tiles->at[t],
				               j->scratch + (size_t)(i * WINOGRAD_TILES + t) * LANES + part * VEC_LEN, stride);
}

/* Sums over input channels, point by point. */
static void multiply(const struct conv_job *j, int tiles)
{
	size_t in_stride = winograd_stride(j->in_shape.c), out_stride = winograd_stride(j->out_shape.c);
	size_t weights = (size_t)(j->out_shape.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK * (size_t)j->in_shape.c;

	for (size_t point = 0; point < WINOGRAD_POINTS; point++)
		KERNEL(conv)(&(struct conv_job){
			.in = j->scratch + point * in_stride, .in_shape = { j->in_shape.c, 1, WINOGRAD_TILES },
			.out = j->scratch + WINOGRAD_POINTS * in_stride + point * out_stride,
			.out_shape = { j->out_shape.c, 1, WINOGRAD_TILES }, .rows = 1, .columns = tiles, .out_step = 1,
			.kernel = { 1, 1 }, .stride = 1, .weights = j->weights + point * weights, .activation = ACTIVATION_IDENTITY });
}

/* At times four numbers. */
INLINE void transform_back(const vec from[4], vec to[2])
{
	to[0] = from[0] + from[1] + from[2];
	to[1] = from[1] - from[2] - from[3];
}

INLINE void put_output(const struct conv_job *j, size_t at, vec sum)
{
	if (j->gate)
		sum = gated(sum, load(j->gate + at), j->gate_activation);
	else
		sum = activated(sum, j->activation);
	put(j->out + at, sum, j->stream);
}

/* The 16 points of one output channel and tile to its outputs, of which some may lie outside. */
INLINE void write_tile(const struct conv_job *j, int o, struct tile tile, const real *from, size_t part)
{
	size_t stride = winograd_stride(j->out_shape.c), plane = (size_t)j->out_shape.h * (size_t)j->out_shape.w;
	vec bias = j->bias ? splat(j->bias[o]) : splat(0), columns[4][2];

	UNROLL
	for (int x = 0; x < 4; x++) {
		vec m[4];
		UNROLL
		for (size_t y = 0; y < 4; y++)
			m[y] = load(from + (y * 4 + (size_t)x) * stride);
		transform_back(m, columns[x]);
	}
	UNROLL
	for (int y = 0; y < 2; y++) {
		vec line[4] = { columns[0][y], columns[1][y], columns[2][y], columns[3][y] }, sums[2];
		transform_back(line, sums);
		UNROLL
		for (int x = 0; x < 2; x++)
			if (tile.y + y < j->rows && tile.x + x < j->columns)
				put_output(j, ((size_t)o * plane + (size_t)(tile.y + y) * (size_t)j->out_shape.w +
				               (size_t)(tile.x + x)) * LANES + part * VEC_LEN, sums[x] + bias);
	}
}

static void write_outputs(const struct conv_job *j, const struct tiles *tiles)
{
	const real *points = j->scratch + WINOGRAD_POINTS * winograd_stride(j->in_shape.c);

	for (size_t part = 0; part < PARTS; part++)
		for (int o = 0; o < j->out_shape.c; o++)
			for (int t = 0; t < tiles->count; t++)
				write_tile(j, o, tiles->at[t], points + (size_t)(o * WINOGRAD_TILES + t) * LANES + part * VEC_LEN, part);
}

/* Tiles in reading order, some at a time. */
void KERNEL(conv_winograd)(const struct conv_job *j)
{
	int down = (j->rows + 1) / 2, across = (j->columns + 1) / 2;

	for (int next = 0; next < down * across; ) {
		struct tiles tiles = { .count = 0 };
		for (; tiles.count < WINOGRAD_TILES && next < down * across; next++)
			tiles.at[tiles.count++] = (struct tile){ next / across * 2, next % across * 2 };
		transform_inputs(j, &tiles);
		multiply(j, tiles.count);
		write_outputs(j, &tiles);
	}
}
