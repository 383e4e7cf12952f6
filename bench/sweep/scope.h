/* What names and $parameters mean at a place in a family's list of layers. Floor 4c.
 *
 * Names in a block's body are local: the body cannot see outside names, and no name of it is visible outside. A
 * repeat's names are new in each repetition, and it sees the names around it. No name may shadow another. */
#ifndef BENCH_SWEEP_SCOPE_H
#define BENCH_SWEEP_SCOPE_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

struct scope {
	const struct scope *around;     /* the enclosing list; NULL: this is the family's own list */
	const char *block;              /* the block whose body this is; NULL for a repeat and the family's own list */
	struct node *arguments;         /* map of values of the innermost block's parameters; NULL outside blocks */
	int input;                      /* the layer that block_input names, if there are arguments */
	struct scope_name *names;
};

/* Gives a name to a layer's output. */
bool scope_define(struct scope *scope, const struct node *name, int layer, struct arena *arena, struct error *err);

/* Finds the layer with that name, or NETWORK_INPUT; `key` (from, with) is for errors. */
bool scope_find(const struct scope *scope, const struct node *name, const char *key, int *layer, struct error *err);

/* The value of "$name". */
bool scope_argument(const struct scope *scope, const struct node *parameter, struct node **value, struct error *err);

/* Number of enclosing blocks; `inside`: whether the block of that name is one of them. */
int scope_depth(const struct scope *scope, const char *block, bool *inside);

#endif
