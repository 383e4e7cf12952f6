/* archsweep params: counts parameters of every network of a sweep, and checks expected counts. Floor 5.
 *
 * Needs no data and trains nothing: shapes are enough. */
#include "bench/command/command.h"

#include "bench/command/options.h"
#include "bench/sweep/cost.h"
#include "bench/system/atomic_file.h"
#include "bench/text/table.h"

static const struct column columns[] = {
	{ "sweep", .kind = COLUMN_TEXT },
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "id", .kind = COLUMN_TEXT, .machine_only = true },
	{ "seeds", .kind = COLUMN_INT, .machine_only = true },
	{ "channels", .kind = COLUMN_TEXT, .spare = 1 },
	{ "trainable", .kind = COLUMN_INT },
	{ "total", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ "activation_bytes", .kind = COLUMN_BYTES, .title = "activations", .spare = 3 },
	{ "memory_bytes", .kind = COLUMN_BYTES, .machine_only = true },
	{ "expected", .kind = COLUMN_INT, .title = "expected total", .spare = 2 },
	{ "expected_trainable", .kind = COLUMN_INT, .title = "expected trainable", .spare = 2 },
	{ "ok", .kind = COLUMN_BOOL, .machine_only = true },
	{ "ok", .kind = COLUMN_BOOL, .people_only = true },
	{ 0 }
};

static const struct option_row options[] = {
	{ "check", 'c', .help = "exit 3 if an expected count does not hold" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "markdown" },
	{ "markdown", .help = "a table for a web page, what does not hold first", .excludes = "json" },
	{ "set", 's', "KEY=VALUE", .help = "override a value of the sweep: recipe.batch=32", .repeats = true },
	{ 0 }
};

static const char help[] =
	"One row for each family and width, whatever the seeds and variants of the recipe.\n"
	"\n"
	"  trainable    what the optimizer updates; batch norm counts 2 a channel\n"
	"  total        the same and batch norm's moving statistics: 4 a channel\n"
	"  MACs         multiply-adds for one image, convolutions and dense layers only\n"
	"  activations  memory for one batch, with their gradients\n"
	"  ok           whether the counts that the sweep expects hold; \"-\" where it expects none\n"
	"               (--json and --tsv say true there)\n"
	"\n"
	"With --check each count that does not hold is named on stderr with its line in the YAML. "
	"A file that cannot be\n"
	"read is named there too, and the others are still counted. --markdown is for a job's summary.\n"
	"Exit status: 0 done, 2 the command line or the YAML is wrong, 3 an expected count does not hold.\n";

/* Results of all sweeps of the command line. */
struct report {
	struct table *table;
	bool markdown;
	struct draft failed, held;      /* rows of Markdown: those with a count that does not hold, and the others */
	int networks, failed_networks;
	bool check;             /* report failures on stderr */
	int failures;
	int sweeps, broken;     /* files that were counted, and files that could not be */
};

static void table_expected(struct table *table, int64_t count)
{
	if (count < 0)
		table_missing(table);
	else
		table_int(table, count);
}

static void row_add(struct table *table, const struct sweep *sweep, const struct point *point, int seeds)
{
	table_text(table, sweep->name);
	table_text(table, point->family);
	table_real(table, point->width);
	table_text(table, point->id);
	table_int(table, seeds);
	table_text(table, *point->channels ? point->channels : NULL);
}

static void row_add_cost(struct table *table, const struct cost *cost)
{
	table_int(table, cost->trainable);
	table_int(table, cost->total);
	table_int(table, cost->macs);
	table_bytes(table, cost->activation_bytes);
	table_bytes(table, cost->memory_bytes);
}

static void row_add_expectation(struct table *table, const struct point *point, bool ok)
{
	table_expected(table, point->expect.total);
	table_expected(table, point->expect.trainable);
	table_bool(table, ok);
	if (point_expects(point))
		table_bool(table, ok);
	else
		table_missing(table);
}

/* ---- Markdown ---- */

static void print_count(int64_t count, FILE *to)
{
	char text[NUMBER_BYTES];

	fputs(count < 0 ? "-" : format_thousands(count, text), to);
}

/* "2,574", or where only trainable parameters are expected "2,540 trainable". */
static void print_expected(const struct expectation *expect, FILE *to)
{
	bool both = expect->total >= 0 && expect->trainable >= 0;

	if (expect->total >= 0 || expect->trainable < 0)
		print_count(expect->total, to);
	if (both)
		fputs(", ", to);
	if (expect->trainable >= 0) {
		print_count(expect->trainable, to);
		fputs(" trainable", to);
	}
}

static void markdown_row(const struct sweep *sweep, const struct point *point, const struct cost *cost, FILE *to)
{
	char width[NUMBER_BYTES];

	fprintf(to, "| %s | %s/%s | ", sweep->name, point->family, words_number(point->width, width));
	print_count(cost->trainable, to);
	fputs(" | ", to);
	print_count(cost->total, to);
	fputs(" | ", to);
	print_expected(&point->expect, to);
	fputs(" | ", to);
	print_count(cost->macs, to);
}

static void report_markdown(struct report *report, const struct sweep *sweep, const struct point *point,
                            const struct cost *cost, bool ok)
{
	FILE *to = ok ? report->held.stream : report->failed.stream;

	markdown_row(sweep, point, cost, to);
	fprintf(to, " | %s |\n", !ok ? "**NO**" : point_expects(point) ? "yes" : "-");
}

static void print_markdown(struct report *report)
{
	fflush(report->failed.stream);
	fflush(report->held.stream);
	if (report->failed_networks)
		printf("**%d of %d networks do not have the counts that are expected.**\n", report->failed_networks,
		       report->networks);
	else
		printf("All counts that are expected hold; %d networks.\n", report->networks);
	printf("\n| sweep | network | trainable | total | expected | MACs | ok |\n"
	       "|---|---|---:|---:|---:|---:|---|\n%s%s", report->failed.bytes, report->held.bytes);
}

/* ---- counting ---- */

/* Counts one network, which has `seeds` points. */
static bool report_network(struct report *report, const struct sweep *sweep, const struct point *point, int seeds,
                           struct error *err)
{
	struct error unsaid[MAX_EXPECTATIONS] = { { "" } };
	struct cost cost;

	if (!point_count(point, &cost, err))
		return false;
	int failed = report->check ? point_check_aloud(point, &cost) : point_check(point, &cost, unsaid);
	report->failures += failed;
	report->networks++;
	report->failed_networks += failed > 0;
	if (report->markdown)
		report_markdown(report, sweep, point, &cost, failed == 0);
	row_add(report->table, sweep, point, seeds);
	row_add_cost(report->table, &cost);
	row_add_expectation(report->table, point, failed == 0);
	return true;
}

static bool report_sweep(struct report *report, const struct sweep *sweep, struct error *err)
{
	for (int i = 0, seeds; i < sweep->point_count; i += seeds) {
		const struct point *point = &sweep->points[i];
		seeds = 1;
		while (i + seeds < sweep->point_count && point_same_layers(point, point + seeds))
			seeds++;
		if (!report_network(report, sweep, point, seeds, err))
			return false;
	}
	return true;
}

/* Reports a broken file immediately and still counts the others. */
static void report_files(struct report *report, const struct options *given)
{
	const char *sets[MAX_OPTION_USES];
	int set_count = options_values(given, "set", sets);

	for (int i = 0; i < given->operand_count; i++) {
		struct error err = { "" };
		struct sweep *sweep = sweep_read(given->operands[i], sets, set_count, &err);

		if (sweep && report_sweep(report, sweep, &err)) {
			report->sweeps++;
		} else {
			report->broken++;
			print_plain_text(err.text, stderr);
			fputc('\n', stderr);
		}
		sweep_destroy(sweep);
	}
}

static int run(const struct options *given, struct error *err)
{
	struct report report = { .check = options_has(given, "check"), .markdown = options_has(given, "markdown") };

	if (!draft_open(&report.failed, err))
		return EXIT_FAILED;
	if (!draft_open(&report.held, err)) {
		draft_discard(&report.failed);
		return EXIT_FAILED;
	}
	report.table = table_create(columns);
	report_files(&report, given);
	bool printed = true;
	if (report.sweeps && report.markdown)
		print_markdown(&report);
	else if (report.sweeps)
		printed = table_print(report.table, options_format(given), stdout, err);
	table_destroy(report.table);
	draft_discard(&report.failed);
	draft_discard(&report.held);
	if (!printed)
		return EXIT_FAILED;
	if (report.broken)
		return EXIT_USAGE;
	return report.check && report.failures ? EXIT_EXPECTATION : EXIT_DONE;
}

const struct command command_params = {
	.name = "params", .summary = "count parameters, multiply-adds and memory of every network, without data",
	.operands = "SWEEP.yaml...", .min_operands = 1, .options = options, .help = help, .run = run,
};
