/* Loops over bands: some rows or pixels at a time, so that what lies between two layers stays in L2. Floor 1; for
 * nn/kernel/isa alone.
 *
 * Band: some of the output's rows. Halo: the input's rows that their windows see, some of which the neighbouring bands'
 * windows see too. Carry: rows of a halo that the next band needs again are not computed again, but moved to the front.
 * A loop over bands is
 *   for (struct range b = band_from(0, step, end); b.first < end; b = band_from(b.last, step, end)) */
#ifndef NN_KERNEL_ISA_BANDS_H
#define NN_KERNEL_ISA_BANDS_H

#include "nn/kernel/isa/vector.h"

#include <string.h>

/* The number nearest to k that is neither below `least` nor above `most`. */
INLINE int clamp(int least, int k, int most)
{
	return k < least ? least : k < most ? k : most;
}

/* `step` rows from `first` on, or as many as there are before `end`. */
INLINE struct range band_from(int first, int step, int end)
{
	return (struct range){ first, first + step < end ? first + step : end };
}

INLINE int band_len(struct range rows)
{
	return rows.last - rows.first;
}

/* How windows lie on an input of `height` rows: window y sees kernel rows from y * stride - top on. */
struct halo { int kernel, stride, top, height; };

/* The input's rows that the windows of some output rows see. */
INLINE struct range rows_under(struct halo h, struct range out)
{
	return (struct range){ clamp(0, out.first * h.stride - h.top, h.height),
	                       clamp(0, (out.last - 1) * h.stride - h.top + h.kernel, h.height) };
}

/* The output's rows, of out_height, whose windows see any of some rows of the input. */
INLINE struct range rows_over(struct halo h, struct range in, int out_height)
{
	int first = ceil_div(in.first + h.top - h.kernel + 1, h.stride), last = ceil_div(in.last + h.top, h.stride);

	return (struct range){ first, last < out_height ? last : out_height };
}

/* A band whose halo is carried on: its windows and their rows, of which the first `had` came from the band before, and
 * the first `done` are seen by no later window. Rows that no window sees belong to the windows behind them, and behind
 * the last window to that one. */
struct carried { struct range windows, rows; int had, done; };

/* The end of the rows that the windows before y see, of `count` windows; the first row that the windows from y on
 * see. */
INLINE int carried_end(struct halo h, int y, int count)
{
	return y == count ? h.height : clamp(0, (y - 1) * h.stride + h.kernel - h.top, h.height);
}

INLINE int carried_first(struct halo h, int y, int count)
{
	int end = carried_end(h, y, count), first = clamp(0, y * h.stride - h.top, h.height);

	return y == 0 ? 0 : y == count || first > end ? end : first;
}

INLINE struct carried carried_band(struct halo h, struct range windows, int count)
{
	int first = carried_first(h, windows.first, count);

	return (struct carried){ windows, { first, carried_end(h, windows.last, count) },
		.had = windows.first ? carried_end(h, windows.first, count) - first : 0,
		.done = carried_first(h, windows.last, count) - first };
}

/* Rows that are not done become the first ones of each channel of x: [channels][rows of row_len numbers], `plane` from
 * one to the next. */
struct carried_rows { int channels; size_t row_len, plane; };

static inline void carry_on(const struct carried *b, struct carried_rows rows, real *x)
{
	int count = band_len(b->rows) - b->done;

	for (int c = 0; c < rows.channels; c++, x += rows.plane)
		memmove(x, x + (size_t)b->done * rows.row_len, (size_t)count * rows.row_len * sizeof *x);
}

#endif
