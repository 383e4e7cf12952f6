/* Half precision, IEEE 754 binary16: 1 sign bit, 5 exponent bits, 10 fraction bits. Floor 4b. */
#ifndef BENCH_WEIGHTS_HALF_H
#define BENCH_WEIGHTS_HALF_H

#include <stdint.h>

/* Rounds to nearest, ties to even; 65520 and above become infinite. */
uint16_t half_of_float(float value);

/* Exact. */
float half_to_float(uint16_t half);

#endif
