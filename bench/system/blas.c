/* See blas.h.
 *
 * OpenBLAS has kernels for many processors and chooses among them when it is loaded. On a processor that is newer than
 * the library it takes the oldest ones, without AVX and multiply-adds. Only the environment can change the choice, and
 * only before the library is loaded, so the program restarts itself. */
#include "bench/system/blas.h"
#include "nn/kernel/kernels.h"

#include <cblas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char variable[] = "OPENBLAS_CORETYPE";

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

/* Our own kernels need the same instructions. */
static struct blas_processor this_processor(void)
{
	return (struct blas_processor){ .fma = kernels_choose("avx2") != NULL,
	                                .avx512 = kernels_choose("avx512") != NULL };
}

void blas_choose(char **argv)
{
	const char *core = getenv(variable) ? NULL : blas_better_core(openblas_get_corename(), this_processor());

	if (!core || setenv(variable, core, 1) != 0)
		return;
	char *path = realpath("/proc/self/exe", NULL);  /* so that the process is not called "exe" */
	if (path)
		execv(path, argv);
	free(path);
	unsetenv(variable);     /* no such file, or no permission */
}

const char *blas_build(char to[96])
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

	/* The library writes its words into one buffer anew at each call. */
	pthread_mutex_lock(&lock);
	snprintf(to, 96, "%s", openblas_get_config());
	pthread_mutex_unlock(&lock);
	for (size_t len = strlen(to); len > 0 && to[len - 1] == ' '; len--)
		to[len - 1] = '\0';
	return to;
}
