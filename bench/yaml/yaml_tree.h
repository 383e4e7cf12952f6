/* Builds the tree of yaml.h; private to yaml.c, node.c and set.c. Floor 4b. */
#ifndef BENCH_YAML_YAML_TREE_H
#define BENCH_YAML_YAML_TREE_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

#define SET_PREFIX "--set "

struct document {
	struct arena arena;
	struct node *root;
	int nodes;              /* made so far */
};

/* A text to parse, and its position. */
struct source {
	const char *text;
	size_t len;
	struct mark at;         /* of its first character; the file's name must outlive the document */
};

/* Parses one YAML document into the arena of `document`. */
bool yaml_parse(struct document *document, const struct source *source, struct node **to, struct error *err);

/* NULL and an error if there are too many, or no memory. */
struct node *node_create(struct document *document, enum node_type type, struct mark at, struct error *err);

/* Adds an item (key NULL) or an entry. */
bool node_append(struct arena *arena, struct node *to, struct node *key, struct node *value, struct error *err);

#endif
