/* archsweep bench: the speed of sweeps' networks on this machine, against what the machine can do. Floor 5.
 *
 * Speeds on shared machines are noisy: quote the median of several measurements, and ratios within one run. */
#include "bench/command/command.h"

#include "bench/command/options.h"
#include "bench/measure/measure.h"
#include "bench/measure/occupancy.h"
#include "bench/measure/profile_table.h"
#include "bench/run/progress.h"
#include "bench/sweep/cost.h"
#include "bench/sweep/point_find.h"
#include "bench/system/clock.h"
#include "bench/system/machine.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

enum { REPEAT_MS = 500, PEAK_SHARE = 5, MOST_CORES = 64 };

static const struct column columns[] = {
	{ "sweep", .kind = COLUMN_TEXT, .machine_only = true },
	{ "family", .kind = COLUMN_TEXT },
	{ "width", .kind = COLUMN_REAL, .decimals = DECIMALS_NEEDED },
	{ "trainable", .kind = COLUMN_INT, .spare = 1 },
	{ "macs", .kind = COLUMN_INT, .title = "MACs", .spare = 1 },
	{ "batch", .kind = COLUMN_INT, .machine_only = true },
	{ "threads", .kind = COLUMN_INT, .machine_only = true },
	{ "kernels", .kind = COLUMN_TEXT, .machine_only = true },
	{ "images_per_second", .kind = COLUMN_REAL, .decimals = 1, .title = "images/s" },
	{ "slowest", .kind = COLUMN_REAL, .decimals = 1, .machine_only = true },
	{ "fastest", .kind = COLUMN_REAL, .decimals = 1, .machine_only = true },
	{ "inference_images_per_second", .kind = COLUMN_REAL, .decimals = 1, .title = "inference" },
	{ "microseconds_per_image", .kind = COLUMN_REAL, .decimals = 2, .title = "us/image", .spare = 3 },
	{ "gflops", .kind = COLUMN_REAL, .decimals = 1, .title = "GFLOP/s" },
	{ "percent_of_peak", .kind = COLUMN_REAL, .decimals = 1, .title = "% of peak" },
	{ "peak_gflops", .kind = COLUMN_REAL, .decimals = 1, .title = "peak", .spare = 4 },
	{ "flops_per_image", .kind = COLUMN_INT, .machine_only = true },
	{ "bytes_per_image", .kind = COLUMN_BYTES, .title = "bytes/image", .spare = 6 },
	{ "flops_per_byte", .kind = COLUMN_REAL, .decimals = 2, .title = "FLOP/byte", .spare = 7 },
	{ "memory_bytes", .kind = COLUMN_BYTES, .title = "memory", .spare = 2 },
	{ "measured_memory_bytes", .kind = COLUMN_BYTES, .title = "measured", .spare = 5 },
	{ 0 }
};

static const struct option_row options[] = {
	{ "only", 'o', "GLOB", .help = "measure only the points that match: 'plain/*', conv1x1/6", .repeats = true },
	{ "training", .help = "leave out inference" },
	{ "profile", 'p', .help = "where the time of training goes instead: layer by layer, pass by pass",
	  .excludes = "cores" },
	{ "cores", 'c', .help = "how well the sweep would keep 1, 2, 4, ... 64 cores busy instead",
	  .excludes = "reading" },
	{ "reading", .help = "how long it takes to read the sweep's data instead", .excludes = "profile" },
	{ "repeats", .argument = "N",
	  .help = "measurements of each network; 5 if not given", .min = 1, .max = MAX_REPEATS },
	{ "stretch", 'l', "MS", .help = "least length of a measurement in milliseconds; 500 if not given", .min = 1,
	  .max = 600000 },
	{ "peak", 'k', "GFLOPS", .help = "what percentages are taken of, instead of measuring it with each network" },
	{ "set", 's', "KEY=VALUE", .help = "override a value of the sweeps: recipe.batch=256", .repeats = true },
	{ "threads", 't', "N", .help = "use N threads, all on one network", .min = 1, .max = 1024 },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	OPTION_SAVE,
	{ 0 }
};

static const char help[] =
	"Trains each network for some seconds on made-up images, one network at a time on all threads: loading,\n"
	"augmentation, forward, loss, backward and the optimizer's step, as in `archsweep run`. Each has a process\n"
	"of its own. A speed is the median of the measurements.\n"
	"\n"
	"  images/s     in training; inference: loading, forward and loss as in an evaluation\n"
	"  GFLOP/s      in training, of convolutions and dense layers: two operations for each multiply-add that\n"
	"               is done, one forward, one for the gradient with respect to the weights, one with respect\n"
	"               to the data if needed\n"
	"  % of peak    of what all threads can do at best in float32, see `archsweep limits`: measured in turns\n"
	"               with the training, and a median too. Winograd's algorithm, by which wide convolutions go,\n"
	"               needs fewer multiply-adds than are counted, and bfloat16 does two at once: both can be\n"
	"               above 100\n"
	"  bytes/image  what the steps of an update read and write: each array once a step, as if caches held all\n"
	"               within a step and nothing between two\n"
	"  memory       what training allocates, by the plan; measured: by how much it made the process grow\n"
	"\n"
	"--profile: us/image are of the whole machine, so that they add up to the time of an image; waiting is\n"
	"what no thread spends in any layer. Packing the weights counts as forward, adding up gradients as\n"
	"backward. An activation's time is that of the layer which applies it. Its clocks make training a little\n"
	"slower.\n"
	"\n"
	"--cores: every network is measured on one thread, and the scheduler then decides as in a run, on virtual\n"
	"threads; a thread that helps counts as a whole one. --reading: the data is read as at the start of a run,\n"
	"as often as --repeats says.\n"
	"\n"
	"ARCHSWEEP_KERNELS=avx512bf16, avx512, avx2 or portable chooses the arithmetic; the best for this\n"
	"processor is the default.\n"
	"\n"
	"Exit status: 0 done, 1 a network could not be measured or the data not be read, 2 the command line or the\n"
	"YAML is wrong, or contradicts the data.\n";

static const struct column reading_columns[] = {
	{ "sweep", .kind = COLUMN_TEXT },
	{ "images", .kind = COLUMN_INT },
	{ "pixel_bytes", .kind = COLUMN_BYTES, .title = "pixels" },
	{ "seconds", .kind = COLUMN_REAL, .decimals = 3 },
	{ "fastest_seconds", .kind = COLUMN_REAL, .decimals = 3, .title = "fastest" },
	{ "slowest_seconds", .kind = COLUMN_REAL, .decimals = 3, .title = "slowest" },
	{ 0 }
};

enum mode { MODE_SPEEDS, MODE_TRAINING, MODE_PROFILE, MODE_CORES, MODE_READING };    /* the first three: per network */

struct bench {
	const struct options *given;
	enum mode mode;
	const struct kernels *kernels;
	int threads, repeats;
	double seconds;
	double given_peak;              /* 0: to be measured */
	struct measured *measured;      /* owned: of the current network */
	struct table *table;            /* owned */
	bool misfit;                    /* the data that was read contradicts its sweep */
};

/* The network that is being measured. */
struct bench_network {
	const struct sweep *sweep;
	const struct point *point;
	struct model_plan *plan;        /* owned */
	struct cost cost;               /* with its teachers' memory */
};

/* --- One network after the other ---------------------------------------------------------------------------------- */

/* The peak of all threads in GFLOP/s, measured with the current network. */
static double peak_of(const struct bench *b)
{
	return b->given_peak > 0 ? b->given_peak : b->measured->training.peak_gflops;
}

static void add_costs(struct table *t, const struct bench *b, const struct bench_network *s)
{
	const struct measured *m = b->measured;
	struct stage_cost update = model_plan_update(s->plan);
	double batch = s->point->variant->recipe.batch, flops = 2 * (double)update.macs / batch;
	double bytes = (double)update.bytes / batch;
	double gflops = flops * m->training.images_per_second / 1e9;

	table_real(t, gflops);
	table_real(t, 100 * gflops / peak_of(b));
	table_real(t, peak_of(b));
	table_int(t, (int64_t)(flops + 0.5));
	table_bytes(t, (int64_t)(bytes + 0.5));
	table_real(t, flops / bytes);
	table_bytes(t, s->cost.memory_bytes);
	if (m->memory_bytes >= 0)
		table_bytes(t, m->memory_bytes);
	else
		table_missing(t);
}

static void add_row(const struct bench *b, const struct bench_network *s)
{
	const struct measured *m = b->measured;
	struct table *t = b->table;

	table_text(t, s->sweep->name);
	table_text(t, s->point->family);
	table_real(t, s->point->width);
	table_int(t, s->cost.trainable);
	table_int(t, s->cost.macs);
	table_int(t, s->point->variant->recipe.batch);
	table_int(t, b->threads);
	table_text(t, b->kernels->name);
	table_real(t, m->training.images_per_second);
	table_real(t, m->training.slowest);
	table_real(t, m->training.fastest);
	if (b->mode == MODE_SPEEDS)
		table_real(t, m->inference.images_per_second);
	else
		table_missing(t);
	table_real(t, 1e6 / m->training.images_per_second);
	add_costs(t, b, s);
}

static bool measure_point(const struct bench *b, const struct sweep *sweep, const struct point *point,
                          struct error *err)
{
	struct speed_request request = { .point = point, .kernels = b->kernels,
		.threads = b->mode == MODE_CORES ? 1 : b->threads, .repeats = b->repeats, .seconds = b->seconds,
		.peak_seconds = b->given_peak > 0 || b->mode == MODE_CORES ? 0 : b->seconds / PEAK_SHARE };
	char name[POINT_NAME_BYTES];

	if (progress_mode_here() != PROGRESS_SILENT)
		fprintf(stderr, "%s\n", point_name(sweep, point, name));
	if (b->mode == MODE_PROFILE)
		return measure_profile(&request, b->measured, err);
	return b->mode == MODE_SPEEDS ? measure_speeds(&request, b->measured, err)
	                              : measure_training(&request, b->measured, err);
}

/* Prints a table per profile for people; keeps all of them for --save. */
static bool print_profile(const struct profiled *profiled, struct error *err)
{
	struct table *own = table_create(profile_columns);
	char name[POINT_NAME_BYTES];

	profile_table_add(own, profiled);
	print_plain_text(point_name(profiled->sweep, profiled->point, name), stdout);
	printf(", peak %.0f GFLOP/s\n\n", profiled->peak_gflops);
	bool printed = table_print(own, TABLE_HUMAN, stdout, err);
	printf("\n");
	table_destroy(own);
	return printed;
}

static bool add_profile(const struct bench *b, const struct bench_network *s, struct error *err)
{
	struct profiled profiled = { s->sweep, s->point, s->plan, &b->measured->profile, b->threads, peak_of(b) };

	profile_table_add(b->table, &profiled);
	return options_format(b->given) != TABLE_HUMAN || print_profile(&profiled, err);
}

static bool bench_point(struct bench *b, const struct sweep *sweep, const struct point *point, struct error *err)
{
	struct bench_network s = { sweep, point, recipe_plan(&point->network, &point->variant->recipe, err), { 0 } };
	bool done = s.plan && point_count(point, &s.cost, err) && measure_point(b, sweep, point, err);

	if (done && b->mode == MODE_PROFILE)
		done = add_profile(b, &s, err);
	else if (done)
		add_row(b, &s);
	model_plan_destroy(s.plan);
	return done && (b->mode > MODE_TRAINING || options_save_table(b->given, b->table, err));
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

static bool bench_sweep(struct bench *b, const struct sweep *s, struct error *err)
{
	for (int i = 0; i < s->point_count; i++) {
		if (point_begins_network(s, i) && wanted(b->given, &s->points[i]) &&
		    !bench_point(b, s, &s->points[i], err))
			return false;
	}
	return true;
}

/* --- A whole sweep ------------------------------------------------------------------------------------------------ */

/* Measures a network once for all its seeds. */
static bool measure_tasks(struct bench *b, const struct sweep *s, struct task *tasks, struct error *err)
{
	struct cost cost;

	for (int i = 0; i < s->point_count; i++) {
		if (!point_begins_network(s, i)) {
			tasks[i] = tasks[i - 1];
			continue;
		}
		if (!point_count(&s->points[i], &cost, err) || !measure_point(b, s, &s->points[i], err))
			return false;
		tasks[i] = (struct task){ .work = 1 / b->measured->training.images_per_second, .memory_bytes = 0,
		                        .most_threads = (s->points[i].variant->recipe.batch + LANES - 1) / LANES };
	}
	return true;
}

static bool bench_cores(struct bench *b, const struct sweep *s, struct error *err)
{
	struct task *tasks = calloc((size_t)s->point_count + 1, sizeof *tasks);
	int cores = (int)options_number(b->given, "threads", MOST_CORES);

	if (!tasks)
		return fail(err, "not enough memory for %d points", s->point_count);
	bool done = measure_tasks(b, s, tasks, err) &&
	            occupancy_add(b->table, &(struct occupancy){ s->name, s->point_count, tasks, cores }, err);
	free(tasks);
	return done;
}

static int compare_seconds(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool bench_reading(struct bench *b, const struct sweep *s, struct error *err)
{
	double seconds[MAX_REPEATS];
	struct dataset data;

	for (int i = 0; i < b->repeats; i++) {
		double start = clock_seconds();
		data = (struct dataset){ 0 };
		if (!dataset_read(&s->data, &data, err)) {
			b->misfit = data.misfit;
			return false;
		}
		seconds[i] = clock_seconds() - start;
		if (i + 1 < b->repeats)
			dataset_free(&data);
	}
	qsort(seconds, (size_t)b->repeats, sizeof *seconds, compare_seconds);
	table_text(b->table, s->name);
	table_int(b->table, data.count);
	table_bytes(b->table, (int64_t)((size_t)data.count * image_len(data.shape)));
	table_real(b->table, seconds[b->repeats / 2]);
	table_real(b->table, seconds[0]);
	table_real(b->table, seconds[b->repeats - 1]);
	dataset_free(&data);
	return true;
}

/* --- The command -------------------------------------------------------------------------------------------------- */

static bool read_peak(struct bench *b, int *status, struct error *err)
{
	const char *text = options_value(b->given, "peak");
	char *end, shown[SHOWN_BYTES];

	if (!text)
		return true;
	errno = 0;
	b->given_peak = strtod(text, &end);
	if (end != text && !*end && !errno && isfinite(b->given_peak) && b->given_peak > 0)
		return true;
	*status = options_fail(b->given, err, "--peak: \"%s\" is not a number above 0", words_show(text, shown));
	return false;
}

static void print_heading(const struct bench *b)
{
	char processor[64];

	print_plain_text(machine_processor(processor), stdout);
	printf(", %d thread%s, kernels %s\n\n", b->threads, b->threads == 1 ? "" : "s", b->kernels->name);
}

/* Reads all sweeps before measuring the first, so that a mistake in the last shows immediately. */
static bool read_sweeps(const struct bench *b, struct sweep **to, struct error *err)
{
	const char *sets[MAX_OPTION_USES];
	int count = options_values(b->given, "set", sets);

	for (int i = 0; i < b->given->operand_count; i++) {
		to[i] = sweep_read(b->given->operands[i], sets, count, err);
		if (!to[i] || (b->mode == MODE_READING && !dataset_is_named(&to[i]->data, err)))
			return false;
	}
	return true;
}

static bool bench_one(struct bench *b, const struct sweep *sweep, struct error *err)
{
	switch (b->mode) {
	case MODE_CORES:
		return bench_cores(b, sweep, err);
	case MODE_READING:
		return bench_reading(b, sweep, err);
	default:
		return bench_sweep(b, sweep, err);
	}
}

static bool bench_all(struct bench *b, struct sweep *const *sweeps, struct error *err)
{
	static const struct column *const all_columns[] = { columns, columns, profile_columns, occupancy_columns,
	                                                    reading_columns };
	bool human = options_format(b->given) == TABLE_HUMAN;

	b->table = table_create(all_columns[b->mode]);
	if (human && b->mode <= MODE_PROFILE)
		print_heading(b);
	for (int i = 0; i < b->given->operand_count; i++)
		if (!bench_one(b, sweeps[i], err))
			return false;
	if (human && b->mode == MODE_PROFILE)
		return options_save_table(b->given, b->table, err);     /* already printed */
	return options_print_table(b->given, b->table, err);
}

static enum mode mode_of(const struct options *given)
{
	if (options_has(given, "profile"))
		return MODE_PROFILE;
	if (options_has(given, "cores"))
		return MODE_CORES;
	if (options_has(given, "reading"))
		return MODE_READING;
	return options_has(given, "training") ? MODE_TRAINING : MODE_SPEEDS;
}

static int run(const struct options *given, struct error *err)
{
	struct bench b = { .given = given, .mode = mode_of(given), .kernels = machine_kernels(err),
		.threads = (int)options_number(given, "threads", machine_threads()),
		.repeats = (int)options_number(given, "repeats", 5),
		.seconds = (double)options_number(given, "stretch", REPEAT_MS) / 1000 };
	struct sweep **sweeps = calloc((size_t)given->operand_count + 1, sizeof(struct sweep *));
	int status = EXIT_FAILED;

	if (!sweeps)
		fail(err, "not enough memory for %d sweeps", given->operand_count);
	else if (!read_sweeps(&b, sweeps, err))
		status = EXIT_USAGE;
	else if (b.kernels && (b.measured = measured_create(err)) && read_peak(&b, &status, err))
		status = bench_all(&b, sweeps, err) ? EXIT_DONE : b.misfit ? EXIT_USAGE : EXIT_FAILED;
	table_destroy(b.table);
	measured_destroy(b.measured);
	for (int i = 0; sweeps && i < given->operand_count; i++)
		sweep_destroy(sweeps[i]);
	free(sweeps);
	return status;
}

const struct command command_bench = {
	.name = "bench",
	.summary = "measure the speed of sweeps' networks on this machine, against what the machine can do",
	.operands = "SWEEP.yaml...", .min_operands = 1, .options = options, .help = help, .run = run,
};
