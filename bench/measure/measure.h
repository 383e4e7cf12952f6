/* What one network does on this machine, found out in a process of its own: its speeds, its memory, where its time goes. Floor 4f. */
#ifndef BENCH_MEASURE_MEASURE_H
#define BENCH_MEASURE_MEASURE_H

#include "bench/measure/profile.h"
#include "bench/measure/speed.h"

/* Lies in shared memory. */
struct measured {
	struct error trouble;           /* of the child */
	struct speed_result training, inference;
	int64_t memory_bytes;           /* by how much training made the process grow; -1: unknown */
	struct profile profile;
};

struct measured *measured_create(struct error *err);
void measured_destroy(struct measured *measured);

/* Training with its memory; with inference after it; or training with the profile, whose clocks slow it down a little.
 * request->inference and request->profile are ignored; the peak goes with training. */
bool measure_training(const struct speed_request *request, struct measured *to, struct error *err);
bool measure_speeds(const struct speed_request *request, struct measured *to, struct error *err);
bool measure_profile(const struct speed_request *request, struct measured *to, struct error *err);

#endif
