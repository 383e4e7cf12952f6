/* See rng.h. */
#include "nn/base/rng.h"

#include <assert.h>
#include <math.h>

static const uint64_t GOLDEN_STEP = 0x9e3779b97f4a7c15;        /* 2^64 / golden ratio, made odd */

/* Every input bit flips every output bit with probability close to one half. A bijection; scramble(0) = 0. */
static uint64_t scramble(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
	x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
	return x ^ (x >> 31);
}

/* For a fixed a, different b give different seeds, and the other way round: each passes through bijections only. */
uint64_t rng_mix(uint64_t a, uint64_t b)
{
	return scramble(scramble(a + GOLDEN_STEP) + b * GOLDEN_STEP + GOLDEN_STEP);
}

struct rng rng_seed(uint64_t seed, uint64_t stream)
{
	return (struct rng){ rng_mix(seed, stream) };
}

uint64_t rng_u64(struct rng *rng)
{
	rng->state += GOLDEN_STEP;
	return scramble(rng->state);
}

double rng_uniform(struct rng *rng)
{
	return (double)(rng_u64(rng) >> 11) * 0x1p-53;
}

/* Box and Muller's transform, cosine branch only: the sine branch would need memory between calls. */
double rng_normal(struct rng *rng)
{
	const double two_pi = 6.283185307179586;
	double radius = sqrt(-2 * log(1 - rng_uniform(rng)));

	return radius * cos(two_pi * rng_uniform(rng));
}

/* The lowest 2^64 mod n numbers are thrown away, so that what remains is a whole number of rounds of n. */
uint64_t rng_below(struct rng *rng, uint64_t n)
{
	assert(n > 0);
	uint64_t unfair = -n % n;
	uint64_t x;

	do
		x = rng_u64(rng);
	while (x < unfair);
	return x % n;
}

/* Fisher and Yates. */
void rng_shuffle(struct rng *rng, int *items, int count)
{
	for (int i = count - 1; i > 0; i--) {
		int j = (int)rng_below(rng, (uint64_t)i + 1);
		int kept = items[i];
		items[i] = items[j];
		items[j] = kept;
	}
}
