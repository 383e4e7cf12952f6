/* See lanes.h. */
#include "tests/helpers/lanes.h"
#include "nn/kernel/conv_pack.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TAKEN = 256 };

static struct {
	void *at[MAX_TAKEN];
	int count;
} taken;

void take_nothing(void)
{
	while (taken.count > 0)
		free(taken.at[--taken.count]);
}

static void *take(size_t bytes)
{
	void *at = taken.count < MAX_TAKEN ? aligned_alloc(64, (bytes + 64) / 64 * 64) : NULL;

	if (!at)
		abort();
	memset(at, 0xff, (bytes + 64) / 64 * 64);
	return taken.at[taken.count++] = at;
}

real *take_reals(size_t len)
{
	return take(len * sizeof(real));
}

double *take_doubles(size_t len)
{
	return take(len * sizeof(double));
}

double *take_integers(struct rng *rng, size_t len, int most)
{
	double *at = take_doubles(len);

	for (size_t i = 0; i < len; i++)
		at[i] = (double)rng_below(rng, 2 * (uint64_t)most + 1) - most;
	return at;
}

double *take_fractions(struct rng *rng, size_t len)
{
	double *at = take_doubles(len);

	for (size_t i = 0; i < len; i++) {
		double size = (double)(16 + rng_below(rng, 1009)) / 1024;
		at[i] = rng_below(rng, 2) ? size : -size;
	}
	return at;
}

int groups_of(int images)
{
	return (images + LANES - 1) / LANES;
}

static size_t lane_place(size_t len, size_t image, size_t i)
{
	return (image / LANES * len + i) * LANES + image % LANES;
}

real *take_lanes(const double *plain, struct shape shape, int images, double filler)
{
	size_t len = image_len(shape), lanes = (size_t)groups_of(images) * LANES;
	real *to = take_reals(lanes * len);

	for (size_t n = 0; n < lanes; n++)
		for (size_t i = 0; i < len; i++)
			to[lane_place(len, n, i)] = (real)(n < (size_t)images ? plain[n * len + i] : filler);
	return to;
}

double *take_plain(const real *lanes, struct shape shape, int images)
{
	size_t len = image_len(shape);
	double *to = take_doubles((size_t)images * len);

	for (size_t n = 0; n < (size_t)images; n++)
		for (size_t i = 0; i < len; i++)
			to[n * len + i] = (double)lanes[lane_place(len, n, i)];
	return to;
}

real *take_copy(const double *from, size_t len)
{
	real *to = take_reals(len);

	for (size_t i = 0; i < len; i++)
		to[i] = (real)from[i];
	return to;
}

struct packed take_pointwise(const double *kernel, int out, int in)
{
	struct conv_taps taps = pointwise_taps(take_copy(kernel, (size_t)out * (size_t)in), out, in);
	real *forward = take_reals(conv_blocks(out) * (size_t)in), *turned = take_reals(conv_blocks(in) * (size_t)out);

	conv_pack(&taps, forward);
	conv_pack_flipped(&taps, turned);
	return (struct packed){ forward, turned };
}

double *take_wide(const real *from, size_t len)
{
	double *to = take_doubles(len);

	for (size_t i = 0; i < len; i++)
		to[i] = (double)from[i];
	return to;
}

void check_arrays(const char *file, int line, const struct arrays *a, const char *what)
{
	double largest = 1, worst = 0;
	size_t at = 0;

	for (size_t i = 0; i < a->len; i++)
		largest = fmax(largest, fabs(a->want[i]));
	for (size_t i = 0; i < a->len && !isnan(worst); i++)
		if (a->got[i] != a->want[i] && !(fabs(a->got[i] - a->want[i]) <= worst)) {
			worst = fabs(a->got[i] - a->want[i]);
			at = i;
		}
	if (!(worst <= a->tolerance * largest))
		test_fail(file, line, "%s: number %zu of %zu: got %.9g, want %.9g", what, at, a->len,
		          a->got[at], a->want[at]);
}
