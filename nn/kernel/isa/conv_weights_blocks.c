/* The weight gradient of a convolution in blocks of channels and taps, of one lane group. Floor 1. Formula: struct
 * conv_weights_job in kernels.h.
 *
 * For CHANNEL_BLOCK output channels by up to PIXEL_BLOCK taps (input channel, column) of one kernel row, sums stay in
 * registers while the pixels go by: a loaded d_out serves six taps, a loaded input pixel four channels. Rows are taken
 * in bands: four channels of a band of d_out fit L1, and a few input channels are taken under every kernel row before
 * the next few. As many output channels as their sums leave room in L2 take a band before the next one is read. Between
 * bands the sums wait in scratch, [ky][i, kx][CHANNEL_BLOCK][LANES], and at the very end lanes are added up.
 *
 * Where one band is the whole plane no sum waits: a block's lanes are added up at once, from L1. */
#include "nn/kernel/isa/conv_weights.h"
#include "nn/kernel/isa/pairs.h"

enum {
	WIDE_BAND = 128,        /* pixels of a band: 4 channels of them are 32 KiB; several taps read an input row */
	NARROW_BAND = 64,       /* the same where one tap reads an input pixel, and more of L1 goes to the input */
	TAP_BLOCK = PIXEL_BLOCK,
};

/* Some rows of d_out for the channels from o on; `whole`: all there are, so that sums begin at 0 and need not wait for
 * more. */
struct band { int o, first, last; bool whole; };

/* T taps of a kernel row, counted through (input channel, kernel column). */
struct tap_block {
	const real *in[TAP_BLOCK];      /* the input pixel under output pixel (0, 0), kernel row 0; may lie outside */
	int column[TAP_BLOCK];          /* its column */
	int first, last;                /* output columns for which every tap lies inside */
	int tap;                        /* the first of them */
};

/* T, C and bf16 are constants where what follows is inlined. In bfloat16 a pixel is a pair of them. */
INLINE void pixel(const struct conv_weights_job *j, const struct tap_block *t, const real *d_out, ptrdiff_t in_at,
                  int column, int T, int C, bool edge, bool bf16, vec sum[TAP_BLOCK][CHANNEL_BLOCK])
{
	size_t plane = plane_len(j->out_shape);
	vec x[TAP_BLOCK];

	UNROLL
	for (int k = 0; k < T; k++) {
		bool inside = !edge || (unsigned)(column + t->column[k]) < (unsigned)j->in_shape.w;
		x[k] = !inside ? splat(0) : bf16 ? load_loose(t->in[k] + in_at) : load(t->in[k] + in_at);
	}
	UNROLL
	for (int c = 0; c < C; c++) {
		vec d = load(d_out + (size_t)c * plane);
		UNROLL
		for (int k = 0; k < T; k++)
			add_product(&sum[k][c], x[k], d, bf16);
	}
}

/* One kernel row ky. scratch is [ky][i, kx][CHANNEL_BLOCK][LANES]: the taps of a kernel row lie side by side. */
INLINE void block(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int ky, int T,
                  int C, bool bf16)
{
	const int width = j->out_shape.w, stride = j->stride, step = bf16 ? 1 : stride;
	real *sums = j->scratch + (b->whole ? 0 : (size_t)(ky * j->in_shape.c * j->kernel.w + t->tap) * CHANNEL_BLOCK *
	                           LANES);
	vec sum[TAP_BLOCK][CHANNEL_BLOCK];

	UNROLL
	for (int k = 0; k < T; k++)
		UNROLL
		for (int c = 0; c < C; c++)
			sum[k][c] = b->whole ? splat(0) : load(sums + (k * CHANNEL_BLOCK + c) * LANES);
	for (int y = b->first; y < b->last; y++) {
		const real *d_out = j->d_out + ((ptrdiff_t)(b->o * j->out_shape.h + y) * width) * LANES;
		ptrdiff_t in_row = ((ptrdiff_t)y * stride + ky) * j->in_shape.w * LANES;
		int x = 0;
		for (; !bf16 && x < t->first; x++)
			pixel(j, t, d_out + x * LANES, in_row + x * step * LANES, x * stride, T, C, true, bf16, sum);
		for (; x < (bf16 ? width : t->last); x++)
			pixel(j, t, d_out + x * LANES, in_row + x * step * LANES, x * stride, T, C, false, bf16, sum);
		for (; !bf16 && x < width; x++)
			pixel(j, t, d_out + x * LANES, in_row + x * step * LANES, x * stride, T, C, true, bf16, sum);
	}
	UNROLL
	for (int k = 0; k < T; k++)
		UNROLL
		for (int c = 0; c < C; c++)
			store(sums + (k * CHANNEL_BLOCK + c) * LANES, sum[k][c]);
}

INLINE void block_of_channels(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int ky,
                              int T, bool bf16)
{
	switch (j->out_shape.c - b->o) {
	case 1: block(j, b, t, ky, T, 1, bf16); break;
	case 2: block(j, b, t, ky, T, 2, bf16); break;
	case 3: block(j, b, t, ky, T, 3, bf16); break;
	default: block(j, b, t, ky, T, CHANNEL_BLOCK, bf16); break;
	}
}

INLINE void block_of_taps(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int ky,
                          int taps, bool bf16)
{
	switch (taps) {
	case 1: block_of_channels(j, b, t, ky, 1, bf16); break;
	case 2: block_of_channels(j, b, t, ky, 2, bf16); break;
	case 3: block_of_channels(j, b, t, ky, 3, bf16); break;
#if defined __AVX512F__
	case 4: block_of_channels(j, b, t, ky, 4, bf16); break;
	case 5: block_of_channels(j, b, t, ky, 5, bf16); break;
	case 6: block_of_channels(j, b, t, ky, 6, bf16); break;
#endif
	}
}

static void run_block_of_reals(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t,
                               int ky, int taps)
{
	block_of_taps(j, b, t, ky, taps, false);
}

static void run_block_of_pairs(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t,
                               int ky, int taps)
{
	block_of_taps(j, b, t, ky, taps, true);
}

static void run_block(const struct conv_weights_job *j, const struct band *b, const struct tap_block *t, int ky,
                      int taps)
{
	(j->bf16 ? run_block_of_pairs : run_block_of_reals)(j, b, t, ky, taps);
}

/* In bfloat16 every column lies inside, and those of one step of the stride lie side by side, two in the place of
 * one. */
static void tap_block_of_pairs(const struct conv_weights_job *j, int tap, int taps, struct tap_block *t)
{
	int step_width = j->in_shape.w / bf16_steps(j->kernel.w, j->stride);

	for (int k = 0; k < taps; k++) {
		int i = (tap + k) / j->kernel.w, kx = (tap + k) % j->kernel.w;
		ptrdiff_t row = ((ptrdiff_t)i * j->in_shape.h - j->top) * j->in_shape.w;
		t->in[k] = j->in + (row + kx % j->stride * step_width) * LANES + kx / j->stride * (LANES / 2);
	}
}

static void tap_block_of_reals(const struct conv_weights_job *j, int tap, int taps, struct tap_block *t)
{
	ptrdiff_t height = j->in_shape.h, width = j->in_shape.w;
	int most = 0, least = j->out_shape.w;

	for (int k = 0; k < taps; k++) {
		int i = (tap + k) / j->kernel.w, kx = (tap + k) % j->kernel.w;
		int first = ceil_div(j->left - kx, j->stride), last = ceil_div(j->in_shape.w + j->left - kx, j->stride);
		t->column[k] = kx - j->left;
		t->in[k] = j->in + ((i * height - j->top) * width + kx - j->left) * LANES;
		most = first > most ? first : most;
		least = last < least ? last : least;
	}
	t->first = most < j->out_shape.w ? most : j->out_shape.w;
	t->last = least > t->first ? least : t->first;
}

/* Written through a pointer: a struct that is returned is copied, and read in larger pieces than it was just written
 * in, which waits until all stores before it are done. */
static void tap_block(const struct conv_weights_job *j, int tap, int taps, struct tap_block *to)
{
	to->tap = tap;
	(j->bf16 ? tap_block_of_pairs : tap_block_of_reals)(j, tap, taps, to);
}

/* The rows of a band whose input row under kernel row ky lies inside. */
static struct band rows_inside(const struct conv_weights_job *j, struct band b, int ky)
{
	int first = ceil_div(j->top - ky, j->stride), last = ceil_div(j->in_shape.h + j->top - ky, j->stride);

	b.first = b.first > first ? b.first : first;
	b.last = b.last < last ? b.last : last;
	return b;
}

/* What a band adds to the bias: the sum of its d_out. That also brings d_out into L1 for the taps. */
static void sum_band_itself(const struct conv_weights_job *j, const struct band *b)
{
	real *sums = j->scratch + conv_weights_block_len(j) - CHANNEL_BLOCK * LANES;
	size_t width = (size_t)j->out_shape.w * LANES, plane = (size_t)j->out_shape.h * width;
	const real *d_out = j->d_out + (size_t)b->o * plane + (size_t)b->first * width;

	for (int c = 0; c < CHANNEL_BLOCK && b->o + c < j->out_shape.c; c++, d_out += plane, sums += LANES)
		store(sums, load(sums) + sum_pixels(d_out, (size_t)((b->last - b->first) * j->out_shape.w)));
}

/* All taps over one band: a few input channels at a time under every kernel row, so that their rows are in L1 for all
 * of them. */
static void sum_band(const struct conv_weights_job *j, const struct band *all)
{
	int taps = j->in_shape.c * j->kernel.w, tap = j->upper ? all->o : 0;
	int blocks = (taps - tap + TAP_BLOCK - 1) / TAP_BLOCK;

	for (int count; blocks > 0; blocks--, tap += count) {
		count = (taps - tap + blocks - 1) / blocks;
		struct tap_block t;
		tap_block(j, tap, count, &t);
		for (int ky = 0; ky < j->kernel.h; ky++) {
			struct band b = rows_inside(j, *all, ky);
			if (b.first < b.last)
				run_block(j, &b, &t, ky, count);
		}
	}
}

static int block_count(const struct conv_weights_job *j)
{
	return (j->out_shape.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
}

static int rows_of_band(const struct conv_weights_job *j)
{
	int pixels = j->kernel.w == 1 ? NARROW_BAND : WIDE_BAND;

	return pixels / j->out_shape.w > 1 ? pixels / j->out_shape.w : 1;
}

/* Bands of rows [first, last) for `blocks` times CHANNEL_BLOCK output channels from o on, each band under all of them,
 * into scratch. */
static void sum_channels(const struct conv_weights_job *j, int o, int blocks, struct range range)
{
	int rows = rows_of_band(j);

	for (int y = range.first; y < range.last; y += rows)
		for (int k = 0; k < blocks; k++) {
			struct conv_weights_job block = *j;
			struct band band = { .o = o + k * CHANNEL_BLOCK, y,
				y + rows < range.last ? y + rows : range.last };
			block.scratch += (size_t)k * conv_weights_block_len(j);
			if (j->d_bias)
				sum_band_itself(&block, &band);
			sum_band(&block, &band);
		}
}

/* Lanes added up for the channels from o on, of one kernel row and one tap of it, counted through (input channel,
 * kernel column). */
INLINE void write_tap(const struct conv_weights_job *j, int o, int ky, int tap, const real *sums)
{
	quad sum = lane_sums(sums);
	size_t width = (size_t)j->kernel.w, i = (size_t)tap / width, kx = (size_t)tap % width;
	int channels = j->out_shape.c - o < CHANNEL_BLOCK ? j->out_shape.c - o : CHANNEL_BLOCK;

	for (int c = 0; c < channels; c++)
		j->d_weights[(((size_t)(o + c) * (size_t)j->in_shape.c + i) * (size_t)j->kernel.h + (size_t)ky) *
		             width + kx] = sum[c];
}

static void write_channels(const struct conv_weights_job *j, int o, const real *sums)
{
	for (int ky = 0; ky < j->kernel.h; ky++)
		for (int tap = 0; tap < j->in_shape.c * j->kernel.w; tap++, sums += CHANNEL_BLOCK * LANES)
			write_tap(j, o, ky, tap, sums);
	for (int c = 0; j->d_bias && c < CHANNEL_BLOCK && o + c < j->out_shape.c; c++)
		j->d_bias[o + c] = lane_sum(sums + c * LANES);
}

/* One block of taps over the whole plane, from the first pixel to the weights; t is [PARTS]. */
static void finish_block(const struct conv_weights_job *job, const struct band *b, const struct tap_block *t, int ky,
                         int count)
{
	for (int part = 0; part < PARTS; part++) {
		struct conv_weights_job j = weights_part(job, part);
		run_block(&j, b, &t[part], ky, count);
	}
	for (int k = 0; k < count; k++)
		write_tap(job, b->o, ky, t->tap + k, job->scratch + k * CHANNEL_BLOCK * LANES);
}

/* A plane of one band. */
void KERNEL(conv_weights_plane)(const struct conv_weights_job *job)
{
	int taps = job->in_shape.c * job->kernel.w, blocks = (taps + TAP_BLOCK - 1) / TAP_BLOCK;

	for (int k = 0, tap = 0, count; k < blocks; k++, tap += count) {
		struct tap_block t[PARTS];
		count = (taps - tap + blocks - k - 1) / (blocks - k);
		for (int part = 0; part < PARTS; part++) {
			struct conv_weights_job j = weights_part(job, part);
			tap_block(&j, tap, count, &t[part]);
		}
		for (int o = 0; o < job->out_shape.c; o += CHANNEL_BLOCK)
			for (int ky = 0; ky < job->kernel.h; ky++) {
				struct band b = rows_inside(job, (struct band){ o, 0, job->out_shape.h, true }, ky);
				finish_block(job, &b, t, ky, count);
			}
	}
}

static void begin_channels(const struct conv_weights_job *j, int blocks)
{
	clear(j->scratch, (size_t)blocks * conv_weights_block_len(j));
}

static void add_channels(const struct conv_weights_job *job, int o, int blocks, struct range range)
{
	for (int part = 0; part < PARTS; part++) {
		struct conv_weights_job j = weights_part(job, part);
		sum_channels(&j, o, blocks, range);
	}
}

static void end_channels(const struct conv_weights_job *j, int o, int blocks)
{
	for (int k = 0; k < blocks; k++)
		write_channels(j, o + k * CHANNEL_BLOCK, j->scratch + (size_t)k * conv_weights_block_len(j));
}

bool KERNEL(conv_weights_one_band)(const struct conv_weights_job *j)
{
	return rows_of_band(j) >= j->out_shape.h;
}

void KERNEL(conv_weights_blocks_begin)(const struct conv_weights_job *j)
{
	begin_channels(j, block_count(j));
}

void KERNEL(conv_weights_blocks_add)(const struct conv_weights_job *j, struct range rows)
{
	add_channels(j, 0, block_count(j), rows);
}

void KERNEL(conv_weights_blocks_end)(const struct conv_weights_job *j)
{
	end_channels(j, 0, block_count(j));
}

void KERNEL(conv_weights_blocks)(const struct conv_weights_job *j)
{
	int at_once = conv_weights_at_once(j);

	for (int o = 0, blocks; o < j->out_shape.c; o += blocks * CHANNEL_BLOCK) {
		int left = block_count(j) - o / CHANNEL_BLOCK;
		blocks = left < at_once ? left : at_once;
		begin_channels(j, blocks);
		add_channels(j, o, blocks, (struct range){ 0, j->out_shape.h });
		end_channels(j, o, blocks);
	}
}
