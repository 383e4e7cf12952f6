/* Random numbers: a generator with one word of state, and independent seeds derived from one. Floor 0.
 *
 * The generator is SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014): a
 * counter that steps by an odd constant, and a function that mixes it. It passes BigCrush and needs no warm-up. Not for
 * cryptography.
 *
 * The same seed gives the same numbers on every machine. rng_normal also needs log, sqrt and cos of the C library, so
 * its numbers are the same wherever the library rounds these the same way. */
#ifndef NN_BASE_RNG_H
#define NN_BASE_RNG_H

#include <stdint.h>

struct rng { uint64_t state; };

/* A seed from two numbers; their order matters. Calls can be chained: rng_mix(rng_mix(seed, PURPOSE), epoch) gives
 * every purpose and epoch an independent seed, even where seeds and epochs are small and consecutive. */
uint64_t rng_mix(uint64_t a, uint64_t b);

/* A generator for one of the streams of a seed. */
struct rng rng_seed(uint64_t seed, uint64_t stream);

/* All 64 bits equally likely. */
uint64_t rng_u64(struct rng *rng);

/* 0 <= x < 1, a multiple of 2^-53. */
double rng_uniform(struct rng *rng);

/* Mean 0, variance 1; |x| < 8.6. Takes two numbers from the generator. */
double rng_normal(struct rng *rng);

/* 0 <= x < n, all equally likely; n > 0. */
uint64_t rng_below(struct rng *rng, uint64_t n);

/* Shuffles items[0 .. count - 1]; all orders are equally likely. */
void rng_shuffle(struct rng *rng, int *items, int count);

#endif
