/* One plane of bytes seen through an affine map, with bilinear interpolation. Floor 1.
 *
 * All arithmetic is in whole numbers, so every instruction set gives the same bytes. Coordinates are fixed-point
 * numbers with RESAMPLE_BITS bits behind the point, rounded to 1/64 pixel; with fx, fy the 64ths by which a coordinate
 * lies behind pixel (x, y) the result is
 *   (64 - fx) (64 - fy) p[y][x] + fx (64 - fy) p[y][x + 1] + (64 - fx) fy p[y + 1][x] + fx fy p[y + 1][x + 1]
 * divided by 4096 and rounded, halves upward. */
#ifndef NN_KERNEL_RESAMPLE_H
#define NN_KERNEL_RESAMPLE_H

#include <stddef.h>
#include <stdint.h>

/* What lies outside the plane: zeros; its outermost pixels; the plane mirrored at the centres of its outermost pixels,
 * once, and beyond that the outermost pixels of the mirrored plane. */
enum border { BORDER_ZERO, BORDER_EDGE, BORDER_REFLECT };

enum { RESAMPLE_BITS = 16, RESAMPLE_SIDE = 4096, RESAMPLE_REACH = 30000 };

/* Output pixel (X, Y) shows input (x[0] X + x[1] Y + x[2], y[0] X + y[1] Y + y[2]); no coordinate of an output pixel
 * may be beyond RESAMPLE_REACH pixels, no side longer than RESAMPLE_SIDE. */
struct resample_job {
	const uint8_t *in;      /* [h][w] */
	uint8_t *out;           /* likewise; up to LANES bytes behind it are overwritten too */
	int h, w;
	int32_t x[3], y[3];
	enum border border;
	uint16_t *pairs;        /* scratch: resample_pairs(h, w) numbers */
};

/* Each pixel beside the one below it, with one row and column of zeros around, so that one fetch takes all four pixels
 * that an output pixel needs. */
static inline int resample_stride(int w)
{
	return w + 3;
}

static inline size_t resample_pairs(int h, int w)
{
	return (size_t)(h + 2) * (size_t)resample_stride(w);
}

#endif
