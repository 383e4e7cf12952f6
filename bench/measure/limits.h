/* What this machine can do at best: multiply-adds a second, and bytes a second from each level of its memory. Floor 4f.
 *
 * The roof that every network's speed is held against (Williams, Waterman and Patterson 2009, "Roofline"). A limit is the best of
 * several stretches, since whoever else uses the machine can only slow it down. */
#ifndef BENCH_MEASURE_LIMITS_H
#define BENCH_MEASURE_LIMITS_H

#include "bench/system/caches.h"
#include "nn/base/crew.h"
#include "nn/base/error.h"
#include "nn/kernel/kernels.h"

enum limit_kind { LIMIT_MULTIPLY, LIMIT_L2, LIMIT_L3, LIMIT_MEMORY, LIMIT_KINDS };

struct limits_request {
	const struct kernels *kernels;
	struct caches caches;
	int64_t memory_bytes;   /* that may be used: what is read from memory takes no more than a quarter of it */
	int threads;            /* what "all" is */
	int stretches;          /* of each limit; at least 1 */
	double seconds;         /* length of a stretch, at least */
};

/* Billions a second, of operations (a multiply-add is two) or of bytes read; 0: cannot be measured here. */
struct limit {
	double one, all;                /* on one thread; on all threads, each with an array of its own */
	int64_t one_bytes, all_bytes;   /* of each thread's array */
};

struct limits { struct limit of[LIMIT_KINDS]; };

/* The bytes of each thread's array for a limit when so many threads measure at once: small enough for its level, too large for the one
 * above. 0 where no size is both, or there is no such level. */
int64_t limits_array_bytes(const struct limits_request *request, enum limit_kind kind, int threads);

bool limits_measure(const struct limits_request *request, struct limits *to, struct error *err);

/* LIMIT_MULTIPLY alone, of a crew's leader and helpers, `threads` in all, between their other work: billions of operations a second over so
 * many seconds at least. Who else uses the machine slows down both: a median of the one is held against a median of the other, in
 * turns, since what a shared machine can do changes by a fifth from one minute to the next. */
double limits_peak(struct crew *crew, int threads, const struct kernels *kernels, double seconds);

/* "multiply_add", "read_l2", ...: static. */
const char *limits_name(enum limit_kind kind);

#endif
