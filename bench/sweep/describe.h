/* What a point's id is made of. Floor 4c. See point_describe in sweep.h. */
#ifndef BENCH_SWEEP_DESCRIBE_H
#define BENCH_SWEEP_DESCRIBE_H

#include "bench/sweep/sweep.h"

/* The description of all points of one network: everything but the seed. malloc'd, the caller frees; NULL without memory. */
char *describe_network(const struct sweep *sweep, const struct network *network);

/* The hash of such a text, to which each seed adds its own line. */
uint64_t describe_hash(const char *description);

/* A point's id: the hash of point_describe's text, as hexadecimal digits. */
void describe_id(uint64_t network_hash, int seed, char id[POINT_ID_LEN + 1]);

#endif
