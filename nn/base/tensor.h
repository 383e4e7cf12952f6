/* A tensor is a shape and a borrowed address. It owns no memory, so it is passed by value and never freed. Floor 0.
 *
 * Memory order is [group][c][h][w][LANES]: the innermost 16 numbers are one channel and pixel of 16 different images,
 * so every vector lane is an image, and kernels have no remainders for any number of channels or image size. */
#ifndef NN_BASE_TENSOR_H
#define NN_BASE_TENSOR_H

#include "nn/base/real.h"

#include <stddef.h>

enum { LANES = 16 };            /* images a lane group carries, whatever the machine's vector width */

struct shape { int c, h, w; };  /* channels, rows, columns of one image */

struct tensor {
	struct shape shape;
	real *at;               /* borrowed: the first lane group; 64-byte aligned; NULL where there is no tensor */
	size_t step;            /* numbers from one lane group to the next; 0: all groups share one place */
};

/* Numbers in one image. size_t, since a product of ints outgrows int long before it outgrows memory. */
static inline size_t image_len(struct shape s)
{
	return (size_t)s.c * (size_t)s.h * (size_t)s.w;
}

/* Numbers in one lane group. */
static inline size_t group_len(struct shape s)
{
	return image_len(s) * LANES;
}

/* len rounded up to a multiple of LANES. */
static inline size_t whole_lanes(size_t len)
{
	return (len + LANES - 1) / LANES * LANES;
}

/* How many numbers take the space of a double. */
enum { DOUBLE_LEN = sizeof(double) / sizeof(real) };

/* A tensor whose lane groups are contiguous. */
static inline struct tensor tensor_at(struct shape shape, real *at)
{
	return (struct tensor){ shape, at, group_len(shape) };
}

/* The address of one lane group of a tensor. */
static inline real *group_at(struct tensor t, int group)
{
	return t.at + (size_t)group * t.step;
}

/* The address of one channel of one lane group. */
static inline real *channel_at(struct tensor t, int group, int channel)
{
	return group_at(t, group) + group_len((struct shape){ channel, t.shape.h, t.shape.w });
}

#endif
