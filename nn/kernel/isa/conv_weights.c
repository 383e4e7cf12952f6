/* The weight gradient of a convolution, of one lane group. Floor 1. Formula: struct conv_weights_job in kernels.h.
 *
 * For CHANNEL_BLOCK output channels by up to PIXEL_BLOCK taps (input channel, column) of one kernel row, sums stay in registers while
 * the pixels go by: a loaded d_out serves six taps, a loaded input pixel four channels. A band of rows that fits L1 is taken
 * through all taps before the next band; between bands the sums wait in scratch, one lane group a weight, and only at the very
 * end lanes are added up. */
#include "nn/kernel/isa/vector.h"

enum {
	BAND_PIXELS = 64,       /* of a band, per channel: 4 channels of them are 16 KiB, a third of an L1 cache */
	TAP_BLOCK = PIXEL_BLOCK,
};

/* One band of rows under one row of taps. */
struct band {
	int o, ky;
	int first, last;        /* output rows whose input row lies inside */
};

/* T taps of a kernel row, counted through (input channel, kernel column). */
struct tap_block {
	const real *in[TAP_BLOCK];      /* the input pixel under output pixel (0, 0); may lie outside the array until moved */
	int column[TAP_BLOCK];          /* its column */
	int first, last;                /* output columns for which every tap lies inside */
	real *sums;                     /* [T][CHANNEL_BLOCK] at distance LANES */
};

INLINE void pixel(const struct conv_weights_job *j, const struct tap_block *t, const real *d_out, ptrdiff_t in_at, int column,
                  int T, int C, bool edge, vec sum[TAP_BLOCK][CHANNEL_BLOCK])
{
	size_t plane = (size_t)j->out_shape.h * (size_t)j->out_shape.w * LANES;
	vec x[TAP_BLOCK];

	UNROLL
	for (int k = 0; k < T; k++) {
		bool inside = !edge || (unsigned)(column + t->column[k]) < (unsigned)j->in_shape.w;
		x[k] = inside ? load(t->in[k] + in_at) : splat(0);
	}
	UNROLL
	for (int c = 0; c < C; c++) {
		vec d = load(d_out + (size_t)c * plane);
		UNROLL
		for (int k = 0; k < T; k++)
			sum[k][c] += x[k] * d;
	}
}

INLINE void block(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int T, int C)
{
	const int width = j->out_shape.w, stride = j->stride;
	vec sum[TAP_BLOCK][CHANNEL_BLOCK];

	UNROLL
	for (int k = 0; k < T; k++)
		UNROLL
		for (int c = 0; c < C; c++)
			sum[k][c] = load(t->sums + (k * CHANNEL_BLOCK + c) * LANES);
	for (int y = b->first; y < b->last; y++) {
		const real *d_out = j->d_out + ((ptrdiff_t)(b->o * j->out_shape.h + y) * width) * LANES;
		ptrdiff_t in_row = (ptrdiff_t)y * stride * j->in_shape.w * LANES;
		int x = 0;
		for (; x < t->first; x++)
			pixel(j, t, d_out + x * LANES, in_row + x * stride * LANES, x * stride, T, C, true, sum);
		for (; x < t->last; x++)
			pixel(j, t, d_out + x * LANES, in_row + x * stride * LANES, x * stride, T, C, false, sum);
		for (; x < width; x++)
			pixel(j, t, d_out + x * LANES, in_row + x * stride * LANES, x * stride, T, C, true, sum);
	}
	UNROLL
	for (int k = 0; k < T; k++)
		UNROLL
		for (int c = 0; c < C; c++)
			store(t->sums + (k * CHANNEL_BLOCK + c) * LANES, sum[k][c]);
}

INLINE void block_of_channels(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int T)
{
	switch (j->out_shape.c - b->o) {
	case 1: block(j, b, t, T, 1); break;
	case 2: block(j, b, t, T, 2); break;
	case 3: block(j, b, t, T, 3); break;
	default: block(j, b, t, T, CHANNEL_BLOCK); break;
	}
}

static void run_block(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int taps)
{
	switch (taps) {
	case 1: block_of_channels(j, b, t, 1); break;
	case 2: block_of_channels(j, b, t, 2); break;
	case 3: block_of_channels(j, b, t, 3); break;
#if defined __AVX512F__
	case 4: block_of_channels(j, b, t, 4); break;
	case 5: block_of_channels(j, b, t, 5); break;
	case 6: block_of_channels(j, b, t, 6); break;
#endif
	}
}

static int ceil_div(int a, int b)
{
	return a <= 0 ? 0 : (a + b - 1) / b;
}

static struct tap_block tap_block(const struct conv_weights_job *j, const struct band *b, int tap, int taps)
{
	struct tap_block t = { .first = 0, .last = j->out_shape.w };
	ptrdiff_t height = j->in_shape.h, width = j->in_shape.w;

	for (int k = 0; k < taps; k++) {
		int i = (tap + k) / j->kernel.w, kx = (tap + k) % j->kernel.w;
		int first = ceil_div(j->left - kx, j->stride), last = ceil_div(j->in_shape.w + j->left - kx, j->stride);
		t.column[k] = kx - j->left;
		t.in[k] = j->in + ((i * height + b->ky - j->top) * width + t.column[k]) * LANES;
		t.first = first > t.first ? first : t.first;
		t.last = last < t.last ? last : t.last;
	}
	if (t.first > j->out_shape.w)
		t.first = j->out_shape.w;
	if (t.last < t.first)
		t.last = t.first;
	/* scratch is [ky][i, kx][CHANNEL_BLOCK][LANES]: the taps of one kernel row side by side */
	t.sums = j->scratch + ((size_t)b->ky * (size_t)(j->in_shape.c * j->kernel.w) + (size_t)tap) * CHANNEL_BLOCK * LANES;
	return t;
}

static void band_rows(const struct conv_weights_job *j, struct band b)
{
	int taps = j->in_shape.c * j->kernel.w, blocks = (taps + TAP_BLOCK - 1) / TAP_BLOCK;

	for (int k = 0, tap = 0; k < blocks; k++) {
		int count = (taps - tap + blocks - k - 1) / (blocks - k);
		struct tap_block t = tap_block(j, &b, tap, count);
		run_block(j, &b, &t, count);
		tap += count;
	}
}

/* All bands and kernel rows for the output channels from o on, into scratch. */
static void sum_channels(const struct conv_weights_job *j, int o)
{
	int rows = BAND_PIXELS / j->out_shape.w > 1 ? BAND_PIXELS / j->out_shape.w : 1;

	for (int y = 0; y < j->out_shape.h; y += rows)
		for (int ky = 0; ky < j->kernel.h; ky++) {
			int first = ceil_div(j->top - ky, j->stride), last = ceil_div(j->in_shape.h + j->top - ky, j->stride);
			struct band b = { o, ky, y > first ? y : first, y + rows < last ? y + rows : last };
			if (b.last > j->out_shape.h)
				b.last = j->out_shape.h;
			if (b.first < b.last)
				band_rows(j, b);
		}
}

static void write_channels(const struct conv_weights_job *j, int o)
{
	int channels = j->out_shape.c - o < CHANNEL_BLOCK ? j->out_shape.c - o : CHANNEL_BLOCK;
	const real *sums = j->scratch;

	for (int ky = 0; ky < j->kernel.h; ky++)
		for (int i = 0; i < j->in_shape.c; i++)
			for (int kx = 0; kx < j->kernel.w; kx++, sums += CHANNEL_BLOCK * LANES) {
				quad sum = lane_sums(sums);
				for (int c = 0; c < channels; c++)
					j->d_weights[(((size_t)(o + c) * (size_t)j->in_shape.c + (size_t)i) * (size_t)j->kernel.h +
					              (size_t)ky) * (size_t)j->kernel.w + (size_t)kx] = sum[c];
			}
}

void KERNEL(conv_weights)(const struct conv_weights_job *job)
{
	size_t scratch_len = conv_weights_scratch_len(job->in_shape, job->kernel.h, job->kernel.w);

	for (int o = 0; o < job->out_shape.c; o += CHANNEL_BLOCK) {
		for (size_t i = 0; i < scratch_len; i += VEC_LEN)
			store(job->scratch + i, splat(0));
		for (int part = 0; part < PARTS; part++) {
			struct conv_weights_job j = *job;
			j.in += part * VEC_LEN;
			j.d_out += part * VEC_LEN;
			j.scratch += part * VEC_LEN;
			sum_channels(&j, o);
		}
		write_channels(job, o);
	}
}
