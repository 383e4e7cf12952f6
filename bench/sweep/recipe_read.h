/* Binds a recipe's map: its fields, optimizer and schedule, and what one value demands of another. Floor 4c. */
#ifndef BENCH_SWEEP_RECIPE_READ_H
#define BENCH_SWEEP_RECIPE_READ_H

#include "bench/sweep/sweep.h"
#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/train/recipe.h"

/* The keys of a recipe that name a kind, and its teachers; all others are recipe_fields. */
extern const struct field recipe_kind_fields[];

/* Whether there are validation images; data that is not named yet may have them. */
bool data_has_validation(const struct data_description *data);

/* Fills `to` from a map that has no `from` any more. Configurations of kinds lie in the arena. Patience and some
 * schedules need validation images, which `data` must have. The teachers' list is checked, and not its items: see
 * point_teachers.h. */
bool recipe_read(const struct node *map, const struct data_description *data, struct arena *arena, struct recipe *to,
                 struct error *err);

#endif
