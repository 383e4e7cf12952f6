/* The settings that all points of a sweep share: title, data, input, classes, recipes, seeds. Floor 4c. */
#ifndef BENCH_SWEEP_SETTINGS_H
#define BENCH_SWEEP_SETTINGS_H

#include "bench/sweep/recipes.h"
#include "bench/sweep/sweep.h"
#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

/* The keys of a sweep, and of its `best`. */
extern const struct field sweep_fields[], best_fields[];

struct variant_list {
	int count;
	const struct variant **of;      /* in the arena */
};

struct settings {
	struct arena *arena;            /* borrowed; owns everything allocated here */
	struct sweep *sweep;            /* gets title and data; name and data.folder are already set */
	struct source_files *files;     /* borrowed */
	struct recipes recipes;
	const struct node *vary;        /* or NULL */
	const struct node *best_over;   /* the list of `best`, or NULL */
	bool *best_varied;              /* [its count]: something varies the key; for variants.c */
	struct variant_list common;     /* of families without recipes and values of their own; for variants.c */
	int *seeds;
	int seed_count;
};

/* Reads them from the sweep's root, and checks the keys there. The nodes must live as long as the sweep. */
bool settings_read(struct settings *settings, const struct node *root, struct error *err);

#endif
