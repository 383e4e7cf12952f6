/* A lock that allows one run at a time in a folder of reports. Floor 4a. The operating system releases it when the
 * process ends. */
#ifndef BENCH_SYSTEM_LOCK_H
#define BENCH_SYSTEM_LOCK_H

#include "nn/base/error.h"

/* Creates the folder and its parents if they are missing, and locks it. Returns a descriptor for lock_close, or -1 and
 * an error if the folder cannot be created or another run has the lock. */
int lock_open(const char *folder, struct error *err);
void lock_close(int lock);

#endif
