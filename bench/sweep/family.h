/* A family: one list of layers that becomes a network for every width. Floor 4c. */
#ifndef BENCH_SWEEP_FAMILY_H
#define BENCH_SWEEP_FAMILY_H

#include "bench/sweep/expand.h"
#include "bench/yaml/bind.h"
#include "nn/model/network.h"

struct family {
	struct arena *arena;            /* borrowed; owns everything here and the networks */
	int rounding;                   /* enum rounding */
	int divisor;                    /* ROUNDING_MULTIPLE */
	struct expansion expansion;
};

/* The keys of a family's map. */
extern const struct field family_fields[];

/* Reads and expands a family from a map that holds family_fields; the caller has checked the map's keys. The nodes must
 * live as long as the arena. */
bool family_read(const struct node *map, struct arena *arena, struct family *to, struct error *err);

/* Builds the network of one width: sets the layers of `to`, allocated in the family's arena. The caller sets input,
 * classes and the binding, with the family's rounding and divisor. */
bool family_network(const struct family *family, const struct binding *binding, struct network *to, struct error *err);

#endif
