/* A libzip source that converts an array piece by piece while libzip writes it. Floor 4b; private to npz_write.c. */
#ifndef BENCH_WEIGHTS_NPZ_WALK_H
#define BENCH_WEIGHTS_NPZ_WALK_H

#include "bench/weights/npz.h"

#include <zip.h>

/* A source of the array's header and numbers; zip_source_free or the archive frees it. The numbers must outlive the
 * source; `owned` (or NULL) is freed with it. NULL and an error without memory, or if a finite number does not fit its
 * type; the caller then still owns `owned`. */
zip_source_t *npz_walk_source(const struct npz_array *array, const struct npz_floats *from, float *owned,
                              struct error *err);

#endif
