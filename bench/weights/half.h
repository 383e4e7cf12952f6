/* Half-precision numbers, IEEE 754's binary16: one bit of sign, 5 of exponent, 10 of fraction. Floor 4b. */
#ifndef BENCH_WEIGHTS_HALF_H
#define BENCH_WEIGHTS_HALF_H

#include <stdint.h>

/* Rounded to the nearest, of two equally near the even one; 65520 and above become infinite. */
uint16_t half_of_float(float value);

/* Exact. */
float half_to_float(uint16_t half);

#endif
