/* archsweep summary: one network layer by layer, or the points of a sweep. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/sweep/cost.h"
#include "bench/sweep/layer_table.h"
#include "bench/sweep/point_find.h"
#include "bench/text/table.h"

#include <inttypes.h>
#include <stdlib.h>

static const struct column point_columns[] = {
	{ "point", .kind = COLUMN_TEXT },
	{ "seed", .kind = COLUMN_INT },
	{ "id", .kind = COLUMN_TEXT },
	{ "channels", .kind = COLUMN_TEXT, .spare = 1 },
	{ 0 }
};

static const struct column ensemble_columns[] = {
	{ "ensemble", .kind = COLUMN_TEXT },
	{ "points", .kind = COLUMN_INT },
	{ "trainable", .kind = COLUMN_INT },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ 0 }
};

static const struct option_row options[] = {
	{ "json", 'j', .help = "an object with the totals and an array of layers", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "describe" },
	{ "describe", 'd', .help = "the resolved description that the point's id is a hash of", .excludes = "json" },
	{ "set", 's', "KEY=VALUE", .help = "override a value of the sweep: recipe.batch=32", .repeats = true },
	{ 0 }
};

static const char help[] =
	"POINT is \"family/width\" or the beginning of an id. Without POINT the points of the sweep are listed,\n"
	"and below them what its ensembles cost.\n"
	"\n"
	"  #            0 is the network's input\n"
	"  from         the layers that this one reads, where it is not the one above\n"
	"  output       rows x columns x channels of one image\n"
	"  parameters   all of them; batch norm's moving statistics are not trainable\n"
	"  MACs         multiply-adds for one image, convolutions and dense layers only\n"
	"\n"
	"--json and --tsv hold all that another framework needs to build the network: `from` and `with` are the "
	"layers\n"
	"read, and `fields` has the value of every field of a layer, padding as [top, bottom, left, right].\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 the command line or the YAML is wrong.\n";

/* A network and what can be known of it without data. */
struct summary {
	const struct sweep *sweep;
	const struct point *point;
	const struct table *layers;
	struct cost cost;
};

static void print_total(const char *name, const char *value, const char *remark)
{
	printf("%-15s%15s%s%s\n", name, value, *remark ? "  " : "", remark);
}

static void print_totals(const struct summary *summary)
{
	const struct cost *cost = &summary->cost;
	char number[NUMBER_BYTES], batch[NUMBER_BYTES + 40];

	snprintf(batch, sizeof batch, "for a batch of %d, with gradients", summary->point->variant->recipe.batch);
	print_total("trainable", format_thousands(cost->trainable, number), "");
	print_total("non-trainable", format_thousands(cost->total - cost->trainable, number),
	            "moving statistics of batch norm");
	print_total("total", format_thousands(cost->total, number), "");
	print_total("MACs", format_thousands(cost->macs, number), "for one image forward");
	print_total("activations", format_bytes(cost->activation_bytes, number), batch);
	print_total("memory", format_bytes(cost->memory_bytes, number), "for training, data apart");
}

static bool print_people(const struct summary *summary, struct error *err)
{
	const struct point *point = summary->point;
	char width[NUMBER_BYTES];

	print_plain_text(point->family, stdout);
	printf(" at width %s", words_number(point->width, width));
	if (*point->variant->name)
		printf(", %s", point->variant->name);
	printf(": %d classes\n\n", point->network.classes);
	if (!table_print(summary->layers, TABLE_HUMAN, stdout, err))
		return false;
	putchar('\n');
	print_totals(summary);
	return true;
}

static void print_json_number(const char *name, int64_t value)
{
	printf("  \"%s\": %" PRId64 ",\n", name, value);
}

static void print_json_member(const char *name, const char *text)
{
	printf("  \"%s\": ", name);
	print_json_text(text, stdout);
	printf(",\n");
}

static bool print_json(const struct summary *summary, struct error *err)
{
	const struct cost *cost = &summary->cost;
	struct shape in = summary->point->network.input;
	char number[NUMBER_BYTES];

	printf("{\n");
	print_json_member("sweep", summary->sweep->name);
	print_json_member("family", summary->point->family);
	printf("  \"width\": %s,\n", words_number(summary->point->width, number));
	print_json_member("id", summary->point->id);
	print_json_member("variant", summary->point->variant->name);
	print_json_number("seed", summary->point->seed);
	printf("  \"input\": [%d, %d, %d],\n", in.h, in.w, in.c);
	print_json_number("classes", summary->point->network.classes);
	print_json_number("batch", summary->point->variant->recipe.batch);
	printf("  \"label_smoothing\": %s,\n", words_number(summary->point->variant->recipe.label_smoothing, number));
	print_json_number("trainable", cost->trainable);
	print_json_number("non_trainable", cost->total - cost->trainable);
	print_json_number("total", cost->total);
	print_json_number("macs", cost->macs);
	print_json_number("activation_bytes", cost->activation_bytes);
	print_json_number("memory_bytes", cost->memory_bytes);
	printf("  \"layers\": ");
	bool printed = table_print(summary->layers, TABLE_JSON, stdout, err);
	printf("}\n");
	return printed;
}

static bool print_summary(const struct summary *summary, enum table_format format, struct error *err)
{
	switch (format) {
	case TABLE_HUMAN:
		return print_people(summary, err);
	case TABLE_JSON:
		return print_json(summary, err);
	case TABLE_TSV:
	case TABLE_MARKDOWN:
		return table_print(summary->layers, format, stdout, err);
	}
	return false;
}

static int print_description(const struct sweep *sweep, const struct point *point, struct error *err)
{
	char *text = point_describe(sweep, point);

	if (!text) {
		fail(err, "archsweep: out of memory");
		return EXIT_FAILED;
	}
	fputs(text, stdout);
	free(text);
	return EXIT_DONE;
}

/* Adds up the costs of an ensemble's points. */
static bool count_ensemble(const struct sweep *sweep, const struct ensemble *ensemble, struct cost *to,
                           struct error *err)
{
	*to = (struct cost){ 0 };
	for (int i = 0; i < ensemble->count; i++) {
		struct cost cost;

		if (!point_count(&sweep->points[ensemble->points[i]], &cost, err))
			return false;
		to->trainable += cost.trainable;
		to->total += cost.total;
		to->macs += cost.macs;
	}
	return true;
}

/* People read below the points what the sweep's ensembles cost. */
static bool list_ensembles(const struct sweep *sweep, struct error *err)
{
	struct table *table = table_create(ensemble_columns);
	struct cost cost;
	bool good = true;

	for (int i = 0; good && i < sweep->ensemble_count; i++) {
		const struct ensemble *ensemble = &sweep->ensembles[i];

		good = count_ensemble(sweep, ensemble, &cost, err);
		table_text(table, ensemble->name);
		table_int(table, ensemble->count);
		table_int(table, cost.trainable);
		table_int(table, cost.total);
		table_int(table, cost.macs);
	}
	if (good && sweep->ensemble_count > 0) {
		putchar('\n');
		good = table_print(table, TABLE_HUMAN, stdout, err);
	}
	table_destroy(table);
	return good;
}

static int list_points(const struct sweep *sweep, enum table_format format, struct error *err)
{
	struct table *table = table_create(point_columns);
	char path[POINT_PATH_BYTES];

	for (int i = 0; i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];
		table_text(table, point_path(point, false, path));
		table_int(table, point->seed);
		table_text(table, point->id);
		table_text(table, *point->channels ? point->channels : NULL);
	}
	bool printed = table_print(table, format, stdout, err);
	table_destroy(table);
	if (printed && format == TABLE_HUMAN)
		printed = list_ensembles(sweep, err);
	return printed ? EXIT_DONE : EXIT_FAILED;
}

static int summarize(const struct sweep *sweep, const struct point *point, enum table_format format, struct error *err)
{
	const struct recipe *recipe = &point->variant->recipe;
	struct model_plan *plan = recipe_plan(&point->network, recipe, err);

	if (!plan)
		return EXIT_USAGE;
	struct table *layers = layer_table_create(&point->network, plan);
	const struct summary summary = { sweep, point, layers, model_plan_cost(plan) };
	bool printed = print_summary(&summary, format, err);
	table_destroy(layers);
	model_plan_destroy(plan);
	return printed ? EXIT_DONE : EXIT_FAILED;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	bool describe = options_has(given, "describe");
	const char *pattern = given->operand_count == 2 ? given->operands[1] : NULL;
	struct error unknown = { "" };

	if (!pattern && describe)
		return options_fail(given, err, "--describe needs a POINT");
	if (!pattern)
		return list_points(sweep, options_format(given), err);
	const struct point *point = point_find(&(struct point_search){ sweep, pattern, describe }, &unknown);
	if (!point)
		return options_fail(given, err, "%s", unknown.text);
	return describe ? print_description(sweep, point, err) : summarize(sweep, point, options_format(given), err);
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_summary = {
	.name = "summary", .summary = "show one network layer by layer, or list the points of a sweep",
	.operands = "SWEEP.yaml [POINT]", .min_operands = 1, .max_operands = 2, .options = options, .help = help,
	.run = run,
};
