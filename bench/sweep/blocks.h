/* A family's named blocks: what their definitions must look like, and the values that a use gives to their parameters. Floor 4c. */
#ifndef BENCH_SWEEP_BLOCKS_H
#define BENCH_SWEEP_BLOCKS_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/base/field.h"

/* The keys of one block's definition. */
extern const struct field block_fields[];

/* Whether the map of blocks is in order: names, keys, parameters. Bodies are checked where they are used. */
bool blocks_check(const struct node *blocks, struct error *err);

/* A map from each parameter of the block to its value: what `used` says, else the default. `at`: of the block's name where it is
 * used. NULL and an error for unknown and missing ones. */
struct node *blocks_arguments(struct arena *arena, const struct node *block, const struct node *used, struct mark at,
                              struct error *err);

#endif
