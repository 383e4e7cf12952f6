/* Pairs of bfloat16 in native vectors; see nn/kernel/bf16.h. Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_PAIRS_H
#define NN_KERNEL_ISA_PAIRS_H

#include "nn/kernel/isa/vector.h"

#if defined __AVX512BF16__ && !defined REAL_IS_DOUBLE
#define HAS_BF16 1
#endif

typedef real_bits vec_halves __attribute__((vector_size(VEC_BYTES)));
typedef real loose_vec __attribute__((vector_size(VEC_BYTES), aligned(sizeof(real)), may_alias));

/* From an address that is aligned to half a vector, too. */
INLINE vec load_loose(const real *at)
{
	return *(const loose_vec *)at;
}

INLINE vec upper_halves(vec pairs)
{
	return (vec)((vec_halves)pairs & ~(real_bits)0 << HALF_BITS);
}

INLINE vec lower_halves(vec pairs)
{
	return (vec)((vec_halves)pairs << HALF_BITS);
}

/* sum + a.high * b.high + a.low * b.low, lane by lane, rounded after each addition. */
INLINE vec add_products(vec sum, vec a, vec b)
{
#ifdef HAS_BF16
	return (vec)_mm512_dpbf16_ps((__m512)sum, (__m512bh)a, (__m512bh)b);
#else
	sum += upper_halves(a) * upper_halves(b);
	return sum + lower_halves(a) * lower_halves(b);
#endif
}

/* Of numbers, or of pairs. */
INLINE void add_product(vec *sum, vec a, vec b, bool pairs)
{
	if (pairs)
		*sum = add_products(*sum, a, b);
	else
		*sum += a * b;
}

/* to[lane] = the pair of low[lane] and high[lane]; LANES of each. */
INLINE void pair_channels(const real *low, const real *high, real *to)
{
#ifdef HAS_BF16
	const __m512i order = _mm512_set_epi32(0x1f000f, 0x1e000e, 0x1d000d, 0x1c000c, 0x1b000b, 0x1a000a, 0x190009,
	                                       0x180008, 0x170007, 0x160006, 0x150005, 0x140004, 0x130003, 0x120002,
	                                       0x110001, 0x100000);
	__m512bh halves = _mm512_cvtne2ps_pbh((__m512)load(high), (__m512)load(low));

	_mm512_store_si512(to, _mm512_permutexvar_epi16(order, (__m512i)halves));
#else
	for (int k = 0; k < LANES; k++) {
		real_bits pair = bf16_pair(low[k], high[k]);
		memcpy(to + k, &pair, sizeof pair);
	}
#endif
}

/* The halves of two pixels of LANES numbers, one behind the other in the place of one. */
INLINE void pair_pixels(const real *first, const real *second, real *to)
{
#ifdef HAS_BF16
	_mm512_store_si512(to, (__m512i)_mm512_cvtne2ps_pbh((__m512)load(second), (__m512)load(first)));
#else
	for (int k = 0; k < LANES / 2; k++) {
		real_bits pair = bf16_pair(first[2 * k], first[2 * k + 1]);
		real_bits next = bf16_pair(second[2 * k], second[2 * k + 1]);
		memcpy(to + k, &pair, sizeof pair);
		memcpy(to + LANES / 2 + k, &next, sizeof next);
	}
#endif
}

#endif
