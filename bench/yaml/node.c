/* Creates, grows, looks up and describes the nodes of yaml.h's tree. */
#include "bench/yaml/yaml_tree.h"

#include "bench/text/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct node *node_create(struct document *document, enum node_type type, struct mark at, struct error *err)
{
	if (++document->nodes > DOCUMENT_MAX_NODES) {
		fail_at(err, at, "more than %d values in one file", DOCUMENT_MAX_NODES);
		return NULL;
	}
	struct node *node = arena_alloc(&document->arena, sizeof *node, err);
	if (node) {
		node->type = type;
		node->at = at;
	}
	return node;
}

/* Arrays have a capacity of the next power of two, so the count alone tells when to grow. */
bool node_append(struct arena *arena, struct node *to, struct node *key, struct node *value, struct error *err)
{
	size_t count = (size_t)to->count;

	if (!(count & (count - 1))) {
		size_t room = count ? 2 * count : 1;
		struct node **items = arena_alloc(arena, room * sizeof *items, err);
		struct node **keys = key ? arena_alloc(arena, room * sizeof *keys, err) : NULL;

		if (!items || (key && !keys))
			return false;
		if (count)
			memcpy(items, to->items, count * sizeof *items);
		if (count && key)
			memcpy(keys, to->keys, count * sizeof *keys);
		to->items = items;
		to->keys = keys;
	}
	if (key)
		to->keys[count] = key;
	to->items[count] = value;
	to->count++;
	return true;
}

void document_destroy(struct document *document)
{
	if (!document)
		return;
	arena_free(&document->arena);
	free(document);
}

struct node *document_root(const struct document *document)
{
	return document->root;
}

struct node *node_get(const struct node *map, const char *key)
{
	for (int i = 0; map->keys && i < map->count; i++)
		if (!strcmp(map->keys[i]->text, key))
			return map->items[i];
	return NULL;
}

struct node *node_empty(struct arena *arena, struct mark at, struct error *err)
{
	struct node *node = arena_alloc(arena, sizeof *node, err);

	if (node)
		*node = (struct node){ .type = NODE_MAP, .at = at };
	return node;
}

struct node *node_copy(struct arena *arena, const struct node *node, struct error *err)
{
	struct node *copy = arena_alloc(arena, sizeof *copy, err);
	struct node **items = arena_alloc(arena, (size_t)node->count * sizeof *items, err);

	if (!copy || !items)
		return NULL;
	*copy = *node;
	copy->items = items;
	if (node->count)
		memcpy(items, node->items, (size_t)node->count * sizeof *items);
	return copy;
}

static int find_key(const struct node *map, const char *key)
{
	for (int i = 0; i < map->count; i++)
		if (!strcmp(map->keys[i]->text, key))
			return i;
	return -1;
}

struct node *node_overlay(struct arena *arena, const struct node *base, const struct node *over, struct error *err)
{
	struct node *all = node_empty(arena, over->at, err);

	for (int i = 0; all && i < base->count; i++) {
		int also = find_key(over, base->keys[i]->text);
		struct node *key = also < 0 ? base->keys[i] : over->keys[also];

		if (!node_append(arena, all, key, also < 0 ? base->items[i] : over->items[also], err))
			return NULL;
	}
	for (int i = 0; all && i < over->count; i++)
		if (find_key(base, over->keys[i]->text) < 0 &&
		    !node_append(arena, all, over->keys[i], over->items[i], err))
			return NULL;
	return all;
}

struct node *node_without(struct arena *arena, const struct node *map, const char *key, struct error *err)
{
	struct node *rest = node_empty(arena, map->at, err);

	for (int i = 0; rest && i < map->count; i++)
		if (strcmp(map->keys[i]->text, key) != 0 &&
		    !node_append(arena, rest, map->keys[i], map->items[i], err))
			return NULL;
	return rest;
}

/* A map of one entry. */
static struct node *map_of(struct arena *arena, struct node *key, struct node *value, struct error *err)
{
	struct node *map = node_empty(arena, key->at, err);

	return map && node_append(arena, map, key, value, err) ? map : NULL;
}

/* The first step of a dotted path as a scalar at the path's place; `rest` gets what follows the dot, "" for nothing. */
static struct node *first_step(struct arena *arena, const struct node *key, const char *path, const char **rest,
                               struct error *err)
{
	size_t len = strcspn(path, ".");
	struct node *step = node_empty(arena, key->at, err);

	*rest = path[len] ? path + len + 1 : "";
	if (!step || !(step->text = arena_copy(arena, path, len, err)))
		return NULL;
	step->type = NODE_SCALAR;
	return step;
}

static struct node *with_path(struct arena *arena, const struct node *map, const struct node *key, const char *path,
                              struct node *value, struct error *err)
{
	const char *rest;
	struct node *step = first_step(arena, key, path, &rest, err);
	char shown[80];

	if (!step)
		return NULL;
	if (rest[0]) {
		const struct node *inner = node_get(map, step->text);
		if (inner && inner->type == NODE_SCALAR && !strncmp(inner->text, rest, strcspn(rest, ".")))
			inner = NULL;
		if (inner && inner->type != NODE_MAP) {
			fail_at(err, key->at, "%s: the value of %s is %s, not a map", key->text, step->text,
			        node_describe(inner, shown));
			return NULL;
		}
		if (!inner)
			inner = node_empty(arena, key->at, err);
		value = inner ? with_path(arena, inner, key, rest, value, err) : NULL;
	}
	struct node *entry = value ? map_of(arena, step, value, err) : NULL;
	return entry ? node_overlay(arena, map, entry, err) : NULL;
}

struct node *node_with(struct arena *arena, const struct node *map, const struct node *key, struct node *value,
                       struct error *err)
{
	return with_path(arena, map, key, key->text, value, err);
}

bool mark_is_set(struct mark at)
{
	return !strncmp(at.file, SET_PREFIX, strlen(SET_PREFIX));
}

const char *node_describe(const struct node *node, char to[80])
{
	char shown[SHOWN_BYTES];

	if (node->type == NODE_LIST)
		return node->count ? "a list" : "an empty list";
	if (node->type == NODE_MAP)
		return node->count ? "a map" : "an empty map";
	if (!node->text[0] && !node->quoted)
		return "nothing";
	snprintf(to, 80, "\"%s\"", words_show(node->text, shown));
	return to;
}
