/* See layer_table.h. */
#include "bench/sweep/layer_table.h"

#include "bench/text/field_json.h"

#include <stdlib.h>
#include <string.h>

enum { PRODUCT_BYTES = 40 };

static const struct column columns[] = {
	{ "index", .kind = COLUMN_INT, .title = "#" },
	{ "type", .kind = COLUMN_TEXT },
	{ "reads", .kind = COLUMN_TEXT, .title = "from", .people_only = true },
	{ "inputs", .kind = COLUMN_TEXT, .machine_only = true },
	{ "output", .kind = COLUMN_TEXT, .people_only = true, .spare = 1 },
	{ "height", .kind = COLUMN_INT, .machine_only = true },
	{ "width", .kind = COLUMN_INT, .machine_only = true },
	{ "channels", .kind = COLUMN_INT, .machine_only = true },
	{ "kernel", .kind = COLUMN_TEXT, .people_only = true, .spare = 2 },
	{ "kernel_height", .kind = COLUMN_INT, .machine_only = true },
	{ "kernel_width", .kind = COLUMN_INT, .machine_only = true },
	{ "parameters", .kind = COLUMN_INT },
	{ "trainable", .kind = COLUMN_INT, .machine_only = true },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ "from", .kind = COLUMN_INT, .machine_only = true },
	{ "with", .kind = COLUMN_INT, .machine_only = true },
	{ "input_height", .kind = COLUMN_INT, .machine_only = true },
	{ "input_width", .kind = COLUMN_INT, .machine_only = true },
	{ "input_channels", .kind = COLUMN_INT, .machine_only = true },
	{ "fields", .kind = COLUMN_JSON, .machine_only = true },
	{ 0 }
};

/* "48 x 48 x 1" of rows, columns, channels; "3 x 3" where channels are 0. */
static const char *format_product(struct shape shape, char to[PRODUCT_BYTES])
{
	int used = snprintf(to, PRODUCT_BYTES, "%d x %d", shape.h, shape.w);

	if (shape.c)
		snprintf(to + used, (size_t)(PRODUCT_BYTES - used), " x %d", shape.c);
	return to;
}

static void add_shape(struct table *table, struct shape shape)
{
	char text[PRODUCT_BYTES];

	table_text(table, format_product(shape, text));
	table_int(table, shape.h);
	table_int(table, shape.w);
	table_int(table, shape.c);
}

static void add_kernel(struct table *table, struct pair kernel)
{
	char text[PRODUCT_BYTES];

	if (kernel.h == 0) {
		for (int i = 0; i < 3; i++)
			table_missing(table);
		return;
	}
	table_text(table, format_product((struct shape){ .h = kernel.h, .w = kernel.w }, text));
	table_int(table, kernel.h);
	table_int(table, kernel.w);
}

/* A layer's inputs as row numbers; the human form omits a single input from the row above. */
static void add_inputs(struct table *table, const struct layer *layer, int row)
{
	char text[2 * NUMBER_BYTES];
	int used = snprintf(text, sizeof text, "%d", layer->from[0] + 1);

	if (layer->type->inputs == 2)
		snprintf(text + used, sizeof text - (size_t)used, ",%d", layer->from[1] + 1);
	table_text(table, layer->type->inputs == 1 && layer->from[0] + 1 == row - 1 ? NULL : text);
	table_text(table, text);
}

static void add_input_row(struct table *table, struct shape shape)
{
	table_int(table, 0);
	table_text(table, "input");
	table_missing(table);
	table_missing(table);
	add_shape(table, shape);
	add_kernel(table, (struct pair){ 0, 0 });
	for (int i = 0; i < 3; i++)
		table_int(table, 0);
	for (int i = 0; i < 6; i++)
		table_missing(table);
}

static int64_t numbers_in(const struct param_plan *arrays, int count)
{
	int64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += (int64_t)arrays[i].len;
	return sum;
}

/* A network and its plan. */
struct planned {
	const struct network *network;
	const struct model_plan *plan;
};

static struct shape shape_of(const struct planned *p, int layer)
{
	return layer == NETWORK_INPUT ? p->network->input : model_plan_layer(p->plan, layer)->out;
}

/* All fields with their values for this input: {"kernel": [3, 3], "stride": 1, ...}. */
static void add_fields(struct table *table, const struct planned *p, const struct layer *layer, struct shape in)
{
	const struct kind *kind = &layer->type->kind;
	struct plan_request request = { .input_count = 1, .in = { in }, .dropout = p->network->dropout };
	void *resolved = malloc(kind->config_size + 1);
	char *text = NULL;

	if (resolved && kind->config_size)
		memcpy(resolved, layer->config, kind->config_size);
	if (resolved && layer->type->resolve)
		layer->type->resolve(resolved, &request);
	if (resolved)
		text = fields_json(kind->fields, resolved);
	if (text)
		table_json(table, text);
	else
		table_fail(table);
	free(text);
	free(resolved);
}

/* What another program needs to rebuild the layer. */
static void add_recipe(struct table *table, const struct planned *p, const struct layer *layer, struct shape in)
{
	table_int(table, layer->from[0] + 1);
	if (layer->type->inputs == 2)
		table_int(table, layer->from[1] + 1);
	else
		table_missing(table);
	table_int(table, in.h);
	table_int(table, in.w);
	table_int(table, in.c);
	add_fields(table, p, layer, in);
}

static void add_layer_row(struct table *table, const struct planned *p, int i)
{
	const struct layer *layer = &p->network->layers[i];
	const struct layer_plan *plan = model_plan_layer(p->plan, i);
	int64_t trainable = numbers_in(plan->params, plan->param_count);

	table_int(table, i + 1);
	table_text(table, layer->type->kind.name);
	add_inputs(table, layer, i + 1);
	add_shape(table, plan->out);
	add_kernel(table, plan->kernel);
	table_int(table, trainable + numbers_in(plan->state, plan->state_count));
	table_int(table, trainable);
	table_int(table, plan->macs);
	add_recipe(table, p, layer, shape_of(p, layer->from[0]));
}

struct table *layer_table_create(const struct network *network, const struct model_plan *plan)
{
	struct table *table = table_create(columns);
	const struct planned planned = { network, plan };

	add_input_row(table, network->input);
	for (int i = 0; i < network->layer_count; i++)
		add_layer_row(table, &planned, i);
	return table;
}
