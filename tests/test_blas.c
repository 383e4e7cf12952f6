/* Which OpenBLAS the build has found. */
#include "tests/test.h"

#include <cblas.h>

/* The other builds bring threads of their own beside ours; at the link they look the same. */
TEST(blas_is_the_openmp_build)
{
	CHECK_INT(openblas_get_parallel(), OPENBLAS_OPENMP);
}
