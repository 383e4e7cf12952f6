/* See weights.h. The list of arrays, and the conversion between memory's order and the file's. */
#include "bench/weights/weights.h"

#include "bench/weights/feature_order.h"
#include "bench/weights/weights_list.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sets an array's axes with their strides in memory, then sorts them as in files: rows, columns, in, out. */
static void lay_axes(struct weight *w, const struct param_plan *array, const struct feature_orders *orders)
{
	size_t stride = array->len;

	w->rank = array->axis_count;
	w->count = 1;
	for (int i = 0; i < w->rank; i++) {
		const struct axis *axis = &array->axes[i];
		int place = 0;
		for (int k = 0; k < w->rank; k++)
			place += array->axes[k].kind < axis->kind;
		stride /= (size_t)axis->len;
		w->dims[place] = axis->len;
		w->strides[place] = stride;
		w->orders[place] = feature_order(orders, w->layer, *axis);
		w->count *= axis->len;
	}
}

static void add_arrays(struct weights *list, int layer, bool trained, size_t *at)
{
	const struct layer_plan *plan = model_plan_layer(list->plan, layer);
	const struct param_plan *arrays = trained ? plan->params : plan->state;
	int count = trained ? plan->param_count : plan->state_count;

	for (int i = 0; i < count; i++) {
		struct weight *w = &list->arrays[list->count++];

		*w = (struct weight){ .array = arrays[i].name, .layer = layer, .trained = trained, .at = *at };
		snprintf(w->name, sizeof w->name, "%02d_%s/%s", layer + 1, list->network->layers[layer].type->kind.name,
		         arrays[i].name);
		lay_axes(w, &arrays[i], list->orders);
		*at += arrays[i].len;
	}
}

struct weights *weights_create(const struct network *network, const struct model_plan *plan, struct error *err)
{
	struct weights *list = calloc(1, sizeof *list);
	int most = 0;

	for (int i = 0; i < network->layer_count; i++)
		most += model_plan_layer(plan, i)->param_count + model_plan_layer(plan, i)->state_count;
	if (list) {
		*list = (struct weights){ .network = network, .plan = plan,
		                          .arrays = calloc((size_t)most + 1, sizeof *list->arrays) };
		list->orders = feature_orders_create(network, plan, err);
	}
	if (!list || !list->arrays || !list->orders) {
		fail(err, "not enough memory for a list of %d arrays", most);
		weights_destroy(list);
		return NULL;
	}
	for (int i = 0; i < network->layer_count; i++) {
		add_arrays(list, i, true, &list->params_len);
		add_arrays(list, i, false, &list->state_len);
	}
	return list;
}

void weights_destroy(struct weights *list)
{
	if (!list)
		return;
	feature_orders_destroy(list->orders);
	free(list->arrays);
	free(list);
}

int weights_count(const struct weights *list)
{
	return list->count;
}

const struct weight *weights_at(const struct weights *list, int i)
{
	return &list->arrays[i];
}

size_t weights_params_len(const struct weights *list)
{
	return list->params_len;
}

size_t weights_state_len(const struct weights *list)
{
	return list->state_len;
}

/* Offset in memory, in numbers, of the file's index k along dimension i. */
static size_t step_to(const struct weight *w, int i, int64_t k)
{
	return (size_t)(w->orders[i] ? w->orders[i][k] : k) * w->strides[i];
}

size_t weight_next(const struct weight *w, int64_t index[MAX_AXES])
{
	size_t place = 0;

	for (int i = 0; i < w->rank; i++)
		place += step_to(w, i, index[i]);
	for (int i = w->rank; i-- > 0 && ++index[i] == w->dims[i];)
		index[i] = 0;
	return place;
}

/* npz_floats.fetch: `order` is the weight, `at` its beginning in memory. */
static void fetch(const struct npz_floats *from, int64_t first, int count, float *to)
{
	const struct weight *w = from->order;
	int64_t index[MAX_AXES] = { 0 }, rest = first;

	for (int i = w->rank; i-- > 0; rest /= w->dims[i])
		index[i] = rest % w->dims[i];
	for (int i = 0; i < count; i++)
		to[i] = from->at[weight_next(w, index)];
}

static bool add_array(const struct weight *w, struct npz_draft *draft, const struct weights_source *source,
                      struct error *err)
{
	char name[WEIGHT_NAME_BYTES + 16];
	struct npz_array array = { .name = name, .type = source->type, .rank = w->rank };
	const float *from = (w->trained ? source->from.params : source->from.state) + w->at;

	snprintf(name, sizeof name, "%s%s", source->prefix, w->name);
	memcpy(array.dims, w->dims, sizeof w->dims);
	return npz_add_fetched(draft, &array, &(struct npz_floats){ fetch, from, w }, err);
}

bool weights_add(const struct weights *list, struct npz_draft *draft, const struct weights_source *source,
                 struct error *err)
{
	for (int i = 0; i < list->count; i++)
		if ((list->arrays[i].trained ? source->from.params : source->from.state) &&
		    !add_array(&list->arrays[i], draft, source, err))
			return false;
	return true;
}

bool weights_write(const struct weights *list, const char *path, const struct weights_source *source, struct error *err)
{
	struct npz_draft *draft = npz_create(err);
	struct error why = { "" };

	if (!draft)
		return false;
	if (weights_add(list, draft, source, &why))
		return npz_save(draft, path, err);
	npz_discard(draft);
	return fail(err, "%s: %s", path, why.text);
}
