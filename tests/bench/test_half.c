/* Half precision, all of it: every half's value by the definition, every midpoint between two of them rounded to the
 * even one. */
#include "bench/weights/half.h"
#include "tests/helpers/test.h"

#include <math.h>

/* (-1)^sign * 2^(exponent - 15) * 1.fraction, below the smallest exponent 2^-14 * 0.fraction. */
static double value_of(unsigned half)
{
	int exponent = half >> 10 & 31, fraction = half & 1023;
	double size = exponent ? ldexp(1024 + fraction, exponent - 25) : ldexp(fraction, -24);

	return half & 0x8000 ? -size : size;
}

TEST(half_has_the_value_of_its_bits)
{
	for (unsigned half = 0; half < 65536; half++) {
		double got = (double)half_to_float((uint16_t)half);

		if ((half & 0x7c00) != 0x7c00)
			CHECK(got == value_of(half) && signbit(got) == (half >= 0x8000));
		else
			CHECK((half & 1023 ? isnan(got) : isinf(got)) && signbit(got) == (half >= 0x8000));
	}
}

TEST(half_comes_back_from_its_float)
{
	for (unsigned half = 0; half < 65536; half++) {
		unsigned got = half_of_float(half_to_float((uint16_t)half));

		if ((half & 0x7fff) <= 0x7c00)
			CHECK_INT(got, half);
		else
			CHECK((got & 0x7fff) > 0x7c00 && (got & 0x8000) == (half & 0x8000));
	}
}

/* Between two neighbours the even one takes the middle; a float's step to either side decides. */
TEST(half_is_the_nearest)
{
	for (unsigned half = 0; half < 0x7c00; half++) {
		double next = half == 0x7bff ? 65536 : value_of(half + 1);
		float middle = (float)((value_of(half) + next) / 2);

		CHECK_INT(half_of_float(middle), half + (half & 1));
		CHECK_INT(half_of_float(nextafterf(middle, 0)), half);
		CHECK_INT(half_of_float(nextafterf(middle, INFINITY)), half + 1);
		CHECK_INT(half_of_float(-middle), 0x8000 + half + (half & 1));
	}
}

TEST(half_of_extremes)
{
	CHECK_INT(half_of_float(65519.996f), 0x7bff);
	CHECK_INT(half_of_float(65520), 0x7c00);
	CHECK_INT(half_of_float(3e38f), 0x7c00);
	CHECK_INT(half_of_float(-INFINITY), 0xfc00);
	CHECK_INT(half_of_float(0x1p-149f), 0);
	CHECK_INT(half_of_float(-0x1p-26f), 0x8000);
	CHECK((half_of_float(NAN) & 0x7fff) > 0x7c00);
}
