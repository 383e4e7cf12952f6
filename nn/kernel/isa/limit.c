/* What the processor can do at best, multiply-adds and reads without any other work. Floor 1. For measuring machines
 * alone; formulas: kernel_list.h. */
#include "nn/kernel/isa/vector.h"

/* The innermost loop of conv_direct.c by itself: pixels from L1, weights and sums in registers. Sums that do
 * not wait for each other are as many as the longest multiply-add takes to be done on two units. */
void KERNEL(limit_multiply)(const real *x, const real weights[LIMIT_WEIGHTS], size_t turns, real *sums)
{
	vec sum[LIMIT_PIXELS][LIMIT_WEIGHTS], weight[LIMIT_WEIGHTS];

	for (int c = 0; c < LIMIT_WEIGHTS; c++)
		weight[c] = splat(weights[c]);
	for (int p = 0; p < LIMIT_PIXELS; p++)
		for (int c = 0; c < LIMIT_WEIGHTS; c++)
			sum[p][c] = splat(0);
	for (size_t i = 0; i < turns; i++) {
		const real *at = x + i % LIMIT_TURNS * (LIMIT_PIXELS * VEC_LEN);
		UNROLL
		for (int p = 0; p < LIMIT_PIXELS; p++) {
			vec pixel = load(at + p * VEC_LEN);
			UNROLL
			for (int c = 0; c < LIMIT_WEIGHTS; c++)
				sum[p][c] += pixel * weight[c];
		}
	}
	for (int p = 0; p < LIMIT_PIXELS; p++)
		for (int c = 0; c < LIMIT_WEIGHTS; c++)
			store(sums + (p * LIMIT_WEIGHTS + c) * VEC_LEN, sum[p][c]);
}

/* Eight vectors at a time; an OR costs less than any arithmetic. */
void KERNEL(limit_read)(const real *x, size_t vectors, real mix[LANES])
{
	enum { AT_ONCE = 8 };
	vec_bits seen[AT_ONCE] = { { 0 } };
	size_t len = vectors * LANES;

	for (size_t i = 0; i < len; i += AT_ONCE * VEC_LEN) {
		UNROLL
		for (int k = 0; k < AT_ONCE; k++)
			seen[k] |= (vec_bits)load(x + i + k * VEC_LEN);
	}
	for (int k = PARTS; k < AT_ONCE; k++)
		seen[k % PARTS] |= seen[k];
	for (int k = 0; k < PARTS; k++)
		store(mix + k * VEC_LEN, (vec)seen[k]);
}
