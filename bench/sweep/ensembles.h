/* The ensembles that a sweep names: points whose softmax outputs are averaged when all are trained. Floor 4c. */
#ifndef BENCH_SWEEP_ENSEMBLES_H
#define BENCH_SWEEP_ENSEMBLES_H

#include "bench/sweep/sweep.h"
#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

enum { MAX_ENSEMBLES = 64 };

/* Reads the value of `ensembles` (NULL: none) into the sweep, whose points are known. What it makes lives in `arena`,
 * and names in the nodes. */
bool ensembles_read(const struct node *node, struct arena *arena, struct sweep *sweep, struct error *err);

#endif
