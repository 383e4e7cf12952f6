/* A family's named blocks: checks their definitions, and gives their parameters the values of a use. Floor 4c. */
#ifndef BENCH_SWEEP_BLOCKS_H
#define BENCH_SWEEP_BLOCKS_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/base/field.h"

/* The keys of one block's definition. */
extern const struct field block_fields[];

/* Checks names, keys and parameters of the map of blocks. Bodies are checked where they are used. */
bool blocks_check(const struct node *blocks, struct error *err);

/* Maps each parameter of the block to its value: the one in `used`, else the default. `at`: position of the block's
 * name where it is used. NULL and an error for unknown or missing parameters. */
struct node *blocks_arguments(struct arena *arena, const struct node *block, const struct node *used, struct mark at,
                              struct error *err);

#endif
