/* See mcnemar.h. */
#include "bench/stats/mcnemar.h"

#include <math.h>
#include <stdlib.h>

static double log_factorial(double n)
{
	int sign;

	return lgamma_r(n + 1, &sign);
}

double mcnemar_exact(int64_t only_a, int64_t only_b)
{
	double n = (double)only_a + (double)only_b, k = fmin((double)only_a, (double)only_b);
	double term = exp(log_factorial(n) - log_factorial(k) - log_factorial(n - k) - n * log(2)), sum = 0;

	/* From the largest term down to where terms no longer count. */
	for (; k >= 0 && sum + term > sum; k--) {
		sum += term;
		term *= k / (n - k + 1);
	}
	return fmin(1, 2 * sum);
}

static int compare_numbers(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

double mcnemar_join(double *p, int count)
{
	int k = (count + 1) / 2;

	qsort(p, (size_t)count, sizeof *p, compare_numbers);
	return fmin(1, p[k - 1] * count / k);
}
