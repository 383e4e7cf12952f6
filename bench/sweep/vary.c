/* See vary.h. */
#include "bench/sweep/vary.h"

#include "bench/yaml/bind.h"

#include <stdio.h>
#include <string.h>

/* Whether a `vary`, or one of its zips, has the key. */
static bool varies(const struct node *vary, const char *key)
{
	const struct node *zip = vary ? node_get(vary, "zip") : NULL;
	bool found = vary && node_get(vary, key);

	if (zip && zip->type == NODE_MAP)
		found = found || node_get(zip, key);
	for (int i = 0; zip && zip->type == NODE_LIST && i < zip->count; i++)
		found = found || (zip->items[i]->type == NODE_MAP && node_get(zip->items[i], key));
	return found;
}

/* A recipe that states `optimizer` fixes `optimizer.adam.beta2`, too. */
static bool is_fixed(const struct node *recipe, const char *key)
{
	size_t len = strcspn(key, ".");

	for (int i = 0; recipe && i < recipe->count; i++)
		if (!strncmp(recipe->keys[i]->text, key, len) && !recipe->keys[i]->text[len])
			return true;
	return false;
}

static bool is_passed_over(const struct vary_source *source, const char *key)
{
	return is_fixed(source->fixed, key) || varies(source->replaced, key);
}

static bool has_key(const struct vary *axes, const char *key)
{
	for (int i = 0; i < axes->count; i++)
		for (int k = 0; k < axes->of[i].key_count; k++)
			if (!strcmp(axes->of[i].keys[k]->text, key))
				return true;
	return false;
}

static struct varied *add_varied(struct vary *to, struct mark at, struct error *err)
{
	if (to->count == MAX_VARIED) {
		fail_at(err, at, "vary: more than %d axes", MAX_VARIED);
		return NULL;
	}
	to->of[to->count] = (struct varied){ 0 };
	return &to->of[to->count++];
}

static bool add_key(const struct node *key, const struct node *values, struct vary *axes, struct varied *to,
                    struct error *err)
{
	char shown[80];

	if (has_key(axes, key->text))
		return fail_at(err, key->at, "vary: %s stands twice", key->text);
	if (values->type == NODE_SCALAR || values->count == 0)
		return fail_at(err, values->at, "%s: %s where a list of values, or a map of names and values, is "
		               "accepted", key->text, node_describe(values, shown));
	if (to->key_count == MAX_ZIPPED)
		return fail_at(err, key->at, "zip: more than %d keys", MAX_ZIPPED);
	if (to->key_count > 0 && values->count != to->count)
		return fail_at(err, values->at, "%s: %d values where %s, in the same zip, has %d", key->text,
		               values->count, to->keys[0]->text, to->count);
	to->count = values->count;
	to->keys[to->key_count] = key;
	to->values[to->key_count++] = values;
	return true;
}

/* One axis from a map of keys; none where all keys are passed over. */
static bool add_zip(const struct vary_source *source, const struct node *zip, struct vary *to, struct error *err)
{
	struct varied *axis = NULL;

	if (!bind_type(zip, NODE_MAP, "zip", err))
		return false;
	for (int i = 0; i < zip->count; i++) {
		if (is_passed_over(source, zip->keys[i]->text))
			continue;
		if (!axis && !(axis = add_varied(to, zip->at, err)))
			return false;
		if (!add_key(zip->keys[i], zip->items[i], to, axis, err))
			return false;
	}
	return true;
}

static bool add_zips(const struct vary_source *source, const struct node *zips, struct vary *to, struct error *err)
{
	if (zips->type != NODE_LIST)
		return add_zip(source, zips, to, err);
	for (int i = 0; i < zips->count; i++)
		if (!add_zip(source, zips->items[i], to, err))
			return false;
	return true;
}

bool vary_add(const struct vary_source *source, struct vary *to, struct error *err)
{
	const struct node *vary = source->vary;

	if (!bind_type(vary, NODE_MAP, "vary", err))
		return false;
	for (int i = 0; i < vary->count; i++) {
		const struct node *key = vary->keys[i];
		struct varied *axis;

		if (!strcmp(key->text, "zip")) {
			if (!add_zips(source, vary->items[i], to, err))
				return false;
			continue;
		}
		if (is_passed_over(source, key->text))
			continue;
		axis = add_varied(to, key->at, err);
		if (!axis || !add_key(key, vary->items[i], to, axis, err))
			return false;
	}
	return true;
}

const char *varied_key(const struct varied *axis, int key)
{
	const char *path = axis->keys[key]->text, *dot = strrchr(path, '.');

	return dot ? dot + 1 : path;
}

bool varied_label(const struct varied *axis, int key, int place, char to[LABEL_BYTES], struct error *err)
{
	const struct node *values = axis->values[key], *value = values->items[place];
	const char *label = NULL;
	char shown[80];

	if (values->type == NODE_MAP)
		label = values->keys[place]->text;
	else if (value->type == NODE_SCALAR)
		label = value->text;
	else if (value->type == NODE_MAP && value->count == 1)
		label = value->keys[0]->text;
	if (!label || !words_is_name(label))
		return fail_at(err, value->at, "%s: %s is no name for a variant; accepted: a map of names (" WORDS_NAME
		               ") and values: {%s: {a: ..., b: ...}}", axis->keys[key]->text, node_describe(value,
		               shown),
		               axis->keys[key]->text);
	snprintf(to, LABEL_BYTES, "%s", label);
	return true;
}
