/* What names and $parameters mean at a place in a family's list of layers. Floor 4c.
 *
 * Names in a block's body are its own: they neither see nor disturb those outside. A repeat's names are new each time, and it
 * sees the names around it. No name hides another. */
#ifndef BENCH_SWEEP_SCOPE_H
#define BENCH_SWEEP_SCOPE_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

struct scope {
	const struct scope *around;     /* the list that this one stands in; NULL: this is the family's own */
	const char *block;              /* the block whose body this is; NULL for a repeat and the family's own list */
	struct node *arguments;         /* map of values of the innermost block's parameters; NULL outside blocks */
	int input;                      /* the layer that block_input names, where there are arguments */
	struct scope_name *names;
};

/* Gives a name to a layer's output. */
bool scope_define(struct scope *scope, const struct node *name, int layer, struct arena *arena, struct error *err);

/* The layer that a name means here, or NETWORK_INPUT; `key` is what the name was written for: from, with. */
bool scope_find(const struct scope *scope, const struct node *name, const char *key, int *layer, struct error *err);

/* The value of "$name". */
bool scope_argument(const struct scope *scope, const struct node *parameter, struct node **value, struct error *err);

/* Blocks around this place; `inside` tells whether the one of that name is among them. */
int scope_depth(const struct scope *scope, const char *block, bool *inside);

#endif
