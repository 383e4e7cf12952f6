/* See blocks.h. */
#include "bench/sweep/blocks.h"

#include "bench/yaml/bind.h"
#include "nn/layer/layer.h"

#include <string.h>

enum { MAX_PARAMETERS = 32 };   /* of one block */

static const char *const common_keys[] = { "name", "from", "with", NULL };

const struct field block_fields[] = {
	{ "parameters", .accepts = "map of names and defaults; `required`: no default",
	  .help = "what a use of the block can say; in the block's layers `$NAME` stands for the value" },
	{ "layers", .accepts = "list of layers, repeats and other blocks", .required = 1,
	  .help = "what the block consists of" },
	{ 0 }
};

static bool check_parameters(const struct node *parameters, struct error *err)
{
	char shown[SHOWN_BYTES];

	if (!bind_type(parameters, NODE_MAP, "parameters", err))
		return false;
	if (parameters->count > MAX_PARAMETERS)
		return fail_at(err, parameters->at, "parameters: more than %d", MAX_PARAMETERS);
	for (int i = 0; i < parameters->count; i++) {
		const struct node *key = parameters->keys[i];

		if (!words_is_name(key->text))
			return fail_at(err, key->at, "parameters: %s is not a name; accepted: " WORDS_NAME,
			               words_show(key->text, shown));
		for (int k = 0; common_keys[k]; k++)
			if (!strcmp(key->text, common_keys[k]))
				return fail_at(err, key->at, "parameters: %s is a key of every layer", key->text);
	}
	return true;
}

static bool check_name(const struct node *name, struct error *err)
{
	char shown[SHOWN_BYTES];

	if (!words_is_name(name->text))
		return fail_at(err, name->at, "blocks: %s is not a name; accepted: " WORDS_NAME,
		               words_show(name->text, shown));
	if (layer_type_find(name->text) || !strcmp(name->text, "repeat"))
		return fail_at(err, name->at, "blocks: %s is already the name of a layer", name->text);
	return true;
}

bool blocks_check(const struct node *blocks, struct error *err)
{
	struct words words = { 0 };

	bind_words(&words, block_fields, NULL);
	if (!bind_type(blocks, NODE_MAP, "blocks", err))
		return false;
	for (int i = 0; i < blocks->count; i++) {
		const struct node *block = blocks->items[i], *parameters;

		if (!check_name(blocks->keys[i], err) || !bind_type(block, NODE_MAP, blocks->keys[i]->text, err) ||
		    !bind_keys(block, &words, err))
			return false;
		parameters = node_get(block, "parameters");
		if (parameters && !check_parameters(parameters, err))
			return false;
	}
	return true;
}

static bool is_required(const struct node *value)
{
	return value->type == NODE_SCALAR && !value->quoted && !strcmp(value->text, "required");
}

static bool check_used(const struct node *parameters, const struct node *used, struct error *err)
{
	static const char *const keys[] = { "name", "from", NULL };
	struct words words = { 0 };

	for (int i = 0; parameters && i < parameters->count; i++)
		words_add(&words, parameters->keys[i]->text);
	bind_words(&words, NULL, keys);
	return bind_keys(used, &words, err);
}

struct node *blocks_arguments(struct arena *arena, const struct node *block, const struct node *used, struct mark at,
                              struct error *err)
{
	const struct node *parameters = node_get(block, "parameters");
	struct node *values;

	if (!check_used(parameters, used, err))
		return NULL;
	values = parameters ? node_copy(arena, parameters, err) : node_empty(arena, at, err);
	for (int i = 0; values && i < values->count; i++) {
		struct node *value = node_get(used, values->keys[i]->text);

		if (value) {
			values->items[i] = value;
		} else if (is_required(values->items[i])) {
			fail_at(err, at, "%s: missing; this block requires it", values->keys[i]->text);
			return NULL;
		}
	}
	return values;
}
