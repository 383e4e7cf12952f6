/* Offsets planned first, handed out by the same description: a layout starts empty, each layout_add returns the offset of a part and
 * makes the layout longer. Lengths in numbers (real), every part begins on a whole lane group's boundary. Floor 0. */
#ifndef NN_BASE_LAYOUT_H
#define NN_BASE_LAYOUT_H

#include "nn/base/tensor.h"

struct layout { size_t len; };

/* The offset of a new part of `len` numbers. */
static inline size_t layout_add(struct layout *layout, size_t len)
{
	size_t at = layout->len;

	layout->len += whole_lanes(len);
	return at;
}

/* The same for doubles. */
static inline size_t layout_add_doubles(struct layout *layout, size_t len)
{
	return layout_add(layout, len * DOUBLE_LEN);
}

/* The doubles at an offset of a block of numbers. */
static inline double *doubles_at(real *block, size_t at)
{
	return (double *)(void *)(block + at);
}

#endif
