/* The transforms of Winograd's tiles, see nn/kernel/winograd.h, on native vectors; `form` is a constant where they are
 * inlined. Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_WINOGRAD_TILE_H
#define NN_KERNEL_ISA_WINOGRAD_TILE_H

#include "nn/kernel/isa/vector.h"

/* A tile's first output row and column. */
struct tile { int y, x; };

struct tiles {
	struct tile at[WINOGRAD_TILES];
	int count;
};

/* The next tiles in reading order, `most` at most, of a plane of outputs; `outputs`: of a tile along an axis. *next
 * counts them. */
INLINE struct tiles next_tiles(int rows, int columns, int outputs, int most, int *next)
{
	struct tiles tiles = { .count = 0 };
	int down = ceil_div(rows, outputs), across = ceil_div(columns, outputs);

	for (; tiles.count < most && *next < down * across; ++*next)
		tiles.at[tiles.count++] = (struct tile){ *next / across * outputs, *next % across * outputs };
	return tiles;
}

/* Bt times the numbers of an axis. */
INLINE void transform_input(struct winograd_form form, const vec d[], vec to[])
{
	if (winograd_axis(form) == 4) {
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

/* At times the numbers of an axis. */
INLINE void transform_output(struct winograd_form form, const vec m[], vec to[])
{
	if (winograd_axis(form) == 4) {
		to[0] = m[0] + m[1] + m[2];
		to[1] = m[1] - m[2] - m[3];
		return;
	}
	if (form.outputs == 4) {
		vec sum = m[1] + m[2], difference = m[1] - m[2];
		to[0] = m[0] + sum + m[3] + m[4];
		to[1] = difference + splat(2) * m[3] - splat((real)0.5) * m[4];
		to[2] = sum + splat(4) * m[3] + splat((real)0.25) * m[4];
		to[3] = difference + splat(8) * m[3] - splat((real)0.125) * m[4] + m[5];
		return;
	}
	to[0] = m[0] + m[1] + m[2] + m[3] + m[4];
	to[1] = m[1] - m[2] + splat(2) * m[3] - splat((real)0.5) * m[4] + m[5];
}

/* A times the outputs of an axis. */
INLINE void transform_gradient(struct winograd_form form, const vec y[], vec to[])
{
	to[0] = y[0];
	if (form.outputs == 4) {
		vec even = y[0] + y[2], odd = y[1] + y[3];
		to[1] = even + odd;
		to[2] = even - odd;
		to[3] = y[0] + splat(4) * y[2] + splat(2) * (y[1] + splat(4) * y[3]);
		to[4] = y[0] + splat((real)0.25) * y[2] - splat((real)0.5) * (y[1] + splat((real)0.25) * y[3]);
		to[5] = y[3];
		return;
	}
	to[1] = y[0] + y[1];
	to[2] = y[0] - y[1];
	if (winograd_axis(form) == 4) {
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
INLINE void transform_inputs(struct winograd_form form, struct plane p, int row, int column, real *to, size_t stride)
{
	const int axis = winograd_axis(form);
	const bool inside = row >= 0 && column >= 0 && row + axis <= p.h && column + axis <= p.w;
	vec columns[WINOGRAD_AXIS][WINOGRAD_AXIS];

	UNROLL_CONSTANT
	for (int x = 0; x < axis; x++) {
		vec d[WINOGRAD_AXIS];
		load_column(p, row, column + x, axis, inside, d);
		transform_input(form, d, columns[x]);
	}
	UNROLL_CONSTANT
	for (int y = 0; y < axis; y++) {
		vec line[WINOGRAD_AXIS], points[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			line[x] = columns[x][y];
		transform_input(form, line, points);
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			store(to + (size_t)(y * axis + x) * stride, points[x]);
	}
}

/* A tile's points, which lie `stride` apart, to its outputs. */
INLINE void transform_outputs(struct winograd_form form, const real *from, size_t stride,
                              vec to[WINOGRAD_OUTPUTS][WINOGRAD_OUTPUTS])
{
	const int axis = winograd_axis(form);
	vec columns[WINOGRAD_AXIS][WINOGRAD_OUTPUTS];

	UNROLL_CONSTANT
	for (int x = 0; x < axis; x++) {
		vec m[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int y = 0; y < axis; y++)
			m[y] = load(from + (size_t)(y * axis + x) * stride);
		transform_output(form, m, columns[x]);
	}
	UNROLL_CONSTANT
	for (int y = 0; y < form.outputs; y++) {
		vec line[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			line[x] = columns[x][y];
		transform_output(form, line, to[y]);
	}
}

/* The gradients with respect to a tile's outputs to its points, which lie `stride` apart. */
INLINE void transform_gradients(struct winograd_form form, struct plane p, struct tile tile, real *to, size_t stride)
{
	const int axis = winograd_axis(form);
	const bool inside = tile.y + form.outputs <= p.h && tile.x + form.outputs <= p.w;
	vec columns[WINOGRAD_OUTPUTS][WINOGRAD_AXIS];

	UNROLL_CONSTANT
	for (int x = 0; x < form.outputs; x++) {
		vec d[WINOGRAD_OUTPUTS];
		load_column(p, tile.y, tile.x + x, form.outputs, inside, d);
		transform_gradient(form, d, columns[x]);
	}
	UNROLL_CONSTANT
	for (int y = 0; y < axis; y++) {
		vec line[WINOGRAD_OUTPUTS], points[WINOGRAD_AXIS];
		UNROLL_CONSTANT
		for (int x = 0; x < form.outputs; x++)
			line[x] = columns[x][y];
		transform_gradient(form, line, points);
		UNROLL_CONSTANT
		for (int x = 0; x < axis; x++)
			store(to + (size_t)(y * axis + x) * stride, points[x]);
	}
}

#endif
