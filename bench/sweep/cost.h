/* Counts a point's cost without data, and checks the counts that its author expects. Floor 4c. */
#ifndef BENCH_SWEEP_COST_H
#define BENCH_SWEEP_COST_H

#include "bench/sweep/sweep.h"

enum { MAX_EXPECTATIONS = 2 };  /* total, trainable */

/* Plans the point's network with its recipe's batch and optimizer; of its teachers the memory counts, without the
 * answers that are kept. Fails at a layer's position if shapes do not fit. */
bool point_count(const struct point *point, struct cost *to, struct error *err);

/* What the point's teachers do for each image, all together: macs, activation_bytes, uses_blas; nothing else is set. */
bool point_count_teachers(const struct point *point, struct cost *to, struct error *err);

/* Returns how many of the point's expectations fail; each fills one of `failures`, which are empty at first:
 * "sweeps/x.yaml:12:30: plain at width 6: expected 12,340 total, counted 12,339". */
int point_check(const struct point *point, const struct cost *cost, struct error failures[MAX_EXPECTATIONS]);

/* The same; a line on stderr for each that fails. */
int point_check_aloud(const struct point *point, const struct cost *cost);

/* Whether the point has any expectation. */
bool point_expects(const struct point *point);

/* Whether the two have the same layers: same family, same width, in whatever variants. */
bool point_same_layers(const struct point *a, const struct point *b);

/* Whether the two are the same network with different seeds: same family, width and variant. */
bool point_same_network(const struct point *a, const struct point *b);

/* Whether a point is the first of its network: the seeds of one network are adjacent. */
bool point_begins_network(const struct sweep *sweep, int point);

#endif
