/* Monotonic time. Floor 4a. */
#ifndef BENCH_SYSTEM_CLOCK_H
#define BENCH_SYSTEM_CLOCK_H

#include <stdint.h>

/* Seconds since a fixed moment; never decreases. */
double clock_seconds(void);

/* The same in nanoseconds. */
int64_t clock_ns(void);

/* "4.2 s", "3:07", "2:03:07": a duration for people, in `to`. */
const char *clock_text(double seconds, char to[24]);

#endif
