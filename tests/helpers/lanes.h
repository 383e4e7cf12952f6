/* Plain arrays [image][c][h][w] in double, the engine's lane groups [group][c][h][w][LANES], and memory for both. For
 * tests. */
#ifndef TESTS_HELPERS_LANES_H
#define TESTS_HELPERS_LANES_H

#include "nn/base/rng.h"
#include "nn/base/tensor.h"

/* All that the take_ functions give lives until the next take_nothing: a case of a test takes freely, then lets go at
 * once. */
void take_nothing(void);
real *take_reals(size_t len);           /* 64-byte aligned, NaN throughout: what is not written shows */
double *take_doubles(size_t len);       /* NaN throughout */

/* Whole numbers from -most to most: their sums of products are exact in any order, so that tests can ask for
 * equality. */
double *take_integers(struct rng *rng, size_t len, int most);
/* Multiples of 1/1024 from -1 to 1, none within 1/64 of 0. */
double *take_fractions(struct rng *rng, size_t len);

/* A 1x1 kernel, [out][in], as convolutions want it forward and by data: see nn/kernel/conv_pack.h. */
struct packed { const real *forward, *turned; };
struct packed take_pointwise(const double *kernel, int out, int in);

int groups_of(int images);
/* Lanes without an image hold `filler`. */
real *take_lanes(const double *plain, struct shape shape, int images, double filler);
double *take_plain(const real *lanes, struct shape shape, int images);
real *take_copy(const double *from, size_t len);
double *take_wide(const real *from, size_t len);

/* Fails once, at the worst place, where |got - want| > tolerance * max(1, largest |want|); NaN never passes. */
struct arrays { const double *got, *want; size_t len; double tolerance; };
void check_arrays(const char *file, int line, const struct arrays *arrays, const char *what);

#define CHECK_NEAR(what, got, want, len, tolerance) \
	check_arrays(__FILE__, __LINE__, &(struct arrays){ got, want, len, tolerance }, what)
#define CHECK_EQUAL(what, got, want, len) CHECK_NEAR(what, got, want, len, 0)

#endif
