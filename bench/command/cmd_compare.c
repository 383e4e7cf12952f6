/* archsweep compare: the networks of a sweep relative to one of them. Floor 5.
 *
 * The walk: read the sweep, find the base, measure the times that are missing, join them with the records, keep,
 * print. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/measure/compare.h"
#include "bench/run/progress.h"
#include "bench/sweep/base.h"
#include "bench/system/lock.h"
#include "bench/system/machine.h"

enum { ROUNDS = 5 };
#define SECONDS 0.25            /* of one measurement */

static const struct option_row options[] = {
	{ "base", 'b', "NETWORK",
	  .help = "compare with this one, FAMILY or FAMILY/WIDTH, instead of the sweep's base" },
	{ "if-base", .help = "do nothing where the sweep names no base" },
	{ "measure", 'm', .help = "measure all times anew", .excludes = "no-speed" },
	{ "no-speed", .help = "measure nothing; show the times that speed.tsv has" },
	{ "rounds", .argument = "N",
	  .help = "measure all times anew in N rounds; 5 are usual", .min = 1, .max = MAX_ROUNDS,
	  .excludes = "no-speed" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "records are in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"One row for each family and width: accuracy, parameters, multiply-adds, and the time per image in training\n"
	"and in inference, each beside its relation to the base. The sweep names its base, `base: FAMILY` or `base:\n"
	"FAMILY/WIDTH`; where it doesn't, the first network is the base. Accuracies are those of the records in\n"
	"reports/<sweep>/.\n"
	"\n"
	"Times are measured where reports/<sweep>/speed.tsv has not all of them from this processor, and kept\n"
	"there: each network alone on one thread, on made-up images, all networks in turns for several rounds; the\n"
	"median counts. Training is loading, augmentation, forward, loss, backward and the optimizer's step,\n"
	"inference loading, forward and loss, both in batches of the recipe's size. Whatever else the machine does\n"
	"meanwhile makes the times worse.\n"
	"\n"
	"Where the sweep names its base, the table is kept as reports/<sweep>/compare.tsv as well, from which\n"
	"`archsweep plot` draws its pictures.\n"
	"\n"
	"ARCHSWEEP_KERNELS=avx512bf16, avx512, avx2 or portable chooses the arithmetic; the best for this processor\n"
	"is the default.\n"
	"\n"
	"Exit status: 0 done, 1 a point has no accuracy, or the times could not be measured or read, 2 the command\n"
	"line or the YAML is wrong.\n";

struct compare {
	const struct options *given;
	const struct sweep *sweep;
	int base;                       /* a point */
	struct report_folder folder;    /* reports/<sweep> */
	struct records records;         /* owned, as are the times */
	struct timings timings;
};

static bool find_base(struct compare *c, struct error *err)
{
	const char *name = options_value(c->given, "base");
	struct error trouble = { "" };

	c->base = c->sweep->base >= 0 ? c->sweep->base : 0;
	if (!name)
		return true;
	c->base = base_find(c->sweep, name, &trouble);
	return c->base >= 0 || (options_fail(c->given, err, "--base: %s", trouble.text), false);
}

/* With the folder locked: a run in it would disturb the times. */
static bool measure(struct compare *c, const struct kernels *kernels, struct error *err)
{
	const struct timing_plan plan = { .kernels = kernels, .rounds = (int)options_number(c->given, "rounds", ROUNDS),
		.seconds = SECONDS, .talk = progress_mode_here() != PROGRESS_SILENT };
	int lock = lock_open(c->folder.path, err);

	if (lock < 0)
		return false;
	bool good = report_folder_claim(&c->folder, err) && timings_measure(c->sweep, &plan, &c->timings, err) &&
		timings_write(c->folder.path, c->sweep, &c->timings, err);
	lock_close(lock);
	return good;
}

/* Those that are there, or new ones. What cannot be read is measured anew, and people are told why. */
static bool find_times(struct compare *c, struct error *err)
{
	struct error trouble = { "" };
	const struct kernels *kernels = machine_kernels(err);
	bool read = timings_read(c->folder.path, c->sweep, &c->timings, &trouble);

	if (!kernels)
		return false;
	if (options_has(c->given, "no-speed"))
		return read || !trouble.text[0] || fail(err, "%s", trouble.text);
	bool anew = options_has(c->given, "measure") || options_has(c->given, "rounds");
	if (read && !anew && timings_are_from_here(c->sweep, &c->timings, kernels))
		return true;
	if (trouble.text[0]) {
		print_plain_text(trouble.text, stderr);
		fputs("; measuring anew\n", stderr);
	}
	return measure(c, kernels, err);
}

static int conclude(const struct comparison *comparison, const char *fault, struct error *err)
{
	if (fault)
		fail(err, "%s", fault);
	else if (comparison->lacking)
		fail(err, "%d of %d networks lack an accuracy; `archsweep run` trains what is missing",
		     comparison->lacking, comparison->count);
	return err->text[0] ? EXIT_FAILED : EXIT_DONE;
}

static int compare(struct compare *c, struct error *err)
{
	const struct comparison_source source = { c->sweep, &c->records, &c->timings, c->base };
	struct comparison comparison;
	int status = EXIT_FAILED;

	if (!find_times(c, err) || !records_read(c->folder.path, c->sweep, &c->records, err) ||
	    !comparison_create(&source, &comparison, err))
		return EXIT_FAILED;
	if (comparison_save(c->sweep, c->folder.path, &c->records, err) &&
	    comparison_print(&comparison, options_format(c->given), err))
		status = conclude(&comparison, records_fault(&c->records), err);
	comparison_free(&comparison);
	return status;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct compare c = { .given = given, .sweep = sweep };

	if (options_has(given, "if-base") && sweep->base < 0)
		return EXIT_DONE;
	if (!reports_folder(given, sweep, &c.folder, err) || !find_base(&c, err) ||
	    !report_folder_check(&c.folder, err))
		return EXIT_USAGE;
	int status = timings_create(sweep, &c.timings, err) ? compare(&c, err) : EXIT_FAILED;
	timings_free(&c.timings);
	records_free(&c.records);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_compare = {
	.name = "compare", .summary = "compare the networks of a sweep: accuracy, parameters, time per image, relative "
	"to one of them",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
