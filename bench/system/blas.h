/* Chooses OpenBLAS' kernels. Floor 4a. */
#ifndef BENCH_SYSTEM_BLAS_H
#define BENCH_SYSTEM_BLAS_H

#include <stdbool.h>

/* Instructions that a processor has. */
struct blas_processor { bool fma, avx512; };

/* The kernels that OpenBLAS should use instead of `chosen`, or NULL if it has no better ones. */
const char *blas_better_core(const char *chosen, struct blas_processor processor);

/* The first call of main: restarts the program with OPENBLAS_CORETYPE set, if OpenBLAS has better kernels and the user
 * has not set it. Returns if there is nothing to gain, or if restarting fails. */
void blas_choose(char **argv);

/* "OpenBLAS 0.3.21 ... MAX_THREADS=64": the library's own words on how it was built. In `to`. */
const char *blas_build(char to[96]);

#endif
