/* An array on its way into an archive, converted piece by piece while libzip reads it. Floor 4b; for npz_write.c alone. */
#ifndef BENCH_WEIGHTS_NPZ_WALK_H
#define BENCH_WEIGHTS_NPZ_WALK_H

#include "bench/weights/npz.h"

#include <zip.h>

/* A source of the array's header and numbers, freed by zip_source_free or by the archive. `array` need not outlive the call, the numbers
 * must outlive the source; `owned` (or NULL) is freed with it. NULL and an error, and `owned` still the caller's, without memory or
 * where a finite number does not fit its type. */
zip_source_t *npz_walk_source(const struct npz_array *array, const struct npz_floats *from, float *owned, struct error *err);

#endif
