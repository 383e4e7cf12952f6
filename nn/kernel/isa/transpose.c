/* See transpose.h. */
#include "nn/kernel/isa/transpose.h"

/* Sums in registers: output channels by vectors of input channels. */
enum { COLUMN_BLOCK = 2, ROW_BLOCK = VEC_BYTES == 64 ? 3 * CHANNEL_BLOCK : CHANNEL_BLOCK };

#if defined __AVX512F__ && !defined REAL_IS_DOUBLE
/* Four numbers each of four rows that lie 4 * stride apart. */
INLINE __m512 four_quads(const real *from, size_t stride)
{
	__m512 x = _mm512_castps128_ps512(_mm_load_ps(from));

	x = _mm512_insertf32x4(x, _mm_load_ps(from + 4 * stride), 1);
	x = _mm512_insertf32x4(x, _mm_load_ps(from + 8 * stride), 2);
	return _mm512_insertf32x4(x, _mm_load_ps(from + 12 * stride), 3);
}

/* Two of four steps are done by where numbers are loaded. */
void KERNEL(transpose)(const real *from, size_t from_stride, real *to, size_t to_stride)
{
	for (int c = 0; c < LANES; c += 4, to += 4 * to_stride) {
		__m512 x0 = four_quads(from + c, from_stride), x1 = four_quads(from + from_stride + c, from_stride);
		__m512 x2 = four_quads(from + 2 * from_stride + c, from_stride);
		__m512 x3 = four_quads(from + 3 * from_stride + c, from_stride);
		__m512 low02 = _mm512_unpacklo_ps(x0, x2), low13 = _mm512_unpacklo_ps(x1, x3);
		__m512 high02 = _mm512_unpackhi_ps(x0, x2), high13 = _mm512_unpackhi_ps(x1, x3);

		_mm512_store_ps(to, _mm512_unpacklo_ps(low02, low13));
		_mm512_store_ps(to + to_stride, _mm512_unpackhi_ps(low02, low13));
		_mm512_store_ps(to + 2 * to_stride, _mm512_unpacklo_ps(high02, high13));
		_mm512_store_ps(to + 3 * to_stride, _mm512_unpackhi_ps(high02, high13));
	}
}
#else
void KERNEL(transpose)(const real *from, size_t from_stride, real *to, size_t to_stride)
{
	for (int r = 0; r < LANES; r += 4, from += 4 * from_stride, to += 4)
		for (int c = 0; c < LANES; c += 4) {
			quad x0 = *(const quad *)(from + c), x1 = *(const quad *)(from + from_stride + c);
			quad x2 = *(const quad *)(from + 2 * from_stride + c);
			quad x3 = *(const quad *)(from + 3 * from_stride + c);
			quad low02 = __builtin_shufflevector(x0, x2, 0, 4, 1, 5);
			quad low13 = __builtin_shufflevector(x1, x3, 0, 4, 1, 5);
			quad high02 = __builtin_shufflevector(x0, x2, 2, 6, 3, 7);
			quad high13 = __builtin_shufflevector(x1, x3, 2, 6, 3, 7);
			real *put = to + (size_t)c * to_stride;

			*(quad *)put = __builtin_shufflevector(low02, low13, 0, 4, 1, 5);
			*(quad *)(put + to_stride) = __builtin_shufflevector(low02, low13, 2, 6, 3, 7);
			*(quad *)(put + 2 * to_stride) = __builtin_shufflevector(high02, high13, 0, 4, 1, 5);
			*(quad *)(put + 3 * to_stride) = __builtin_shufflevector(high02, high13, 2, 6, 3, 7);
		}
}
#endif

/* A block of R rows and C vectors from row r and column c on; R and C are constants where this is inlined. */
INLINE void block(const struct product *p, int r, int c, int R, int C)
{
	const size_t columns = (size_t)p->columns;
	const real *gradients = p->gradients + (size_t)r * p->row, *inputs = p->inputs + c;
	real *sums = p->sums + (size_t)r * columns + c;
	vec sum[ROW_BLOCK][COLUMN_BLOCK];

	UNROLL
	for (int i = 0; i < R; i++)
		UNROLL
		for (int k = 0; k < C; k++)
			sum[i][k] = splat(0);
	for (int step = 0; step < p->depth; step++, inputs += columns) {
		vec x[COLUMN_BLOCK];
		UNROLL
		for (int k = 0; k < C; k++)
			x[k] = load(inputs + k * VEC_LEN);
		UNROLL
		for (int i = 0; i < R; i++) {
			vec d = splat(gradients[(size_t)i * p->row + (size_t)step]);
			UNROLL
			for (int k = 0; k < C; k++)
				sum[i][k] += x[k] * d;
		}
	}
	UNROLL
	for (int i = 0; i < R; i++)
		UNROLL
		for (int k = 0; k < C; k++) {
			real *to = sums + (size_t)i * columns + k * VEC_LEN;
			store(to, load(to) + sum[i][k]);
		}
}

INLINE void block_of_columns(const struct product *p, int r, int R)
{
	for (int c = 0; c < p->columns; c += COLUMN_BLOCK * VEC_LEN)
		if (c + COLUMN_BLOCK * VEC_LEN <= p->columns)
			block(p, r, c, R, COLUMN_BLOCK);
		else
			block(p, r, c, R, 1);
}

/* Rows in blocks of nearly equal size, and what is left of the last CHANNEL_BLOCK. */
void KERNEL(add_product)(const struct product *p)
{
	int whole = p->rows / CHANNEL_BLOCK * CHANNEL_BLOCK, blocks = (whole + ROW_BLOCK - 1) / ROW_BLOCK;

	for (int r = 0, count; r < whole; r += count * CHANNEL_BLOCK, blocks--) {
		count = ((whole - r) / CHANNEL_BLOCK + blocks - 1) / blocks;
		switch (count) {
		case 1: block_of_columns(p, r, CHANNEL_BLOCK); break;
#if defined __AVX512F__
		case 2: block_of_columns(p, r, 2 * CHANNEL_BLOCK); break;
		case 3: block_of_columns(p, r, 3 * CHANNEL_BLOCK); break;
#endif
		}
	}
	switch (p->rows - whole) {
	case 1: block_of_columns(p, whole, 1); break;
	case 2: block_of_columns(p, whole, 2); break;
	case 3: block_of_columns(p, whole, 3); break;
	}
}

/* One pixel: to[image][channel]. Of the last channels, which do not fill their lanes, a copy is transposed. */
static void transpose_pixel(const struct transposed_planes *p, size_t pixel, real *to)
{
	size_t columns = (size_t)transposed_columns(p->channels + p->ones);
	const real *from = p->in + pixel * LANES;
	int i = 0;

	for (; i + LANES <= p->channels; i += LANES)
		KERNEL(transpose)(from + (size_t)i * p->plane, p->plane, to + i, columns);
	if ((size_t)i == columns)
		return;
	real rest[LANES * LANES] __attribute__((aligned(64))) = { 0 };
	for (int k = 0; i + k < p->channels + p->ones; k++)
		for (int lane = 0; lane < LANES; lane += VEC_LEN)
			store(rest + k * LANES + lane, i + k < p->channels ?
			      load(from + (size_t)(i + k) * p->plane + lane) : splat(1));
	KERNEL(transpose)(rest, LANES, to + i, columns);
}

void KERNEL(add_transposed)(const struct transposed_planes *p)
{
	size_t columns = (size_t)transposed_columns(p->channels + p->ones);
	size_t most = (size_t)transposed_pixels(p->channels + p->ones), count;

	for (size_t first = 0; first < p->pixels; first += count) {
		count = p->pixels - first < most ? p->pixels - first : most;
		for (size_t pixel = 0; pixel < count; pixel++)
			transpose_pixel(p, first + pixel, p->scratch + pixel * columns * LANES);
		KERNEL(add_product)(&(struct product){ .rows = p->rows, .columns = (int)columns,
			.depth = (int)count * LANES, .gradients = p->gradients + first * LANES, .row = p->row,
			.inputs = p->scratch, .sums = p->sums });
	}
}
