/* A family's list of layers written out: blocks and repeats become what they hold, names indices, $parameters values. Floor 4c.
 *
 * What it is not: numbers. Fields stay YAML nodes, since what "2w" means depends on the width (family.h binds them). */
#ifndef BENCH_SWEEP_EXPAND_H
#define BENCH_SWEEP_EXPAND_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/layer/layer.h"

enum {
	MAX_REPEAT = 1000,              /* times */
	MAX_NESTING = 16,               /* blocks within blocks */
	MAX_SUBSTITUTED = 1000000,      /* values looked at for $parameters in one family */
};

/* The keys of a repeat; those that every layer, repeat and block takes besides its own; and those of layers with two
 * inputs. */
extern const struct field repeat_fields[], item_fields[], joining_fields[];

struct expanded_layer {
	const struct layer_type *type;
	const struct node *fields;      /* a map, parameters filled in; its keys are checked; may hold name, from and with */
	int from[MAX_INPUTS];           /* indices of earlier layers, or NETWORK_INPUT; type->inputs of them */
	struct mark at;                 /* of the type's name */
};

struct expansion {
	int count;
	struct expanded_layer *layers;  /* in the arena */
};

/* Writes out the list `layers` with the map `blocks` (NULL: none). All of `to` is cut from the arena and borrows the nodes. */
bool expand_layers(struct arena *arena, const struct node *layers, const struct node *blocks, struct expansion *to,
                   struct error *err);

#endif
