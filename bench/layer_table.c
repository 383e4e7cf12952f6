/* See layer_table.h. */
#include "bench/layer_table.h"

enum { PRODUCT_BYTES = 40 };

static const struct column columns[] = {
	{ "index", .kind = COLUMN_INT, .title = "#" },
	{ "type", .kind = COLUMN_TEXT },
	{ "from", .kind = COLUMN_TEXT, .people_only = true },
	{ "inputs", .kind = COLUMN_TEXT, .machine_only = true },
	{ "output", .kind = COLUMN_TEXT, .people_only = true },
	{ "height", .kind = COLUMN_INT, .machine_only = true },
	{ "width", .kind = COLUMN_INT, .machine_only = true },
	{ "channels", .kind = COLUMN_INT, .machine_only = true },
	{ "kernel", .kind = COLUMN_TEXT, .people_only = true },
	{ "kernel_height", .kind = COLUMN_INT, .machine_only = true },
	{ "kernel_width", .kind = COLUMN_INT, .machine_only = true },
	{ "parameters", .kind = COLUMN_INT },
	{ "trainable", .kind = COLUMN_INT, .machine_only = true },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
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

/* What a layer reads, counted like the table's rows: for people only where it is not the row above. */
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
}

static int64_t numbers_in(const struct param_plan *arrays, int count)
{
	int64_t sum = 0;

	for (int i = 0; i < count; i++)
		sum += (int64_t)arrays[i].len;
	return sum;
}

static void add_layer_row(struct table *table, const struct layer *layer, const struct layer_plan *plan, int row)
{
	int64_t trainable = numbers_in(plan->params, plan->param_count);

	table_int(table, row);
	table_text(table, layer->type->kind.name);
	add_inputs(table, layer, row);
	add_shape(table, plan->out);
	add_kernel(table, plan->kernel);
	table_int(table, trainable + numbers_in(plan->state, plan->state_count));
	table_int(table, trainable);
	table_int(table, plan->macs);
}

struct table *layer_table_create(const struct network *network, const struct model_plan *plan)
{
	struct table *table = table_create(columns);

	add_input_row(table, network->input);
	for (int i = 0; i < network->layer_count; i++)
		add_layer_row(table, &network->layers[i], model_plan_layer(plan, i), i + 1);
	return table;
}
