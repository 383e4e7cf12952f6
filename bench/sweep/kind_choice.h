/* Reads a key whose value names one of several kinds: `optimizer: adam`, `optimizer: {adam: {beta2: 0.99}}`.
 * Floor 4c. */
#ifndef BENCH_SWEEP_KIND_CHOICE_H
#define BENCH_SWEEP_KIND_CHOICE_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/base/field.h"

enum { MAX_KINDS = 32 };

struct kind_choice {
	struct arena *arena;            /* for the kind's struct */
	const char *key, *fallback;     /* fallback: the kind where the key is missing */
	const struct kind *kinds[MAX_KINDS + 1];        /* NULL at the end */
};

/* Index of the kind that `node` names (NULL: the fallback); -1 and an error for none. *config gets the kind's filled
 * struct, in the arena. */
int kind_choose(const struct kind_choice *choice, const struct node *node, void **config, struct error *err);

#endif
