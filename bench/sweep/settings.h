/* The settings that all points of a sweep share: title, data, input, classes, recipe, seeds. Floor 4c. */
#ifndef BENCH_SWEEP_SETTINGS_H
#define BENCH_SWEEP_SETTINGS_H

#include "bench/sweep/sweep.h"
#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

/* The keys of a sweep, and those of its recipe that name a kind; all others of the recipe are recipe_fields. */
extern const struct field sweep_fields[], recipe_kind_fields[];

struct settings {
	struct arena *arena;            /* borrowed; owns everything allocated here */
	struct sweep *sweep;            /* gets title, data, recipe; name and data.folder are already set */
	int *seeds;
	int seed_count;
};

/* Reads them from the sweep's root, and checks the keys there. The nodes must live as long as the sweep. */
bool settings_read(struct settings *settings, const struct node *root, struct error *err);

#endif
