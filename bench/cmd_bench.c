/* archsweep bench: training speed of a sweep's networks on this machine. Floor 5.
 *
 * Speeds of machines that others use too are noisy: the median of several stretches is what to quote, and ratios of one run. */
#include "bench/command.h"

#include "bench/cost.h"
#include "bench/machine.h"
#include "bench/options.h"
#include "bench/speed.h"
#include "bench/trial.h"

static const struct column columns[] = {
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "trainable", .kind = COLUMN_INT },
	{ "macs", .kind = COLUMN_INT, .title = "MACs" },
	{ "batch", .kind = COLUMN_INT },
	{ "threads", .kind = COLUMN_INT },
	{ "kernels", .kind = COLUMN_TEXT },
	{ "images_per_second", .kind = COLUMN_REAL, .title = "images/s" },
	{ "slowest", .kind = COLUMN_REAL },
	{ "fastest", .kind = COLUMN_REAL },
	{ "gflops", .kind = COLUMN_REAL, .decimals = 1, .title = "GFLOP/s" },
	{ "microseconds_per_image", .kind = COLUMN_REAL, .decimals = 2, .title = "us/image" },
	{ 0 }
};

static const struct option_row options[] = {
	{ "only", 'o', "GLOB", .help = "measure only the points that match: 'plain/*', conv1x1/6", .repeats = true },
	{ "repeats", 'n', "N", .help = "stretches of half a second for each network; 5 if not given", .min = 1, .max = MAX_STRETCHES },
	{ "set", 's', "KEY=VALUE", .help = "override a value of the sweep: recipe.batch=256", .repeats = true },
	{ "threads", 't', "N", .help = "use N threads, all on one network", .min = 1, .max = 1024 },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"Trains each network for some seconds on made-up images, one network at a time on all threads: loading, augmentation,\n"
	"forward, loss, backward and the optimizer's step, as in `archsweep run`. The speed is the median of the stretches.\n"
	"GFLOP/s count 6 operations for each multiply-add of the forward pass: two forward, four backward.\n"
	"\n"
	"ARCHSWEEP_KERNELS=avx512, avx2 or portable chooses the arithmetic; the best for this processor is the default.\n"
	"\n"
	"Exit status: 0 done, 1 a network could not be measured, 2 the command line or the YAML is wrong.\n";

struct bench {
	const struct options *given;
	const struct sweep *sweep;
	const struct kernels *kernels;
	int threads, repeats;
	struct table *table;    /* owned */
};

static void add_row(const struct bench *b, const struct point *point, const struct cost *cost, const struct speed_result *speed)
{
	struct table *t = b->table;

	table_text(t, point->family);
	table_real(t, point->width);
	table_int(t, cost->trainable);
	table_int(t, cost->macs);
	table_int(t, b->sweep->recipe.batch);
	table_int(t, b->threads);
	table_text(t, b->kernels->name);
	table_real(t, speed->images_per_second);
	table_real(t, speed->slowest);
	table_real(t, speed->fastest);
	table_real(t, 6 * (double)cost->macs * speed->images_per_second / 1e9);
	table_real(t, 1e6 / speed->images_per_second);
}

static bool measure_point(const struct bench *b, const struct point *point, struct error *err)
{
	struct speed_request request = { .network = &point->network, .recipe = &b->sweep->recipe, .kernels = b->kernels,
		.threads = b->threads, .stretches = b->repeats, .seconds = 0.5 };
	struct speed_result speed;
	struct cost cost;

	if (!point_count(b->sweep, point, &cost, err) || !speed_measure(&request, &speed, err))
		return false;
	add_row(b, point, &cost, &speed);
	return true;
}

static bool wanted(const struct options *given, const struct point *point)
{
	const char *patterns[MAX_OPTION_USES];
	int count = options_values(given, "only", patterns);
	bool matches = count == 0;

	for (int i = 0; i < count; i++)
		matches = matches || point_matches(point, patterns[i]);
	return matches;
}

static bool measure_sweep(const struct bench *b, struct error *err)
{
	const struct sweep *s = b->sweep;
	char name[PROGRESS_NAME_LEN];

	for (int i = 0; i < s->point_count; i++) {
		if ((i > 0 && point_same_network(&s->points[i - 1], &s->points[i])) || !wanted(b->given, &s->points[i]))
			continue;
		if (progress_mode_here() != PROGRESS_SILENT)
			fprintf(stderr, "%s\n", trial_name(s, &s->points[i], name));
		if (!measure_point(b, &s->points[i], err))
			return false;
	}
	return true;
}

static int run(const struct options *given, struct error *err)
{
	const char *sets[MAX_OPTION_USES];
	struct sweep *sweep = sweep_read(given->operands[0], sets, options_values(given, "set", sets), err);
	struct bench b = { .given = given, .sweep = sweep, .kernels = trial_kernels(err) };

	if (!sweep)
		return EXIT_USAGE;
	b.threads = (int)options_number(given, "threads", machine_threads());
	b.repeats = (int)options_number(given, "repeats", 5);
	b.table = table_create(columns);
	bool ok = b.kernels && measure_sweep(&b, err) && table_print(b.table, options_format(given), stdout, err);
	table_destroy(b.table);
	sweep_destroy(sweep);
	return ok ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_bench = {
	.name = "bench", .summary = "measure the training speed of a sweep's networks on this machine",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
