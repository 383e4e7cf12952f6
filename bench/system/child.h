/* Work in a process of its own: its memory is its own to measure, and its end is not ours. Floor 4a.
 *
 * A child is forked, so the parent must not have run OpenMP threads before: they would be missing in the child. */
#ifndef BENCH_SYSTEM_CHILD_H
#define BENCH_SYSTEM_CHILD_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory that parent and children share, or NULL and an error. */
void *child_share(size_t bytes, struct error *err);
void child_unshare(void *shared, size_t bytes);

/* Calls work(about) in a child and waits. What it finds out belongs into shared memory. False where there is no child, or it was ended by
 * a signal, as by a system that is short of memory. */
bool child_run(void (*work)(void *about), void *about, struct error *err);

/* Bytes of this process that lie in memory now, the most that ever did, and those now that are pages of files: of the program and its
 * libraries, which come as they are first used. -1 where the system does not say. */
int64_t child_resident_bytes(void);
int64_t child_peak_bytes(void);
int64_t child_mapped_bytes(void);

#endif
