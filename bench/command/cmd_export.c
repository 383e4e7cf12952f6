/* archsweep export: a point's weights as a file that numpy reads. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/record/final_weights.h"
#include "bench/sweep/point_find.h"
#include "bench/system/interrupt.h"

#include <stdlib.h>

static const struct column columns[] = {
	{ "array", .kind = COLUMN_TEXT },
	{ "shape", .kind = COLUMN_TEXT },
	{ "numbers", .kind = COLUMN_INT },
	{ "kind", .kind = COLUMN_TEXT },
	{ 0 }
};

static const struct option_row options[] = {
	{ "npz", .argument = "FILE", .help = "write the weights there; this is required" },
	{ "float16", .help = "as numbers of half precision; float32 if not given" },
	{ "initial", 'i', .help = "the weights that training begins with, instead of those it ended with" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "look for trained weights in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "print the table of arrays as an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "print the table of arrays as tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"POINT is \"family/width\", with several seeds \"family/width/seed\", or the beginning of an id.\n"
	"The weights are those that judged the final epoch, kept by `archsweep run`: after its last update,\n"
	"or their running averages where the recipe has `average_weights`.\n"
	"\n"
	"Arrays are in Keras' layout and in the order of its get_weights(): convolution kernels [rows, columns, in, "
	"out]\n"
	"(in groups: [rows, columns, in / groups, out]), depthwise kernels [rows, columns, channels, multiplier], "
	"dense\n"
	"kernels [in, out], batch norm gamma, beta, moving_mean, moving_variance. "
	"Features after a flatten are in the order\n"
	"row, column, channel. "
	"Arrays are named NN_type/array by the layer's number in `archsweep summary`: 01_conv/kernel.\n"
	"The same weights always give the same bytes.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 the command line or the YAML is wrong.\n";

/* The point that is exported. */
struct export {
	const struct options *given;
	const struct sweep *sweep;
	const struct point *point;
	struct model_plan *plan;        /* owned */
	struct weights *weights;        /* owned */
	struct weight_values values;    /* owned */
};

static bool allocate(struct export *e, struct error *err)
{
	e->plan = recipe_plan(&e->point->network, &e->point->variant->recipe, err);
	e->weights = e->plan ? weights_create(&e->point->network, e->plan, err) : NULL;
	if (!e->weights)
		return false;
	e->values.params = calloc(weights_params_len(e->weights) + 1, sizeof *e->values.params);
	e->values.state = calloc(weights_state_len(e->weights) + 1, sizeof *e->values.state);
	return (e->values.params && e->values.state) || fail(err, "not enough memory for the weights");
}

static bool find_values(struct export *e, struct error *err)
{
	struct weights_search search = { .sweep = e->sweep,
		.otherwise = "; or take the weights that training begins with: --initial" };
	struct report_folder folder;
	char path[FILE_PATH_BYTES], again[AGAIN_BYTES];

	if (options_has(e->given, "initial")) {
		training_first_weights(e->plan, (uint64_t)e->point->seed, e->values.params, e->values.state);
		return true;
	}
	return weights_search_fill(e->given, &folder, again, &search, err) &&
	       final_weights_find(&search, e->point, path, err) && weights_read(e->weights, path, e->values, err);
}

static bool print_arrays(const struct export *e, struct error *err)
{
	struct table *table = table_create(columns);
	char shape[NPZ_SHAPE_BYTES];

	for (int i = 0; i < weights_count(e->weights); i++) {
		const struct weight *w = weights_at(e->weights, i);

		table_text(table, w->name);
		table_text(table, npz_shape(w->rank, w->dims, shape));
		table_int(table, w->count);
		table_text(table, w->trained ? "trained" : "moving statistics");
	}
	bool printed = table_print(table, options_format(e->given), stdout, err);
	table_destroy(table);
	return printed;
}

static bool export(struct export *e, struct error *err)
{
	struct weights_source source =
		{ .prefix = "", .type = options_has(e->given, "float16") ? NPZ_FLOAT16 : NPZ_FLOAT32 };

	if (!allocate(e, err) || !find_values(e, err))
		return false;
	source.from = e->values;
	interrupt_listen();     /* from here on an interrupted program removes what it has half written */
	return weights_write(e->weights, options_value(e->given, "npz"), &source, err) && print_arrays(e, err);
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct export e = { .given = given, .sweep = sweep };
	struct error unknown = { "" };

	e.point = point_find(&(struct point_search){ sweep, given->operands[1], true }, &unknown);
	if (!e.point)
		return options_fail(given, err, "%s", unknown.text);
	bool exported = export(&e, err);
	free(e.values.params);
	free(e.values.state);
	weights_destroy(e.weights);
	model_plan_destroy(e.plan);
	return exported ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct options *given, struct error *err)
{
	if (!options_has(given, "npz"))
		return options_fail(given, err, "--npz FILE is missing: where to write the weights");
	return with_sweep(given, run_sweep, err);
}

const struct command command_export = {
	.name = "export", .summary = "write a point's weights to a file that numpy and Keras read",
	.operands = "SWEEP.yaml POINT", .min_operands = 2, .max_operands = 2, .options = options, .help = help,
	.run = run,
};
