/* What this machine, container or job may use: threads, memory, arithmetic, and the processor's name. Floor 4a. Reads /proc and
 * /sys; what is not there limits nothing. */
#ifndef BENCH_SYSTEM_MACHINE_H
#define BENCH_SYSTEM_MACHINE_H

#include "nn/base/error.h"
#include "nn/kernel/kernels.h"

#include <stdint.h>

/* OMP_NUM_THREADS where it is set; otherwise the processors that this process may run on, or fewer if its control group's share of
 * processor time is smaller. At least 1. */
int machine_threads(void);

/* Bytes that may still be allocated without swapping: the system's available memory, or less by control groups and `ulimit -v`. */
int64_t machine_memory_bytes(void);

/* The same from files below `root` instead of "/" ("": the real ones), without ulimit: for machine_memory_bytes and for tests. */
int64_t machine_memory_below(const char *root);

/* Processors by a control group's share below `root`, rounded up; 0 where there is no such limit. */
int machine_quota_below(const char *root);

/* "AMD EPYC 9654", or "unknown processor"; in `to`. */
const char *machine_processor(char to[64]);

/* The arithmetic for this machine: the best build, or the one that ARCHSWEEP_KERNELS names. NULL and an error where there is no such. */
const struct kernels *machine_kernels(struct error *err);

#endif
