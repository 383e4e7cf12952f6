/* See family.h. Expands the list once; each width then only binds the fields of its layers. */
#include "bench/sweep/family.h"

#include <string.h>

const struct field family_fields[] = {
	{ "about", .accepts = "text", .help = "a remark for whoever reads the file" },
	{ "rounding", .accepts = "`exact`, `nearest` or `{multiple_of: N}` with N 1..1024", .fallback_text = "exact",
	  .help = "how a multiple of the width becomes a whole number, see below" },
	{ "blocks", .accepts = "map of blocks, see `archsweep help blocks`",
	  .help = "named pieces of networks, with parameters" },
	{ "layers", .accepts = "list of layers, repeats and blocks", .required = 1,
	  .help = "the network, from its input on" },
	{ 0 }
};

static bool read_rounding(const struct node *node, struct family *to, struct error *err)
{
	static const char *const names[] = { "exact", "nearest", NULL };
	static const struct field word = { "rounding", FIELD_CHOICE, offsetof(struct family, rounding),
	                                   .choices = names };
	static const struct field fields[] = {
		{ "multiple_of", FIELD_INT, offsetof(struct family, divisor), .min = 1, .max = 1024, .required = 1 },
		{ 0 }
	};
	char shown[80];

	if (node->type == NODE_MAP) {
		to->rounding = ROUNDING_MULTIPLE;
		return bind_fields(node, fields, NULL, NULL, to, err);
	}
	if (node->type == NODE_SCALAR && (!strcmp(node->text, "exact") || !strcmp(node->text, "nearest")))
		return bind_value(node, &word, NULL, to, err);
	return fail_at(err, node->at, "rounding: %s is unknown; accepted: exact, nearest, {multiple_of: 8}",
	               node_describe(node, shown));
}

bool family_read(const struct node *map, struct arena *arena, struct family *to, struct error *err)
{
	const struct node *about = node_get(map, "about");
	const struct node *rounding = node_get(map, "rounding");
	const struct node *layers = node_get(map, "layers");

	*to = (struct family){ .arena = arena };
	if (about && !bind_type(about, NODE_SCALAR, "about", err))
		return false;
	if (rounding && !read_rounding(rounding, to, err))
		return false;
	if (!layers)
		return fail_at(err, map->at, "layers: missing; a list is required");
	return expand_layers(arena, layers, node_get(map, "blocks"), &to->expansion, err);
}

static bool bind_layer(const struct expanded_layer *from, const struct binding *binding, struct arena *arena,
                       struct layer *to, struct error *err)
{
	static const char *const common_keys[] = { "name", "from", "with", NULL };
	const struct kind *kind = &from->type->kind;
	void *config = NULL;

	if (kind->config_size && !(config = arena_alloc(arena, kind->config_size, err)))
		return false;
	*to = (struct layer){ .type = from->type, .config = config, .at = from->at };
	for (int k = 0; k < from->type->inputs; k++)
		to->from[k] = from->from[k];
	return bind_fields(from->fields, kind->fields, common_keys, binding, config, err);
}

bool family_network(const struct family *family, const struct binding *binding, struct network *to, struct error *err)
{
	const struct expansion *from = &family->expansion;
	struct layer *layers = arena_alloc(family->arena, (size_t)from->count * sizeof *layers, err);

	for (int i = 0; layers && i < from->count; i++)
		if (!bind_layer(&from->layers[i], binding, family->arena, &layers[i], err))
			return false;
	to->layer_count = from->count;
	to->layers = layers;
	return layers;
}
