/* Finds a sweep's network by name, and its base network, with which the others are compared: `base: mnist-base`. Floor
 * 4c. */
#ifndef BENCH_SWEEP_BASE_H
#define BENCH_SWEEP_BASE_H

#include "bench/sweep/sweep.h"
#include "bench/yaml/yaml.h"

/* The first point of the network `name`: "plain/12", or "plain" if the family has one width. -1 and an error that lists
 * what is accepted, without a position in front. */
int base_find(const struct sweep *sweep, const char *name, struct error *err);

/* Sets sweep->base from the value of the key "base" (NULL: none), once the sweep has its points. */
bool base_read(const struct node *node, struct sweep *sweep, struct error *err);

#endif
