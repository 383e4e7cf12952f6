/* Threads that do one thing together: OpenMP's, so that OMP_PROC_BIND and OMP_PLACES hold for them. Floor 4a. */
#ifndef BENCH_SYSTEM_CREW_H
#define BENCH_SYSTEM_CREW_H

#include "nn/base/error.h"

/* Calls work(about) on `threads` threads, the calling one among them, and returns when all calls have. In them OpenMP
 * allows no more threads. False and an error, and no call, where a thread cannot be started. */
bool crew_run(int threads, void (*work)(void *about), void *about, struct error *err);

#endif
