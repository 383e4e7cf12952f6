/* See variants.h. */
#include "bench/sweep/variants.h"

#include "bench/sweep/vary.h"
#include "bench/sweep/recipe_read.h"
#include "bench/yaml/bind.h"

#include <stdio.h>
#include <string.h>

/* The variants of one item, on their way. */
struct builder {
	struct settings *settings;
	const struct node *fixed;       /* the item's `recipe`, or NULL */
	struct vary axes;
	struct variant_list *to;
	struct error *err;
};

/* Whether `best` chooses among the key's values; notes that the key is varied. */
static bool is_best_over(struct settings *s, const char *key)
{
	for (int i = 0; i < s->sweep->best_count; i++)
		if (!strcmp(s->sweep->best_over[i], key))
			return s->best_varied[i] = true;
	return false;
}

/* A name that grows part by part. */
struct name {
	char text[VARIANT_NAME_BYTES];
	size_t len;
};

static bool add_part(struct name *name, const char *key, const char *label)
{
	size_t room = sizeof name->text - name->len;
	int wrote = snprintf(name->text + name->len, room, "%s%s%s%s", name->len ? "," : "", key ? key : "",
	                     key ? "=" : "", label);

	name->len += wrote > 0 ? (size_t)wrote : 0;
	return name->len < sizeof name->text;
}

/* Adds the places of the grid's axes to the names: the whole one, and the one without what `best` chooses among. */
static bool name_places(struct builder *b, const int *places, struct name *whole, struct name *group)
{
	char label[LABEL_BYTES];

	for (int i = 0; i < b->axes.count; i++) {
		const struct varied *axis = &b->axes.of[i];

		for (int k = 0; k < axis->key_count; k++) {
			const char *key = varied_key(axis, k);
			bool fits = varied_label(axis, k, places[i], label, b->err);

			if (!fits)
				return false;
			if (!add_part(whole, key, label) ||
			    (!is_best_over(b->settings, axis->keys[k]->text) && !add_part(group, key, label)))
				return fail_at(b->err, axis->keys[k]->at, "vary: \"%.40s...\" is a name of more than "
					"%d "
				               "bytes for a variant", whole->text, VARIANT_NAME_BYTES - 1);
		}
	}
	return true;
}

static const struct node *fill_in(struct builder *b, const struct node *map, const int *places)
{
	struct arena *arena = b->settings->arena;

	if (b->fixed)
		map = node_overlay(arena, map, b->fixed, b->err);
	for (int i = 0; i < b->axes.count; i++)
		for (int k = 0; map && k < b->axes.of[i].key_count; k++) {
			const struct varied *axis = &b->axes.of[i];
			map = node_with(arena, map, axis->keys[k], axis->values[k]->items[places[i]], b->err);
		}
	return map;
}

static bool add_variant(struct builder *b, const struct named_recipe *recipe, const int *places)
{
	struct settings *s = b->settings;
	struct variant *variant = arena_alloc(s->arena, sizeof *variant, b->err);
	struct name whole = { .len = 0 }, group = { .len = 0 };
	const struct node *map = fill_in(b, recipe->map, places);

	if (!variant || !map)
		return false;
	if (recipe->name[0]) {
		add_part(&whole, NULL, recipe->name);
		if (!is_best_over(s, "recipe"))
			add_part(&group, NULL, recipe->name);
	}
	if (!name_places(b, places, &whole, &group) ||
	    !recipe_read(map, &s->sweep->data, s->arena, &variant->recipe, b->err))
		return false;
	variant->teachers = node_get(map, "teachers");
	variant->name = arena_copy(s->arena, whole.text, whole.len, b->err);
	variant->group = arena_copy(s->arena, group.text, group.len, b->err);
	b->to->of[b->to->count++] = variant;
	return variant->name && variant->group;
}

/* The next place of the grid, the last axis first; false after the last. */
static bool advance(const struct vary *axes, int *places)
{
	for (int i = axes->count - 1; i >= 0; i--) {
		if (++places[i] < axes->of[i].count)
			return true;
		places[i] = 0;
	}
	return false;
}

static bool add_grid(struct builder *b, const struct named_recipe *recipe)
{
	int places[MAX_VARIED] = { 0 };

	do
		if (!add_variant(b, recipe, places))
			return false;
	while (advance(&b->axes, places));
	return true;
}

/* The recipes that an item of `families` names, all without a list. */
static bool choose_recipes(const struct builder *b, const struct node *list, const struct named_recipe **chosen,
                           int *count)
{
	const struct recipes *all = &b->settings->recipes;
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];
	struct words words = { 0 };

	for (int i = 0; i < all->count; i++) {
		words_add(&words, all->of[i].name);
		chosen[i] = &all->of[i];
	}
	*count = all->count;
	if (!list)
		return true;
	if (!bind_type(list, NODE_LIST, "recipes", b->err))
		return false;
	if (!all->of[0].name[0])
		return fail_at(b->err, list->at, "recipes: the sweep names none");
	if (list->count == 0 || list->count > all->count)
		return fail_at(b->err, list->at, "recipes: a list of %d where 1 to %d names are accepted", list->count,
		               all->count);
	*count = list->count;
	for (int i = 0; i < list->count; i++) {
		const struct node *name = list->items[i];

		if (!bind_type(name, NODE_SCALAR, "recipes", b->err))
			return false;
		chosen[i] = recipes_find(all, name->text);
		if (!chosen[i])
			return fail_at(b->err, name->at, "recipes: \"%s\" is no recipe of the sweep; %s",
			               words_show(name->text, shown), words_accepted(&words, name->text, accepted));
	}
	return true;
}

static bool read_axes(struct builder *b, const struct node *entry)
{
	const struct node *own = node_get(entry, "vary"), *common = b->settings->vary;

	if (b->fixed && !bind_type(b->fixed, NODE_MAP, "recipe", b->err))
		return false;
	if (own && !bind_type(own, NODE_MAP, "vary", b->err))
		return false;
	return (!common || vary_add(&(struct vary_source){ common, b->fixed, own }, &b->axes, b->err)) &&
	       (!own || vary_add(&(struct vary_source){ own, NULL, NULL }, &b->axes, b->err));
}

/* How many variants there will be; -1 and an error for too many. */
static int count_variants(const struct builder *b, int recipes, struct mark at)
{
	int64_t count = recipes;

	for (int i = 0; i < b->axes.count && count <= MAX_VARIANTS; i++)
		count *= b->axes.of[i].count;
	if (count <= MAX_VARIANTS)
		return (int)count;
	fail_at(b->err, at, "vary: more than %d variants (recipes x values)", MAX_VARIANTS);
	return -1;
}

static bool build(struct builder *b, const struct node *entry)
{
	const struct named_recipe *chosen[MAX_RECIPES];
	int recipes;

	if (!read_axes(b, entry) || !choose_recipes(b, node_get(entry, "recipes"), chosen, &recipes))
		return false;
	const struct node *vary = node_get(entry, "vary") ? node_get(entry, "vary") : b->settings->vary;
	int count = count_variants(b, recipes, vary ? vary->at : entry->at);
	if (count < 0)
		return false;
	b->to->of = arena_alloc(b->settings->arena, (size_t)count * sizeof *b->to->of, b->err);
	for (int i = 0; b->to->of && i < recipes; i++)
		if (!add_grid(b, chosen[i]))
			return false;
	return b->to->of;
}

bool variants_read(struct settings *settings, const struct node *entry, struct variant_list *to, struct error *err)
{
	bool own = node_get(entry, "recipe") || node_get(entry, "recipes") || node_get(entry, "vary");
	struct builder b = { .settings = settings, .fixed = node_get(entry, "recipe"), .to = to, .err = err };

	*to = (struct variant_list){ 0 };
	if (!own && settings->common.count) {
		*to = settings->common;
		return true;
	}
	if (!build(&b, entry))
		return false;
	if (!own)
		settings->common = *to;
	return true;
}

bool variants_check_best(const struct settings *settings, struct error *err)
{
	char shown[SHOWN_BYTES];

	for (int i = 0; i < settings->sweep->best_count; i++) {
		const struct node *key = settings->best_over->items[i];

		if (!settings->best_varied[i])
			return fail_at(err, key->at, "over: nothing varies \"%s\"; accepted: keys of `vary`, and "
				"recipe "
			               "where there are `recipes`", words_show(key->text, shown));
	}
	return true;
}
