/* Sizes of convolutions in bfloat16. See bf16.h. */
#include "nn/base/layout.h"
#include "nn/kernel/kernels.h"

enum {
	LEAST_CHANNELS = 4,
	PAIRED_BYTES = 1 << 18,         /* of paired inputs */
	BLOCKS_OF_PIXELS = 24,          /* whole blocks on every set */
	GRADIENT_PIXELS = 96,           /* pairs of pixels under which a block of weight sums stays in registers */
	WHOLE_BYTES = 1 << 17,          /* of gradients, where sums need not wait */
	SUMS_AT_ONCE = 1 << 18,         /* numbers of weight sums that wait meanwhile */
	LONG_ROW = 128,                 /* pixels */
};

bool bf16_pays(int in_channels, int out_channels)
{
	return in_channels >= LEAST_CHANNELS && out_channels >= LEAST_CHANNELS;
}

/* A phase of the gradient with respect to the input may have no taps at all. */
static size_t paired_row(const struct conv_job *j)
{
	int width = (j->columns - 1) * j->stride + j->kernel.w;

	return (size_t)bf16_pairs(j->in_shape.c) * (size_t)(width < 1 ? 1 : width) * LANES * sizeof(real);
}

int bf16_rows(const struct conv_job *j)
{
	size_t fitting = PAIRED_BYTES / paired_row(j), taps = (size_t)j->kernel.h;
	size_t rows = fitting > taps ? (fitting - taps) / (size_t)j->stride + 1 : 1;

	return rows < (size_t)j->rows ? (int)rows : j->rows;
}

int bf16_pixels(const struct conv_job *j)
{
	size_t pixels = PAIRED_BYTES / ((size_t)bf16_pairs(j->in_shape.c) * LANES * sizeof(real));

	return pixels > BLOCKS_OF_PIXELS ? (int)(pixels / BLOCKS_OF_PIXELS * BLOCKS_OF_PIXELS) : BLOCKS_OF_PIXELS;
}

size_t bf16_scratch_len(const struct conv_job *j)
{
	size_t row = paired_row(j) * (size_t)j->kernel.h;
	size_t pixels = (size_t)bf16_pairs(j->in_shape.c) * BLOCKS_OF_PIXELS * LANES * sizeof(real);
	size_t most = row > pixels ? row : pixels;

	return (most > PAIRED_BYTES ? most : PAIRED_BYTES) / sizeof(real);
}

struct conv_weights_job bf16_long_rows(const struct conv_weights_job *job)
{
	struct conv_weights_job j = *job;
	int rows = LONG_ROW / j.out_shape.w;

	if (j.kernel.h * j.kernel.w != 1 || j.stride != 1 || j.top || j.left || j.in_shape.h != j.out_shape.h ||
	    j.in_shape.w != j.out_shape.w)
		return j;
	while (rows > 1 && j.out_shape.h % rows)
		rows--;
	if (rows > 1) {
		j.in_shape = (struct shape){ j.in_shape.c, j.in_shape.h / rows, j.in_shape.w * rows };
		j.out_shape = (struct shape){ j.out_shape.c, j.in_shape.h, j.in_shape.w };
	}
	return j;
}

static size_t gradient_bytes(const struct bf16_layout *l, int channels, int rows)
{
	return (size_t)channels * (size_t)rows * (size_t)l->out_width * LANES * sizeof(real);
}

static size_t input_bytes(const struct conv_weights_job *j, const struct bf16_layout *l, int rows)
{
	return (size_t)j->in_shape.c * (size_t)((rows - 1) * j->stride + j->kernel.h) * (size_t)l->in_width * LANES *
	       sizeof(real);
}

/* The gradients of four channels and the inputs of two, of GRADIENT_PIXELS pairs, fit L1. Those of all channels need
 * not fit L2: a block reads each of them once for dozens of multiply-adds. */
static int rows_at_once(const struct conv_weights_job *j, const struct bf16_layout *l)
{
	int rows = GRADIENT_PIXELS / l->out_width;

	return rows < 1 ? 1 : rows < j->out_shape.h ? rows : j->out_shape.h;
}

/* In whole blocks. */
static int channels_at_once(const struct conv_weights_job *j, const struct bf16_layout *l)
{
	size_t fitting = l->whole ? WHOLE_BYTES / gradient_bytes(l, CHANNEL_BLOCK, l->rows) :
		SUMS_AT_ONCE / conv_weights_block_len(j);

	fitting = fitting < 1 ? CHANNEL_BLOCK : fitting * CHANNEL_BLOCK;
	return fitting < (size_t)j->out_shape.c ? (int)fitting : j->out_shape.c;
}

struct bf16_layout bf16_layout(const struct conv_weights_job *job)
{
	struct conv_weights_job j = bf16_long_rows(job);
	int blocks;
	struct layout all = { 0 };
	struct bf16_layout l = { .out_width = bf16_pairs(j.out_shape.w) };

	l.step_width = bf16_pairs(2 * l.out_width + (j.kernel.w - 1) / j.stride);
	l.in_width = bf16_steps(j.kernel.w, j.stride) * l.step_width;
	l.rows = rows_at_once(&j, &l);
	l.whole = l.rows == j.out_shape.h;
	l.channels = channels_at_once(&j, &l);
	blocks = l.whole ? 1 : (l.channels + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
	l.sums = layout_add(&all, (size_t)blocks * conv_weights_block_len(&j));
	l.d_out = layout_add(&all, gradient_bytes(&l, l.channels, l.rows) / sizeof(real));
	l.in = layout_add(&all, input_bytes(&j, &l, l.rows) / sizeof(real));
	l.len = all.len;
	return l;
}
