/* Measures one network in its own process: speeds, memory, and a profile. Floor 4f. */
#ifndef BENCH_MEASURE_MEASURE_H
#define BENCH_MEASURE_MEASURE_H

#include "bench/measure/profile.h"
#include "bench/measure/speed.h"

/* In shared memory. */
struct measured {
	struct error trouble;           /* of the child */
	struct speed_result training, inference;
	int64_t memory_bytes;           /* growth of the process during training; -1: unknown */
	struct profile profile;
};

struct measured *measured_create(struct error *err);
void measured_destroy(struct measured *measured);

/* Measures training and its memory; the same, then inference; or training with a profile, whose clocks slow it down a
 * little. request->inference and request->profile are ignored; the peak is measured with training. */
bool measure_training(const struct speed_request *request, struct measured *to, struct error *err);
bool measure_speeds(const struct speed_request *request, struct measured *to, struct error *err);
bool measure_profile(const struct speed_request *request, struct measured *to, struct error *err);

#endif
