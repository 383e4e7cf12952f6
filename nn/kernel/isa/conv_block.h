/* The blocks of a direct convolution, which conv_direct.c sums in float32 and conv_pairs.c over pairs of bfloat16.
 * Floor 1; for those alone.
 *
 * A block of up to PIXEL_BLOCK neighbouring pixels by CHANNEL_BLOCK output channels is summed in registers over all
 * input channels and taps: a loaded pixel serves four channels, a broadcast weight six pixels, so that the multiply-add
 * units and not the loads are the limit. All output channels of a pixel block come before the next pixel block: its
 * input patch stays in L1, the weights in L1 or L2. Blocks that touch the left or right edge take zeros for pixels
 * outside the image; rows outside are left out of the loop.
 *
 * The lines that the next block writes are prefetched. Wide blocks (see below) prefetch a few lines at a time, between
 * some of their input channels and the next: a line that is being fetched holds one of a core's few line buffers, and
 * if a block fetched all of its lines at once, its sums would wait. */
#ifndef NN_KERNEL_ISA_CONV_BLOCK_H
#define NN_KERNEL_ISA_CONV_BLOCK_H

#include "nn/kernel/isa/conv_algorithms.h"
#include "nn/kernel/isa/pairs.h"

/* A 1x1 kernel reads each pixel of its patch once for each block of channels. With many input channels the patch does
 * not stay in L1, the less so as planes of 12x12 and 24x24 lie at distances that share few of its sets; so blocks are
 * half as long and twice as many channels wide, where that leaves enough registers. */
enum { WIDE_BLOCK = 2 * CHANNEL_BLOCK, WIDEST_BLOCK = WIDE_BLOCK + 1, SHORT_BLOCK = PIXEL_BLOCK / 2, WIDE_FROM = 32 };

/* Where a block lies: first output channel, output row, first output column. */
struct place { int o, y, x; };

/* A block's sums, [channels][pixels] vectors: PIXEL_BLOCK of CHANNEL_BLOCK channels, or SHORT_BLOCK of at most
 * WIDEST_BLOCK. */
struct tile {
	_Alignas(64) real sums[(CHANNEL_BLOCK * PIXEL_BLOCK + SHORT_BLOCK) * VEC_LEN];
	int channels, pixels;
};

INLINE void start_sums(const struct conv_job *j, int o, int P, int C, vec sum[PIXEL_BLOCK][WIDEST_BLOCK])
{
	UNROLL
	for (int c = 0; c < C; c++) {
		vec bias = j->bias ? splat(j->bias[o + c]) : splat(0);
		UNROLL
		for (int p = 0; p < P; p++)
			sum[p][c] = bias;
	}
}

/* A pixel's place in the output, in numbers. */
INLINE size_t out_at(const struct conv_job *j, struct place at)
{
	const size_t plane = (size_t)j->out_shape.h * (size_t)j->out_shape.w;
	const size_t row = (size_t)(at.y * j->out_step + j->out_row);

	return ((size_t)at.o * plane + row * (size_t)j->out_shape.w + (size_t)(at.x * j->out_step + j->out_column)) *
	       LANES;
}

/* What is prefetched while a block is summed: the lines that the next block of this row writes, or this one where they
 * are in L2; those that mask them; and the next pixels of the inputs, from `channel` on. */
struct prefetches {
	const real *out, *mask_by, *in; /* out, mask_by: or NULL */
	size_t out_plane, in_plane;
	int channel;
};

INLINE struct prefetches prefetches_of(const struct conv_job *j, struct place at, int P)
{
	const size_t in_plane = plane_len(j->in_shape);
	const size_t first = out_at(j, (struct place){ at.o, at.y, j->hot ? at.x : at.x + P });
	const int channel = at.o * j->in_shape.c / j->out_shape.c;

	return (struct prefetches){ .out = j->stream ? NULL : j->out + first,
		.mask_by = j->mask_by ? j->mask_by + first : NULL,
		.in = j->in + (size_t)channel * in_plane + (size_t)(at.y * j->in_shape.w + at.x + P) * LANES,
		.out_plane = plane_len(j->out_shape), .in_plane = in_plane, .channel = channel };
}

/* P pixels of a channel, and on to the next channel's; `write` is a constant. */
INLINE void prefetch_pixels(const real **at, size_t plane, int step, int P, bool write)
{
	UNROLL
	for (int p = 0; p < P; p++)
		if (write)
			__builtin_prefetch(*at + p * step * LANES, 1);
		else
			__builtin_prefetch(*at + p * step * LANES);
	*at += plane;
}

/* The lines of output channel o, and its share of the inputs'. */
INLINE void prefetch_channel(const struct conv_job *j, int o, int P, struct prefetches *a)
{
	const int last = (o + 1) * j->in_shape.c / j->out_shape.c;

	if (a->out)
		prefetch_pixels(&a->out, a->out_plane, j->out_step, P, true);
	if (a->mask_by)
		prefetch_pixels(&a->mask_by, a->out_plane, j->out_step, P, false);
	for (; a->channel < last; a->channel++)
		prefetch_pixels(&a->in, a->in_plane, 1, P, false);
}

/* All lines that a block writes. */
INLINE void prefetch_outputs(const struct conv_job *j, struct place at, int P, int C)
{
	struct prefetches next = prefetches_of(j, at, P);

	for (int c = 0; c < C && next.out; c++)
		prefetch_pixels(&next.out, next.out_plane, j->out_step, P, true);
}

/* What happens to a block's sums before they are written: nothing; the activation; an activation mask; the same after a
 * slope. */
enum ending { AS_IS, ACTIVATED, MASKED, SLOPED };

/* Everything but j and tile is a constant where this is inlined, but for blocks of few pixels. */
INLINE void finish_as(const struct conv_job *j, struct place at, const struct tile *tile, int P, enum ending ending,
                      bool stream)
{
	const struct activation activation = ending >= MASKED ? j->mask_activation : j->activation;
	const size_t step = (size_t)j->out_step * LANES, plane = plane_len(j->out_shape);
	size_t first = out_at(j, at);
	const real *mask_by = j->mask_by, *from = tile->sums;
	real *out = j->out;

	for (int c = 0; c < tile->channels; c++, first += plane, from += P * VEC_LEN)
		UNROLL_CONSTANT
		for (int p = 0; p < P; p++) {
			size_t i = first + (size_t)p * step;
			vec sum = load(from + p * VEC_LEN);
			if (ending == SLOPED)
				sum += load(mask_by + i) * splat(j->slope[at.o + c]);
			if (ending >= MASKED)
				sum = masked(sum, load(mask_by + i), activation);
			else if (ending == ACTIVATED)
				sum = activated(sum, activation);
			put(out + i, sum, stream);
		}
}

INLINE void finish_pixels(const struct conv_job *j, struct place at, const struct tile *tile, enum ending ending,
                          bool stream)
{
	if (tile->pixels == PIXEL_BLOCK)
		finish_as(j, at, tile, PIXEL_BLOCK, ending, stream);
	else if (tile->pixels == PIXEL_BLOCK - 1)
		finish_as(j, at, tile, PIXEL_BLOCK - 1, ending, stream);
	else if (tile->pixels == SHORT_BLOCK)
		finish_as(j, at, tile, SHORT_BLOCK, ending, stream);
	else
		finish_as(j, at, tile, tile->pixels, ending, stream);
}

INLINE void finish_ending(const struct conv_job *j, struct place at, const struct tile *tile, enum ending ending)
{
	if (j->stream)
		finish_pixels(j, at, tile, ending, true);
	else
		finish_pixels(j, at, tile, ending, false);
}

/* Never inlined: with all of this behind the loop of the sums, GCC 12 moves sums between registers inside that loop. */
static __attribute__((noinline)) void finish(const struct conv_job *j, struct place at, const struct tile *tile)
{
	if (j->slope)
		finish_ending(j, at, tile, SLOPED);
	else if (j->mask_by)
		finish_ending(j, at, tile, MASKED);
	else if (is_identity(j->activation))
		finish_ending(j, at, tile, AS_IS);
	else
		finish_ending(j, at, tile, ACTIVATED);
}

/* Sums that are neither masked nor written past the caches are stored from the registers. */
INLINE void finish_registers(const struct conv_job *j, struct place at, int P, int C,
                             vec sum[PIXEL_BLOCK][WIDEST_BLOCK], bool activates)
{
	const size_t step = (size_t)j->out_step * LANES, plane = plane_len(j->out_shape);
	real *to = j->out + out_at(j, at);

	UNROLL
	for (int c = 0; c < C; c++, to += plane)
		UNROLL
		for (int p = 0; p < P; p++)
			store(to + (size_t)p * step, activates ? activated(sum[p][c], j->activation) : sum[p][c]);
}

INLINE void finish_tile(const struct conv_job *j, struct place at, int P, int C, vec sum[PIXEL_BLOCK][WIDEST_BLOCK])
{
	struct tile tile;

	tile.channels = C;
	tile.pixels = P;
	UNROLL
	for (int c = 0; c < C; c++)
		UNROLL
		for (int p = 0; p < P; p++)
			store(tile.sums + (c * P + p) * VEC_LEN, sum[p][c]);
	finish(j, at, &tile);
}

/* P pixels times one weight of each of C output channels, added to their sums; `len`: weights of one output channel. */
INLINE void add_pixels(vec sum[PIXEL_BLOCK][WIDEST_BLOCK], const vec pixel[PIXEL_BLOCK], const real *weight, size_t len,
                       int P, int C, bool bf16)
{
	UNROLL
	for (int c = 0; c < C; c++) {
		vec scale = splat(weight[packed_at(c, len, 0)]);
		UNROLL
		for (int p = 0; p < P; p++)
			add_product(&sum[p][c], pixel[p], scale, bf16);
	}
}

/* The sums over all input channels and taps; `edge` says that some pixels may lie left or right of the image. */
INLINE void sum_window(const struct conv_job *j, struct place at, int P, int C, bool edge, int kernel_w, bool bf16,
                       vec sum[PIXEL_BLOCK][WIDEST_BLOCK])
{
	const int width = j->in_shape.w, height = j->in_shape.h, stride = j->stride, taps = j->kernel.h * kernel_w;
	const int row = at.y * stride - j->top, column = at.x * stride - j->left;
	const int first = row < 0 ? -row : 0, last = height - row < j->kernel.h ? height - row : j->kernel.h;
	const size_t len = (size_t)(j->in_shape.c * taps);
	const real *w = j->weights + (size_t)at.o * len;

	for (int i = 0; i < j->in_shape.c; i++, w += taps * CHANNEL_BLOCK)
		for (int ky = first; ky < last; ky++) {
			const real *weight = w + ky * kernel_w * CHANNEL_BLOCK;
			const real *x = j->in + ((ptrdiff_t)(i * height + row + ky) * width + column) * LANES;
			for (int kx = 0; kx < kernel_w; kx++, x += LANES, weight += CHANNEL_BLOCK) {
				vec pixel[PIXEL_BLOCK];
				UNROLL
				for (int p = 0; p < P; p++) {
					bool inside = !edge || (unsigned)(column + p * stride + kx) < (unsigned)width;
					pixel[p] = inside ? held(load(x + (ptrdiff_t)p * stride * LANES)) : splat(0);
				}
				add_pixels(sum, pixel, weight, len, P, C, bf16);
			}
		}
}

/* Whether each output is a sum over the input channels of one pixel. */
static bool is_pointwise(const struct conv_job *j)
{
	return j->kernel.h * j->kernel.w == 1 && j->stride == 1 && !j->top && !j->left && j->rows <= j->in_shape.h &&
	       j->columns <= j->in_shape.w;
}

/* Of such a job, input channels from i to before `end`. Not sum_window(), although it computes the same: with a
 * window's loops around this one GCC keeps addresses in vector registers, and fetches them through a multiply-add
 * unit. */
INLINE void sum_channels(const struct conv_job *j, struct place at, int i, int end, int P, int C, bool bf16,
                         vec sum[PIXEL_BLOCK][WIDEST_BLOCK])
{
	const size_t plane = plane_len(j->in_shape), len = (size_t)j->in_shape.c;
	const real *x = j->in + (size_t)i * plane + (size_t)(at.y * j->in_shape.w + at.x) * LANES;
	const real *w = j->weights + (size_t)at.o * len + (size_t)i * CHANNEL_BLOCK;

	for (; i < end; i++, w += CHANNEL_BLOCK, x += plane) {
		vec pixel[PIXEL_BLOCK];
		UNROLL
		for (int p = 0; p < P; p++)
			pixel[p] = held(load(x + p * LANES));
		add_pixels(sum, pixel, w, len, P, C, bf16);
	}
}

INLINE void finish_block(const struct conv_job *j, struct place at, int P, int C, vec sum[PIXEL_BLOCK][WIDEST_BLOCK])
{
	if (j->mask_by || j->stream)
		finish_tile(j, at, P, C, sum);
	else if (is_identity(j->activation))
		finish_registers(j, at, P, C, sum, false);
	else
		finish_registers(j, at, P, C, sum, true);
}

/* P, C, kernel_w and bf16 are constants where this is inlined. */
INLINE void block(const struct conv_job *j, struct place at, int P, int C, bool edge, int kernel_w, bool bf16)
{
	vec sum[PIXEL_BLOCK][WIDEST_BLOCK];

	prefetch_outputs(j, at, P, C);
	start_sums(j, at.o, P, C, sum);
	sum_window(j, at, P, C, edge, kernel_w, bf16, sum);
	finish_block(j, at, P, C, sum);
}

/* The same where is_pointwise(). `spread`, for many input channels: prefetches are spread over them, unless all lies in
 * L2. */
INLINE void pointwise_block(const struct conv_job *j, struct place at, int P, int C, bool spread, bool bf16)
{
	const int channels = j->in_shape.c;
	vec sum[PIXEL_BLOCK][WIDEST_BLOCK];
	struct prefetches next = prefetches_of(j, at, P);

	start_sums(j, at.o, P, C, sum);
	if (spread && !j->hot) {
		for (int c = 0; c < C; c++) {
			prefetch_channel(j, at.o + c, P, &next);
			sum_channels(j, at, channels * c / C, channels * (c + 1) / C, P, C, bf16, sum);
		}
	} else {
		prefetch_outputs(j, at, P, C);
		sum_channels(j, at, 0, channels, P, C, bf16, sum);
	}
	finish_block(j, at, P, C, sum);
}

/* Taps in a row: the usual 3 and 1 are constants, so that the compiler leaves no loop around 24 multiply-adds. */
INLINE void block_of_channels(const struct conv_job *j, struct place at, int P, bool edge, bool bf16)
{
	switch (j->out_shape.c - at.o) {
	case 1: block(j, at, P, 1, edge, j->kernel.w, bf16); return;
	case 2: block(j, at, P, 2, edge, j->kernel.w, bf16); return;
	case 3: block(j, at, P, 3, edge, j->kernel.w, bf16); return;
	}
	if (j->kernel.w == 3)
		block(j, at, P, CHANNEL_BLOCK, edge, 3, bf16);
	else if (!edge && is_pointwise(j))
		pointwise_block(j, at, P, CHANNEL_BLOCK, false, bf16);
	else if (j->kernel.w == 1)
		block(j, at, P, CHANNEL_BLOCK, edge, 1, bf16);
	else
		block(j, at, P, CHANNEL_BLOCK, edge, j->kernel.w, bf16);
}

/* In conv_pairs.c. All that conv_direct.c has beside is the same code in avx512 and avx512bf16, and compiled once. */
void KERNEL(conv_pair_block)(const struct conv_job *j, struct place at, int pixels);

#endif
