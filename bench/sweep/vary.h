/* What a sweep varies: `vary: {learning_rate: [0.003, 0.01], zip: {...}}`, as axes of a grid. Floor 4c. */
#ifndef BENCH_SWEEP_VARY_H
#define BENCH_SWEEP_VARY_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

enum { MAX_VARIED = 16, MAX_ZIPPED = 16, LABEL_BYTES = 64 };

/* Keys whose values change together; alone, outside of a `zip`. */
struct varied {
	int count;                      /* places along it */
	int key_count;
	const struct node *keys[MAX_ZIPPED];    /* scalars: dotted paths in a recipe */
	const struct node *values[MAX_ZIPPED];  /* each a list of `count`, or a map of names with as many */
};

struct vary {
	int count;
	struct varied of[MAX_VARIED];
};

/* Adds the axes of a map `vary`. Keys that `fixed` or `replaced` have (either may be NULL), a recipe and another
 * `vary`, are passed over. */
struct vary_source {
	const struct node *vary, *fixed, *replaced;
};
bool vary_add(const struct vary_source *source, struct vary *to, struct error *err);

/* What people call the axis' k-th key: the last step of its path. */
const char *varied_key(const struct varied *axis, int key);

/* What they call its value at a place: the word or number itself, the name of the one key of a map, or the name that
 * the YAML gives it. False and an error where there is none. */
bool varied_label(const struct varied *axis, int key, int place, char to[LABEL_BYTES], struct error *err);

#endif
