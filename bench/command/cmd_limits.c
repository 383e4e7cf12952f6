/* archsweep limits: measures what this machine can do at best. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/options.h"
#include "bench/measure/limits.h"
#include "bench/system/machine.h"

#define REPEAT_SECONDS 0.1

static const struct column columns[] = {
	{ "limit", .kind = COLUMN_TEXT, .machine_only = true },
	{ "limit", .kind = COLUMN_TEXT, .people_only = true },
	{ "unit", .kind = COLUMN_TEXT },
	{ "one_core", .kind = COLUMN_REAL, .decimals = 1, .title = "one core" },
	{ "all_cores", .kind = COLUMN_REAL, .decimals = 1, .title = "all cores" },
	{ "one_core_bytes", .kind = COLUMN_BYTES, .title = "array of one", .spare = 1 },
	{ "all_cores_bytes", .kind = COLUMN_BYTES, .title = "array of each", .spare = 2 },
	{ "threads", .kind = COLUMN_INT, .machine_only = true },
	{ "kernels", .kind = COLUMN_TEXT, .machine_only = true },
	{ "processor", .kind = COLUMN_TEXT, .machine_only = true },
	{ 0 }
};

static const struct option_row options[] = {
	{ "repeats", .argument = "N",
	  .help = "measurements of a tenth of a second for each limit; 7 if not given", .min = 1,
	  .max = 1000 },
	{ "threads", 't', "N", .help = "what \"all cores\" is", .min = 1, .max = 1024 },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	OPTION_SAVE,
	{ 0 }
};

static const char help[] =
	"Multiply-adds take operands from the first-level cache, with the same instructions as convolutions; "
	"each counts as\n"
	"two operations. Reading passes repeatedly over an array that just fits into one level of memory, "
	"one array per\n"
	"thread; GB are 10^9 bytes. A limit is the best of its measurements. "
	"Other programs can only lower it: measure on a\n"
	"quiet machine.\n"
	"\n"
	"ARCHSWEEP_KERNELS=avx512bf16, avx512, avx2 or portable chooses the instructions; "
	"the best for this processor is\n"
	"the default.\n"
	"\n"
	"Exit status: 0 done, 1 there was not enough memory, 2 the command line is wrong.\n";

static const char *const titles[LIMIT_KINDS] = { "multiply-adds", "reading from L2", "reading from L3",
                                                 "reading from memory" };

static void table_limit(struct table *t, double speed)
{
	if (speed > 0)
		table_real(t, speed);
	else
		table_missing(t);
}

static void add_rows(struct table *t, const struct limits_request *r, const struct limits *limits)
{
	char processor[64];

	machine_processor(processor);
	for (int kind = 0; kind < LIMIT_KINDS; kind++) {
		const struct limit *limit = &limits->of[kind];

		table_text(t, limits_name((enum limit_kind)kind));
		table_text(t, titles[kind]);
		table_text(t, kind == LIMIT_MULTIPLY ? "GFLOP/s" : "GB/s");
		table_limit(t, limit->one);
		table_limit(t, limit->all);
		table_bytes(t, limit->one_bytes);
		table_bytes(t, limit->all_bytes);
		table_int(t, r->threads);
		table_text(t, r->kernels->name);
		table_text(t, processor);
	}
}

static void print_machine(const struct limits_request *r)
{
	char processor[64], sizes[CACHE_LEVELS + 1][NUMBER_BYTES];

	print_plain_text(machine_processor(processor), stdout);
	printf(", %d thread%s, kernels %s, caches%s", r->threads, r->threads == 1 ? "" : "s", r->kernels->name,
	       r->caches.assumed ? " (assumed)" : "");
	for (int level = 1; level <= CACHE_LEVELS; level++)
		if (r->caches.level[level].bytes > 0)
			printf(" L%d %s", level, format_bytes(r->caches.level[level].bytes, sizes[level]));
	printf("\n\n");
}

static int run(const struct options *given, struct error *err)
{
	struct limits_request request = { .kernels = machine_kernels(err), .caches = caches_below(""),
		.memory_bytes = machine_memory_bytes(),
		.threads = (int)options_number(given, "threads", machine_threads()),
		.repeats = (int)options_number(given, "repeats", 7), .seconds = REPEAT_SECONDS };
	struct limits limits = { 0 };

	if (!request.kernels || !limits_measure(&request, &limits, err))
		return EXIT_FAILED;
	struct table *table = table_create(columns);
	add_rows(table, &request, &limits);
	if (options_format(given) == TABLE_HUMAN)
		print_machine(&request);
	bool printed = options_print_table(given, table, err);
	table_destroy(table);
	return printed ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_limits = {
	.name = "limits",
	.summary = "measure what this machine can do at best: multiply-adds, reading from each level of memory",
	.operands = "", .options = options, .help = help, .run = run,
};
