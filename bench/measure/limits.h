/* What this machine can do at best: multiply-adds a second, and bytes a second from each level of its memory. Floor 4f.
 *
 * The roofline that networks' speeds are compared with (Williams, Waterman and Patterson 2009, "Roofline"). A limit is
 * the best of several measurements, since other programs can only slow them down. */
#ifndef BENCH_MEASURE_LIMITS_H
#define BENCH_MEASURE_LIMITS_H

#include "bench/system/caches.h"
#include "nn/base/team.h"
#include "nn/base/error.h"
#include "nn/kernel/kernels.h"

enum limit_kind { LIMIT_MULTIPLY, LIMIT_L2, LIMIT_L3, LIMIT_MEMORY, LIMIT_KINDS };

struct limits_request {
	const struct kernels *kernels;
	struct caches caches;
	int64_t memory_bytes;   /* available memory; arrays take at most a quarter of it */
	int threads;            /* number of "all" threads */
	int repeats;          /* measurements of each limit; at least 1 */
	double seconds;         /* least length of a measurement */
};

/* Billions per second of operations (a multiply-add is two) or of bytes read; 0: cannot be measured here. */
struct limit {
	double one, all;                /* on one thread; on all threads, each with an array of its own */
	int64_t one_bytes, all_bytes;   /* of each thread's array */
};

struct limits { struct limit of[LIMIT_KINDS]; };

/* Bytes of each thread's array when `threads` threads measure a limit: fits into its level of memory, too large for the
 * level above. 0 if no size does both, or there is no such level. */
int64_t limits_array_bytes(const struct limits_request *request, enum limit_kind kind, int threads);

bool limits_measure(const struct limits_request *request, struct limits *to, struct error *err);

/* Measures LIMIT_MULTIPLY on a team's `threads` threads between their other work, for at least `seconds`: billions of
 * operations per second. A shared machine's speed changes by a fifth from one minute to the next, so compare the
 * medians of both, measured in turns. */
double limits_peak(struct team *team, int threads, const struct kernels *kernels, double seconds);

/* "multiply_add", "read_l2", ...: static. */
const char *limits_name(enum limit_kind kind);

#endif
