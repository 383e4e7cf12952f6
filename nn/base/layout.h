/* One description of a block of memory, used twice: before the memory exists it counts, afterwards it hands out the
 * places. Floor 0.
 *
 * A layout starts empty, at an address or, while memory is planned, at none. Each call adds a part and returns where it
 * begins: as an offset, or as an address (NULL while there is none). Lengths in numbers (real); every part begins on a
 * multiple of LANES numbers. */
#ifndef NN_BASE_LAYOUT_H
#define NN_BASE_LAYOUT_H

#include "nn/base/tensor.h"

struct layout {
	real *base;             /* borrowed; 64-byte aligned, or NULL: only count */
	size_t len;             /* so far */
};

/* The offset of a new part of `len` numbers. */
static inline size_t layout_add(struct layout *layout, size_t len)
{
	size_t at = layout->len;

	layout->len += whole_lanes(len);
	return at;
}

/* Its address. */
static inline real *layout_take(struct layout *layout, size_t len)
{
	size_t at = layout_add(layout, len);

	return layout->base ? layout->base + at : NULL;
}

/* The same for doubles. */
static inline double *layout_take_doubles(struct layout *layout, size_t len)
{
	return (double *)(void *)layout_take(layout, len * DOUBLE_LEN);
}

#endif
