/* See alias.h. */
#include "bench/yaml/alias.h"

#include "bench/text/words.h"

#include <string.h>

int anchor_open(struct anchors *anchors, struct document *document, const char *name, struct mark at,
                struct error *err)
{
	if (anchors->count == ALIAS_MAX_ANCHORS) {
		fail_at(err, at, "more than %d anchors (&) in one file", ALIAS_MAX_ANCHORS);
		return -1;
	}
	struct anchor *to = &anchors->at[anchors->count];

	*to = (struct anchor){ .name = arena_copy(&document->arena, name, strlen(name), err) };
	return to->name ? anchors->count++ : -1;
}

/* The deep copy of a node that is to stand `depth` levels deep. */
struct copying { struct anchors *anchors; struct document *document; const char *name; struct mark at; };

static struct node *copy(const struct copying *c, const struct node *from, int depth, struct error *err)
{
	char shown[SHOWN_BYTES];

	if (depth >= DOCUMENT_MAX_DEPTH) {
		fail_at(err, c->at, "*%s: lists and maps nested deeper than %d", words_show(c->name, shown),
		        DOCUMENT_MAX_DEPTH);
		return NULL;
	}
	if (++c->anchors->copies > ALIAS_MAX_COPIES) {
		fail_at(err, c->at, "*%s: aliases (*) stand for more than %d values in one file",
		        words_show(c->name, shown), ALIAS_MAX_COPIES);
		return NULL;
	}
	struct node *to = node_create(c->document, from->type, from->at, err);

	if (!to)
		return NULL;
	to->text = from->text;
	to->quoted = from->quoted;
	for (int i = 0; i < from->count; i++) {
		struct node *item = copy(c, from->items[i], depth + 1, err);

		if (!item || !node_append(&c->document->arena, to, from->keys ? from->keys[i] : NULL, item, err))
			return NULL;
	}
	return to;
}

struct node *alias_expand(struct anchors *anchors, struct document *document, const char *name, struct mark at,
                          int depth, struct error *err)
{
	const struct copying copying = { anchors, document, name, at };
	char shown[SHOWN_BYTES];

	for (int i = anchors->count; i-- > 0;) {
		if (strcmp(anchors->at[i].name, name) != 0)
			continue;
		if (anchors->at[i].node)
			return copy(&copying, anchors->at[i].node, depth, err);
		fail_at(err, at, "*%s: stands within what &%s names", words_show(name, shown), shown);
		return NULL;
	}
	fail_at(err, at, "*%s: no anchor &%s stands above", words_show(name, shown), shown);
	return NULL;
}

bool merge_is_key(const struct node *key)
{
	return key->type == NODE_SCALAR && !key->quoted && strcmp(key->text, "<<") == 0;
}

bool merge_check(const struct node *value, struct error *err)
{
	char shown[80];

	if (value->type == NODE_MAP)
		return true;
	if (value->type == NODE_SCALAR)
		return fail_at(err, value->at, "<<: %s where a map or a list of maps is accepted",
		               node_describe(value, shown));
	for (int i = 0; i < value->count; i++)
		if (value->items[i]->type != NODE_MAP)
			return fail_at(err, value->items[i]->at, "<<: %s where a map is accepted",
			               node_describe(value->items[i], shown));
	return true;
}

static bool merge_map(struct document *document, struct node *map, const struct node *from, struct error *err)
{
	for (int i = 0; i < from->count; i++) {
		if (node_get(map, from->keys[i]->text))
			continue;
		if (map->count == DOCUMENT_MAX_KEYS)
			return fail_at(err, from->keys[i]->at, "more than %d keys in one map", DOCUMENT_MAX_KEYS);
		if (!node_append(&document->arena, map, from->keys[i], from->items[i], err))
			return false;
	}
	return true;
}

bool merge_into(struct document *document, struct node *map, const struct node *value, struct error *err)
{
	if (value->type == NODE_MAP)
		return merge_map(document, map, value, err);
	for (int i = 0; i < value->count; i++)
		if (!merge_map(document, map, value->items[i], err))
			return false;
	return true;
}
