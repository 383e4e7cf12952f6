/* The transforms of Winograd's tiles, see nn/kernel/winograd.h, on native vectors; `kernel` (3 or 5) is a constant where they are inlined.
 * Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_WINOGRAD_TILE_H
#define NN_KERNEL_ISA_WINOGRAD_TILE_H

#include "nn/kernel/isa/vector.h"

/* A tile's first output row and column. */
struct tile { int y, x; };

struct tiles {
	struct tile at[WINOGRAD_TILES];
	int count;
};

/* The next tiles in reading order, `most` at most, of a plane of outputs; *next counts them. */
INLINE struct tiles next_tiles(int rows, int columns, int most, int *next)
{
	struct tiles tiles = { .count = 0 };
	int down = (rows + 1) / 2, across = (columns + 1) / 2;

	for (; tiles.count < most && *next < down * across; ++*next)
		tiles.at[tiles.count++] = (struct tile){ *next / across * 2, *next % across * 2 };
	return tiles;
}

/* Bt times kernel + 1 numbers. */
INLINE void transform_input(int kernel, const vec d[], vec to[])
{
	if (kernel == 3) {
		to[0] = d[0] - d[2];
		to[1] = d[1] + d[2];
		to[2] = d[2] - d[1];
		to[3] = d[1] - d[3];
		return;
	}
	vec half = splat((real)0.5), a = d[4] - d[2], b = d[3] - d[1];
	to[0] = a - splat((real)1.5) * b + d[0] - d[2];
	to[1] = d[4] - d[1] - splat((real)2.5) * d[2] - half * d[3];
	to[2] = d[4] + d[1] + half * d[2] - splat((real)2.5) * d[3];
	to[3] = a + half * b;
	to[4] = a - splat(2) * b;
	to[5] = d[5] - d[3] - splat((real)1.5) * a - b;
}

/* At times kernel + 1 numbers. */
INLINE void transform_output(int kernel, const vec m[], vec to[2])
{
	if (kernel == 3) {
		to[0] = m[0] + m[1] + m[2];
		to[1] = m[1] - m[2] - m[3];
		return;
	}
	to[0] = m[0] + m[1] + m[2] + m[3] + m[4];
	to[1] = m[1] - m[2] + splat(2) * m[3] - splat((real)0.5) * m[4] + m[5];
}

/* A times two numbers. */
INLINE void transform_gradient(int kernel, const vec y[2], vec to[])
{
	to[0] = y[0];
	to[1] = y[0] + y[1];
	to[2] = y[0] - y[1];
	if (kernel == 3) {
		to[3] = -y[1];
		return;
	}
	to[3] = y[0] + splat(2) * y[1];
	to[4] = y[0] - splat((real)0.5) * y[1];
	to[5] = y[1];
}

/* A channel's plane of h x w pixels, `at` its first; outside are zeros. */
struct plane { const real *at; int h, w; };

/* The pixels from (row, column) on, one column of `count`. */
INLINE void load_column(struct plane p, int row, int column, int count, bool inside, vec to[])
{
	UNROLL_CONSTANT
	for (int y = 0; y < count; y++) {
		bool here = inside || ((unsigned)(row + y) < (unsigned)p.h && (unsigned)column < (unsigned)p.w);
		to[y] = here ? load(p.at + ((ptrdiff_t)(row + y) * p.w + column) * LANES) : splat(0);
	}
}

/* The inputs from (row, column) on to a tile's points, which lie `stride` apart. */
INLINE void transform_inputs(int kernel, struct plane p, int row, int column, real *to, size_t stride)
{
	const int axis = kernel + 1;
	const bool inside = row >= 0 && column >= 0 && row + axis <= p.h && column + axis <= p.w;
	vec columns[WINOGRAD_AXIS][WINOGRAD_AXIS];

	UNROLL_CONSTANT
	for (int x = 0; x < axis; x++) {
		vec d[WINOGRAD_AXIS];
		load_column(p, row, column + x, axis, inside, d);
		transform_input(kernel, d, columns[x]);
	}
	UNROLL_CONSTANT
	for (int y = 0; y < axis; y++) {
		vec line[WINOGRAD_AXIS], points[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			line[x] = columns[x][y];
		transform_input(kernel, line, points);
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			store(to + (size_t)(y * axis + x) * stride, points[x]);
	}
}

/* A tile's points, which lie `stride` apart, to its outputs. */
INLINE void transform_outputs(int kernel, const real *from, size_t stride, vec to[2][2])
{
	const int axis = kernel + 1;
	vec columns[WINOGRAD_AXIS][2];

	UNROLL_CONSTANT
	for (int x = 0; x < axis; x++) {
		vec m[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int y = 0; y < axis; y++)
			m[y] = load(from + (size_t)(y * axis + x) * stride);
		transform_output(kernel, m, columns[x]);
	}
	UNROLL_CONSTANT
	for (int y = 0; y < 2; y++) {
		vec line[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			line[x] = columns[x][y];
		transform_output(kernel, line, to[y]);
	}
}

/* The gradients by a tile's outputs, from (row, column) on, to its points, which lie `stride` apart. */
INLINE void transform_gradients(int kernel, struct plane p, struct tile tile, real *to, size_t stride)
{
	const int axis = kernel + 1;
	const bool inside = tile.y + 2 <= p.h && tile.x + 2 <= p.w;
	vec columns[2][WINOGRAD_AXIS];

	UNROLL_CONSTANT
	for (int x = 0; x < 2; x++) {
		vec d[2];
		load_column(p, tile.y, tile.x + x, 2, inside, d);
		transform_gradient(kernel, d, columns[x]);
	}
	UNROLL_CONSTANT
	for (int y = 0; y < axis; y++) {
		vec line[2] = { columns[0][y], columns[1][y] }, points[WINOGRAD_AXIS];
		transform_gradient(kernel, line, points);
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			store(to + (size_t)(y * axis + x) * stride, points[x]);
	}
}

#endif
