/* Weights from a file, by our names or in Keras' order. See weights.h. */
#include "bench/weights/weights_list.h"

#include "bench/text/words.h"
#include "bench/weights/feature_order.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* State while a file is read. */
struct reading {
	const struct weights *list;
	const char *path;
	struct npz *file;       /* owned */
	const struct npz_array **arrays;        /* owned: the file's, in the list's order; NULL: none */
};

/* "02_batch_norm/gamma": two or more digits, a type, an array's name. */
static bool is_our_kind(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz_0123456789";
	size_t digits = strspn(name, "0123456789");

	if (digits < 2 || name[digits] != '_')
		return false;
	const char *slash = name + digits + 1 + strspn(name + digits + 1, letters);
	return *slash == '/' && slash[1] && !slash[1 + strspn(slash + 1, letters)];
}

/* "layer 2 (batch_norm), gamma" */
enum { PLACE_BYTES = 128 };
static const char *place_text(const struct reading *r, const struct weight *w, char to[PLACE_BYTES])
{
	snprintf(to, PLACE_BYTES, "layer %d (%s), %s", w->layer + 1, r->list->network->layers[w->layer].type->kind.name,
	         w->array);
	return to;
}

static bool check_array(const struct reading *r, const struct weight *w, const struct npz_array *found,
                        struct error *err)
{
	char shown[SHOWN_BYTES], place[PLACE_BYTES], there[NPZ_SHAPE_BYTES], here[NPZ_SHAPE_BYTES];

	if (found->rank != w->rank || memcmp(found->dims, w->dims, (size_t)w->rank * sizeof *w->dims) != 0)
		return fail(err, "%s: %s: the file's array \"%s\" is %s, and the network's is %s", r->path,
		            place_text(r, w, place),
		            words_show(found->name, shown), npz_shape(found->rank, found->dims, there),
		            npz_shape(w->rank, w->dims, here));
	return npz_is_float(found->type) ||
	       fail(err, "%s: %s: the file's array \"%s\" is of type %s; accepted: float16, float32, float64", r->path,
	            place_text(r, w, place), words_show(found->name, shown), npz_type_name(found->type));
}

/* --- by name ------------------------------------------------------------------------------------------------------ */

static bool any_is_our_kind(const struct npz *file)
{
	for (int i = 0; i < npz_count(file); i++)
		if (is_our_kind(npz_at(file, i)->name))
			return true;
	return false;
}

static const struct weight *find_weight(const struct weights *list, const char *name)
{
	for (int i = 0; i < list->count; i++)
		if (!strcmp(list->arrays[i].name, name))
			return &list->arrays[i];
	return NULL;
}

static bool match_names(struct reading *r, struct error *err)
{
	char shown[SHOWN_BYTES], place[PLACE_BYTES];

	for (int i = 0; i < r->list->count; i++) {
		const struct weight *w = &r->list->arrays[i];

		r->arrays[i] = npz_find(r->file, w->name);
		if (!r->arrays[i])
			return fail(err, "%s: %s: array \"%s\" is missing", r->path, place_text(r, w, place), w->name);
		if (!check_array(r, w, r->arrays[i], err))
			return false;
	}
	for (int i = 0; i < npz_count(r->file); i++)
		if (!find_weight(r->list, npz_at(r->file, i)->name))
			return fail(err, "%s: array \"%s\" belongs to no layer of this network", r->path,
			            words_show(npz_at(r->file, i)->name, shown));
	return true;
}

/* --- by order ----------------------------------------------------------------------------------------------------- */

/* The number of "arr_0", "arr_1", ..., as numpy.savez names arrays without a name; -1 for another name. */
static long savez_number(const char *name)
{
	size_t digits = strncmp(name, "arr_", 4) == 0 ? strspn(name + 4, "0123456789") : 0;

	return digits > 0 && digits < 8 && !name[4 + digits] ? strtol(name + 4, NULL, 10) : -1;
}

static int compare_numbers(const void *left, const void *right)
{
	const struct npz_array *const *a = left, *const *b = right;
	long x = savez_number((*a)->name), y = savez_number((*b)->name);

	return (x > y) - (x < y);
}

/* The file's arrays in get_weights() order; owned by the caller. */
static const struct npz_array **order_arrays(const struct npz *file, struct error *err)
{
	int count = npz_count(file);
	const struct npz_array **arrays = calloc((size_t)count + 1, sizeof *arrays);
	bool numbered = true;

	if (!arrays) {
		fail(err, "not enough memory for %d arrays", count);
		return NULL;
	}
	for (int i = 0; i < count; i++) {
		arrays[i] = npz_at(file, i);
		numbered = numbered && savez_number(arrays[i]->name) >= 0;
	}
	if (numbered)
		qsort(arrays, (size_t)count, sizeof *arrays, compare_numbers);
	return arrays;
}

static bool check_order(const struct reading *r, struct error *err)
{
	int conflict = feature_orders_conflict(r->list->orders);

	return conflict < 0 ||
	       fail(err, "%s: its arrays must be named as by `archsweep export`: at layer %d (%s) of this network "
	                            "features that were flattened are mixed by their order, "
	                            "which in Keras is another one", r->path,
	                            conflict + 1, r->list->network->layers[conflict].type->kind.name);
}

static bool match_order(struct reading *r, struct error *err)
{
	int there = npz_count(r->file), here = r->list->count;

	free(r->arrays);
	r->arrays = order_arrays(r->file, err);
	if (!r->arrays || !check_order(r, err))
		return false;
	for (int i = 0; i < here && i < there; i++)
		if (!check_array(r, &r->list->arrays[i], r->arrays[i], err))
			return false;
	return there == here || fail(err, "%s: %d arrays, and the network has %d", r->path, there, here);
}

/* --- numbers ------------------------------------------------------------------------------------------------------ */

static bool read_array(const struct reading *r, int i, struct weight_values to, struct error *err)
{
	const struct weight *w = &r->list->arrays[i];
	float *values = malloc((size_t)w->count * sizeof *values), *at = (w->trained ? to.params : to.state) + w->at;
	int64_t index[MAX_AXES] = { 0 }, k = 0;
	char place[PLACE_BYTES];

	if (!values)
		return fail(err, "%s: %s: not enough memory for %lld numbers", r->path, place_text(r, w, place),
		            (long long)w->count);
	bool read = npz_read_floats(r->file, r->arrays[i], values, err);
	for (; read && k < w->count && isfinite(values[k]); k++)
		at[weight_next(w, index)] = values[k];
	free(values);
	if (read && k < w->count)
		return fail(err, "%s: %s: number %lld is not finite", r->path, place_text(r, w, place), (long long)k);
	return read;
}

bool weights_read(const struct weights *list, const char *path, struct weight_values to, struct error *err)
{
	struct reading r = { .list = list, .path = path, .file = npz_open(path, err) };

	if (!r.file)
		return false;
	r.arrays = calloc((size_t)list->count + 1, sizeof *r.arrays);
	bool good = r.arrays ? any_is_our_kind(r.file) ? match_names(&r, err) : match_order(&r, err) :
	                       fail(err, "%s: not enough memory for %d arrays", path, list->count);
	for (int i = 0; good && i < list->count; i++)
		good = read_array(&r, i, to, err);
	free(r.arrays);
	npz_close(r.file);
	return good;
}
