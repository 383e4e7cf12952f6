/* A sweep's networks by name, and the one that the others are compared with: `base: mnist-base`. Floor 4c. */
#ifndef BENCH_SWEEP_BASE_H
#define BENCH_SWEEP_BASE_H

#include "bench/sweep/sweep.h"
#include "bench/yaml/yaml.h"

/* The first point of the network that `name` says: "plain/12", or "plain" where the family has one width. -1 and an error that says what
 * is accepted, with nothing in front. */
int base_find(const struct sweep *sweep, const char *name, struct error *err);

/* Sets sweep->base, when its points are there, from the value of the key "base"; NULL: none. */
bool base_read(const struct node *node, struct sweep *sweep, struct error *err);

#endif
