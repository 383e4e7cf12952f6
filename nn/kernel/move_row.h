/* One row of bytes, flipped and shifted. Floor 1. */
#ifndef NN_KERNEL_MOVE_ROW_H
#define NN_KERNEL_MOVE_ROW_H

#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* LANES of `count` bytes, from index `at` on; if flipped, index 0 is the last byte of `from`. */
static inline void copy_bytes(const uint8_t *from, int count, int at, bool flip, uint8_t *to)
{
	uint64_t halves[2], swapped;

	memcpy(halves, flip ? from + count - LANES - at : from + at, LANES);
	if (flip) {
		swapped = __builtin_bswap64(halves[0]);
		halves[0] = __builtin_bswap64(halves[1]);
		halves[1] = swapped;
	}
	memcpy(to + at, halves, LANES);
}

/* to[x] = row[x + dx], or row[width - 1 - x - dx] if flipped, for 0 <= x < width; where that lies outside the row,
 * to[x] stays unchanged. |dx| <= width. */
static inline void move_row(const uint8_t *row, int width, int dx, bool flip, uint8_t *to)
{
	int first = dx < 0 ? -dx : 0, last = dx > 0 ? width - dx : width, count = last - first, x = 0;
	const uint8_t *from = row + (flip ? width - last - dx : first + dx);

	for (to += first; x + LANES <= count; x += LANES)
		copy_bytes(from, count, x, flip, to);
	if (x < count && count >= LANES)        /* the remainder, overlapping the block before */
		copy_bytes(from, count, count - LANES, flip, to);
	for (; x < count && count < LANES; x++)
		to[x] = from[flip ? count - 1 - x : x];
}

#endif
