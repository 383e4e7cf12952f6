/* archsweep step: one forward and backward pass on a given batch with given weights, for comparisons with other
 * programs. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/eval/step.h"
#include "bench/sweep/point_find.h"
#include "bench/system/interrupt.h"
#include "bench/system/machine.h"

static const struct column columns[] = {
	{ "images", .kind = COLUMN_INT },
	{ "loss", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "accuracy", .kind = COLUMN_REAL, .decimals = 6 },
	{ 0 }
};

static const struct option_row options[] = {
	{ "batch", 'b', "FILE",
	  .help = "the .npz file with x, float32 [n, rows, columns, channels], and y, integers [n]; required" },
	{ "out", 'o', "FILE", .help = "write the results there; required" },
	{ "weights", 'w', "FILE",
	  .help = "an .npz file of weights; the weights that training begins with if not given" },
	{ "dropout", 'd', .help = "leave out what the first update of the point's training leaves out" },
	{ "set", 's', "KEY=VALUE", .help = "override a value of the sweep: recipe.label_smoothing=0", .repeats = true },
	{ "threads", 't', "N", .help = "use N threads; they change no number", .min = 1, .max = 1024 },
	{ "json", 'j', .help = "print images, loss and accuracy as an array of one object", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"POINT is \"family/width\", with several seeds \"family/width/seed\", or the beginning of an id. "
	"Its network runs\n"
	"forward and backward once, "
	"as in training: batch norm uses the statistics of the batch and updates its moving\n"
	"statistics, the loss has the recipe's label smoothing. But x goes directly to the first layer: no scaling, "
	"no\n"
	"augmentation; all images are one batch, dropout is off by default, and no weight is updated.\n"
	"\n"
	"The file of results has loss (the mean), losses [n], logits [n, classes], "
	"grad/NAME for every trained array (of\n"
	"the mean loss), and batch norm's moving statistics after the pass as NAME; names and layouts are those of\n"
	"`archsweep export`. Weights are read as by `archsweep eval`.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 the command line or the YAML is wrong.\n";

static bool print_score(const struct step_score *score, enum table_format format, struct error *err)
{
	struct table *table = table_create(columns);

	table_int(table, score->images);
	table_real(table, score->loss);
	table_real(table, score->accuracy);
	bool printed = table_print(table, format, stdout, err);
	table_destroy(table);
	return printed;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct step_request request = { .sweep = sweep, .weights = options_value(given, "weights"),
		.batch = options_value(given, "batch"), .out = options_value(given, "out"),
		.dropout = options_has(given, "dropout"),
		.threads = (int)options_number(given, "threads", machine_threads()) };
	/* Points that differ only in their seed are the same network if neither weights nor masks depend on it. */
	const struct point_search search = { sweep, given->operands[1], !request.weights || request.dropout };
	struct error unknown = { "" };
	struct step_score score;

	request.point = point_find(&search, &unknown);
	if (!request.point)
		return options_fail(given, err, "%s", unknown.text);
	interrupt_listen();     /* an interrupted program removes what it has half written */
	request.kernels = machine_kernels(err);
	bool done = request.kernels && step_run(&request, &score, err) &&
		print_score(&score, options_format(given), err);
	return done ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct options *given, struct error *err)
{
	if (!options_has(given, "batch"))
		return options_fail(given, err, "--batch FILE is missing: the images and their labels");
	if (!options_has(given, "out"))
		return options_fail(given, err, "--out FILE is missing: where to write the results");
	return with_sweep(given, run_sweep, err);
}

const struct command command_step = {
	.name = "step",
	.summary = "one forward and backward pass on a given batch: loss, logits and every gradient in a file",
	.operands = "SWEEP.yaml POINT", .min_operands = 2, .max_operands = 2, .options = options, .help = help,
	.run = run,
};
