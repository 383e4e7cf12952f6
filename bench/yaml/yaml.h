/* A YAML file as a tree in which every node has its position in the file. Floor 4b. libyaml parses; we build the tree,
 * limit it, expand aliases and merge keys (alias.h), and refuse doubled keys, tags, and a second document. */
#ifndef BENCH_YAML_YAML_H
#define BENCH_YAML_YAML_H

#include "nn/base/error.h"

#include <stddef.h>

enum {
	DOCUMENT_MAX_BYTES = 1 << 20,
	DOCUMENT_MAX_DEPTH = 64,
	DOCUMENT_MAX_NODES = 100000,
	DOCUMENT_MAX_KEYS = 1024,       /* in one map */
};

enum node_type { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_type type;
	struct mark at;
	const char *text;       /* scalar: its text; owned by the document */
	bool quoted;            /* scalar written in quotes: never a number or a word of ours */
	int count;              /* list items or map entries */
	struct node **items;    /* list: items; map: values */
	struct node **keys;     /* map: scalars; NULL otherwise */
};

struct document;

/* Reads a whole file. NULL and an error with its position unless it is one YAML document. */
struct document *document_read(const char *path, struct error *err);
void document_destroy(struct document *document);
struct node *document_root(const struct document *document);

/* `--set recipe.epochs=3`: replaces or adds the value at a dotted path (map keys, list positions from 0). The value is
 * parsed as YAML; its marks name the command line: file "--set recipe.epochs=3", column within the assignment. */
bool document_set(struct document *document, const char *assignment, struct error *err);

/* The value under a key of a map, or NULL. */
struct node *node_get(const struct node *map, const char *key);

struct arena;

/* New nodes: an empty map; a copy whose items may be replaced. NULL and an error without memory. */
struct node *node_empty(struct arena *arena, struct mark at, struct error *err);
struct node *node_copy(struct arena *arena, const struct node *node, struct error *err);

/* Maps made from others, which they share their values with; in the arena. NULL and an error without memory, or where
 * the path cannot be followed. */
/* The entries of both; where both have a key, the one of `over`. */
struct node *node_overlay(struct arena *arena, const struct node *base, const struct node *over, struct error *err);
/* All entries but one. */
struct node *node_without(struct arena *arena, const struct node *map, const char *key, struct error *err);
/* With a value at a dotted path, "optimizer.adam.beta2": maps along it are copied or made, and a word that is the next
 * step, `optimizer: adam`, becomes a map of it. `key` is the path as a scalar. */
struct node *node_with(struct arena *arena, const struct node *map, const struct node *key, struct node *value,
                       struct error *err);

/* Whether it is a position in a `--set` and not in a file. */
bool mark_is_set(struct mark at);

/* "a list", "a map", "\"text\"", "nothing": what was found, for messages. Static or in `to`. */
const char *node_describe(const struct node *node, char to[80]);

#endif
