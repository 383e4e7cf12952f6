/* See half.h. */
#include "bench/weights/half.h"

#include <string.h>

enum {
	FLOAT_INFINITY = 0x7f800000,
	HALF_OVERFLOWS = 0x477ff000,    /* 65520 as a float: halfway from 65504, the largest half, to the next step */
	HALF_NORMAL = 0x38800000,       /* 2^-14 as a float: the smallest half with a full fraction */
	REBIAS = 112 << 23,             /* a float's exponent is stored with 127 added, a half's with 15 */
};

/* bits / 2^shift, rounded to nearest, ties to even; 0 < shift < 32. */
static uint32_t round_shift(uint32_t bits, int shift)
{
	uint32_t rounded = bits >> shift, rest = bits & (((uint32_t)1 << shift) - 1),
		middle = (uint32_t)1 << (shift - 1);

	return rounded + (rest > middle || (rest == middle && rounded & 1));
}

/* Below 2^-14 a half counts multiples of 2^-24. */
static uint32_t subnormal_of(uint32_t size)
{
	int shift = 126 - (int)(size >> 23);

	return shift > 24 ? 0 : round_shift((size & 0x7fffff) | 0x800000, shift);
}

uint16_t half_of_float(float value)
{
	uint32_t bits, half;

	memcpy(&bits, &value, sizeof bits);
	uint32_t sign = bits >> 16 & 0x8000, size = bits & 0x7fffffff;
	if (size > FLOAT_INFINITY)
		half = 0x7e00 | (size >> 13 & 0x3ff);
	else if (size >= HALF_OVERFLOWS)
		half = 0x7c00;
	else
		half = size < HALF_NORMAL ? subnormal_of(size) : round_shift(size - REBIAS, 13);
	return (uint16_t)(sign | half);
}

float half_to_float(uint16_t half)
{
	uint32_t sign = (uint32_t)(half & 0x8000) << 16, exponent = half >> 10 & 31, fraction = half & 0x3ff, bits;
	float value;

	if (exponent == 0) {
		value = (float)fraction * 0x1p-24f;
		return sign ? -value : value;
	}
	bits = sign | (exponent == 31 ? FLOAT_INFINITY : (exponent << 23) + REBIAS) | fraction << 13;
	memcpy(&value, &bits, sizeof value);
	return value;
}
