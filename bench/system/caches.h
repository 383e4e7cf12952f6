/* The data caches of this machine's first processor. Floor 4a. From /sys, or from the C library. */
#ifndef BENCH_SYSTEM_CACHES_H
#define BENCH_SYSTEM_CACHES_H

#include <stdbool.h>
#include <stdint.h>

enum { CACHE_LEVELS = 3 };

struct cache {
	int64_t bytes;          /* 0: no such level */
	int sharers;            /* processors that share this cache, at least 1 */
};

struct caches {
	struct cache level[CACHE_LEVELS + 1];   /* [1] .. [3] */
	bool assumed;           /* nothing known: 32 KiB, 1 MiB, and 32 MiB shared by all */
};

/* Reads files below `root` instead of "/"; "": the real ones, or the C library if they are missing. */
struct caches caches_below(const char *root);

#endif
