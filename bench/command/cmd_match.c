/* archsweep match: the widths at which families have a wanted number of parameters. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/sweep/match.h"
#include "bench/text/table.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WANTED = 64 };
#define MAX_PARAMETERS 2147483647       /* what `expect` holds */

static const struct option_row options[] = {
	{ "parameters", 'p', "N,...", .help = "the counts that are wanted: 1000,3000,10000; required" },
	{ "step", .argument = "STEP",
	  .help = "widths are multiples of STEP; the default is the finest that a family makes use of" },
	{ "set", 's', "KEY=VALUE", .help = "override a value of the sweep: input=[32, 32, 3]", .repeats = true },
	{ "yaml", 'y', .help = "a list of families with widths and expected counts, for a sweep", .excludes = "json" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names", .excludes = "yaml" },
	{ 0 }
};

static const char help[] =
	"For each family of the sweep and each count: the width at which the family's total number of parameters is\n"
	"nearest, and how far it is off. Families that are to be compared at equal size get their widths this way;\n"
	"`archsweep equal` compares them once they are trained, where they are within 5 % of each other. Nothing is\n"
	"trained, and no data is read.\n"
	"\n"
	"Where a family rounds its multiples of the width, widths are multiples of 0.01, and of those that make the\n"
	"same network the one with the fewest decimals is shown. Where it takes them as they are (rounding: exact),\n"
	"widths are those at which all are whole numbers.\n"
	"\n"
	"Exit status: 0 done, 1 failed, 2 the command line or the YAML is wrong.\n";

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "parameters", .kind = COLUMN_INT, .title = "wanted" },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "trainable", .kind = COLUMN_INT },
	{ "total", .kind = COLUMN_INT },
	{ "off", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED, .machine_only = true },
	{ "off", .kind = COLUMN_REAL, .decimals = 1, .title = "off %", .people_only = true },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ 0 }
};

struct wanted {
	int count;
	int64_t of[MAX_WANTED];
};

/* "1000,3000,10000" */
static bool parse_wanted(const struct options *given, struct wanted *to, struct error *err)
{
	const char *text = options_value(given, "parameters");

	to->count = 0;
	if (!text)
		return options_fail(given, err, "--parameters is missing: --parameters 1000,3000,10000"), false;
	for (const char *next = text;; next++) {
		char *end;

		errno = 0;
		long long value = strtoll(next, &end, 10);
		if (end == next || *next < '0' || *next > '9' || (*end && *end != ','))
			return options_fail(given, err, "--parameters: \"%s\" is no list of whole numbers; accepted: "
			                    "1000,3000,10000", text), false;
		if (errno == ERANGE || value < 1 || value > MAX_PARAMETERS)
			return options_fail(given, err, "--parameters: %.*s is outside 1..%d", (int)(end - next), next,
			                    MAX_PARAMETERS), false;
		if (to->count == MAX_WANTED)
			return options_fail(given, err, "--parameters: more than %d numbers", MAX_WANTED), false;
		to->of[to->count++] = value;
		if (!*end)
			return true;
		next = end;
	}
}

/* 0 where it is not given. */
static bool parse_step(const struct options *given, double *step, struct error *err)
{
	const char *text = options_value(given, "step");
	char *end;

	*step = 0;
	if (!text)
		return true;
	*step = strtod(text, &end);
	return (end > text && !*end && *step >= 1e-6 && *step <= 1e6 && strchr("0123456789.", *text)) ||
	       (options_fail(given, err, "--step: \"%s\" is no number from 1e-6 to 1e6", text), false);
}

static void add_row(struct table *table, const struct match_family *family, int64_t wanted, const struct match *match)
{
	double off = (double)(match->cost.total - wanted) / (double)wanted;

	table_text(table, family->name);
	table_int(table, wanted);
	table_real(table, match->width);
	table_int(table, match->cost.trainable);
	table_int(table, match->cost.total);
	table_real(table, round(1e6 * off) / 1e6 + 0.);
	table_real(table, round(1e3 * off) / 10 + 0.);
	table_int(table, match->cost.macs);
}

static bool print_table(const struct options *given, struct matcher *m, const struct wanted *wanted, struct error *err)
{
	struct table *table = table_create(columns);
	bool good = true;

	for (int i = 0; good && i < matcher_count(m); i++)
		for (int k = 0; good && k < wanted->count; k++) {
			struct match match;

			good = matcher_find(m, i, wanted->of[k], &match, err);
			if (good)
				add_row(table, matcher_family(m, i), wanted->of[k], &match);
		}
	good = good && table_print(table, options_format(given), stdout, err);
	table_destroy(table);
	return good;
}

/* --- YAML --------------------------------------------------------------------------------------------------------- */

/* The matches of one family without those that repeat a width. */
static int find_widths(struct matcher *m, int family, const struct wanted *wanted, struct match *to, struct error *err)
{
	int count = 0;

	for (int i = 0; i < wanted->count; i++) {
		int k = 0;

		if (!matcher_find(m, family, wanted->of[i], &to[count], err))
			return -1;
		while (to[k].width != to[count].width)
			k++;
		count += k == count;
	}
	return count;
}

static void print_widths(const struct match *matches, int count)
{
	char number[NUMBER_BYTES];

	for (int i = 0; i < count; i++)
		printf("%s%s", i ? ", " : "", words_number(matches[i].width, number));
}

static void print_counts(const struct match *matches, int count, bool total)
{
	for (int i = 0; i < count; i++)
		printf("%s%" PRId64, i ? ", " : "", total ? matches[i].cost.total : matches[i].cost.trainable);
}

/* As it is where it needs no quotes. */
static void print_yaml_text(const char *text)
{
	if (words_is_name(text))
		fputs(text, stdout);
	else
		print_json_text(text, stdout);
}

/* A family in place has no file to name: its layers stay where they are. */
static void print_family(const struct match_family *family, const struct match *matches, int count)
{
	printf(family->file ? "  - family: " : "  - name: ");
	print_yaml_text(family->file ? family->file : family->name);
	if (family->file && strcmp(family->file, family->name) != 0) {
		printf("\n    name: ");
		print_yaml_text(family->name);
	}
	printf("%s\n    widths: [", family->file ? "" : "         # and its layers");
	print_widths(matches, count);
	printf("]\n    expect:\n      total: [");
	print_counts(matches, count, true);
	printf("]\n      trainable: [");
	print_counts(matches, count, false);
	printf("]\n");
}

static bool print_yaml(struct matcher *m, const struct wanted *wanted, struct error *err)
{
	struct match matches[MAX_WANTED];

	printf("families:\n");
	for (int i = 0; i < matcher_count(m); i++) {
		int count = find_widths(m, i, wanted, matches, err);

		if (count < 0)
			return false;
		print_family(matcher_family(m, i), matches, count);
	}
	return true;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	const char *sets[MAX_OPTION_USES];
	const struct matcher_source source = { sweep, given->operands[0], sets, options_values(given, "set", sets) };
	struct wanted wanted;
	double step;

	if (!parse_wanted(given, &wanted, err) || !parse_step(given, &step, err))
		return EXIT_USAGE;
	struct matcher *m = matcher_create(&source, step, err);
	if (!m)
		return EXIT_USAGE;
	bool good = options_has(given, "yaml") ? print_yaml(m, &wanted, err) : print_table(given, m, &wanted, err);
	matcher_destroy(m);
	return good ? EXIT_DONE : EXIT_USAGE;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_match = {
	.name = "match", .summary = "find the widths at which families have so many parameters",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
