/* The text that a point's id is a hash of. Floor 4c. See point_describe in sweep.h. */
#ifndef BENCH_SWEEP_DESCRIBE_H
#define BENCH_SWEEP_DESCRIBE_H

#include "bench/sweep/sweep.h"

/* The description that all points of one network share, unless their teachers differ: everything but the seed.
 * malloc'd, the caller frees; NULL without memory. */
char *describe_network(const struct sweep *sweep, const struct point *point);

/* The hash of such a text; each seed adds its own line to it. */
uint64_t describe_hash(const char *description);

/* A point's id: the hash of point_describe's text, as hexadecimal digits. */
void describe_id(uint64_t network_hash, int seed, char id[POINT_ID_LEN + 1]);

/* The id that programs up to 0.1.0 gave the same point: without the last mixing of the hash. */
void describe_id_before(const char *id, char before[POINT_ID_LEN + 1]);

/* The id of what a network's speed depends on: the hash of its description without the
 * number of epochs and what ends a training early. False without memory. */
bool describe_speed_id(const struct sweep *sweep, const struct point *point, char id[POINT_ID_LEN + 1]);

#endif
