/* The recipes that a sweep names: `recipe`, `recipes`, and the files that they begin with. Floor 4c. */
#ifndef BENCH_SWEEP_RECIPES_H
#define BENCH_SWEEP_RECIPES_H

#include "bench/sweep/source_file.h"
#include "nn/base/field.h"

enum { MAX_RECIPES = 64, MAX_RECIPE_DEPTH = 8 };

/* The key that every recipe may have, beside its fields and kinds. */
extern const struct field recipe_from_fields[];

struct named_recipe {
	const char *name;               /* "" where the sweep has one alone */
	const struct node *map;         /* whole: what `from` brings is in it, and no `from` is left */
};

struct recipes {
	int count;
	struct named_recipe of[MAX_RECIPES];    /* in the file's order */
};

/* Reads them from the sweep's root: `recipes`, a map of names, each beginning with what `from` names, else with
 * `recipe`; or `recipe` alone. `place` says where files of recipes lie. */
bool recipes_read(const struct node *root, const struct source_place *place, struct recipes *to, struct error *err);

/* The recipe of that name, or NULL. */
const struct named_recipe *recipes_find(const struct recipes *recipes, const char *name);

#endif
