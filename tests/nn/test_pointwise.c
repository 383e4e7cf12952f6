/* The kernels that go number by number, and the sums over channels: by hand, and against plain loops in double. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PIXELS = 211 };     /* more than three runs of partial sums */

static const size_t sizes[] = { 1, 2, 3, 7, 63, 64, 65, 128, MOST_PIXELS };
enum { SIZES = sizeof sizes / sizeof *sizes };

/* --- Activations --- */

static const double activation_in[LANES] = {
	-1e30, -7, -6, -1, -0.5, -0.0, 0, 1e-30, 0.5, 1, 5.9990234375, 6, 6.0009765625, 7, 1e30, NAN
};

static const struct {
	const char *name;
	struct activation a;
	double y[LANES - 1], d_x[LANES - 1];    /* without the NaN; d_x for d_y = 2 */
} activations[] = {
	{ "identity", { 1, (real)INFINITY },
	  { -1e30, -7, -6, -1, -0.5, 0, 0, 1e-30, 0.5, 1, 5.9990234375, 6, 6.0009765625, 7, 1e30 },
	  { 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2 } },
	{ "relu", { 0, (real)INFINITY },
	  { 0, 0, 0, 0, 0, 0, 0, 1e-30, 0.5, 1, 5.9990234375, 6, 6.0009765625, 7, 1e30 },
	  { 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2, 2, 2, 2 } },
	/* Exactly 0 and exactly 6 count as clipped. */
	{ "relu6", { 0, 6 },
	  { 0, 0, 0, 0, 0, 0, 0, 1e-30, 0.5, 1, 5.9990234375, 6, 6, 6, 6 },
	  { 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 0, 0, 0, 0 } },
	{ "leaky relu", { 0.25, (real)INFINITY },
	  { -2.5e29, -1.75, -1.5, -0.25, -0.125, 0, 0, 1e-30, 0.5, 1, 5.9990234375, 6, 6.0009765625, 7, 1e30 },
	  { 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 2, 2, 2, 2, 2, 2, 2, 2 } },
};

/* In place too, since layers do so. */
TEST(activations_by_hand)
{
	for (size_t i = 0; i < sizeof activations / sizeof *activations; i++)
		for (EACH_SET(k)) {
			real *x = take_copy(activation_in, LANES), *y = take_reals(LANES), *d = take_reals(LANES);
			for (int n = 0; n < LANES; n++)
				d[n] = 2;
			(*k)->activate(x, y, 1, activations[i].a);
			(*k)->activate(x, x, 1, activations[i].a);
			(*k)->activate_backward(y, d, d, 1, activations[i].a);
			CHECK_NEAR(activations[i].name, take_wide(y, LANES), activations[i].y, LANES - 1, 1e-7);
			CHECK_NEAR(activations[i].name, take_wide(x, LANES), activations[i].y, LANES - 1, 1e-7);
			CHECK_EQUAL(activations[i].name, take_wide(d, LANES), activations[i].d_x, LANES - 1);
			for (int n = 1; n < LANES - 2; n++)     /* beside 1e30 the tolerance above is too wide */
				CHECK_CLOSE(y[n], (double)(real)activations[i].y[n], 0);
			CHECK(isnan(y[LANES - 1]) && isnan(x[LANES - 1]));
			take_nothing();
		}
}

TEST(a_gradient_that_is_not_a_number_stays_visible)
{
	for (EACH_SET(k)) {
		real *y = take_reals(LANES), *d = take_reals(LANES);
		for (int n = 0; n < LANES; n++) {
			y[n] = 1;
			d[n] = n == 5 ? (real)NAN : 1;
		}
		(*k)->activate_backward(y, d, d, 1, (struct activation){ 0, 6 });
		for (int n = 0; n < LANES; n++)
			CHECK_INT(isnan(d[n]), n == 5);
		take_nothing();
	}
}

/* --- Sums --- */

/* Pixels of one channel, plain as [pixel][LANES]; the last five lanes are empty and hold junk. */
struct channel { double *x, *d_y, *mask; };

static struct channel channel_of(size_t pixels, uint64_t seed)
{
	struct rng rng = rng_seed(seed, pixels);
	struct channel c = { take_fractions(&rng, pixels * LANES), take_fractions(&rng, pixels * LANES),
		take_doubles(LANES) };

	for (int lane = 0; lane < LANES; lane++)
		c.mask[lane] = lane < 11;
	for (size_t i = 0; i < pixels * LANES; i++)
		if (!c.mask[i % LANES]) {
			c.x[i] = 100;
			c.d_y[i] = 0;
		}
	return c;
}

TEST(channel_moments_leave_empty_lanes_out)
{
	for (int s = 0; s < SIZES; s++) {
		struct channel c = channel_of(sizes[s], 1);
		double want[2] = { 0, 0 }, got[2];
		for (size_t i = 0; i < sizes[s] * LANES; i++) {
			want[0] += c.mask[i % LANES] * c.x[i];
			want[1] += c.mask[i % LANES] * c.x[i] * c.x[i];
		}
		for (EACH_SET(k)) {
			(*k)->channel_moments(take_copy(c.x, sizes[s] * LANES), sizes[s], take_copy(c.mask, LANES),
			                      got);
			CHECK_NEAR((*k)->name, got, want, 2, 1e-6);
		}
		take_nothing();
	}
}

TEST(channel_products_are_sums_with_and_without_the_mean)
{
	for (int s = 0; s < SIZES; s++) {
		struct channel c = channel_of(sizes[s], 2);
		double want[2] = { 0, 0 }, got[2];
		for (size_t i = 0; i < sizes[s] * LANES; i++) {
			want[0] += c.d_y[i];
			want[1] += c.d_y[i] * (c.x[i] - 0.375);
		}
		for (EACH_SET(k)) {
			real *x = take_copy(c.x, sizes[s] * LANES), *d_y = take_copy(c.d_y, sizes[s] * LANES);
			(*k)->channel_products(x, d_y, sizes[s], 0.375f, got);
			CHECK_NEAR((*k)->name, got, want, 2, 1e-6);
		}
		take_nothing();
	}
}

TEST(channel_sums_are_over_pixels_and_lanes)
{
	for (int s = 0; s < SIZES; s++) {
		struct rng rng = rng_seed(3, (uint64_t)s);
		size_t len = sizes[s] * LANES;
		double *x = take_integers(&rng, 5 * len, 8), want[5] = { 0 };
		for (size_t i = 0; i < 5 * len; i++)
			want[i / len] += x[i];
		for (EACH_SET(k)) {
			real *got = take_reals(5);
			(*k)->channel_sums(take_copy(x, 5 * len), 5, sizes[s], got);
			CHECK_EQUAL((*k)->name, take_wide(got, 5), want, 5);
		}
		take_nothing();
	}
}

/* A float that takes 2^17 times 0.1 one after the other is wrong by more than one in a thousand at the end. */
TEST(channel_sums_are_not_worn_down_by_rounding)
{
	size_t pixels = (size_t)1 << 17;

	for (EACH_SET(k)) {
		real *x = take_reals(pixels * LANES), mask[LANES] __attribute__((aligned(64))), sum;
		double sums[2], want[2] = { 0.1f * (double)(pixels * LANES), 0.1f * 0.1f * (double)(pixels * LANES) };
		for (size_t i = 0; i < pixels * LANES; i++)
			x[i] = 0.1f;
		for (int i = 0; i < LANES; i++)
			mask[i] = 1;
		(*k)->channel_moments(x, pixels, mask, sums);
		CHECK_CLOSE(sums[0], want[0], 1e-5);
		CHECK_CLOSE(sums[1], want[1], 1e-5);
		(*k)->channel_sums(x, 1, pixels, &sum);
		CHECK_CLOSE(sum, want[0], 1e-5);
		take_nothing();
	}
}

/* --- Batch norm's loops --- */

TEST(scale_shift_is_affine_then_activation)
{
	for (int s = 0; s < SIZES; s++) {
		struct channel c = channel_of(sizes[s], 4);
		size_t len = sizes[s] * LANES;
		double *want = take_doubles(len), *clipped = take_doubles(len);
		for (size_t i = 0; i < len; i++) {
			want[i] = c.x[i] * 1.5 + 0.25;
			clipped[i] = fmin(fmax(want[i], 0), 6);
		}
		for (EACH_SET(k)) {
			real *x = take_copy(c.x, len), *y = take_reals(len);
			(*k)->scale_shift(x, y, sizes[s], &(struct affine){ 1.5, 0.25, ACTIVATION_IDENTITY, s % 2 });
			CHECK_EQUAL((*k)->name, take_wide(y, len), want, len);
			(*k)->scale_shift(x, x, sizes[s], &(struct affine){ 1.5, 0.25, { 0, 6 }, s % 2 });
			CHECK_EQUAL((*k)->name, take_wide(x, len), clipped, len);
		}
		take_nothing();
	}
}

TEST(batch_norm_backward_is_its_formula)
{
	for (int s = 0; s < SIZES; s++) {
		struct channel c = channel_of(sizes[s], 5);
		size_t len = sizes[s] * LANES;
		double *want = take_doubles(len);
		for (size_t i = 0; i < len; i++)
			want[i] = c.mask[i % LANES] * (c.d_y[i] * 1.25 + (c.x[i] - 0.5) * -0.75 + 0.125);
		for (EACH_SET(k)) {
			real *d = take_copy(c.d_y, len);
			(*k)->batch_norm_backward(&(struct batch_norm_job){
				.x = take_copy(c.x, len), .d_y = d, .d_x = d, .pixels = sizes[s],
				.lane_mask = take_copy(c.mask, LANES), .mean = 0.5, .gain = 1.25, .slope = -0.75,
				.shift = 0.125 });
			CHECK_NEAR((*k)->name, take_wide(d, len), want, len, 1e-6);
		}
		take_nothing();
	}
}

TEST(add_is_a_sum_in_place_too)
{
	for (int s = 0; s < SIZES; s++) {
		struct channel c = channel_of(sizes[s], 6);
		size_t len = sizes[s] * LANES;
		double *want = take_doubles(len);
		for (size_t i = 0; i < len; i++)
			want[i] = c.x[i] + c.d_y[i];
		for (EACH_SET(k)) {
			real *a = take_copy(c.x, len), *b = take_copy(c.d_y, len), *y = take_reals(len);
			(*k)->add(a, b, y, sizes[s]);
			CHECK_EQUAL((*k)->name, take_wide(y, len), want, len);
			(*k)->add(a, b, b, sizes[s]);
			CHECK_EQUAL((*k)->name, take_wide(b, len), want, len);
			(*k)->add(a, y, a, sizes[s]);
			for (size_t i = 0; i < len; i++)
				CHECK_CLOSE(a[i], c.x[i] + want[i], 0);
		}
		take_nothing();
	}
}

/* --- Dropout --- */

/* Share of numbers kept, each multiplied by exactly 1 / keep, over `vectors` vectors of ones. */
static double kept_share(const struct kernels *k, size_t vectors, real keep, uint64_t seed)
{
	real *x = take_reals(vectors * LANES);
	size_t kept = 0;

	for (size_t i = 0; i < vectors * LANES; i++)
		x[i] = 1;
	k->dropout(x, x, 0, vectors, keep, seed);
	for (size_t i = 0; i < vectors * LANES; i++) {
		CHECK(x[i] == 0 || x[i] == 1 / keep);
		kept += x[i] != 0;
	}
	return (double)kept / (double)(vectors * LANES);
}

TEST(scale_bytes_is_exact_for_every_byte)
{
	uint8_t x[256];
	real *y = take_reals(256);

	for (int i = 0; i < 256; i++)
		x[i] = (uint8_t)i;
	for (EACH_SET(k)) {
		(*k)->scale_bytes(x, y, 256 / LANES, 27, 0.125);
		for (int i = 0; i < 256; i++)
			CHECK((double)y[i] == (i - 27) / 8.0);
	}
	take_nothing();
}

/* Five standard deviations of 160,000 draws are 0.006. */
TEST(dropout_keeps_its_share_and_divides_by_it)
{
	for (EACH_SET(k)) {
		CHECK_CLOSE(kept_share(*k, 10000, 0.5f, 1), 0.5, 0.006);
		CHECK_CLOSE(kept_share(*k, 10000, 0.8f, 2), 0.8, 0.006);
		CHECK_CLOSE(kept_share(*k, 10000, 0.01f, 3), 0.01, 0.002);
		take_nothing();
	}
}

/* Each lane and each position of a run of vectors has its own luck. */
TEST(dropout_masks_differ_by_seed_lane_and_place)
{
	enum { VECTORS = 64 };

	for (EACH_SET(k)) {
		real *x = take_reals(VECTORS * LANES), *y[3];
		for (int i = 0; i < VECTORS * LANES; i++)
			x[i] = 1;
		for (int i = 0; i < 3; i++) {
			y[i] = take_reals(VECTORS * LANES);
			(*k)->dropout(x, y[i], 0, VECTORS, 0.5f, (uint64_t)(i / 2));
		}
		CHECK(!memcmp(y[0], y[1], VECTORS * LANES * sizeof **y));
		CHECK(memcmp(y[1], y[2], VECTORS * LANES * sizeof **y));
		for (int a = 0; a < LANES; a++)
			for (int b = 0; b < a; b++) {
				int same = 0;
				for (int i = 0; i < VECTORS; i++)
					same += y[0][i * LANES + a] == y[0][i * LANES + b];
				CHECK(same > 8 && same < 56);   /* 64 fair coins: six standard deviations */
			}
		take_nothing();
	}
}

/* Two neighbouring pixels share the bits of one hash, a half each: all four outcomes must be as frequent. Of 16,384
 * pairs five standard deviations of a quarter are 0.017. */
TEST(dropout_of_neighbours_is_independent)
{
	enum { PAIRS = 1024 };

	for (EACH_SET(k)) {
		real *x = take_reals(2 * PAIRS * LANES);
		int count[2][2] = { { 0 } };
		for (int i = 0; i < 2 * PAIRS * LANES; i++)
			x[i] = 1;
		(*k)->dropout(x, x, 0, 2 * PAIRS, 0.5f, 11);
		for (int i = 0; i < PAIRS; i++)
			for (int lane = 0; lane < LANES; lane++)
				count[x[2 * i * LANES + lane] != 0][x[(2 * i + 1) * LANES + lane] != 0]++;
		for (int i = 0; i < 4; i++)
			CHECK_CLOSE((double)count[i / 2][i % 2] / (PAIRS * LANES), 0.25, 0.017);
		take_nothing();
	}
}

TEST(dropout_of_a_part_is_a_part_of_the_whole)
{
	enum { VECTORS = 24, FIRST = 7, COUNT = 11 };

	for (EACH_SET(k)) {
		real *x = take_reals(VECTORS * LANES), *whole = take_reals(VECTORS * LANES);
		real *part = take_reals(COUNT * LANES);
		for (int i = 0; i < VECTORS * LANES; i++)
			x[i] = (real)(i + 1);
		(*k)->dropout(x, whole, 0, VECTORS, 0.5f, 5);
		(*k)->dropout(x + FIRST * LANES, part, FIRST, COUNT, 0.5f, 5);
		CHECK(!memcmp(part, whole + FIRST * LANES, COUNT * LANES * sizeof *part));
		take_nothing();
	}
}

TEST(dropout_hides_nothing_that_it_keeps)
{
	for (EACH_SET(k)) {
		real *x = take_reals(8 * LANES), *y = take_reals(8 * LANES);
		int visible = 0;
		(*k)->dropout(x, y, 0, 8, 0.5f, 1);
		for (int i = 0; i < 8 * LANES; i++) {
			CHECK(isnan(y[i]) || y[i] == 0);
			visible += isnan(y[i]);
		}
		CHECK(visible > 30 && visible < 98);
		take_nothing();
	}
}
