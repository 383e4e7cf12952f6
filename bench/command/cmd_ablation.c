/* archsweep ablation: what each variant of a sweep's recipe changes. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_pairs.h"
#include "bench/stats/ablation.h"

static const struct option_row options[] = {
	{ "against", 'a', "VARIANT", .help = "compare with this one instead of the first of each network" },
	{ "if-any", .help = "do nothing where no network has two variants" },
	OPTIONS_OF_PAIRS,
	{ 0 }
};

static const char help[] =
	"    archsweep ablation SWEEP.yaml                       each variant beside the first one\n"
	"    archsweep ablation SWEEP.yaml --against plain --markdown\n"
	"\n"
	"For a sweep of several recipes: a row for each variant of each network, with the mean accuracy of its seeds\n"
	"and their standard deviation, and its difference in points from the first variant of that network, or from\n"
	"the one that --against names, with the 95 % interval by a paired bootstrap over test images and seeds, and\n"
	"McNemar's exact p. Where the sweep says `best`, a variant is named without the values that are chosen\n"
	"among, and has the one row that the validation images have chosen.\n"
	"\n"
	"Accuracies and outputs are those of the records in reports/<sweep>/; labels are the data's. The table is\n"
	"kept there as ablation.tsv, from which `archsweep plot` draws its picture.\n"
	"\n"
	"Exit status: 0 done, 1 a point has no accuracy or its outputs cannot be read, 2 the command line or the\n"
	"YAML is wrong.\n";

static int compare(struct with_pairs *w, struct error *err)
{
	int status = with_pairs_compare(w, err);

	if (status != EXIT_DONE)
		return status;
	enum table_format format = options_format(w->given);
	if (!ablation_save(w->differences, w->pairs.count, w->folder.path, err) ||
	    !ablation_print(w->differences, w->pairs.count, format, stdout, err))
		return EXIT_FAILED;
	if (format == TABLE_MARKDOWN)
		putchar('\n');
	if (format == TABLE_HUMAN || format == TABLE_MARKDOWN)
		ablation_explain(&w->contest, &w->pairs, w->differences);
	return with_pairs_conclude(w, err);
}

static int find_pairs(struct with_pairs *w, struct error *err)
{
	const char *against = options_value(w->given, "against");
	struct error unknown = { "" };

	if (against && !ablation_check(&w->side, against, &unknown))
		return options_fail(w->given, err, "--against: %s", unknown.text);
	if (!pairs_add_variants(&w->side, against, &w->pairs, err))
		return EXIT_FAILED;
	if (w->pairs.count)
		return compare(w, err);
	if (options_has(w->given, "if-any"))
		return ablation_save(NULL, 0, w->folder.path, err) ? EXIT_DONE : EXIT_FAILED;
	return fail(err, "%s: no network has two variants to compare; `recipes` and `vary` make some",
	            w->given->operands[0]), EXIT_USAGE;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct with_pairs w = { .given = given, .sweep = sweep };
	int status = with_pairs_open(&w, err);

	if (status == EXIT_DONE)
		status = find_pairs(&w, err);
	with_pairs_free(&w);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_ablation = {
	.name = "ablation", .summary = "compare the variants of a sweep's recipe with one of them",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
