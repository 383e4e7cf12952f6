/* Direct convolution of one lane group: sums as the formula of struct conv_job (kernels.h) has them. Floor 1. Its
 * blocks: conv_block.h. */
#include "nn/kernel/isa/conv_block.h"
#include "nn/kernel/isa/conv_plane.h"

static void pixel_block(const struct conv_job *j, struct place at, int pixels)
{
	int first = at.x * j->stride - j->left, last = first + (pixels - 1) * j->stride + j->kernel.w - 1;
	bool edge = first < 0 || last >= j->in_shape.w;

	switch (pixels * 2 + edge) {
	case 2: block_of_channels(j, at, 1, false, false); break;
	case 3: block_of_channels(j, at, 1, true, false); break;
	case 4: block_of_channels(j, at, 2, false, false); break;
	case 5: block_of_channels(j, at, 2, true, false); break;
	case 6: block_of_channels(j, at, 3, false, false); break;
	case 7: block_of_channels(j, at, 3, true, false); break;
#if defined __AVX512F__
	case 8: block_of_channels(j, at, 4, false, false); break;
	case 9: block_of_channels(j, at, 4, true, false); break;
	case 10: block_of_channels(j, at, 5, false, false); break;
	case 11: block_of_channels(j, at, 5, true, false); break;
	case 12: block_of_channels(j, at, 6, false, false); break;
	case 13: block_of_channels(j, at, 6, true, false); break;
#endif
	}
}

static bool is_wide(const struct conv_job *j)
{
	return VEC_BYTES == 64 && !j->bf16 && is_pointwise(j) && j->in_shape.c >= WIDE_FROM;
}

/* All output channels of some pixels of a row. Each call gets a place of its own: with at.o as the counter, in memory,
 * the call would read it together with at.y, and such a load waits for all stores before it, the last block's outputs
 * among them. */
static void column_of_blocks(const struct conv_job *j, struct place at, int pixels)
{
	for (int o = at.o; o < j->out_shape.c; o += CHANNEL_BLOCK)
		(j->bf16 ? KERNEL(conv_pair_block) : pixel_block)(j, (struct place){ o, at.y, at.x }, pixels);
}

#if defined __AVX512F__
/* How many channels the next block takes of those that are left. Blocks of one to three channels have so few sums that
 * multiply-adds wait for those before them: so one channel goes with the eight before it, two or three with the four
 * before them. */
static int wide_channels(int left)
{
	if (left <= WIDEST_BLOCK)
		return left;
	return left == WIDE_BLOCK + 2 || left == WIDE_BLOCK + 3 ? CHANNEL_BLOCK : WIDE_BLOCK;
}

/* Under a 1x1 kernel, all pixels inside. */
static __attribute__((noinline)) void wide_block(const struct conv_job *j, struct place at, int pixels)
{
	switch (pixels) {
	case 1: pointwise_block(j, at, 1, WIDE_BLOCK, true, false); break;
	case 2: pointwise_block(j, at, 2, WIDE_BLOCK, true, false); break;
	case 3: pointwise_block(j, at, 3, WIDE_BLOCK, true, false); break;
	}
}

/* P is a constant where this is inlined. */
INLINE void last_block_of(const struct conv_job *j, struct place at, int P, int channels)
{
	switch (channels) {
	case 1: pointwise_block(j, at, P, 1, true, false); break;
	case 2: pointwise_block(j, at, P, 2, true, false); break;
	case 3: pointwise_block(j, at, P, 3, true, false); break;
	case 4: pointwise_block(j, at, P, 4, true, false); break;
	case 5: pointwise_block(j, at, P, 5, true, false); break;
	case 6: pointwise_block(j, at, P, 6, true, false); break;
	case 7: pointwise_block(j, at, P, 7, true, false); break;
	case 9: pointwise_block(j, at, P, 9, true, false); break;
	}
}

static __attribute__((noinline)) void last_block(const struct conv_job *j, struct place at, int pixels, int channels)
{
	switch (pixels) {
	case 1: last_block_of(j, at, 1, channels); break;
	case 2: last_block_of(j, at, 2, channels); break;
	case 3: last_block_of(j, at, 3, channels); break;
	}
}

/* The same in wide blocks and a last one: functions of their own, since all inlined together are slower. */
static void column_of_wide_blocks(const struct conv_job *j, struct place at, int pixels)
{
	for (int o = at.o, count; o < j->out_shape.c; o += count) {
		count = wide_channels(j->out_shape.c - o);
		if (count == WIDE_BLOCK)
			wide_block(j, (struct place){ o, at.y, at.x }, pixels);
		else
			last_block(j, (struct place){ o, at.y, at.x }, pixels, count);
	}
}
#else
#define column_of_wide_blocks column_of_blocks  /* nothing is wide */
#endif

/* Rows are cut into blocks of nearly equal length: 13 pixels are 5, 4, 4 and not 6, 6, 1. */
void KERNEL(conv_blocks)(const struct conv_job *j)
{
	bool wide = is_wide(j);
	int most = wide ? SHORT_BLOCK : PIXEL_BLOCK, blocks = (j->columns + most - 1) / most;

	for (int y = j->first_row; y < j->rows; y++)
		for (int b = 0, x = 0; b < blocks; b++) {
			int pixels = (j->columns - x + blocks - b - 1) / (blocks - b);
			(wide ? column_of_wide_blocks : column_of_blocks)(j, (struct place){ 0, y, x }, pixels);
			x += pixels;
		}
}

void KERNEL(conv_direct)(const struct conv_job *job)
{
	for (int part = 0; part < PARTS; part++) {
		struct conv_job j = conv_part(job, part);
		if (is_plane(&j))
			KERNEL(conv_plane)(&j);
		else
			KERNEL(conv_blocks)(&j);
	}
}
