/* What is found out before anything trains, so that no finished training is lost to it: whether the folder can be
 * written, and whether there is room for what the points will leave. Floor 4g. */
#ifndef BENCH_RUN_PREFLIGHT_H
#define BENCH_RUN_PREFLIGHT_H

#include "bench/run/pending.h"

/* Bytes that the pending points will write into the folder: records, curves, weights and logits of all, checkpoints of
 * as many of the largest as there are threads. */
int64_t preflight_bytes(const struct pending *pending, const struct dataset *data, int threads);

/* Writes and removes a file in folder/points, which is made where it is missing, and compares what is free there with
 * preflight_bytes. */
bool preflight(const char *folder, int64_t bytes, struct error *err);

#endif
