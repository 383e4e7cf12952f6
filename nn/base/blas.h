/* The matrix product of large dense layers, and of optimizers that take kernels as matrices. Floor 0.
 *
 * It is OpenBLAS', which is large, slow to start and needed by few networks, so it is loaded when the first model that
 * calls it is created. The engine opens no files: whoever uses it defines blas_load(). */
#ifndef NN_BASE_BLAS_H
#define NN_BASE_BLAS_H

#include "nn/base/error.h"
#include "nn/base/real.h"

/* With the numbers that CBLAS gives them. */
enum blas_order { BLAS_ROW_MAJOR = 101 };
enum blas_operand { BLAS_AS_STORED = 111, BLAS_TRANSPOSED = 112 };

/* cblas_sgemm, or cblas_dgemm where numbers are double: c = alpha * a * b + beta * c, a of [rows][inner], b of
 * [inner][columns]; strides are numbers from one stored row to the next. */
typedef void blas_gemm(enum blas_order order, enum blas_operand a_operand, enum blas_operand b_operand, int rows,
                       int columns, int inner, real alpha, const real *a, int a_stride, const real *b, int b_stride,
                       real beta, real *c, int c_stride);

/* The same function at every call; from any thread. It runs on the calling thread alone. NULL and an error where there
 * is no OpenBLAS, or no room for it. */
blas_gemm *blas_load(struct error *err);

#endif
