/* archsweep equal: which family of a sweep wins where they have equally many parameters. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_pairs.h"
#include "bench/stats/equal.h"

static const struct option_row options[] = {
	{ "if-any", .help = "do nothing where no two families meet" },
	OPTIONS_OF_PAIRS,
	{ 0 }
};

static const char help[] =
	"For each two families of the sweep and each place where their networks meet, a row: accuracies, their\n"
	"difference in points with its 95 % interval over test images and seeds, and McNemar's exact p. Networks meet\n"
	"where their total parameters are within 5 % of each other; each with the nearest. `archsweep match` finds\n"
	"widths at which families meet. Of variants, those of the same name meet, or those that `best` has chosen by\n"
	"the validation images. Below the table it says in words who is ahead, where, and by how much.\n"
	"\n"
	"Accuracies and outputs are those of the records in reports/<sweep>/; labels are the data's. The table is\n"
	"kept there as equal.tsv, from which `archsweep plot` draws its picture.\n"
	"\n"
	"Exit status: 0 done, 1 a point has no accuracy or its outputs cannot be read, 2 the command line or the\n"
	"YAML is wrong.\n";

static bool print(const struct with_pairs *w, const struct encounters *encounters, struct error *err)
{
	enum table_format format = options_format(w->given);

	if (!differences_print(w->differences, w->pairs.count, format, stdout, err))
		return false;
	if (format != TABLE_HUMAN && format != TABLE_MARKDOWN)
		return true;
	putchar('\n');
	encounters_print(encounters, w->differences, stdout);
	putchar('\n');
	differences_explain(&w->contest, &w->pairs, w->differences);
	return true;
}

static int compare(struct with_pairs *w, const struct encounters *encounters, struct error *err)
{
	if (w->pairs.count == 0 && options_has(w->given, "if-any"))
		return encounters_save(NULL, 0, w->folder.path, err) ? EXIT_DONE : EXIT_FAILED;
	int status = with_pairs_compare(w, err);
	if (status != EXIT_DONE)
		return status;
	if (!encounters_save(w->differences, w->pairs.count, w->folder.path, err) || !print(w, encounters, err))
		return EXIT_FAILED;
	return with_pairs_conclude(w, err);
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct with_pairs w = { .given = given, .sweep = sweep };
	struct encounters encounters = { 0 };
	int status = with_pairs_open(&w, err);

	if (status == EXIT_DONE)
		status = encounters_find(&w.side, &encounters, &w.pairs, err) ? compare(&w, &encounters, err) :
			EXIT_FAILED;
	encounters_free(&encounters);
	with_pairs_free(&w);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_equal = {
	.name = "equal", .summary = "compare families of a sweep where they have equally many parameters",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
