/* See blas.h.
 *
 * OpenBLAS has kernels for many processors and chooses among them while it is being loaded. A processor that is newer than the library is
 * unknown to it and gets the oldest ones, which know neither AVX nor multiply-adds: Debian 12's 0.3.21 takes Prescott's on an Emerald
 * Rapids, where a core then multiplies at 30 GFLOP/s, with SkylakeX' at 137 of its 150; dnn trains at 250 images/s instead of 870. The
 * choice can be changed by the environment alone, and only before the library is loaded. */
#include "bench/system/blas.h"
#include "nn/kernel/kernels.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char variable[] = "OPENBLAS_CORETYPE";

/* Those without multiply-adds, under the names that openblas_get_corename() gives them. */
static const char *const old_cores[] = { "Katmai", "Coppermine", "Northwood", "Prescott", "Banias", "Atom", "Core2", "Penryn", "Dunnington",
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

/* Our own kernels ask for the same instructions. */
static struct blas_processor this_processor(void)
{
	return (struct blas_processor){ .fma = kernels_choose("avx2") != NULL, .avx512 = kernels_choose("avx512") != NULL };
}

void blas_choose(char **argv)
{
	const char *core = getenv(variable) ? NULL : blas_better_core(openblas_get_corename(), this_processor());

	if (!core || setenv(variable, core, 1) != 0)
		return;
	char *path = realpath("/proc/self/exe", NULL);  /* under its own name, not as "exe" */
	if (path)
		execv(path, argv);
	free(path);
	unsetenv(variable);     /* no such file, or no permission */
}
