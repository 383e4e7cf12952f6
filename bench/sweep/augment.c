/* See augment.h. An item is a step's name, `flip`, its name and fields, `{erase: {probability: 0.3}}`, or its name and
 * the value of its first field, `{shift: 0.1}`. */
#include "bench/sweep/augment.h"

#include "bench/yaml/bind.h"

#include <string.h>

static const struct augment_type *find_type(const char *name)
{
	for (int i = 0; augment_types[i]; i++)
		if (!strcmp(augment_types[i]->kind.name, name))
			return augment_types[i];
	return NULL;
}

static bool refuse_name(const struct node *item, const char *name, struct error *err)
{
	struct words words = { 0 };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	for (int i = 0; augment_types[i]; i++)
		words_add(&words, augment_types[i]->kind.name);
	return fail_at(err, bind_kind_mark(item), "augment: \"%s\" is unknown; %s", words_show(name, shown),
	               words_accepted(&words, name, accepted));
}

/* A map of one key that is no map itself, `shift: 0.1`: a map of the step's first field. NULL and an error without
 * memory. */
static const struct node *first_field(const struct node *value, const struct augment_type *type, struct arena *arena,
                                      struct error *err)
{
	struct node *map = node_empty(arena, value->at, err);
	struct node *key = map ? arena_alloc(arena, sizeof *key, err) : NULL;
	struct node **entries = key ? arena_alloc(arena, 2 * sizeof *entries, err) : NULL;

	if (!entries)
		return NULL;
	*key = (struct node){ .type = NODE_SCALAR, .at = value->at, .text = type->kind.fields[0].name };
	entries[0] = key;
	entries[1] = (struct node *)(uintptr_t)value;
	map->count = 1;
	map->keys = entries;
	map->items = entries + 1;
	return map;
}

/* The fields that an item gives to its step: NULL and an error for none. */
static const struct node *fields_of(const struct node *item, const struct augment_type *type, struct arena *arena,
                                    struct error *err)
{
	const struct node *value = item->type == NODE_MAP ? item->items[0] : NULL;

	if (!value)
		return node_empty(arena, item->at, err);
	return value->type == NODE_MAP ? value : first_field(value, type, arena, err);
}

static bool read_step(const struct node *item, struct arena *arena, struct augment_step *to, struct error *err)
{
	const char *name = item->type == NODE_MAP && item->count == 1 ? item->keys[0]->text : NULL;
	const struct node *none;

	if (!name && !bind_kind(item, "augment", &name, &none, err))
		return false;
	to->type = find_type(name);
	if (!to->type)
		return refuse_name(item, name, err);
	const struct node *fields = fields_of(item, to->type, arena, err);
	void *config = fields ? arena_alloc(arena, to->type->kind.config_size, err) : NULL;
	to->config = config;
	return config && bind_fields(fields, to->type->kind.fields, NULL, NULL, config, err) &&
	       (!to->type->check || to->type->check(config, bind_kind_mark(item), err));
}

/* The short form beside a list would be two places for one thing. */
static bool check_alone(const struct node *list, const struct recipe *recipe, struct error *err)
{
	if (recipe->flip)
		return fail_at(err, list->at, "augment: a list beside flip: true; accepted: flip in the list");
	if (recipe->shift > 0)
		return fail_at(err, list->at,
		               "augment: a list beside shift: %.10g; accepted: {shift: %.10g} in the list",
		               recipe->shift, recipe->shift);
	return true;
}

bool augment_read(const struct node *list, struct arena *arena, struct recipe *to, struct error *err)
{
	if (!list)
		return true;
	if (!bind_type(list, NODE_LIST, "augment", err))
		return false;
	if (list->count > MAX_AUGMENT_STEPS)
		return fail_at(err, list->at, "augment: a list of %d where up to %d steps are accepted", list->count,
		               MAX_AUGMENT_STEPS);
	if (list->count && !check_alone(list, to, err))
		return false;
	struct augment_step *steps = arena_alloc(arena, sizeof *steps * MAX_AUGMENT_STEPS, err);
	for (int i = 0; steps && i < list->count; i++)
		if (!read_step(list->items[i], arena, &steps[i], err))
			return false;
	to->augment = steps;
	to->augment_count = list->count;
	return steps;
}
