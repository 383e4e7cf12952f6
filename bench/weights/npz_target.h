/* Lets libzip write an archive to an atomic file. Floor 4b; for npz_write.c alone. */
#ifndef BENCH_WEIGHTS_NPZ_TARGET_H
#define BENCH_WEIGHTS_NPZ_TARGET_H

#include "bench/system/atomic_file.h"

#include <zip.h>

struct npz_target {
	struct atomic_file *file;       /* borrowed; set before the archive is closed, which is when libzip writes */
	uint64_t at, len;               /* where the next byte goes, and how many there are */
	struct error why;               /* what libzip's own error cannot say */
	zip_error_t error;
};

/* A source that writes to the target, which must outlive it. Freed by zip_source_free or by the archive. NULL without
 * memory. */
zip_source_t *npz_target_source(struct npz_target *target);

#endif
