/* See expand.h. Walks the list once. The limit on layers also limits the work of a small file, since every repeat and
 * every block adds at least one layer. */
#include "bench/sweep/expand.h"

#include "bench/sweep/blocks.h"
#include "bench/sweep/scope.h"
#include "bench/sweep/sweep.h"
#include "bench/yaml/bind.h"

#include <string.h>

struct expander {
	struct arena *arena;
	const struct node *blocks;      /* or NULL */
	struct expansion *to;
	int last;                       /* the layer that the next one follows, or NETWORK_INPUT */
	int substituted;                /* values searched for $parameters so far */
	struct error *err;
};

/* An item of a list of layers. */
struct item {
	const char *name;               /* of a layer type, a block, or "repeat" */
	struct node *map;               /* the value under the name; empty for a name alone */
	struct mark at;
};

const struct field repeat_fields[] = {
	{ "times", .accepts = "whole number 1..1000", .required = 1,
	  .help = "how often the layers stand one after the other" },
	{ "layers", .accepts = "list of layers, blocks and other repeats", .required = 1, .help = "what is repeated" },
	{ 0 }
};

const struct field item_fields[] = {
	{ "name", .accepts = "name", .help = "what later layers call this output in `from` and `with`" },
	{ "from", .accepts = "name of an earlier layer, `input` or `block_input`",
	  .help = "the layer that this one reads; without it, the one above" },
	{ 0 }
};

const struct field joining_fields[] = {
	{ "with", .accepts = "name of an earlier layer, `input` or `block_input`", .required = 1,
	  .help = "of `add` alone: the layer whose output is the second input" },
	{ 0 }
};

static bool expand_list(struct expander *x, const struct node *list, struct scope *scope);

static bool substitute(struct expander *x, struct node *from, const struct scope *scope, struct node **to);

/* Copies only what changes. */
static bool substitute_items(struct expander *x, struct node *from, const struct scope *scope, struct node **to)
{
	struct node *item;

	*to = from;
	for (int i = 0; i < from->count; i++) {
		if (!substitute(x, from->items[i], scope, &item))
			return false;
		if (item == from->items[i])
			continue;
		if (*to == from && !(*to = node_copy(x->arena, from, x->err)))
			return false;
		(*to)->items[i] = item;
	}
	return true;
}

/* Replaces every $parameter in the node by its value. */
static bool substitute(struct expander *x, struct node *from, const struct scope *scope, struct node **to)
{
	if (++x->substituted > MAX_SUBSTITUTED)
		return fail_at(x->err, from->at, "blocks and repeats fill in more than %d values", MAX_SUBSTITUTED);
	if (from->type != NODE_SCALAR)
		return substitute_items(x, from, scope, to);
	*to = from;
	return from->quoted || from->text[0] != '$' || scope_argument(scope, from, to, x->err);
}

/* Finds the layer that a key names; leaves *layer unchanged if the key is missing. */
static bool find_layer(struct expander *x, const struct item *item, const char *key, const struct scope *scope,
                       int *layer)
{
	struct node *name = node_get(item->map, key);

	return !name || (substitute(x, name, scope, &name) && scope_find(scope, name, key, layer, x->err));
}

/* Gives the item's name, if it has one, to the layer that was added last. */
static bool define_name(struct expander *x, const struct item *item, struct scope *scope)
{
	struct node *name = node_get(item->map, "name");

	return !name || (substitute(x, name, scope, &name) && scope_define(scope, name, x->last, x->arena, x->err));
}

/* The keys of `fields` and `more`, either of which may be NULL, are accepted, and those of every item. */
static bool check_keys(struct expander *x, const struct item *item, const struct field *fields,
                       const struct field *more)
{
	struct words words = { 0 };

	bind_words(&words, fields, NULL);
	bind_words(&words, item_fields, NULL);
	bind_words(&words, more, NULL);
	return bind_keys(item->map, &words, x->err);
}

static bool add_layer(struct expander *x, const struct item *item, const struct layer_type *type, struct scope *scope)
{
	struct item filled = *item;

	if (x->to->count == MAX_LAYERS)
		return fail_at(x->err, item->at, "layers: more than %d with all blocks and repeats written out",
			MAX_LAYERS);
	if (!check_keys(x, item, type->kind.fields, type->inputs == 2 ? joining_fields : NULL) ||
	    !substitute(x, item->map, scope, &filled.map))
		return false;
	struct expanded_layer *layer = &x->to->layers[x->to->count];
	*layer = (struct expanded_layer){ type, filled.map, { x->last, x->last }, item->at };
	if (type->inputs == 2 && !node_get(filled.map, "with"))
		return fail_at(x->err, item->at, "with: missing; %s needs the name of its second input", item->name);
	if (!find_layer(x, &filled, "from", scope, &layer->from[0]) ||
	    !find_layer(x, &filled, "with", scope, &layer->from[1]))
		return false;
	x->last = x->to->count++;
	return define_name(x, &filled, scope);
}

static bool read_times(struct expander *x, const struct item *item, const struct scope *scope, int *times)
{
	static const struct field field = { "times", FIELD_INT, 0, .min = 1, .max = MAX_REPEAT };
	struct node *node = node_get(item->map, "times");

	if (!node)
		return fail_at(x->err, item->at, "times: missing; a whole number is required");
	return substitute(x, node, scope, &node) && bind_value(node, &field, NULL, times, x->err);
}

/* The list of layers of a repeat or block. */
static const struct node *find_list(struct expander *x, const struct node *map, struct mark at)
{
	const struct node *list = node_get(map, "layers");

	if (!list)
		fail_at(x->err, at, "layers: missing; a list is required");
	return list;
}

static bool expand_repeat(struct expander *x, const struct item *item, struct scope *scope)
{
	const struct node *list;
	int times;

	if (!check_keys(x, item, repeat_fields, NULL) || !read_times(x, item, scope, &times) ||
	    !find_layer(x, item, "from", scope, &x->last) || !(list = find_list(x, item->map, item->at)))
		return false;
	for (int i = 0; i < times; i++) {
		struct scope inner = { scope, NULL, scope->arguments, scope->input, NULL };

		if (!expand_list(x, list, &inner))
			return false;
	}
	return define_name(x, item, scope);
}

static bool expand_block(struct expander *x, const struct item *item, const struct node *block, struct scope *scope)
{
	bool inside;
	int depth = scope_depth(scope, item->name, &inside);
	struct item filled = *item;
	struct scope inner = { .around = scope, .block = item->name };

	if (inside)
		return fail_at(x->err, item->at, "%s: a block cannot contain itself", item->name);
	if (depth == MAX_NESTING)
		return fail_at(x->err, item->at, "%s: blocks within blocks deeper than %d", item->name, MAX_NESTING);
	const struct node *list = find_list(x, block, block->at);
	if (!list || !substitute(x, item->map, scope, &filled.map) || !find_layer(x, &filled, "from", scope, &x->last))
		return false;
	inner.input = x->last;
	inner.arguments = blocks_arguments(x->arena, block, filled.map, item->at, x->err);
	return inner.arguments && expand_list(x, list, &inner) && define_name(x, &filled, scope);
}

static bool refuse(struct expander *x, const struct item *item)
{
	struct words words = { 0 };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	for (int i = 0; layer_types[i]; i++)
		words_add(&words, layer_types[i]->kind.name);
	words_add(&words, "repeat");
	for (int i = 0; x->blocks && i < x->blocks->count; i++)
		words_add(&words, x->blocks->keys[i]->text);
	return fail_at(x->err, item->at, "%s: unknown layer; %s", words_show(item->name, shown),
	               words_accepted(&words, item->name, accepted));
}

static bool expand_item(struct expander *x, struct node *node, struct scope *scope)
{
	struct item item;
	const struct node *map;

	if (!bind_kind(node, "layers", &item.name, &map, x->err))
		return false;
	item.at = bind_kind_mark(node);
	item.map = map ? node->items[0] : node_empty(x->arena, item.at, x->err);
	if (!item.map)
		return false;
	if (!strcmp(item.name, "repeat"))
		return expand_repeat(x, &item, scope);
	const struct node *block = x->blocks ? node_get(x->blocks, item.name) : NULL;
	if (block)
		return expand_block(x, &item, block, scope);
	const struct layer_type *type = layer_type_find(item.name);
	return type ? add_layer(x, &item, type, scope) : refuse(x, &item);
}

static bool expand_list(struct expander *x, const struct node *list, struct scope *scope)
{
	if (!bind_type(list, NODE_LIST, "layers", x->err))
		return false;
	if (!list->count)
		return fail_at(x->err, list->at, "layers: an empty list where at least one layer is required");
	for (int i = 0; i < list->count; i++)
		if (!expand_item(x, list->items[i], scope))
			return false;
	return true;
}

bool expand_layers(struct arena *arena, const struct node *layers, const struct node *blocks, struct expansion *to,
                   struct error *err)
{
	struct expander x = { .arena = arena, .blocks = blocks, .to = to, .last = NETWORK_INPUT, .err = err };
	struct scope scope = { .input = NETWORK_INPUT };

	to->count = 0;
	to->layers = arena_alloc(arena, MAX_LAYERS * sizeof *to->layers, err);
	return to->layers && (!blocks || blocks_check(blocks, err)) && expand_list(&x, layers, &scope);
}
