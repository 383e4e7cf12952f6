/* Finds OpenBLAS, chooses its kernels and loads it, once it is needed: nn/base/blas.h. Floor 4a.
 *
 * ARCHSWEEP_OPENBLAS names another file than the one that was there when the program was built. */
#ifndef BENCH_SYSTEM_BLAS_H
#define BENCH_SYSTEM_BLAS_H

#include "nn/base/blas.h"

#include <stdbool.h>

/* Instructions that a processor has. */
struct blas_processor { bool fma, avx512; };

/* The kernels that OpenBLAS should use instead of `chosen`, or NULL if it has no better ones. */
const char *blas_better_core(const char *chosen, struct blas_processor processor);

/* How many threads may multiply at the same time from now on: OpenBLAS keeps memory for each of them. False and an
 * error where it is loaded and there is no room for more; before, blas_load() says so. */
bool blas_reserve(int threads, struct error *err);

/* "OpenBLAS 0.3.21 ... MAX_THREADS=64": the library's own words on how it was built; "not loaded" before. In `to`. */
const char *blas_build(char to[96]);

#endif
