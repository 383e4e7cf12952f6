/* What this machine, container or job allows: threads, memory, kernels; and the processor's name. Floor 4a. Reads /proc
 * and /sys; missing files mean no limit. */
#ifndef BENCH_SYSTEM_MACHINE_H
#define BENCH_SYSTEM_MACHINE_H

#include "nn/base/error.h"
#include "nn/kernel/kernels.h"

#include <stdint.h>

/* OMP_NUM_THREADS if it is set; otherwise the processors that this process may run on, or fewer if its control group
 * has a smaller quota. At least 1. */
int machine_threads(void);

/* Bytes that may still be allocated without swapping: the system's available memory, limited by control groups and
 * `ulimit -v`. */
int64_t machine_memory_bytes(void);

/* The same from files below `root` instead of "/" ("": the real ones), without ulimit; for tests too. */
int64_t machine_memory_below(const char *root);

/* Processors by the control group's quota, from files below `root`, rounded up; 0: no limit. */
int machine_quota_below(const char *root);

/* "AMD EPYC 9654", or "unknown processor"; in `to`. */
const char *machine_processor(char to[64]);

/* The best kernels for this machine, or those that ARCHSWEEP_KERNELS names. NULL and an error if there are none of that
 * name. */
const struct kernels *machine_kernels(struct error *err);

#endif
