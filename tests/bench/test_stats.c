/* Statistics of differences: McNemar's exact p against fractions and a triangle of numbers, intervals against the
 * binomial distribution and against numpy's bootstrap. */
#include "bench/stats/bootstrap.h"
#include "bench/stats/mcnemar.h"
#include "tests/helpers/test.h"

#include <stdlib.h>

enum { IMAGES = 120, SEEDS = 3 };

/* Python: Fraction(2 * sum(comb(n, i) for i in range(min(b, c) + 1)), 2 ** n), n = b + c, at most 1. */
TEST(stats_mcnemar_against_fractions)
{
	static const struct { int b, c; double p; } cases[] = {
		{ 0, 0, 1 }, { 1, 0, 1 }, { 0, 5, 0.0625 }, { 3, 3, 1 }, { 3, 9, 0.14599609375 },
		{ 10, 25, 0.01667384780012071 }, { 120, 180, 0.0006342200069283569 },
		{ 581, 614, 0.3546114438838259 }, { 5000, 5100, 0.3245815463313939 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		CHECK_CLOSE(mcnemar_exact(cases[i].b, cases[i].c), cases[i].p, 1e-10);
		CHECK_CLOSE(mcnemar_exact(cases[i].c, cases[i].b), cases[i].p, 1e-10);
	}
	CHECK_CLOSE(1e172 * mcnemar_exact(5682, 3079), 1.2301697205859544, 1e-9);
}

/* Pascal's triangle, row by row, each divided by 2^n. */
TEST(stats_mcnemar_against_a_loop)
{
	double row[64] = { 1 };

	for (int n = 1; n < 60; n++) {
		for (int k = n; k >= 0; k--)
			row[k] = (row[k] + (k ? row[k - 1] : 0)) / 2;
		for (int k = 0; 2 * k <= n; k++) {
			double p = 0;

			for (int i = 0; i <= k; i++)
				p += 2 * row[i];
			CHECK_CLOSE(mcnemar_exact(k, n - k), p < 1 ? p : 1, 1e-12);
		}
	}
}

TEST(stats_mcnemar_of_several_seeds)
{
	double one[] = { 0.03 }, two[] = { 0.5, 0.02 }, three[] = { 0.4, 0.01, 0.02 }, high[] = { 0.9, 0.8, 1 };

	CHECK_CLOSE(mcnemar_join(one, 1), 0.03, 1e-15);
	CHECK_CLOSE(mcnemar_join(two, 2), 0.04, 1e-15);
	CHECK_CLOSE(mcnemar_join(three, 3), 0.03, 1e-15);
	CHECK_CLOSE(mcnemar_join(high, 3), 1, 1e-15);
}

/* --- intervals ---------------------------------------------------------------------------------------------------- */

/* Answers from a formula, which the Python below has too. */
static struct answers make_answers(int network, int seeds, int images)
{
	struct answers to = { seeds, calloc((size_t)seeds, sizeof *to.right) };

	for (int s = 0; s < seeds; s++) {
		to.right[s] = calloc((size_t)images, 1);
		for (int i = 0; i < images; i++)
			to.right[s][i] = (i * 7 + s * 13 + network * 29 + i * i / (s + 2 + network)) % 10 <
			                 6 + network + (s == 1);
	}
	return to;
}

static void free_answers(struct answers *answers)
{
	for (int s = 0; s < answers->seeds; s++)
		free(answers->right[s]);
	free(answers->right);
}

static void check_interval(const struct bootstrap *b, double low, double high, double tolerance)
{
	struct error err = { "" };
	double got_low, got_high;

	CHECK(bootstrap_interval(b, &got_low, &got_high, &err));
	CHECK_CLOSE(got_low, low, tolerance);
	CHECK_CLOSE(got_high, high, tolerance);
}

/* Where a is right on all of 100 images and b wrong on 30, a resample's difference is -x / 100 with x drawn from the
 * binomial distribution of 100 and 0.3, whose quantiles at 2.5 and 97.5 % are 21 and 39 (summed up in Python). */
TEST(stats_interval_against_the_binomial_distribution)
{
	struct answers a = make_answers(0, 1, 100), b = make_answers(0, 1, 100);

	for (int i = 0; i < 100; i++) {
		a.right[0][i] = 1;
		b.right[0][i] = i >= 30;
	}
	CHECK_CLOSE(answers_accuracy(&b, 100), 0.7, 1e-15);
	check_interval(&(struct bootstrap){ 100, &a, &b, true }, -0.39, -0.21, 1e-12);
	check_interval(&(struct bootstrap){ 100, &b, &a, true }, 0.21, 0.39, 1e-12);
	free_answers(&a);
	free_answers(&b);
}

/* numpy, 100,000 resamples with default_rng(5): seeds drawn by rng.integers(0, S, max(1, S - 1)), images by
 * rng.integers(0, N, N), quantiles by method "inverted_cdf". A difference of one image is 0.0083. */
TEST(stats_interval_against_numpy)
{
	struct answers a = make_answers(0, SEEDS, IMAGES), b = make_answers(1, SEEDS, IMAGES);
	struct answers a1 = { 1, a.right }, b1 = { 1, b.right };

	CHECK_CLOSE(answers_accuracy(&b, IMAGES) - answers_accuracy(&a, IMAGES), 0.26388888888888884, 1e-12);
	check_interval(&(struct bootstrap){ IMAGES, &a1, &b1, true }, 0.25833333333333333, 0.475, 0.009);
	check_interval(&(struct bootstrap){ IMAGES, &a, &b, true }, -0.025, 0.46666667, 0.009);
	check_interval(&(struct bootstrap){ IMAGES, &a, &b, false }, 0.00833333, 0.5, 0.009);
	check_interval(&(struct bootstrap){ IMAGES, &a, &b1, false }, 0.09166667, 0.55833333, 0.009);
	free_answers(&a);
	free_answers(&b);
}

/* The same networks in pairs of seeds differ in nothing, whatever is drawn; and what is drawn is always the same. */
TEST(stats_interval_is_a_function_of_the_answers)
{
	struct answers a = make_answers(0, SEEDS, IMAGES), b = make_answers(1, SEEDS, IMAGES);
	const struct bootstrap both = { IMAGES, &a, &b, false };
	struct error err = { "" };
	double low, high;

	check_interval(&(struct bootstrap){ IMAGES, &a, &a, true }, 0, 0, 0);
	CHECK(bootstrap_interval(&both, &low, &high, &err));
	check_interval(&both, low, high, 0);
	free_answers(&a);
	free_answers(&b);
}
