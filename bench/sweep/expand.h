/* Expands a family's list of layers: replaces blocks and repeats by their layers, names by indices, $parameters by
 * values. Floor 4c.
 *
 * Fields stay YAML nodes, since the value of "2w" depends on the width (family.h binds them). */
#ifndef BENCH_SWEEP_EXPAND_H
#define BENCH_SWEEP_EXPAND_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"
#include "nn/layer/layer.h"

enum {
	MAX_REPEAT = 1000,              /* times */
	MAX_NESTING = 16,               /* blocks within blocks */
	MAX_SUBSTITUTED = 1000000,      /* values searched for $parameters in one family */
};

/* The keys of a repeat; those that every layer, repeat and block takes besides its own; and those of layers with two
 * inputs. */
extern const struct field repeat_fields[], item_fields[], joining_fields[];

struct expanded_layer {
	const struct layer_type *type;
	const struct node *fields;      /* a map without $parameters and with checked keys; may have name, from, with */
	int from[MAX_INPUTS];           /* indices of earlier layers, or NETWORK_INPUT; type->inputs of them */
	struct mark at;                 /* of the type's name */
};

struct expansion {
	int count;
	struct expanded_layer *layers;  /* in the arena */
};

/* Expands the list `layers` with the map `blocks` (NULL: none). `to` is allocated in the arena and borrows the
 * nodes. */
bool expand_layers(struct arena *arena, const struct node *layers, const struct node *blocks, struct expansion *to,
                   struct error *err);

#endif
