/* The native vector of the instruction set that this file is being compiled for. Floor 1; for nn/kernel/isa alone.
 *
 * Every source here is compiled once per instruction set, with -DKERNEL_SET=avx512bf16, avx512, avx2 or portable, and
 * KERNEL(name) is its name there. A lane group is PARTS native vectors side by side: one with AVX-512, two with AVX2,
 * four with SSE or NEON. Kernels take the parts one after the other, each a whole pass with a stride of LANES numbers
 * between pixels, since GCC compiles vector types wider than the machine's very badly. */
#ifndef NN_KERNEL_ISA_VECTOR_H
#define NN_KERNEL_ISA_VECTOR_H

#include "nn/kernel/kernels.h"

#if defined __AVX2__
#include <immintrin.h>
#endif

#if defined __AVX512F__
enum { VEC_BYTES = 64 };
#elif defined __AVX2__
enum { VEC_BYTES = 32 };
#else
enum { VEC_BYTES = 16 };
#endif

enum { VEC_LEN = VEC_BYTES / sizeof(real), PARTS = LANES / VEC_LEN };

/* Pixels whose sums a convolution keeps in registers: with CHANNEL_BLOCK channels 24 of 32 registers, or 12 of 16. */
#if defined __AVX512F__
enum { PIXEL_BLOCK = 6 };
#else
enum { PIXEL_BLOCK = 3 };
#endif

typedef real vec __attribute__((vector_size(VEC_BYTES), aligned(VEC_BYTES), may_alias));

/* A vec's bits. */
#ifdef REAL_IS_DOUBLE
typedef long long vec_bits __attribute__((vector_size(VEC_BYTES)));
#else
typedef int vec_bits __attribute__((vector_size(VEC_BYTES)));
#endif

/* The result of a comparison, for choose(), and for & and ~ between them: a bit a lane where the machine has such masks
 * (compilers don't find them: they make vectors of comparisons), else all ones or all zeros in each lane. */
#if defined __AVX512F__ && !defined REAL_IS_DOUBLE
typedef __mmask16 vec_mask;
#else
typedef vec_bits vec_mask;
#endif

/* A whole number for each lane. */
typedef unsigned vec_whole __attribute__((vector_size(VEC_LEN * sizeof(unsigned))));

#define KERNEL_JOIN(name, set) name##_##set
#define KERNEL_EXPAND(name, set) KERNEL_JOIN(name, set)
#define KERNEL(name) KERNEL_EXPAND(name, KERNEL_SET)

#define INLINE static inline __attribute__((always_inline))

/* UNROLL_CONSTANT: where the number of turns is a constant in some places and not in others. clang unrolls the former
 * by itself, and warns if it is told to unroll the latter. UNROLL_SOME: long loops over little work. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#define UNROLL_CONSTANT
#define UNROLL_SOME
#else
#define UNROLL _Pragma("GCC unroll 16")
#define UNROLL_CONSTANT UNROLL
#define UNROLL_SOME _Pragma("GCC unroll 4")
#endif

/* first <= k < last. */
struct range { int first, last; };

/* a / b rounded up; 0 for what is below 0. */
INLINE int ceil_div(int a, int b)
{
	return a <= 0 ? 0 : (a + b - 1) / b;
}

INLINE vec load(const real *at)
{
	return *(const vec *)at;
}

INLINE void store(real *at, vec value)
{
	*(vec *)at = value;
}

/* Numbers of one channel of a lane group. */
INLINE size_t plane_len(struct shape shape)
{
	return group_len((struct shape){ 1, shape.h, shape.w });
}

/* Numbers in a page of 4 KiB, at whose end hardware prefetchers stop: so far ahead is prefetched what lies in memory,
 * see pointwise.c. */
enum { PAGE = 64 * LANES };

/* len: whole native vectors. */
INLINE void clear(real *at, size_t len)
{
	for (size_t i = 0; i < len; i += VEC_LEN)
		store(at + i, (vec){ 0 });
}

/* Past the caches, which takes whole lines: only where a vector is one. stream_end() makes them visible to other
 * threads. */
INLINE void store_past(real *at, vec value)
{
#if defined __AVX512F__ && !defined REAL_IS_DOUBLE
	_mm512_stream_ps(at, (__m512)value);
#else
	store(at, value);
#endif
}

INLINE void stream_end(void)
{
#if defined __AVX512F__ && !defined REAL_IS_DOUBLE
	_mm_sfence();
#endif
}

INLINE void put(real *at, vec value, bool stream)
{
	if (stream)
		store_past(at, value);
	else
		store(at, value);
}

INLINE vec splat(real x)
{
	return x - (vec){ 0 };
}

/* A vector that several products are about to use, kept in a register: otherwise GCC loads it again for some of them,
 * and moves sums between registers. */
INLINE vec held(vec x)
{
#if defined __AVX512F__
	__asm__("" : "+v"(x));
#endif
	return x;
}

/* choose() is mask ? a : b, lane by lane. */
#if defined __AVX512F__ && !defined REAL_IS_DOUBLE
INLINE vec_mask above(vec a, vec b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ); }
INLINE vec_mask at_least(vec a, vec b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GE_OQ); }
INLINE vec_mask equal(vec a, vec b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_EQ_OQ); }
INLINE vec choose(vec_mask mask, vec a, vec b) { return (vec)_mm512_mask_blend_ps(mask, (__m512)b, (__m512)a); }
#else
INLINE vec_mask above(vec a, vec b) { return a > b; }
INLINE vec_mask at_least(vec a, vec b) { return a >= b; }
INLINE vec_mask equal(vec a, vec b) { return a == b; }
INLINE vec choose(vec_mask mask, vec a, vec b) { return (vec)((mask & (vec_mask)a) | (~mask & (vec_mask)b)); }
#endif

/* Where a is below `limit`; both below 2^31. */
INLINE vec_mask below(vec_whole a, uint32_t limit)
{
#ifdef REAL_IS_DOUBLE
	return __builtin_convertvector(a < limit, vec_bits);
#elif defined __AVX512F__
	return _mm512_cmplt_epu32_mask((__m512i)a, _mm512_set1_epi32((int)limit));
#else
	return (vec_bits)a < (int)limit;
#endif
}

/* The sum of one native vector of the lanes of some pixels; four sums take turns, so that an addition need not wait for
 * the one before. */
INLINE vec sum_pixels(const real *x, size_t pixels)
{
	vec sum[4] = { splat(0), splat(0), splat(0), splat(0) };
	size_t i = 0;

	for (; i + 4 <= pixels; i += 4)
		UNROLL
		for (size_t k = 0; k < 4; k++)
			sum[k] += load(x + (i + k) * LANES);
	for (; i < pixels; i++)
		sum[0] += load(x + i * LANES);
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* 0, 1, 2, ... */
INLINE vec_whole lane_numbers(void)
{
	vec_whole numbers;

	for (uint32_t i = 0; i < VEC_LEN; i++)
		numbers[i] = i;
	return numbers;
}

/* Lane by lane a > b ? a : b and a < b ? a : b, so b where one is NaN: exactly what x86's instructions do, which
 * compilers do not find. */
#if defined __AVX512F__ && !defined REAL_IS_DOUBLE
INLINE vec larger(vec a, vec b) { return (vec)_mm512_max_ps((__m512)a, (__m512)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm512_min_ps((__m512)a, (__m512)b); }
#elif defined __AVX2__ && !defined REAL_IS_DOUBLE
INLINE vec larger(vec a, vec b) { return (vec)_mm256_max_ps((__m256)a, (__m256)b); }
INLINE vec smaller(vec a, vec b) { return (vec)_mm256_min_ps((__m256)a, (__m256)b); }
#else
INLINE vec larger(vec a, vec b) { return choose(above(a, b), a, b); }
INLINE vec smaller(vec a, vec b) { return choose(above(b, a), a, b); }
#endif

/* min(max(x, slope * x), cap); a NaN stays one. */
INLINE vec activated(vec x, struct activation a)
{
	return smaller(splat(a.cap), larger(splat(a.slope) * x, x));
}

/* The gradient with respect to an activation's input, from d, that with respect to its output y: d where y was not
 * clipped, slope * d below zero, 0 at the cap. The sign of an output is its input's, so the output alone decides. */
INLINE vec masked(vec d, vec y, struct activation a)
{
	d = choose(above(y, splat(0)), d, d * splat(a.slope));
	return choose(at_least(y, splat(a.cap)), splat(0), d);
}

/* Which activation masks a gradient: none, a relu, any other. */
enum masking { NO_MASK, RELU_MASK, ANY_MASK };

static inline enum masking masking_of(const struct activation *a)
{
	return !a || is_identity(*a) ? NO_MASK : is_relu(*a) ? RELU_MASK : ANY_MASK;
}

/* masked(), where `masking` is a constant: masking_of() that activation. */
INLINE vec masked_as(enum masking masking, struct activation a, vec d, vec y)
{
	if (masking == RELU_MASK)
		return choose(above(y, splat(0)), d, d * splat(0));     /* a NaN stays visible */
	return masking == ANY_MASK ? masked(d, y, a) : d;
}

/* Four numbers: the vector that every machine has; in the double build wider than some, but never passed between
 * functions for real. */
#ifdef REAL_IS_DOUBLE
#pragma GCC diagnostic ignored "-Wpsabi"
#endif
typedef real quad __attribute__((vector_size(4 * sizeof(real)), aligned(4 * sizeof(real)), may_alias));

/* Lane k and lane k + 8, k + 4 and k + 12 added up: the first two of four steps to the sum of LANES numbers. */
INLINE quad quarter_sums(const real *x)
{
	const quad *q = (const quad *)x;

	return (q[0] + q[2]) + (q[1] + q[3]);
}

/* The lane sums of four groups of LANES numbers that lie side by side. The order of additions is one fixed tree (k + 8,
 * k + 4, k + 2, k + 1), the same on every instruction set. */
INLINE quad lane_sums(const real *x)
{
	quad a = quarter_sums(x), b = quarter_sums(x + LANES), c = quarter_sums(x + 2 * LANES);
	quad d = quarter_sums(x + 3 * LANES);
	quad ab = __builtin_shufflevector(a, b, 0, 4, 1, 5) + __builtin_shufflevector(a, b, 2, 6, 3, 7);
	quad cd = __builtin_shufflevector(c, d, 0, 4, 1, 5) + __builtin_shufflevector(c, d, 2, 6, 3, 7);

	return __builtin_shufflevector(ab, cd, 0, 1, 4, 5) + __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
}

/* The sum of LANES numbers in the order of lane_sums. */
INLINE real lane_sum(const real *x)
{
	quad q = quarter_sums(x);

	return (q[0] + q[2]) + (q[1] + q[3]);
}

/* This build's kernels. */
#define KERNEL_ROW(name, parameters) void KERNEL(name)parameters;
#include "nn/kernel/kernel_list.h"

#endif
