/* The OpenBLAS that the build found, and its kernels. */
#include "bench/system/blas.h"
#include "tests/helpers/test.h"

#include <cblas.h>

/* Other builds of OpenBLAS start threads besides ours; the linker cannot tell them apart. */
TEST(blas_is_the_openmp_build)
{
	CHECK_INT(openblas_get_parallel(), OPENBLAS_OPENMP);
}

/* The tests run on the kernels that the program runs on. glibc gives constructors what main gets. */
static __attribute__((constructor)) void choose(int argc, char **argv)
{
	(void)argc;
	blas_choose(argv);
}

TEST(blas_better_core_replaces_kernels_without_multiply_adds)
{
	const struct blas_processor old = { false, false }, fma = { true, false }, all = { true, true };
	static const char *const good[] = { "Haswell", "Zen", "SkylakeX", "Cooperlake", "Sapphirerapids", "armv8", "" };

	CHECK_TEXT(blas_better_core("Prescott", all), "SkylakeX");
	CHECK_TEXT(blas_better_core("Prescott", fma), "Haswell");
	CHECK_TEXT(blas_better_core("Sandybridge", fma), "Haswell");
	CHECK(!blas_better_core("Prescott", old));
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		CHECK(!blas_better_core(good[i], all));
}

/* Here, and in the program: whatever processor this is. */
TEST(blas_runs_kernels_with_multiply_adds_where_the_processor_has_them)
{
	const struct blas_processor all = { true, true };

#if defined __x86_64__
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		CHECK(!blas_better_core(openblas_get_corename(), all));
#endif
	(void)all;
}
