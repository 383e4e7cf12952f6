/* See blas.h.
 *
 * OpenBLAS has kernels for many processors and chooses among them when it is loaded. On a processor that is newer than
 * the library it takes the oldest ones, without AVX and multiply-adds. Only the environment can change the choice, and
 * only before the library is loaded, so then it is loaded a second time.
 *
 * It maps a buffer for each thread that multiplies, and where that is refused it asks again, for ever. So there must be
 * room before it is loaded, and all buffers are mapped before anything else can take it. */
#include "bench/system/blas.h"

#include <dlfcn.h>
#include <omp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static const char path_variable[] = "ARCHSWEEP_OPENBLAS", core_variable[] = "OPENBLAS_CORETYPE";

/* Address space of one buffer, in MiB; the library itself and what it brings take 40 MiB, less than another one. */
enum { BUFFER_MIB = 128, LIBRARY_BUFFERS = 1 };

/* One for the process, as the library is. */
static struct {
	pthread_mutex_t lock;
	blas_gemm *gemm;                /* NULL: not loaded */
	const char *(*config)(void);
	void (*set_threads)(int);
	int threads;                    /* may multiply at the same time */
} blas = { .lock = PTHREAD_MUTEX_INITIALIZER, .threads = 1 };

/* --- kernels ------------------------------------------------------------------------------------------------------ */

/* Kernels without multiply-adds, by the names of openblas_get_corename(). */
static const char *const old_cores[] = { "Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Atom", "Core2",
                                         "Penryn", "Dunnington",
	"Nehalem", "Sandybridge", "Athlon", "Opteron", "Opteron_SSE3", "Barcelona", "Bobcat", "Nano" };

static bool is_old(const char *core)
{
	for (size_t i = 0; i < sizeof old_cores / sizeof *old_cores; i++)
		if (strcmp(core, old_cores[i]) == 0)
			return true;
	return false;
}

const char *blas_better_core(const char *chosen, struct blas_processor processor)
{
	if (!processor.fma || !is_old(chosen))
		return NULL;
	return processor.avx512 ? "SkylakeX" : "Haswell";
}

/* What the processor says itself: which of our kernels are linked says nothing of it. */
static struct blas_processor this_processor(void)
{
#if defined(__x86_64__)
	return (struct blas_processor){
		.fma = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"),
		.avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
		          __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl"),
	};
#else
	return (struct blas_processor){ .fma = false };
#endif
}

/* --- room --------------------------------------------------------------------------------------------------------- */

/* Lies at the beginning of a mapping while it is tried out. */
struct mapping { struct mapping *before; };

/* Whether so many mappings of that size can be had. */
static bool can_map(int count, size_t bytes)
{
	struct mapping *last = NULL;
	int mapped = 0;

	for (; mapped < count; mapped++) {
		void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (at == MAP_FAILED)
			break;
		((struct mapping *)at)->before = last;
		last = at;
	}
	while (last) {
		struct mapping *before = last->before;

		munmap(last, bytes);
		last = before;
	}
	return mapped == count;
}

static bool check_room(int buffers, struct error *err)
{
	return can_map(buffers, (size_t)BUFFER_MIB << 20) ||
	       fail(err, "products of matrices need OpenBLAS, which needs %d MiB of address space for %d thread%s; "
	            "`ulimit -v` does not leave that", buffers * BUFFER_MIB, blas.threads,
	            blas.threads == 1 ? "" : "s");
}

/* Has a buffer mapped for each thread, and one that the library keeps for itself; later calls find them free. Setting
 * the number of threads also sets OpenMP's, which is not the library's to change. */
static void map_buffers(void)
{
	int most = omp_get_max_threads();

	blas.set_threads(blas.threads + 1);
	blas.set_threads(1);
	omp_set_num_threads(most);
}

/* --- loading ------------------------------------------------------------------------------------------------------ */

static void *open_library(const char *path, struct error *err)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);

	if (!library)
		fail(err, "products of matrices need OpenBLAS, which cannot be loaded: %s; `sh ci/deps.sh` installs it",
		     dlerror());
	return library;
}

static void *find(void *library, const char *path, const char *name, struct error *err)
{
	void *symbol = dlsym(library, name);

	if (!symbol)
		fail(err, "products of matrices need OpenBLAS, and %s is none: it has no %s", path, name);
	return symbol;
}

static bool find_all(void *library, const char *path, struct error *err)
{
	blas_gemm *gemm = find(library, path, sizeof(real) == sizeof(double) ? "cblas_dgemm" : "cblas_sgemm", err);

	blas.config = find(library, path, "openblas_get_config", err);
	blas.set_threads = find(library, path, "openblas_set_num_threads", err);
	if (!gemm || !blas.config || !blas.set_threads)
		return false;
	blas.gemm = gemm;
	return true;
}

/* Closes it and opens it again where it has chosen kernels for an old processor, and the user has chosen none. */
static void *choose_kernels(void *library, const char *path, struct error *err)
{
	const char *(*chosen)(void) = dlsym(library, "openblas_get_corename");
	const char *core = !chosen || getenv(core_variable) ? NULL : blas_better_core(chosen(), this_processor());

	if (!core || setenv(core_variable, core, 1) != 0)
		return library;
	dlclose(library);
	return open_library(path, err);
}

/* While it is loaded it would map a buffer for each processor. */
static bool load(const char *path, struct error *err)
{
	if (setenv("OPENBLAS_NUM_THREADS", "1", 1) != 0)
		return fail(err, "no memory for the environment");
	void *library = open_library(path, err);
	if (library)
		library = choose_kernels(library, path, err);
	if (!library || !find_all(library, path, err))
		return false;
	map_buffers();
	return true;
}

/* The library stays to the end of the process. */
blas_gemm *blas_load(struct error *err)
{
	const char *wanted = getenv(path_variable);

	pthread_mutex_lock(&blas.lock);
	if (!blas.gemm && check_room(LIBRARY_BUFFERS + blas.threads + 1, err))
		load(wanted && *wanted ? wanted : BLAS_LIBRARY, err);
	blas_gemm *gemm = blas.gemm;
	pthread_mutex_unlock(&blas.lock);
	return gemm;
}

bool blas_reserve(int threads, struct error *err)
{
	pthread_mutex_lock(&blas.lock);
	int more = threads - blas.threads;
	bool there = true;

	if (more > 0)
		blas.threads = threads;
	if (more > 0 && blas.gemm) {
		there = check_room(more, err);
		if (there)
			map_buffers();
	}
	pthread_mutex_unlock(&blas.lock);
	return there;
}

const char *blas_build(char to[96])
{
	pthread_mutex_lock(&blas.lock);
	/* The library writes its words into one buffer anew at each call. */
	snprintf(to, 96, "%s", blas.gemm ? blas.config() : "not loaded");
	pthread_mutex_unlock(&blas.lock);
	for (size_t len = strlen(to); len > 0 && to[len - 1] == ' '; len--)
		to[len - 1] = '\0';
	return to;
}
