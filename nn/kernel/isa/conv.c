/* Convolution of one lane group. Floor 1. Formula and memory layout: struct conv_job in kernels.h.
 *
 * A block of up to PIXEL_BLOCK neighbouring pixels by CHANNEL_BLOCK output channels is summed in registers over all input channels and
 * taps: a loaded pixel serves four channels, a broadcast weight six pixels, so that the multiply-add units and not the loads are
 * the limit. All output channels of a pixel block come before the next block: its input patch stays in L1, the weights in L1 or L2.
 * Blocks that touch the left or right edge take zeros for pixels outside; rows outside are left out of the loop.
 *
 * The lines that the next block writes are asked for ahead. GFLOP/s of two cores, arrays in memory, 3x3: 6 to 6 channels at 48x48 186 to
 * 293, 1 to 6 49 to 159, 3 to 6 at 23x23 148 to 272. Training, images/s: conv1x1 3 29.4 to 38.0 thousand, plain 6 22.8 to 24.7, conv1x1 6
 * 12.5 to 13.6, mobilenet-v1 3.29 to 3.61. Without gain: the same for depthwise planes.
 *
 * Wide blocks (see below) ask for a few lines at a time, between some of their input channels and the next: for what they write, for what
 * gates it, and for a share of the pixels that the next block reads, which lie in more places than prefetchers in hardware follow. A line
 * on its way from memory holds one of a core's few line buffers (16 here); a block's lines all at once hold every one of them, and the sums
 * wait. GFLOP/s, 1x1, one core of 157 (Emerald Rapids), arrays in memory and in L3: 128 to 128 channels at 12x12 105 to 150 and 151 to 166,
 * 128 to 256 at 6x6 107 to 155 and 156 to 172, 64 to 128 at 12x12 93 to 111 and 133 to 154, 32 to 32 at 24x24 79 to 90 and 108 to 120. In
 * training, with the loop of sum_channels(): mobilenet-v1 +13 to 15 %, mobilenet-v2 +7 %, conv1x1 12 and 24 +4 to 5 %.
 *
 * Tried and without gain: gated outputs stored from the registers (147 and 146 GFLOP/s, 30 to 100 channels); a copy of a 1x1 kernel's
 * input in which channels share no set of L1 (-1 to -20 % of five shapes from 64 to 64 to 100 to 30; 30 to 120 +4 %). On arrays in
 * memory, both cores, 1x1 and 3x3 of 12 to 240 channels: the next block's pixels asked for all at once (0 to -3 %), and several blocks of
 * pixels under four channels before the next four, for longer runs of stores (0 to -10 %). Windows that spread what they ask for, know
 * which end of a row they touch when compiled, and have their multiply-adds in assembly: plain 3, 6 and 12 -2 to -6 %. */
#include "nn/kernel/isa/conv_blocks.h"
#include "nn/kernel/isa/conv_plane.h"
#include "nn/kernel/isa/pairs.h"

/* A 1x1 kernel meets each pixel of its patch once for each block of channels. With many input channels the patch does not stay in L1, the
 * less so as planes of 12x12 and 24x24 lie at distances that share few of its sets; so blocks are half as long and twice as many channels
 * wide, where that leaves enough registers. GFLOP/s of 240, hot, 6 by 4 and 3 by 8: 128 to 128 channels at 12x12 183 and 212, 240 to 60 at
 * 6x6 186 and 212, 32 to 32 at 24x24 149 and 156, 30 to 120 at 12x12 174 and 164, 12 to 24 at 48x48 104 and 100. A last block of 9, and of
 * 5 to 7 channels instead of four and the rest, hot, of the peak (Emerald Rapids): 100 to 25 channels 0.75 to 0.92, to 30 0.78 to 0.90,
 * 32 to 25 0.64 to 0.73. So written, eight channels are as fast as before; all blocks inlined into one function would be 6 % slower. */
enum { WIDE_BLOCK = 2 * CHANNEL_BLOCK, WIDEST_BLOCK = WIDE_BLOCK + 1, SHORT_BLOCK = PIXEL_BLOCK / 2, WIDE_FROM = 32 };

/* Where a block lies: first output channel, output row, first output column. */
struct place { int o, y, x; };

/* A block's sums, [channels][pixels] vectors: PIXEL_BLOCK of CHANNEL_BLOCK channels, or SHORT_BLOCK of at most WIDEST_BLOCK. */
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
	const size_t plane = (size_t)j->out_shape.h * (size_t)j->out_shape.w, row = (size_t)(at.y * j->out_step + j->out_row);

	return ((size_t)at.o * plane + row * (size_t)j->out_shape.w + (size_t)(at.x * j->out_step + j->out_column)) * LANES;
}

/* What is asked for while a block is summed: the lines that the next block of this row writes, or this one where they are in L2; those that
 * gate them; and the next pixels of the inputs, from `channel` on. */
struct asks {
	const real *out, *gate, *in;    /* out, gate: or NULL */
	size_t out_plane, in_plane;
	int channel;
};

INLINE struct asks asks_of(const struct conv_job *j, struct place at, int P)
{
	const size_t in_plane = plane_len(j->in_shape);
	const size_t first = out_at(j, (struct place){ at.o, at.y, j->hot ? at.x : at.x + P });
	const int channel = at.o * j->in_shape.c / j->out_shape.c;

	return (struct asks){ .out = j->stream ? NULL : j->out + first, .gate = j->gate ? j->gate + first : NULL,
		.in = j->in + (size_t)channel * in_plane + (size_t)(at.y * j->in_shape.w + at.x + P) * LANES,
		.out_plane = plane_len(j->out_shape), .in_plane = in_plane, .channel = channel };
}

/* P pixels of a channel, and on to the next channel's; `write` is a constant. */
INLINE void ask_for_lines(const real **at, size_t plane, int step, int P, bool write)
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
INLINE void ask(const struct conv_job *j, int o, int P, struct asks *a)
{
	const int last = (o + 1) * j->in_shape.c / j->out_shape.c;

	if (a->out)
		ask_for_lines(&a->out, a->out_plane, j->out_step, P, true);
	if (a->gate)
		ask_for_lines(&a->gate, a->out_plane, j->out_step, P, false);
	for (; a->channel < last; a->channel++)
		ask_for_lines(&a->in, a->in_plane, 1, P, false);
}

/* All of a block's outputs at once. */
INLINE void ask_for_outputs(const struct conv_job *j, struct place at, int P, int C)
{
	struct asks asks = asks_of(j, at, P);

	for (int c = 0; c < C && asks.out; c++)
		ask_for_lines(&asks.out, asks.out_plane, j->out_step, P, true);
}

/* What becomes of a block's sums. */
enum ending { AS_THEY_ARE, ACTIVATED, GATED, SLOPED };

/* Everything but j and tile is a constant where this is inlined, but for blocks of few pixels. */
INLINE void finish_as(const struct conv_job *j, struct place at, const struct tile *tile, int P, enum ending ending, bool stream)
{
	const struct activation activation = ending >= GATED ? j->gate_activation : j->activation;
	const size_t step = (size_t)j->out_step * LANES, plane = plane_len(j->out_shape);
	size_t first = out_at(j, at);
	const real *gate = j->gate, *from = tile->sums;
	real *out = j->out;

	for (int c = 0; c < tile->channels; c++, first += plane, from += P * VEC_LEN)
		UNROLL_CONSTANT
		for (int p = 0; p < P; p++) {
			size_t i = first + (size_t)p * step;
			vec sum = load(from + p * VEC_LEN);
			if (ending == SLOPED)
				sum += load(gate + i) * splat(j->slope[at.o + c]);
			if (ending >= GATED)
				sum = gated(sum, load(gate + i), activation);
			else if (ending == ACTIVATED)
				sum = activated(sum, activation);
			put(out + i, sum, stream);
		}
}

INLINE void finish_pixels(const struct conv_job *j, struct place at, const struct tile *tile, enum ending ending, bool stream)
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

/* A function of its own, and never inlined: with all of this behind the sums' loop, GCC 12 moves sums between registers inside it, which
 * costs a fifth of its speed. */
static __attribute__((noinline)) void finish(const struct conv_job *j, struct place at, const struct tile *tile)
{
	if (j->slope)
		finish_ending(j, at, tile, SLOPED);
	else if (j->gate)
		finish_ending(j, at, tile, GATED);
	else if (is_identity(j->activation))
		finish_ending(j, at, tile, AS_THEY_ARE);
	else
		finish_ending(j, at, tile, ACTIVATED);
}

/* What is neither gated nor written past the caches is stored from the registers: 2 to 12 % for what sums few numbers. GFLOP/s of 240, hot:
 * 1x1 12 to 24 channels 117 to 128, 3x3 1 to 12 110 to 124, 1x1 60 to 240 209 to 219, 100 to 25 159 to 176. */
INLINE void finish_registers(const struct conv_job *j, struct place at, int P, int C, vec sum[PIXEL_BLOCK][WIDEST_BLOCK], bool activates)
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

/* What a weight of each of C output channels makes of P pixels; `len`: of one output channel's weights. */
INLINE void add_pixels(vec sum[PIXEL_BLOCK][WIDEST_BLOCK], const vec pixel[PIXEL_BLOCK], const real *weight, size_t len, int P, int C,
                       bool bf16)
{
	UNROLL
	for (int c = 0; c < C; c++) {
		vec scale = splat(weight[packed_at(c, len, 0)]);
		UNROLL
		for (int p = 0; p < P; p++)
			add_product(&sum[p][c], pixel[p], scale, bf16);
	}
}

/* Over a window that moves over the rows; `edge` says that some pixels may lie outside them. */
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

/* Whether outputs are sums over their own pixel's channels alone. */
static bool is_pointwise(const struct conv_job *j)
{
	return j->kernel.h * j->kernel.w == 1 && j->stride == 1 && !j->top && !j->left && j->rows <= j->in_shape.h &&
	       j->columns <= j->in_shape.w;
}

/* Of such a job, input channels from i to before `end`. With a window's loops around it, of one turn each, GCC keeps addresses in vector
 * registers, and fetches them through a multiply-add unit: wide blocks gain 4 to 7 % of plain 48, cnn-5x5 and mobilenet-v2 without. */
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
	if (j->gate || j->stream)
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

	ask_for_outputs(j, at, P, C);
	start_sums(j, at.o, P, C, sum);
	sum_window(j, at, P, C, edge, kernel_w, bf16, sum);
	finish_block(j, at, P, C, sum);
}

/* The same where is_pointwise(); `spread`, of many input channels: what is asked for is spread over them, unless all lies in L2. */
INLINE void pointwise_block(const struct conv_job *j, struct place at, int P, int C, bool spread, bool bf16)
{
	const int channels = j->in_shape.c;
	vec sum[PIXEL_BLOCK][WIDEST_BLOCK];
	struct asks asks = asks_of(j, at, P);

	start_sums(j, at.o, P, C, sum);
	if (spread && !j->hot) {
		for (int c = 0; c < C; c++) {
			ask(j, at.o + c, P, &asks);
			sum_channels(j, at, channels * c / C, channels * (c + 1) / C, P, C, bf16, sum);
		}
	} else {
		ask_for_outputs(j, at, P, C);
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

/* In conv_pairs.c, which compiles what comes before this too. The rest is the same code in avx512 and avx512bf16. */
void KERNEL(conv_pair_block)(const struct conv_job *j, struct place at, int pixels);

#ifndef PAIR_BLOCKS
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

/* All output channels of some pixels of a row. Each call is given a place of its own: with at.o as the counter, in memory, the call read it
 * together with at.y, and such a load waits for all stores before, the last block's outputs among them. conv1x1 12 gains 4 %, others 1. */
static void column_of_blocks(const struct conv_job *j, struct place at, int pixels)
{
	for (int o = at.o; o < j->out_shape.c; o += CHANNEL_BLOCK)
		(j->bf16 ? KERNEL(conv_pair_block) : pixel_block)(j, (struct place){ o, at.y, at.x }, pixels);
}

#if defined __AVX512F__
/* How many channels the next block takes of those that are left. Blocks of one to three channels keep so few sums that multiply-adds wait
 * for those before: so one channel goes with the eight before it, two or three with the four before them. */
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

/* The same in wide blocks, and in last ones: functions of their own, since all inlined together are 6 % slower. */
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

/* Of a 1x1 kernel over whole rows, rows don't matter: as one long row they fill blocks better. */
static struct conv_job flattened(const struct conv_job *job)
{
	struct conv_job j = *job;
	ptrdiff_t before = (ptrdiff_t)j.first_row * j.in_shape.w * LANES;

	if (j.kernel.h * j.kernel.w != 1 || j.stride != 1 || j.out_step != 1 || j.top || j.left || j.columns != j.in_shape.w ||
	    j.in_shape.w != j.out_shape.w || j.rows > j.in_shape.h)
		return j;
	j.in += before;
	j.out += before;
	j.gate = j.gate ? j.gate + before : NULL;
	j.columns *= j.rows - j.first_row;
	j.first_row = 0;
	j.rows = 1;
	j.in_shape = (struct shape){ j.in_shape.c, 1, j.in_shape.h * j.in_shape.w };
	j.out_shape = (struct shape){ j.out_shape.c, 1, j.out_shape.h * j.out_shape.w };
	return j;
}

static void conv_direct(const struct conv_job *job)
{
	for (int part = 0; part < PARTS; part++) {
		struct conv_job j = conv_part(job, part);
		if (is_plane(&j))
			KERNEL(conv_plane)(&j);
		else
			KERNEL(conv_blocks)(&j);
	}
}

void KERNEL(conv)(const struct conv_job *job)
{
	struct conv_job flat = flattened(job);

	if (job->winograd)
		KERNEL(conv_winograd)(job);
	else if (job->bf16)
		KERNEL(conv_bf16)(&flat);
	else
		conv_direct(&flat);
	if (job->stream)
		stream_end();
}
#endif
