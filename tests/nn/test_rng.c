/* The generator against published numbers, and what its users rely on: uniformity, independent streams,
 * reproducibility. */
#include "nn/base/rng.h"
#include "tests/helpers/test.h"

#include <math.h>

/* Reference output of SplitMix64 with state 1234567, as published with the algorithm. */
TEST(rng_gives_the_numbers_of_splitmix64)
{
	struct rng rng = { 1234567 };

	CHECK(rng_u64(&rng) == 6457827717110365317u);
	CHECK(rng_u64(&rng) == 3203168211198807973u);
	CHECK(rng_u64(&rng) == 9817491932198370423u);
}

/* Pinned: other numbers here would quietly change every trained point. */
TEST(rng_seeds_are_pinned)
{
	struct rng rng = rng_seed(1, 2);

	CHECK(rng_mix(0, 0) == 0xa706dd2f4d197e6fu);
	CHECK(rng.state == 0xb95f66d327e8d78u);
	CHECK(rng_u64(&rng) == 0x3e12204644234bb0u);
	CHECK_CLOSE(rng_normal(&rng), -2.1504163264671279, 1e-13);
}

TEST(rng_mix_tells_small_numbers_and_their_order_apart)
{
	enum { SIDE = 40 };
	uint64_t seeds[SIDE * SIDE];

	for (uint64_t a = 0; a < SIDE; a++)
		for (uint64_t b = 0; b < SIDE; b++)
			seeds[a * SIDE + b] = rng_mix(a, b);
	for (int i = 0; i < SIDE * SIDE; i++)
		for (int j = 0; j < i; j++)
			if (seeds[i] == seeds[j])
				test_fail(__FILE__, __LINE__, "seeds %d and %d are the same", i, j);
}

/* Correlation of the first numbers of neighbouring seeds, and of neighbouring streams: 0 within 4 standard
 * deviations. */
TEST(rng_neighbouring_seeds_have_nothing_in_common)
{
	enum { N = 4000 };
	double by_seed = 0, by_stream = 0;

	for (uint64_t i = 0; i < N; i++) {
		struct rng here = rng_seed(i, 5), next = rng_seed(i + 1, 5), left = rng_seed(5, i);
		struct rng right = rng_seed(5, i + 1);
		by_seed += (rng_uniform(&here) - 0.5) * (rng_uniform(&next) - 0.5) * 12;
		by_stream += (rng_uniform(&left) - 0.5) * (rng_uniform(&right) - 0.5) * 12;
	}
	CHECK_CLOSE(by_seed / N, 0, 4 / sqrt(N));
	CHECK_CLOSE(by_stream / N, 0, 4 / sqrt(N));
}

TEST(rng_uniform_fills_its_interval_evenly)
{
	enum { N = 20000, BINS = 10 };
	struct rng rng = rng_seed(3, 0);
	int bins[BINS] = { 0 };

	for (int i = 0; i < N; i++) {
		double x = rng_uniform(&rng);
		CHECK(x >= 0 && x < 1);
		bins[(int)(x * BINS)]++;
	}
	for (int i = 0; i < BINS; i++)
		CHECK_CLOSE((double)bins[i] / (N / BINS), 1, 0.1);
}

/* Mean, variance, skewness and kurtosis of the normal distribution: 0, 1, 0, 3. */
TEST(rng_normal_has_the_moments_of_the_normal_distribution)
{
	enum { N = 40000 };
	struct rng rng = rng_seed(4, 0);
	double sums[5] = { 0 };

	for (int i = 0; i < N; i++) {
		double x = rng_normal(&rng);
		for (int power = 1; power <= 4; power++)
			sums[power] += pow(x, power) / N;
	}
	CHECK_CLOSE(sums[1], 0, 0.02);
	CHECK_CLOSE(sums[2], 1, 0.03);
	CHECK_CLOSE(sums[3], 0, 0.08);
	CHECK_CLOSE(sums[4], 3, 0.1);
}

/* The generator whose next 53 bits are all zero gives uniform 0, of which the logarithm must not be taken. */
TEST(rng_normal_survives_a_zero)
{
	struct rng rng = { -0x9e3779b97f4a7c15u };

	CHECK_CLOSE(rng_normal(&rng), 0, 0);
}

TEST(rng_below_is_even_and_in_range)
{
	enum { N = 21000 };
	struct rng rng = rng_seed(6, 0);
	int counts[7] = { 0 };

	for (int i = 0; i < N; i++)
		counts[rng_below(&rng, 7)]++;
	for (int i = 0; i < 7; i++)
		CHECK_CLOSE(counts[i] / (N / 7.0), 1, 0.08);
	for (int i = 0; i < 100; i++)
		CHECK(rng_below(&rng, 1) == 0);
}

/* With n = 3 * 2^62 a plain remainder would give the lowest third twice as often as the others. */
TEST(rng_below_is_even_where_a_remainder_is_not)
{
	enum { N = 6000 };
	const uint64_t third = (uint64_t)1 << 62;
	struct rng rng = rng_seed(7, 0);
	int counts[3] = { 0 };

	for (int i = 0; i < N; i++)
		counts[rng_below(&rng, 3 * third) / third]++;
	for (int i = 0; i < 3; i++)
		CHECK_CLOSE(counts[i] / (N / 3.0), 1, 0.1);
}

/* Each of the 24 orders of four things, about equally often. */
TEST(rng_shuffle_gives_every_order_alike)
{
	enum { N = 24000 };
	struct rng rng = rng_seed(8, 0);
	int counts[256] = { 0 };

	for (int i = 0; i < N; i++) {
		int items[4] = { 0, 1, 2, 3 };
		rng_shuffle(&rng, items, 4);
		counts[items[0] << 6 | items[1] << 4 | items[2] << 2 | items[3]]++;
	}
	int orders = 0;
	for (int i = 0; i < 256; i++)
		if (counts[i]) {
			orders++;
			CHECK_CLOSE(counts[i] / (N / 24.0), 1, 0.15);
		}
	CHECK_INT(orders, 24);
}

TEST(rng_shuffle_leaves_one_and_none_alone)
{
	struct rng rng = rng_seed(9, 0);
	int item = 5;

	rng_shuffle(&rng, &item, 1);
	rng_shuffle(&rng, NULL, 0);
	CHECK_INT(item, 5);
}
