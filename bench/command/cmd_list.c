/* archsweep list: the points of a sweep and what each costs, or a command for each. Floor 5.
 *
 * Needs no data and trains nothing. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/record/records.h"
#include "bench/run/shard.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct column columns[] = {
	{ "id", .kind = COLUMN_TEXT },
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "variant", .kind = COLUMN_TEXT },
	{ "seed", .kind = COLUMN_INT },
	{ "cost", .kind = COLUMN_INT },
	{ 0 }
};

static const struct option_row options[] = {
	{ "only", 'o', "GLOB", .help = "list only the points that match: 'plain/*', conv1x1/6, the beginning of an id",
	  .repeats = true },
	OPTION_SHARD,
	{ "pending", 'p', .help = "leave out points whose record says that they are finished" },
	{ "commands", 'c', .help = "a command for each point instead of the table", .excludes = "json" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "records are in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "commands" },
	{ 0 }
};

static const char help[] =
	"One row for each point, in the sweep's order: families, widths, seeds.\n"
	"\n"
	"  cost         about proportional to the time that training takes: multiply-adds for one training image,\n"
	"               with what memory traffic adds to them, times epochs. --shard makes parts of equal cost.\n"
	"\n"
	"--pending reads the records and leaves out what is finished, on whatever data: only `run` reads data.\n"
	"\n"
	"--commands prints a line for each point that trains it, with the same --set, --name and --reports, quoted\n"
	"for a shell. The command of a point with teachers trains these as well, where nobody else does, and waits\n"
	"for those that another command trains. The commands may run side by side, on this machine or on others that\n"
	"see the same folder:\n"
	"\n"
	"  archsweep list --commands --pending sweeps/mine.yaml | OMP_NUM_THREADS=1 parallel\n"
	"  archsweep list --commands sweeps/mine.yaml | OMP_NUM_THREADS=1 xargs -d '\\n' -n 1 -P 8 sh -c\n"
	"  archsweep collect sweeps/mine.yaml\n"
	"\n"
	"Exit status: 0 done, 1 the records cannot be read, 2 the command line or the YAML is wrong.\n";

/* What is finished leaves the list. */
static bool drop_finished(const struct sweep *sweep, const char *folder, struct pending *pending, struct error *err)
{
	struct records records;
	int kept = 0;

	if (!records_read(folder, sweep, &records, err))
		return false;
	pending_check(pending, &records, &(struct pending_source){ .folder = folder });
	for (int i = 0; i < pending->count; i++)
		if (pending->points[i].reason != UP_TO_DATE)
			pending->points[kept++] = pending->points[i];
	pending->count = kept;
	records_free(&records);
	return true;
}

static bool print_points(const struct options *given, const struct pending *pending, struct error *err)
{
	struct table *table = table_create(columns);

	for (int i = 0; i < pending->count; i++) {
		const struct point *point = pending->points[i].point;

		table_text(table, point->id);
		table_text(table, point->family);
		table_real(table, point->width);
		table_text(table, *point->variant->name ? point->variant->name : NULL);
		table_int(table, point->seed);
		table_int(table, llround(shard_cost(&pending->points[i])));
	}
	bool printed = table_print(table, options_format(given), stdout, err);
	table_destroy(table);
	return printed;
}

/* A line is a command for whoever reads the list, so no word may have a line break of its own. */
static bool check_lines(const struct options *given, struct error *err)
{
	static const char *const kept[] = { "set", "name", "reports" };
	const char *words[MAX_OPTION_USES + 1] = { given->operands[0] };
	char shown[SHOWN_BYTES];
	int count = 1;

	for (size_t k = 0; k < sizeof kept / sizeof *kept; k++)
		count += options_values(given, kept[k], words + count);
	for (int i = 0; i < count; i++)
		if (strpbrk(words[i], "\n\r"))
			return options_fail(given, err, "--commands: \"%s\" has more than one line",
			                    words_show(words[i], shown)), false;
	return true;
}

/* With the teachers that are to be trained: whoever is first trains them, and the others wait. */
static bool print_commands(const struct options *given, const struct pending *pending, struct error *err)
{
	bool *taken = calloc((size_t)pending->count + 1, sizeof *taken);

	if (!taken)
		return fail(err, "not enough memory for %d points", pending->count);
	for (int i = 0; i < pending->count; i++) {
		const struct point *point = pending->points[i].point;

		print_sweep_command(given, "run", true, stdout);
		printf(" --only %s", point->id);
		if (point->teacher_count > 0) {
			memset(taken, 0, (size_t)pending->count * sizeof *taken);
			pending_take_teachers(pending, point, taken);
			for (int k = 0; k < pending->count; k++)
				if (taken[k])
					printf(" --only %s", pending->points[k].point->id);
		}
		putchar('\n');
	}
	free(taken);
	return true;
}

static int list(const struct options *given, const struct sweep *sweep, struct pending *pending, struct error *err)
{
	bool commands = options_has(given, "commands");
	struct report_folder folder;

	if ((commands && !check_lines(given, err)) || !reports_folder(given, sweep, &folder, err))
		return EXIT_USAGE;
	if (options_has(given, "pending") && !drop_finished(sweep, folder.path, pending, err))
		return EXIT_FAILED;
	if (!commands)
		return print_points(given, pending, err) ? EXIT_DONE : EXIT_FAILED;
	return print_commands(given, pending, err) ? EXIT_DONE : EXIT_FAILED;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct pending pending;

	if (!sweep_choose(given, sweep, &pending, err))
		return EXIT_USAGE;
	int status = list(given, sweep, &pending, err);
	pending_free(&pending);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_list = {
	.name = "list", .summary = "the points of a sweep and what each costs, or a command for each",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
