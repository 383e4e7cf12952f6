/* Convolution to one plane, as depthwise layers and the gradient with respect to a gray image need it, and the weight
 * gradient of one plane with another. Floor 1. Formulas: struct conv_job with one channel written, and struct
 * conv_weights_job with one read and one written, in kernels.h; conv_direct.c and conv_weights.c send such jobs here.
 *
 * With one channel written a loaded pixel serves no other channel, so each pixel is loaded once for all taps of a
 * kernel row, and enough sums are kept apart that no multiply-add waits for the one before. The usual kernel widths and
 * strides are constants. */
#include "nn/kernel/isa/conv_plane.h"
#include "nn/kernel/isa/conv_algorithms.h"
#include "nn/kernel/isa/conv_weights.h"

/* A block's place: output row, first output column. */
struct place { int y, x; };

INLINE vec pixel(const real *row, int column, int width, bool edge)
{
	return !edge || (unsigned)column < (unsigned)width ? load(row + (ptrdiff_t)column * LANES) : splat(0);
}

INLINE void finish(const struct conv_job *j, struct place at, int P, const vec *sum)
{
	size_t row = (size_t)(at.y * j->out_step + j->out_row) * (size_t)j->out_shape.w;
	size_t first = (row + (size_t)(at.x * j->out_step + j->out_column)) * LANES, step = (size_t)j->out_step * LANES;
	bool identity = is_identity(j->activation);

	UNROLL
	for (int p = 0; p < P; p++) {
		size_t i = first + (size_t)p * step;
		vec y = identity ? sum[p] : activated(sum[p], j->activation);
		if (j->slope)
			y += load(j->mask_by + i) * splat(j->slope[0]);
		put(j->out + i, j->mask_by ? masked(y, load(j->mask_by + i), j->mask_activation) : y, j->stream);
	}
}

/* P, channels, kernel_w and stride are constants where this is inlined, but for several channels; `edge` says that some
 * pixels may lie outside the rows. */
INLINE void block(const struct conv_job *j, struct place at, int P, bool edge, int channels, int kernel_w, int stride)
{
	const int row = at.y * stride - j->top, column = at.x * stride - j->left, height = j->in_shape.h;
	const int width = j->in_shape.w;
	const int first = row < 0 ? -row : 0, last = height - row < j->kernel.h ? height - row : j->kernel.h;
	vec sum[PLANE_BLOCK];

	UNROLL
	for (int p = 0; p < P; p++)
		sum[p] = j->bias ? splat(j->bias[0]) : splat(0);
	for (int i = 0; i < channels; i++)
		for (int ky = first; ky < last; ky++) {
			const real *in = j->in + ((ptrdiff_t)i * height + row + ky) * width * LANES;
			const real *weight = j->weights + (i * j->kernel.h + ky) * kernel_w * CHANNEL_BLOCK;
			UNROLL_CONSTANT
			for (int kx = 0; kx < kernel_w; kx++) {
				vec scale = splat(weight[kx * CHANNEL_BLOCK]);
				UNROLL
				for (int p = 0; p < P; p++)
					sum[p] += pixel(in, column + p * stride + kx, width, edge) * scale;
			}
		}
	finish(j, at, P, sum);
}

INLINE void block_of_pixels(const struct conv_job *j, struct place at, int pixels, bool edge, int channels,
                            int kernel_w, int stride)
{
	switch (pixels) {
	case 1: block(j, at, 1, edge, channels, kernel_w, stride); break;
	case 2: block(j, at, 2, edge, channels, kernel_w, stride); break;
	case 3: block(j, at, 3, edge, channels, kernel_w, stride); break;
	case 4: block(j, at, 4, edge, channels, kernel_w, stride); break;
	case 5: block(j, at, 5, edge, channels, kernel_w, stride); break;
	case 6: block(j, at, 6, edge, channels, kernel_w, stride); break;
	case 7: block(j, at, 7, edge, channels, kernel_w, stride); break;
	case 8: block(j, at, 8, edge, channels, kernel_w, stride); break;
#if defined __AVX512F__
	case 9: block(j, at, 9, edge, channels, kernel_w, stride); break;
	case 10: block(j, at, 10, edge, channels, kernel_w, stride); break;
	case 11: block(j, at, 11, edge, channels, kernel_w, stride); break;
	case 12: block(j, at, 12, edge, channels, kernel_w, stride); break;
#endif
	}
}

/* Rows are cut into blocks of nearly equal length. */
INLINE void rows(const struct conv_job *j, int channels, int kernel_w, int stride)
{
	int blocks = (j->columns + PLANE_BLOCK - 1) / PLANE_BLOCK;

	for (int y = j->first_row; y < j->rows; y++)
		for (int b = 0, x = 0, pixels; b < blocks; b++, x += pixels) {
			pixels = (j->columns - x + blocks - b - 1) / (blocks - b);
			int first = x * stride - j->left, last = first + (pixels - 1) * stride + kernel_w - 1;
			if (first < 0 || last >= j->in_shape.w)
				block_of_pixels(j, (struct place){ y, x }, pixels, true, channels, kernel_w, stride);
			else
				block_of_pixels(j, (struct place){ y, x }, pixels, false, channels, kernel_w, stride);
		}
}

/* Planes one after the other. */
INLINE void each_plane(const struct conv_job *first, const struct planes *planes, int channels, int kernel_w,
                       int stride)
{
	struct conv_job j = *first;

	for (int k = 0; k < planes->count; k++) {
		rows(&j, channels, kernel_w, stride);
		j.in += planes->in;
		j.out += planes->out;
		j.mask_by = j.mask_by ? j.mask_by + planes->out : NULL;
		j.bias = j.bias ? j.bias + planes->bias : NULL;
		j.weights += planes->weights;
	}
}

static void run_planes(const struct conv_job *j, const struct planes *planes)
{
	if (j->in_shape.c > 1 && j->kernel.w == 3 && j->stride == 1)
		each_plane(j, planes, j->in_shape.c, 3, 1);
	else if (j->in_shape.c > 1)
		each_plane(j, planes, j->in_shape.c, j->kernel.w, j->stride);
	else if (j->kernel.w == 3 && j->stride == 1)
		each_plane(j, planes, 1, 3, 1);
	else if (j->kernel.w == 3 && j->stride == 2)
		each_plane(j, planes, 1, 3, 2);
	else if (j->kernel.w == 2 && j->stride == 1)
		each_plane(j, planes, 1, 2, 1);
	else if (j->kernel.w == 1 && j->stride == 1)
		each_plane(j, planes, 1, 1, 1);
	else
		each_plane(j, planes, 1, j->kernel.w, j->stride);
}

void KERNEL(conv_plane)(const struct conv_job *j)
{
	run_planes(j, &(struct planes){ .count = 1 });
}

void KERNEL(conv_planes)(const struct conv_job *first, const struct planes *planes)
{
	for (int part = 0; part < PARTS; part++) {
		struct conv_job j = conv_part(first, part);
		run_planes(&j, planes);
	}
}

/* P pixels of an output row under all nine taps; sum is [kernel row][kernel column]. */
INLINE void add_pixels(const struct conv_weights_job *j, int y, int x, int P, bool edge, int kernel_w, int stride,
                       vec *sum)
{
	const int width = j->in_shape.w, height = j->in_shape.h;
	const real *d_out = j->d_out + ((ptrdiff_t)y * j->out_shape.w + x) * LANES;
	vec d[PLANE_WEIGHTS_BLOCK];

	UNROLL
	for (int p = 0; p < P; p++)
		d[p] = load(d_out + p * LANES);
	UNROLL
	for (int ky = 0; ky < 3; ky++) {
		int row = y * stride - j->top + ky;
		if ((unsigned)row >= (unsigned)height)
			continue;
		const real *in = j->in + (ptrdiff_t)row * width * LANES;
		UNROLL
		for (int p = 0; p < P; p++)
			UNROLL
			for (int kx = 0; kx < kernel_w; kx++)
				sum[ky * kernel_w + kx] +=
					pixel(in, x * stride - j->left + p * stride + kx, width, edge) * d[p];
	}
}

/* A kernel of 3x3, whose nine sums stay in registers while all pixels of some rows go by. */
INLINE void nine_taps(const struct conv_weights_job *j, struct range rows, int stride)
{
	vec sum[9];
	int inside = (j->in_shape.w - 3 + j->left) / stride + 1;        /* windows before this one end inside */

	UNROLL
	for (int k = 0; k < 9; k++)
		sum[k] = load(j->scratch + k * LANES);
	for (int y = rows.first; y < rows.last; y++) {
		int x = 0;
		for (; x < j->out_shape.w && x * stride < j->left; x++)
			add_pixels(j, y, x, 1, true, 3, stride, sum);
		for (; x + PLANE_WEIGHTS_BLOCK <= j->out_shape.w && x + PLANE_WEIGHTS_BLOCK <= inside;
		     x += PLANE_WEIGHTS_BLOCK)
			add_pixels(j, y, x, PLANE_WEIGHTS_BLOCK, false, 3, stride, sum);
		for (; x < j->out_shape.w; x++)
			add_pixels(j, y, x, 1, true, 3, stride, sum);
	}
	UNROLL
	for (int k = 0; k < 9; k++)
		store(j->scratch + k * LANES, sum[k]);
}

static void add_nine_taps(const struct conv_weights_job *j, struct range rows)
{
	if (j->stride == 1)
		nine_taps(j, rows, 1);
	else
		nine_taps(j, rows, 2);
}

void KERNEL(conv_planes_weights_add)(const struct conv_weights_job *first, struct range rows,
                                     const struct planes *planes)
{
	for (int part = 0; part < PARTS; part++) {
		struct conv_weights_job j = weights_part(first, part);
		for (int k = 0; k < planes->count; k++) {
			add_nine_taps(&j, rows);
			j.in += planes->in;
			j.d_out += planes->out;
			j.scratch += planes->weights;
		}
	}
}

void KERNEL(conv_plane_weights)(const struct conv_weights_job *job)
{
	clear(job->scratch, 9 * LANES);
	KERNEL(conv_planes_weights_add)(job, (struct range){ 0, job->out_shape.h }, &(struct planes){ .count = 1 });
	for (int k = 0; k < 9; k++)
		job->d_weights[k] = lane_sum(job->scratch + k * LANES);
}
