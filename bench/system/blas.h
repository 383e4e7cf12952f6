/* Which of OpenBLAS' kernels run. Floor 4a. */
#ifndef BENCH_SYSTEM_BLAS_H
#define BENCH_SYSTEM_BLAS_H

#include <stdbool.h>

/* What of a processor matters here. */
struct blas_processor { bool fma, avx512; };

/* The kernels that OpenBLAS should have chosen instead of those named `chosen`, or NULL if these are as good as it has. */
const char *blas_better_core(const char *chosen, struct blas_processor processor);

/* To be called first of all in main: starts the program once more with OPENBLAS_CORETYPE set, where that makes OpenBLAS choose better
 * kernels and the user has not set it. Returns where there is nothing to gain, or where it cannot: the library's own choice stays. */
void blas_choose(char **argv);

#endif
