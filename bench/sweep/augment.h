/* Reads a recipe's list of augmentation steps. Floor 4c. */
#ifndef BENCH_SWEEP_AUGMENT_H
#define BENCH_SWEEP_AUGMENT_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/train/recipe.h"

/* Fills the recipe's steps from the list, in the arena; NULL: none. The recipe's other fields have been read: its
 * `flip` and `shift` must not be set beside a list. */
bool augment_read(const struct node *list, struct arena *arena, struct recipe *to, struct error *err);

#endif
