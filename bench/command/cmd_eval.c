/* archsweep eval: how trained weights do on the splits of the data, one point's or several averaged. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/eval/outcome_table.h"
#include "bench/record/final_weights.h"
#include "bench/run/progress.h"
#include "bench/sweep/point_find.h"
#include "bench/system/machine.h"

#include <stdlib.h>
#include <string.h>

static const struct option_row options[] = {
	{ "weights", 'w', "FILE", .help = "an .npz file instead of the point's own weights", .excludes = "ensemble" },
	{ "ensemble", 'e', .help = "average the softmax outputs of all points that match" },
	{ "split", 'p', "NAME", .help = "only this split: validation, test, training", .repeats = true },
	{ "views", 'v', "KIND", .help = "also by the mean over views: flip, shifts, ten_crop, {shifts: {pixels: 2}}" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "look for trained weights in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "threads", 't', "N", .help = "use N threads", .min = 1, .max = 1024 },
	{ "json", 'j', .help = "an object with accuracy, loss, classes and confusion of each split",
	  .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values: a row for each split, and for each of its classes" },
	{ 0 }
};

static const char help[] =
	"POINT is \"family/width\", with several seeds \"family/width/seed\", or the beginning of an id; with\n"
	"--ensemble also a pattern of several: 'plain/12/*'. Without --weights the weights are those that\n"
	"`archsweep run` kept. All splits but the training images are evaluated unless --split names some. The\n"
	"accuracy of a class is the share of its images that were taken for it; the confusion of --json has a row\n"
	"for each class and a column for what its images were taken for.\n"
	"\n"
	"With --views, or `views` in the sweep, each image is shown in several views and the mean of their softmax\n"
	"outputs is judged as well: `archsweep help views`. Classes and confusion stay those of the image as it is.\n"
	"\n"
	"--weights FILE reads what `archsweep export` writes, and weights from Keras: if no array has a name like\n"
	"01_conv/kernel, the file must hold all arrays in the order and layout of Keras' get_weights(), in order of\n"
	"number if they are named arr_0, arr_1, ... as by np.savez(FILE, *model.get_weights()), else as they stand\n"
	"in the file. float16, float32 or float64, stored or deflated. Layers with weights must be in the sweep in\n"
	"the order in which Keras lists them. Pixels are scaled as the sweep's `scaling` says: `--set\n"
	"recipe.scaling=raw` for networks that were trained on 0..255.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 the command line or the YAML is wrong.\n";

struct eval {
	const struct options *given;
	const struct sweep *sweep;
	struct dataset data;            /* owned */
	int count;                      /* points */
	struct result *results;         /* [count + 1], owned: the last is the average */
	char (*names)[POINT_NAME_BYTES];       /* [count], owned */
	char (*weights)[FILE_PATH_BYTES];       /* [count], owned */
};

/* --- which points ------------------------------------------------------------------------------------------------- */

static bool add_point(struct eval *e, const struct point *point, struct error *err)
{
	char name[POINT_NAME_BYTES];

	point_name(e->sweep, point, name);
	for (int i = 0; i < e->count; i++)
		if (e->results[i].point == point)
			return options_fail(e->given, err, "%s is in the ensemble twice", name), false;
	memcpy(e->names[e->count], name, sizeof name);
	e->results[e->count].point = point;
	e->results[e->count].name = e->names[e->count];
	e->count++;
	return true;
}

static bool add_members(struct eval *e, const char *pattern, struct error *err)
{
	const struct point_search search = { e->sweep, pattern, true };
	struct error unknown = { "" };
	const struct point *point = point_next(&search, NULL);

	if (!point) {
		point_refuse(&search, &unknown);
		return options_fail(e->given, err, "%s", unknown.text), false;
	}
	for (; point; point = point_next(&search, point))
		if (!add_point(e, point, err))
			return false;
	return true;
}

static bool choose_points(struct eval *e, struct error *err)
{
	const struct options *given = e->given;
	bool ensemble = options_has(given, "ensemble");
	struct error unknown = { "" };

	for (int i = 1; ensemble && i < given->operand_count; i++)
		if (!add_members(e, given->operands[i], err))
			return false;
	if (ensemble)
		return e->count > 1 || (options_fail(given, err, "an ensemble of one point; accepted: two and more"),
		                        false);
	if (given->operand_count > 2)
		return options_fail(given, err, "unexpected argument \"%s\"; several points make an --ensemble",
		                    given->operands[2]), false;
	/* Points that differ in their seed alone are one network for a file from elsewhere. */
	const struct point_search search = { e->sweep, given->operands[1], !options_has(given, "weights") };
	const struct point *point = point_find(&search, &unknown);
	return point ? add_point(e, point, err) : (options_fail(given, err, "%s", unknown.text), false);
}

static bool find_weights(struct eval *e, struct error *err)
{
	const char *given = options_value(e->given, "weights");
	struct weights_search search = { .sweep = e->sweep,
		.otherwise = options_has(e->given, "ensemble") ? "" : "; or give a file: --weights FILE" };
	struct report_folder folder;
	char again[AGAIN_BYTES];

	if (!weights_search_fill(e->given, &folder, again, &search, err))
		return false;
	for (int i = 0; i < e->count; i++) {
		if (!given && !final_weights_find(&search, e->results[i].point, e->weights[i], err))
			return false;
		e->results[i].weights = given ? given : e->weights[i];
	}
	return true;
}

/* --- which splits ------------------------------------------------------------------------------------------------- */

static bool is_wanted(const struct options *given, const struct split *split)
{
	const char *names[MAX_OPTION_USES];
	int count = options_values(given, "split", names);
	bool wanted = count == 0 && split->role != ROLE_TRAINING;

	for (int i = 0; i < count; i++)
		wanted = wanted || !strcmp(names[i], split->name);
	return wanted;
}

static bool check_splits(const struct eval *e, struct error *err)
{
	const char *names[MAX_OPTION_USES];
	int count = options_values(e->given, "split", names);
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];
	struct words words = { 0 };

	for (int i = 0; i < e->data.split_count; i++)
		words_add(&words, e->data.splits[i].name);
	for (int i = 0; i < count; i++)
		if (!words_have(&words, names[i]))
			return options_fail(e->given, err, "--split: no split is \"%s\"; %s",
			                    words_show(names[i], shown), words_accepted(&words, names[i], accepted)),
			                    false;
	return true;
}

static bool choose_splits(const struct eval *e, struct evaluator *to, struct error *err)
{
	for (int i = 0; i < e->data.split_count; i++)
		if (is_wanted(e->given, &e->data.splits[i]))
			to->splits[to->split_count++] = &e->data.splits[i];
	return to->split_count > 0 || fail(err, "the data has nothing but training images; evaluate those with --split "
	                                   "training");
}

/* --- the work ----------------------------------------------------------------------------------------------------- */

static bool evaluate_all(struct eval *e, struct evaluator *evaluator, struct error *err)
{
	bool progress = progress_mode_here() != PROGRESS_SILENT;

	for (int i = 0; i < e->count; i++) {
		struct result *result = &e->results[i];

		if (progress)
			fprintf(stderr, "%s\n", result->name);
		if (!evaluate_point(evaluator, result->point, result->weights, result->outcomes, err))
			return false;
	}
	e->results[e->count].name = "ensemble";
	return e->count == 1 || evaluate_average(evaluator, e->results[e->count].outcomes, err);
}

static bool evaluate(struct eval *e, struct error *err)
{
	struct evaluator evaluator = { .sweep = e->sweep, .data = &e->data, .kernels = machine_kernels(err),
		.views = &e->sweep->views, .threads = (int)options_number(e->given, "threads", machine_threads()) };
	bool good = evaluator.kernels && choose_splits(e, &evaluator, err) &&
		evaluator_prepare(&evaluator, e->count > 1, err) &&
	            evaluate_all(e, &evaluator, err);

	if (good)
		good = results_print(&(struct results){ e->sweep, e->data.classes, evaluator.split_count,
			e->count > 1 ? e->count + 1 : 1,
		                                        e->results }, options_format(e->given), err);
	for (int i = 0; i <= e->count; i++)
		outcomes_free(e->results[i].outcomes, MAX_SPLITS);
	evaluator_free(&evaluator);
	return good;
}

static int run_points(struct eval *e, struct error *err)
{
	if (!dataset_is_named(&e->sweep->data, err) || !choose_points(e, err))
		return EXIT_USAGE;
	if (!find_weights(e, err))
		return EXIT_FAILED;
	if (!dataset_read(&e->sweep->data, &e->data, err))
		return e->data.misfit ? EXIT_USAGE : EXIT_FAILED;
	if (!check_splits(e, err))
		return EXIT_USAGE;
	return evaluate(e, err) ? EXIT_DONE : EXIT_FAILED;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	size_t most = (size_t)sweep->point_count;
	struct eval e = { .given = given, .sweep = sweep, .results = calloc(most + 1, sizeof *e.results),
		.names = calloc(most, sizeof *e.names), .weights = calloc(most, sizeof *e.weights) };
	int status = EXIT_FAILED;

	if (e.results && e.names && e.weights)
		status = run_points(&e, err);
	else
		fail(err, "not enough memory for %zu points", most);
	dataset_free(&e.data);
	free(e.results);
	free(e.names);
	free(e.weights);
	return status;
}

/* --views KIND is --set views=KIND. */
static int run(const struct options *given, struct error *err)
{
	const char *views = options_value(given, "views");
	struct options with_views = *given;
	char assignment[256];

	if (views && snprintf(assignment, sizeof assignment, "views=%s", views) >= (int)sizeof assignment)
		return options_fail(given, err, "--views: a text of %zu bytes", strlen(views));
	if (views)
		options_set(&with_views, "views", "set", assignment);
	return with_sweep(&with_views, run_sweep, err);
}

const struct command command_eval = {
	.name = "eval", .summary = "accuracy of trained weights, in all and of each class; of several points averaged",
	.operands = "SWEEP.yaml POINT...", .min_operands = 2, .max_operands = 0, .options = options, .help = help,
	.run = run,
};
