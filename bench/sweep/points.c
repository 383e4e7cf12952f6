/* See points.h. Plans every network, so that shapes that do not fit are found before anything trains. */
#include "bench/sweep/points.h"

#include "bench/sweep/describe.h"
#include "bench/sweep/point_teachers.h"
#include "bench/sweep/variants.h"
#include "bench/yaml/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* State while points are built from the list. */
struct builder {
	struct settings *settings;
	struct sweep *sweep;
	int layers;                     /* of all networks so far */
	struct error *err;
};

/* "3,3,6,12": output channels of the convolutions, runs of equal numbers once; ends in dots if `to` is too short. */
static void print_channels(const struct network *network, const struct model_plan *plan, char to[64])
{
	enum { ROOM = 64 - 12 };        /* leaves space for a number and the dots */
	int used = 0, last = 0;

	to[0] = '\0';
	for (int i = 0; i < network->layer_count; i++) {
		int channels = model_plan_layer(plan, i)->out.c;

		if (strcmp(network->layers[i].type->kind.name, "conv") || channels == last)
			continue;
		if (used > ROOM - 4) {
			snprintf(to + used, (size_t)(64 - used), ",...");
			return;
		}
		used += snprintf(to + used, (size_t)(64 - used), "%s%d", used ? "," : "", channels);
		last = channels;
	}
}

/* Plans a point's network; messages name its family and width. */
static bool plan_network(const struct builder *b, const struct entry *entry, struct point *point)
{
	struct error found = { "" };
	char width[NUMBER_BYTES];
	struct model_plan *plan = recipe_plan(&point->network, &point->variant->recipe, &found);

	if (!plan)
		return fail(b->err, "%s (%s at width %s)", found.text, entry->name, words_number(point->width, width));
	print_channels(&point->network, plan, point->channels);
	model_plan_destroy(plan);
	return true;
}

static bool make_network(struct builder *b, const struct entry *entry, struct point *point)
{
	const struct data_description *data = &b->sweep->data;
	struct binding binding = { point->width, data->classes, (enum rounding)entry->family.rounding,
	                           entry->family.divisor };

	b->layers += entry->family.expansion.count;
	if (b->layers > MAX_SWEEP_LAYERS)
		return fail_at(b->err, point->at, "families: more than %d layers in all networks together",
		               MAX_SWEEP_LAYERS);
	point->network = (struct network){ .input = data->shape, .classes = data->classes,
	                                    .dropout = point->variant->recipe.dropout,
	                                    .bf16 = point->variant->recipe.precision == PRECISION_BF16 };
	return family_network(&entry->family, &binding, &point->network, b->err) && plan_network(b, entry, point);
}

/* Adds a point for every seed at one width and variant: the same network, different ids. */
static bool add_variant(struct builder *b, const struct entry *entry, const struct entry_width *width,
                        const struct variant *variant)
{
	struct sweep *sweep = b->sweep;
	int all = b->settings->seed_count, wanted = width->seed_count;
	int seeds = wanted && wanted < all ? wanted : all;
	struct point point = { .family = entry->name, .width = width->value, .variant = variant,
		.expect = width->expect, .at = width->at };

	if (sweep->point_count + seeds > MAX_POINTS)
		return fail_at(b->err, width->at, "families: more than %d points (families x widths x variants x "
			"seeds)",
		               MAX_POINTS);
	if (!make_network(b, entry, &point))
		return false;
	char *description = describe_network(sweep, &point);
	if (!description)
		return fail(b->err, "out of memory");
	uint64_t hash = describe_hash(description);
	free(description);
	for (int i = 0; i < seeds; i++) {
		point.seed = b->settings->seeds[i];
		describe_id(hash, point.seed, point.id);
		sweep->several_variants = sweep->several_variants || *variant->name;
		sweep->several_seeds = sweep->several_seeds || point.seed != b->settings->seeds[0];
		sweep->points[sweep->point_count++] = point;
	}
	return true;
}

static bool add_widths(struct builder *b, const struct entry *entry, const struct variant_list *variants)
{
	for (int i = 0; i < entry->width_count; i++)
		for (int k = 0; k < variants->count; k++)
			if (!add_variant(b, entry, &entry->widths[i], variants->of[k]))
				return false;
	return true;
}

static bool add_family(struct builder *b, const struct node *item, const struct entry *entry)
{
	struct variant_list variants;
	struct sweep *sweep = b->sweep;

	for (int i = 0; i < sweep->family_count; i++)
		if (!strcmp(sweep->families[i], entry->name))
			return fail_at(b->err, entry->name_at,
			               "name: \"%s\" is already the name of family %d in this sweep",
			               entry->name, i + 1);
	sweep->families[sweep->family_count++] = entry->name;
	return variants_read(b->settings, item, &variants, b->err) && add_widths(b, entry, &variants);
}

/* By id, then by position. */
static int compare_points(const void *left, const void *right)
{
	const struct point *const *a = left, *const *b = right;
	int order = strcmp((*a)->id, (*b)->id);

	return order ? order : (*a > *b) - (*a < *b);
}

static bool refuse_twin(const struct point *first, const struct point *second, struct error *err)
{
	char a[NUMBER_BYTES], b[NUMBER_BYTES];
	const char *of = first->variant->name, *also = second->variant->name;

	return fail_at(err, second->at, "%s at width %s%s%s is the very same point as %s at width %s%s%s",
	               second->family, words_number(second->width, b), *also ? ", " : "", also, first->family,
	               words_number(first->width, a), *of ? ", " : "", of);
}

/* Refuses equal points, which would share one record; rounding can make two widths equal. */
static bool check_twins(const struct sweep *sweep, struct arena *arena, struct error *err)
{
	size_t count = (size_t)sweep->point_count;
	const struct point **sorted = arena_alloc(arena, count * sizeof *sorted, err);

	if (!sorted)
		return false;
	for (size_t i = 0; i < count; i++)
		sorted[i] = &sweep->points[i];
	qsort(sorted, count, sizeof *sorted, compare_points);
	for (size_t i = 1; i < count; i++)
		if (!strcmp(sorted[i - 1]->id, sorted[i]->id))
			return refuse_twin(sorted[i - 1], sorted[i], err);
	return true;
}

bool points_read(struct settings *settings, const struct node *list, struct error *err)
{
	struct sweep *sweep = settings->sweep;
	struct builder b = { .settings = settings, .sweep = sweep, .err = err };

	if (!bind_type(list, NODE_LIST, "families", err))
		return false;
	if (!list->count || list->count > MAX_FAMILIES)
		return fail_at(err, list->at, "families: a list of %d where 1 to %d families are accepted", list->count,
		               MAX_FAMILIES);
	sweep->families = arena_alloc(settings->arena, (size_t)list->count * sizeof *sweep->families, err);
	sweep->points = arena_alloc(settings->arena, MAX_POINTS * sizeof *sweep->points, err);
	if (!sweep->families || !sweep->points)
		return false;
	for (int i = 0; i < list->count; i++) {
		struct entry_source source = { list->items[i], sweep->data.folder, settings->arena, settings->files };
		struct entry entry;

		if (!entry_read(&source, &entry, err) || !add_family(&b, list->items[i], &entry))
			return false;
	}
	return point_teachers_resolve(settings, err) && check_twins(sweep, settings->arena, err);
}
