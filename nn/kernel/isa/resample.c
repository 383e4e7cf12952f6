/* See resample.h. Where the machine can fetch from as many places as a vector has numbers, one such fetch takes the
 * four pixels of each output pixel as four bytes; two multiplications of neighbours by weights add them up. */
#include "nn/kernel/isa/vector.h"

#include <assert.h>
#include <string.h>

enum { STEPS = 64, FRACTION = STEPS - 1, STEP_BITS = 6, HALF_STEP = 1 << (RESAMPLE_BITS - STEP_BITS - 1),
       TO_STEPS = RESAMPLE_BITS - STEP_BITS, WHOLE_STEPS = -1 * (1 << TO_STEPS), HALF = STEPS * STEPS / 2 };

/* Where coordinates along one axis end, in fixed-point numbers. */
struct limits { int32_t low, high; };

static struct limits limits_of(enum border border, int side)
{
	return border == BORDER_ZERO ? (struct limits){ -1 * (1 << RESAMPLE_BITS), side * (1 << RESAMPLE_BITS) } :
	                               (struct limits){ 0, (side - 1) * (1 << RESAMPLE_BITS) };
}

/* `pairs` of struct resample_job: the low byte is a pixel, the high one the pixel below. */
static void fill_pairs(const struct resample_job *job)
{
	static const uint8_t zeros[RESAMPLE_SIDE];
	uint16_t *to = job->pairs;

	for (int y = -1; y <= job->h; y++, to += resample_stride(job->w)) {
		const uint8_t *here = y >= 0 && y < job->h ? job->in + (size_t)y * (size_t)job->w : zeros;
		const uint8_t *below = y + 1 < job->h ? job->in + (size_t)(y + 1) * (size_t)job->w : zeros;

		to[0] = to[job->w + 1] = to[job->w + 2] = 0;
		for (int x = 0; x < job->w; x++)
			to[x + 1] = (uint16_t)(here[x] | below[x] << 8);
	}
}

#if defined __AVX2__
typedef int ints __attribute__((vector_size(VEC_BYTES), may_alias));

enum { INTS = VEC_BYTES / 4 };

#if defined __AVX512F__
typedef __m512i raw;
#define EACH(name) _mm512_##name

INLINE ints fetch(const uint16_t *from, ints at)
{
	return (ints)_mm512_i32gather_epi32((raw)at, (const int *)from, 2);
}

INLINE void put_bytes(uint8_t *to, ints values)
{
	_mm_storeu_si128((__m128i *)to, _mm512_cvtepi32_epi8((raw)values));
}
#else
typedef __m256i raw;
#define EACH(name) _mm256_##name

INLINE ints fetch(const uint16_t *from, ints at)
{
	return (ints)_mm256_i32gather_epi32((const int *)from, (raw)at, 2);
}

INLINE void put_bytes(uint8_t *to, ints values)
{
	__m128i words = _mm_packus_epi32(_mm256_castsi256_si128((raw)values), _mm256_extracti128_si256((raw)values, 1));

	_mm_storel_epi64((__m128i *)to, _mm_packus_epi16(words, words));
}
#endif

INLINE ints all(int value)
{
	return (ints)EACH(set1_epi32)(value);
}

/* Coordinates brought inside; a mirrored one is rounded before. */
INLINE ints inside(ints at, struct limits l, bool reflect)
{
	if (reflect) {
		at = (ints)EACH(abs_epi32)((raw)(at & all(WHOLE_STEPS)));
		at = (ints)EACH(min_epi32)((raw)at, (raw)(all(2 * l.high) - at));
	}
	return (ints)EACH(max_epi32)(EACH(min_epi32)((raw)at, (raw)all(l.high)), (raw)all(l.low));
}

/* Pixels of one row from the one with these coordinates on, INTS at a time. */
INLINE void resample_row(const struct resample_job *job, const struct limits limits[2], const int32_t start[2],
                         uint8_t *to, bool reflect)
{
	const int stride = resample_stride(job->w);
	const uint16_t *pairs = job->pairs + stride + 1;
	ints x = all(0), y;

	for (int i = 0; i < INTS; i++)
		x[i] = i;
	y = x * all(job->y[0]) + all(start[1]);
	x = x * all(job->x[0]) + all(start[0]);
	for (int i = 0; i < job->w; i += INTS, x += all(INTS * job->x[0]), y += all(INTS * job->y[0])) {
		ints column = inside(x, limits[0], reflect), row = inside(y, limits[1], reflect);
		ints at = (ints)EACH(madd_epi16)((raw)(row >> RESAMPLE_BITS), (raw)all(stride));
		ints four = fetch(pairs, at + (column >> RESAMPLE_BITS));
		ints right = (column >> TO_STEPS) & all(FRACTION), below = (row >> TO_STEPS) & all(FRACTION);
		ints vertical = (below << 8) - below + all(STEPS), horizontal = (right << 16) - right + all(STEPS);
		ints two = (ints)EACH(maddubs_epi16)((raw)four, (raw)(vertical + (vertical << 16)));
		ints sum = (ints)EACH(madd_epi16)((raw)two, (raw)horizontal);
		put_bytes(to + i, (sum + all(HALF)) >> (2 * STEP_BITS));
	}
}
#else
INLINE int32_t inside(int32_t at, struct limits l, bool reflect)
{
	if (reflect) {
		at &= WHOLE_STEPS;
		at = at < 0 ? -at : at;
		at = at < 2 * l.high - at ? at : 2 * l.high - at;
	}
	return at > l.high ? l.high : at < l.low ? l.low : at;
}

INLINE void resample_row(const struct resample_job *job, const struct limits limits[2], const int32_t start[2],
                         uint8_t *to, bool reflect)
{
	const int stride = resample_stride(job->w);
	int32_t x = start[0], y = start[1];

	for (int i = 0; i < job->w; i++, x += job->x[0], y += job->y[0]) {
		int32_t column = inside(x, limits[0], reflect), row = inside(y, limits[1], reflect);
		const uint16_t *line = job->pairs + ((row >> RESAMPLE_BITS) + 1) * stride;
		const uint16_t *four = line + (column >> RESAMPLE_BITS) + 1;
		int right = (column >> TO_STEPS) & FRACTION, below = (row >> TO_STEPS) & FRACTION;
		int left_sum = (four[0] & 255) * (STEPS - below) + (four[0] >> 8) * below;
		int right_sum = (four[1] & 255) * (STEPS - below) + (four[1] >> 8) * below;
		to[i] = (uint8_t)((left_sum * (STEPS - right) + right_sum * right + HALF) >> (2 * STEP_BITS));
	}
}
#endif

INLINE void resample_rows(const struct resample_job *job, bool reflect)
{
	const struct limits limits[2] = { limits_of(job->border, job->w), limits_of(job->border, job->h) };

	for (int y = 0; y < job->h; y++) {
		const int32_t start[2] = { (int32_t)(job->x[2] + (int64_t)job->x[1] * y + HALF_STEP),
		                           (int32_t)(job->y[2] + (int64_t)job->y[1] * y + HALF_STEP) };
		resample_row(job, limits, start, job->out + (size_t)y * (size_t)job->w, reflect);
	}
}

void KERNEL(resample)(const struct resample_job *job)
{
	assert(job->h >= 1 && job->h <= RESAMPLE_SIDE && job->w >= 1 && job->w <= RESAMPLE_SIDE);
	fill_pairs(job);
	if (job->border == BORDER_REFLECT)
		resample_rows(job, true);
	else
		resample_rows(job, false);
}
