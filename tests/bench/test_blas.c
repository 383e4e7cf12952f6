/* OpenBLAS: which one is loaded, with which kernels, and what is said where it cannot be. */
#include "bench/system/blas.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <dlfcn.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

/* A dense layer of 64 x 2048 weights, from which on OpenBLAS multiplies. */
static const char large_sweep[] =
	"data: {idx: {folder: ., validation: 32}}\n"
	"input: [8, 8, 1]\n"
	"classes: 3\n"
	"recipe: {epochs: 1, batch: 64}\n"
	"families:\n"
	"  - name: large\n"
	"    widths: [1]\n"
	"    layers: [flatten, {dense: {units: 2048}}, relu, {dense: {units: classes}}]\n";

/* Of the library that is loaded; NULL where there is none. */
static void *loaded_symbol(const char *name)
{
	blas_gemm *gemm = blas_load(NULL);
	Dl_info about;
	void *library = gemm && dladdr((void *)gemm, &about) ? dlopen(about.dli_fname, RTLD_NOW | RTLD_NOLOAD) : NULL;

	return library ? dlsym(library, name) : NULL;
}

/* Other builds of OpenBLAS start threads besides ours; their names are the same. */
TEST(blas_is_the_openmp_build)
{
	int (*parallel)(void) = loaded_symbol("openblas_get_parallel");

	CHECK(parallel);
	CHECK_INT(parallel ? parallel() : -1, 2);
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

/* Whatever processor this is. */
TEST(blas_runs_kernels_with_multiply_adds_where_the_processor_has_them)
{
	const struct blas_processor all = { true, true };
	const char *(*core)(void) = loaded_symbol("openblas_get_corename");

	CHECK(core);
#if defined __x86_64__
	if (core && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
		CHECK(!blas_better_core(core(), all));
#endif
	(void)all;
}

/* OpenBLAS says so at its loading, and would set the number of OpenMP's threads as well. */
TEST(blas_is_loaded_once_and_leaves_the_number_of_threads_alone)
{
	char before[96], after[96];

	omp_set_num_threads(3);
	CHECK_TEXT(blas_build(before), "not loaded");
	CHECK(blas_reserve(2, NULL));
	blas_gemm *first = blas_load(NULL);
	CHECK(first && blas_load(NULL) == first);
	CHECK(blas_reserve(5, NULL));
	CHECK_INT(omp_get_max_threads(), 3);
	CHECK(strncmp(blas_build(after), "OpenBLAS ", 9) == 0);
}

static struct program_result run_with(const char *library, const char *const *argv)
{
	static char variable[256];

	snprintf(variable, sizeof variable, "ARCHSWEEP_OPENBLAS=%s", library);
	return run_program((struct program){ .argv = argv, .environment = ARGUMENTS(variable, "OMP_NUM_THREADS=2") });
}

static struct program_result run_large(const char *library)
{
	return run_with(library, ARGUMENTS(archsweep_path(), "run", "--reports", test_path("reports"),
	                                   test_path("tiny.yaml")));
}

TEST(blas_that_is_missing_fails_a_run_before_anything_trains)
{
	run_case_write_data(0);
	run_case_write_sweep(large_sweep);
	CHECK_RUN(run_large("/nowhere/libopenblas.so.0"), 1,
	          "products of matrices need OpenBLAS, which cannot be loaded: /nowhere/libopenblas.so.0: cannot open "
	          "shared object file: No such file or directory; `sh ci/deps.sh` installs it\n");
	CHECK_RUN(run_large("libm.so.6"), 1, "products of matrices need OpenBLAS, and libm.so.6 is none: it has no "
	          "cblas_sgemm\n");
	CHECK_INT(count_records("reports"), 0);
}

/* Networks without large dense layers, optimizers without matrices, and commands that do not train never ask for it. */
TEST(blas_that_is_not_needed_may_be_missing)
{
	const char *const missing = "/nowhere/libopenblas.so.0", *program = archsweep_path();

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_with(missing, ARGUMENTS(program, "run", "--only", "flat/*", "--reports", test_path("reports"),
	                                      test_path("tiny.yaml"))), 0, "");
	CHECK_INT(count_records("reports"), 1);
	CHECK_TEXT(record_value(record_file("reports", "flat", "8"), "openblas"), "not used");
	CHECK_RUN(run_with(missing, ARGUMENTS(program, "run", "--dry-run", test_path("tiny.yaml"))), 0, "");
	run_case_write_sweep(large_sweep);
	CHECK_RUN(run_with(missing, ARGUMENTS(program, "params", test_path("tiny.yaml"))), 0, "");
	CHECK_RUN(run_with(missing, ARGUMENTS(program, "summary", test_path("tiny.yaml"))), 0, "");
	CHECK_RUN(run_with(missing, ARGUMENTS(program, "help", "run")), 0, "");
	struct program_result version = run_with(missing, ARGUMENTS(program, "--version"));
	CHECK_CONTAINS(version.out, "\nOpenBLAS  products of matrices need OpenBLAS, which cannot be loaded: /nowhere/"
	               "libopenblas.so.0: cannot open shared object file: No such file or directory; `sh ci/deps.sh` "
	               "installs it\nprocessor ");
	CHECK_RUN(version, 0, "");
}

/* Without room for its buffers OpenBLAS would ask for ever, in its constructor. */
TEST(blas_without_address_space_is_refused_and_never_spins)
{
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
	test_skip("sanitizers need more address space than any limit");
#endif
	const char *const within = "ulimit -v 300000 && exec \"$0\" \"$@\"", *program = archsweep_path();
	const char *const needs = "products of matrices need OpenBLAS, which needs 512 MiB of address space for 2 "
		"threads; `ulimit -v` does not leave that";
	char line[256];

	run_case_write_data(0);
	run_case_write_sweep(large_sweep);
	CHECK_RUN(run_with("", ARGUMENTS("sh", "-c", within, program, "params", test_path("tiny.yaml"))), 0, "");
	snprintf(line, sizeof line, "%s\n", needs);
	CHECK_RUN(run_with("", ARGUMENTS("sh", "-c", within, program, "run", "--reports", test_path("reports"),
	                                 test_path("tiny.yaml"))), 1, line);
	CHECK_INT(count_records("reports"), 0);
	struct program_result version = run_with("", ARGUMENTS("sh", "-c", within, program, "--version"));
	CHECK_CONTAINS(version.out, "\nOpenBLAS  products of matrices need OpenBLAS, which needs 384 MiB of address "
	               "space for 1 thread; `ulimit -v` does not leave that\n");
	CHECK_RUN(version, 0, "");
}

TEST(blas_is_named_by_the_records_of_networks_that_use_it)
{
	run_case_write_data(0);
	run_case_write_sweep(large_sweep);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet")), 0, "");
	const char *build = record_value(record_file("reports", "large", "1"), "openblas");
	CHECK(strncmp(build, "OpenBLAS ", 9) == 0);
	struct program_result version = run_archsweep(ARGUMENTS("--version"));
	const char *line = strstr(version.out, "\nOpenBLAS  ");
	CHECK(line && strncmp(line + 11, build, strlen(build)) == 0 && line[11 + strlen(build)] == '\n');
	CHECK_RUN(version, 0, "");
}

/* Muon takes kernels as matrices, so any network of more than one needs OpenBLAS: known before anything trains. */
TEST(blas_is_needed_by_an_optimizer_of_matrices)
{
	const char *const missing = "/nowhere/libopenblas.so.0", *program = archsweep_path();

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	const char *const with_muon[] = { program, "run", "--quiet", "--only", "small/1", "--set",
		"recipe.optimizer=muon", "--name", "muon", "--reports", test_path("reports"), test_path("tiny.yaml"),
		NULL };
	CHECK_RUN(run_with(missing, with_muon), 1,
	          "products of matrices need OpenBLAS, which cannot be loaded: /nowhere/libopenblas.so.0: cannot open "
	          "shared object file: No such file or directory; `sh ci/deps.sh` installs it\n");
	CHECK_RUN(run_with("", with_muon), 0, "");
}
