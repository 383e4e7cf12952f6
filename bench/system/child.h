/* Runs work in a child process, so that its memory can be measured and its crash does not end us. Floor 4a. */
#ifndef BENCH_SYSTEM_CHILD_H
#define BENCH_SYSTEM_CHILD_H

#include "nn/base/error.h"

#include <stddef.h>
#include <stdint.h>

/* Zeroed memory that parent and children share; NULL and an error without memory. */
void *child_share(size_t bytes, struct error *err);
void child_unshare(void *shared, size_t bytes);

/* Calls work(about) in a child and waits. Its results must go to shared memory. False if there is no child, or a signal
 * killed it, for example when memory is short. */
bool child_run(void (*work)(void *about), void *about, struct error *err);

/* Resident bytes of this process: now, the peak, and those that belong to mapped files (the program and its libraries,
 * loaded as they are first used). -1: unknown. */
int64_t child_resident_bytes(void);
int64_t child_peak_bytes(void);
int64_t child_mapped_bytes(void);

#endif
