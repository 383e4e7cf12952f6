/* One run at a time in a folder of reports. Floor 4a. The lock is the operating system's and ends with the process, however it ends. */
#ifndef BENCH_SYSTEM_LOCK_H
#define BENCH_SYSTEM_LOCK_H

#include "nn/base/error.h"

/* Makes the folder and those above it where they are missing, and locks it. A descriptor to close with lock_close, or -1 and an error
 * where the folder cannot be made or another run has the lock. */
int lock_open(const char *folder, struct error *err);
void lock_close(int lock);

#endif
