/* archsweep compare: the networks of a sweep relative to one of them, or two networks, families or sweeps. Floor 5.
 *
 * The walk of one sweep: read it, find the base, measure the times that are missing, join them with the records, keep,
 * print. That of two sides: read both with their records, find pairs, compare what was kept of each test image, print,
 * check the conditions. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/measure/compare.h"
#include "bench/run/progress.h"
#include "bench/stats/condition.h"
#include "bench/stats/difference.h"
#include "bench/sweep/base.h"
#include "bench/sweep/point_teachers.h"
#include "bench/system/lock.h"
#include "bench/system/machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
	{ "fail-if", .argument = "CONDITION",
	  .help = "exit 3 where b is so beside a: 'accuracy < -0.5'; may be repeated", .repeats = true },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "records are in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "markdown" },
	{ "markdown", .help = "a table for a web page", .excludes = "json" },
	{ 0 }
};

static const char help[] =
	"    archsweep compare SWEEP.yaml                        each network beside the base\n"
	"    archsweep compare SWEEP.yaml:plain/4 :conv1x1/2     two networks of one sweep\n"
	"    archsweep compare SWEEP.yaml:plain :conv1x1         two families, where they are equally large\n"
	"    archsweep compare SWEEP.yaml OTHER.yaml             two sweeps: networks of the same name\n"
	"    archsweep compare reports/own reports/own--recipe.epochs=3 --fail-if 'accuracy < -0.5'\n"
	"\n"
	"With two operands: each is a sweep's file or a folder of records, and behind a colon what of it: a point,\n"
	"a network, a family, or a pattern as of `run --only`. Nothing in front of the colon is the first's sweep.\n"
	"Two networks are compared as they are. Where both operands name a part, networks meet by size: each with\n"
	"the nearest of the other side, at most 5 % larger or smaller. Else they meet by name. The difference of\n"
	"accuracies has its 95 % interval, by a paired bootstrap over test images and seeds, and McNemar's exact p;\n"
	"both need the data's labels. Counts and times stand beside it, and where descriptions differ. --fail-if\n"
	"takes accuracy, accuracy_low, accuracy_high (the ends of the interval; all in points), parameters, macs or\n"
	"train_time, < or >, and a number: b minus a, or with % behind it in percent of a.\n"
	"\n"
	"With one operand: one row for each family and width, with accuracy, parameters, multiply-adds, and the time\n"
	"per image in training and in inference, each beside its relation to the base. The sweep names its base,\n"
	"`base: FAMILY` or `base: FAMILY/WIDTH`; where it doesn't, the first network is the base. Accuracies are\n"
	"those of the records in reports/<sweep>/.\n"
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
	"Exit status: 0 done, 1 a point has no accuracy, or outputs or times could not be measured or read, 2 the\n"
	"command line or the YAML is wrong, 3 a condition of --fail-if holds.\n";

/* --- one sweep ---------------------------------------------------------------------------------------------------- */

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

static bool measure_quietly(struct compare *c, const struct kernels *kernels, int lock, struct error *err)
{
	const struct timing_plan plan = { .kernels = kernels, .rounds = (int)options_number(c->given, "rounds", ROUNDS),
		.seconds = SECONDS, .talk = progress_mode_here() != PROGRESS_SILENT };

	if (lock_try(lock, LOCK_QUIET, LOCK_ALONE, err) != LOCK_TAKEN)
		return fail(err, "%s: another run is at work here; wait for its end, or choose another folder with "
		            "--reports", c->folder.path);
	return report_folder_claim(&c->folder, err) && timings_measure(c->sweep, &plan, &c->timings, err) &&
	       timings_write(c->folder.path, c->sweep, &c->timings, err);
}

/* With the folder locked: a run in it would disturb the times. */
static bool measure(struct compare *c, const struct kernels *kernels, struct error *err)
{
	int lock = lock_open(c->folder.path, err);

	if (lock < 0)
		return false;
	bool good = measure_quietly(c, kernels, lock, err);
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

/* --- two sides ---------------------------------------------------------------------------------------------------- */

/* What one operand names. */
struct party {
	const char *operand;
	char path[REPORT_PATH_BYTES];   /* what stands in front of the colon: a sweep's file, or a folder */
	const char *pattern;            /* what stands behind it, or NULL */
	struct report_folder folder;
	struct report_owner owner;      /* of a folder that was named itself */
	struct sweep *sweep;            /* owned, as is all below */
	struct records records;
	struct side side;
};

struct duel {
	const struct options *given;
	struct party a, b;
	struct dataset data;            /* owned; of a's sweep */
	struct pairs pairs;
	bool by_name;
	struct difference *differences; /* [pairs.count], owned */
	struct condition conditions[MAX_OPTION_USES];
	int condition_count;
};

/* A path may have colons of its own; ":NAME" is of the first operand's sweep. */
static bool split_operand(const char *operand, const struct party *first, struct party *to, struct error *err)
{
	const char *colon = access(operand, F_OK) == 0 ? NULL : strrchr(operand, ':');
	int len = colon ? (int)(colon - operand) : (int)strlen(operand);

	to->operand = operand;
	to->pattern = colon ? colon + 1 : NULL;
	if (first && len == 0)
		snprintf(to->path, sizeof to->path, "%s", first->path);
	else if (snprintf(to->path, sizeof to->path, "%.*s", len, operand) >= REPORT_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", operand);
	return true;
}

/* The overrides that a folder's records were made with, and those of the command line that change no record. */
static bool read_owned_sweep(const struct options *given, struct party *to, struct error *err)
{
	const char *sets[MAX_OPTION_USES], *all[REPORT_MAX_SETS + MAX_OPTION_USES];
	int given_count = options_values(given, "set", sets), count = 0;

	if (!report_owner_read(to->path, &to->owner, err))
		return false;
	for (int i = 0; i < to->owner.set_count; i++)
		all[count++] = to->owner.sets[i];
	for (int i = 0; i < given_count; i++)
		if (!report_set_counts(sets[i]))
			all[count++] = sets[i];
	snprintf(to->folder.path, sizeof to->folder.path, "%s", to->path);
	to->sweep = sweep_read(to->owner.sweep_path, all, count, err);
	return to->sweep && point_teachers_there(to->sweep, err);
}

static bool read_sweep(const struct options *given, struct party *to, struct error *err)
{
	const char *sets[MAX_OPTION_USES];
	struct stat there;

	if (stat(to->path, &there) == 0 && S_ISDIR(there.st_mode))
		return read_owned_sweep(given, to, err);
	to->sweep = sweep_read(to->path, sets, options_values(given, "set", sets), err);
	return to->sweep && point_teachers_there(to->sweep, err) &&
	       sweep_folder(given, to->path, to->sweep->name, &to->folder, err) &&
	       report_folder_check(&to->folder, err);
}

static int open_party(const struct options *given, const struct party *first, const char *operand, struct party *to,
                      struct error *err)
{
	struct error unknown = { "" };

	if (!split_operand(operand, first, to, err) || !read_sweep(given, to, err))
		return EXIT_USAGE;
	if (!records_read(to->folder.path, to->sweep, &to->records, err))
		return EXIT_FAILED;
	to->side = (struct side){ .sweep = to->sweep, .folder = to->folder.path, .records = &to->records };
	return side_choose(&to->side, to->pattern, &unknown) ? EXIT_DONE :
		options_fail(given, err, "%s: %s", to->path, unknown.text);
}

static void close_party(struct party *party)
{
	side_free(&party->side);
	records_free(&party->records);
	sweep_destroy(party->sweep);
	report_owner_free(&party->owner);
}

static bool parse_conditions(struct duel *d, struct error *err)
{
	const char *texts[MAX_OPTION_USES];
	struct error refused = { "" };

	d->condition_count = options_values(d->given, "fail-if", texts);
	for (int i = 0; i < d->condition_count; i++)
		if (!condition_parse(texts[i], &d->conditions[i], &refused))
			return options_fail(d->given, err, "--fail-if: %s", refused.text), false;
	return true;
}

/* Returns how many conditions hold that must not; a line on stderr for each. */
static int check_conditions(const struct duel *d)
{
	int broken = 0;

	for (int i = 0; i < d->pairs.count * d->condition_count; i++) {
		const struct difference *difference = &d->differences[i / d->condition_count];
		const struct condition *condition = &d->conditions[i % d->condition_count];
		char a[POINT_PATH_BYTES], b[POINT_PATH_BYTES];
		double value;

		if (!condition_holds(condition, difference, &value))
			continue;
		fprintf(stderr, "%s and %s: %s: it is %+.4g%s\n", side_network_path(difference->a.network, a),
		        side_network_path(difference->b.network, b), condition->text, value,
		        condition->share ? "%" : "");
		broken++;
	}
	return broken;
}

static int conclude_duel(const struct duel *d, struct error *err)
{
	const char *faults[] = { records_fault(&d->a.records), records_fault(&d->b.records),
		differences_fault(d->differences, d->pairs.count) };
	int broken = check_conditions(d), lacking = differences_lacking(d->differences, d->pairs.count);

	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (faults[i])
			fail(err, "%s", faults[i]);
	if (lacking)
		fail(err, "%d of %d pairs lack an accuracy; `archsweep run` trains what is missing", lacking,
		     d->pairs.count);
	return err->text[0] ? EXIT_FAILED : broken ? EXIT_EXPECTATION : EXIT_DONE;
}

static bool print_duel(const struct duel *d, const struct contest *contest, struct error *err)
{
	enum table_format format = options_format(d->given);

	if (!differences_print(d->differences, d->pairs.count, format, stdout, err))
		return false;
	if (format != TABLE_HUMAN && format != TABLE_MARKDOWN)
		return true;
	printf("%sa: ", format == TABLE_MARKDOWN ? "\n" : "");
	print_plain_text(d->a.operand, stdout);
	printf("; b: ");
	print_plain_text(d->b.operand, stdout);
	printf("; ");
	differences_explain(contest, &d->pairs, d->differences);
	return differences_describe(contest, d->differences, d->pairs.count, format == TABLE_MARKDOWN, err);
}

static int compare_sides(struct duel *d, struct error *err)
{
	struct contest contest = { &d->a.side, &d->b.side, &d->data, contest_split(d->a.sweep, &d->data, err) };

	d->by_name = !d->a.pattern || !d->b.pattern;
	if (!contest.split || !pairs_find(&d->a.side, &d->b.side, d->by_name, &d->pairs, err))
		return EXIT_FAILED;
	if (d->pairs.count == 0)
		return fail(err, d->by_name ? "no network of %s has the name of one of %s" :
		            "no network of %s is within 5 %% of the parameters of one of %s; `archsweep match` finds "
		            "widths that are", d->a.operand, d->b.operand), EXIT_FAILED;
	d->differences = calloc((size_t)d->pairs.count, sizeof *d->differences);
	if (!d->differences)
		return fail(err, "not enough memory for %d pairs of networks", d->pairs.count), EXIT_FAILED;
	if (!differences_compute(&contest, &d->pairs, machine_threads(), d->differences, err) ||
	    !print_duel(d, &contest, err))
		return EXIT_FAILED;
	return conclude_duel(d, err);
}

static int run_duel(struct duel *d, struct error *err)
{
	if (!parse_conditions(d, err))
		return EXIT_USAGE;
	int status = open_party(d->given, NULL, d->given->operands[0], &d->a, err);
	if (status == EXIT_DONE)
		status = open_party(d->given, &d->a, d->given->operands[1], &d->b, err);
	if (status != EXIT_DONE)
		return status;
	if (!dataset_is_named(&d->a.sweep->data, err))
		return EXIT_USAGE;
	if (!dataset_read(&d->a.sweep->data, &d->data, err))
		return d->data.misfit ? EXIT_USAGE : EXIT_FAILED;
	return compare_sides(d, err);
}

/* Options that mean nothing with so many operands. */
static bool check_options(const struct options *given, struct error *err)
{
	static const char *const of_one[] = { "base", "if-base", "measure", "no-speed", "rounds", "name" };

	if (given->operand_count == 1)
		return !options_has(given, "fail-if") ||
		       (options_fail(given, err, "--fail-if: needs two things to compare"), false);
	for (size_t i = 0; i < sizeof of_one / sizeof *of_one; i++)
		if (options_has(given, of_one[i]))
			return options_fail(given, err, "--%s: not where two things are compared", of_one[i]), false;
	return true;
}

static int run(const struct options *given, struct error *err)
{
	struct duel duel = { .given = given };

	if (!check_options(given, err))
		return EXIT_USAGE;
	if (given->operand_count == 1)
		return with_sweep(given, run_sweep, err);
	int status = run_duel(&duel, err);
	free(duel.differences);
	pairs_free(&duel.pairs);
	dataset_free(&duel.data);
	close_party(&duel.b);
	close_party(&duel.a);
	return status;
}

const struct command command_compare = {
	.name = "compare", .summary = "compare the networks of a sweep with one of them, or two networks, families or "
	"sweeps", .operands = "A [B]", .min_operands = 1, .max_operands = 2, .options = options, .help = help,
	.run = run,
};
