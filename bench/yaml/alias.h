/* Anchors (&), aliases (*) and merge keys (<<) while a text is parsed; private to yaml.c. Floor 4b.
 *
 * An alias becomes a deep copy, so that `--set` changes one place alone. What all aliases of a file copy is limited:
 * ten lines can say a billion values. */
#ifndef BENCH_YAML_ALIAS_H
#define BENCH_YAML_ALIAS_H

#include "bench/yaml/yaml_tree.h"

enum { ALIAS_MAX_ANCHORS = 256, ALIAS_MAX_COPIES = 10000 };

struct anchor {
	const char *name;       /* owned by the document */
	const struct node *node;        /* NULL: it is still being read */
};

struct anchors {
	int count;
	struct anchor at[ALIAS_MAX_ANCHORS];
	int copies;             /* values that aliases have copied so far */
};

/* Begins an anchor, whose node is not read yet. Returns its index, or -1 and an error. */
int anchor_open(struct anchors *anchors, struct document *document, const char *name, struct mark at,
                struct error *err);

/* The copy that `*name` stands for, `depth` levels deep in the text. NULL and an error. */
struct node *alias_expand(struct anchors *anchors, struct document *document, const char *name, struct mark at,
                          int depth, struct error *err);

/* Whether a key is <<, whose value is a map, or a list of maps, to be merged. */
bool merge_is_key(const struct node *key);
/* Whether `value` may stand behind <<. */
bool merge_check(const struct node *value, struct error *err);
/* Adds what `map` does not have. In a list the first map that has a key gives its value. */
bool merge_into(struct document *document, struct node *map, const struct node *value, struct error *err);

#endif
