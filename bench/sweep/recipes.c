/* See recipes.h. A recipe is put together as nodes, so that messages name the line that a value stands in. */
#include "bench/sweep/recipes.h"

#include "bench/yaml/bind.h"

#include <string.h>

const struct field recipe_from_fields[] = {
	{ "from", .accepts = "name of another recipe of `recipes`, or of a file recipes/NAME.yaml, or a path that ends "
	  "in .yaml", .help = "the recipe that this one begins with; what stands here as well replaces its values" },
	{ 0 }
};

struct reader {
	const struct source_place *place;
	const struct node *common;      /* the sweep's `recipe`, or NULL */
	const struct node *named;       /* its `recipes`, or NULL; not for recipes in files */
	struct error *err;
};

static const struct node *resolve(const struct reader *r, const struct node *node, const struct node *base, int depth);

/* A recipe's file; those that it begins with are files, too. */
static const struct node *read_file(const struct reader *r, const struct node *name, int depth)
{
	const struct reader inside = { .place = r->place, .err = r->err };
	const struct node *root = source_read(r->place, name, r->err);

	return root ? resolve(&inside, root, NULL, depth) : NULL;
}

static const struct node *find(const struct reader *r, const struct node *name, int depth)
{
	const struct node *named = r->named ? node_get(r->named, name->text) : NULL;

	if (depth == MAX_RECIPE_DEPTH) {
		fail_at(r->err, name->at, "from: more than %d recipes one from another, or in a circle",
		        MAX_RECIPE_DEPTH);
		return NULL;
	}
	return named ? resolve(r, named, r->common, depth) : read_file(r, name, depth);
}

/* `base`: what it begins with where it has no `from`; NULL: with nothing. */
static const struct node *resolve(const struct reader *r, const struct node *node, const struct node *base, int depth)
{
	struct arena *arena = r->place->arena;

	if (node->type == NODE_SCALAR && node->text[0])
		return find(r, node, depth + 1);
	if (!bind_type(node, NODE_MAP, "recipe", r->err))
		return NULL;
	const struct node *from = node_get(node, "from");
	if (from && (!bind_type(from, NODE_SCALAR, "from", r->err) || !(base = find(r, from, depth + 1))))
		return NULL;
	if (!from && base)
		base = resolve(r, base, NULL, depth);
	if (!from && !base)
		return node;
	const struct node *own = from ? node_without(arena, node, "from", r->err) : node;
	return own && base ? node_overlay(arena, base, own, r->err) : NULL;
}

static bool read_named(const struct reader *r, struct recipes *to)
{
	char shown[SHOWN_BYTES];

	if (!bind_type(r->named, NODE_MAP, "recipes", r->err))
		return false;
	if (r->named->count == 0 || r->named->count > MAX_RECIPES)
		return fail_at(r->err, r->named->at, "recipes: a map of %d where 1 to %d recipes are accepted",
		               r->named->count, MAX_RECIPES);
	for (int i = 0; i < r->named->count; i++) {
		const struct node *name = r->named->keys[i];

		if (!words_is_name(name->text))
			return fail_at(r->err, name->at, "recipes: \"%s\" is not a name; accepted: " WORDS_NAME,
			               words_show(name->text, shown));
		to->of[i] = (struct named_recipe){ name->text, resolve(r, r->named->items[i], r->common, 0) };
		if (!to->of[i].map)
			return false;
		to->count++;
	}
	return true;
}

bool recipes_read(const struct node *root, const struct source_place *place, struct recipes *to, struct error *err)
{
	const struct reader r = { place, node_get(root, "recipe"), node_get(root, "recipes"), err };

	*to = (struct recipes){ 0 };
	if (r.named)
		return read_named(&r, to);
	if (!r.common)
		return fail_at(err, root->at, "recipe: missing; a map is required");
	to->count = 1;
	to->of[0] = (struct named_recipe){ "", resolve(&r, r.common, NULL, 0) };
	return to->of[0].map;
}

const struct named_recipe *recipes_find(const struct recipes *recipes, const char *name)
{
	for (int i = 0; i < recipes->count; i++)
		if (!strcmp(recipes->of[i].name, name))
			return &recipes->of[i];
	return NULL;
}
