/* archsweep run: trains what is missing of a sweep and prints its points. Floor 5.
 *
 * The walk: read the sweep, choose points, check their counts, lock the folder, read the data, compare with the
 * records, train what is left, collect, print. Whatever happens to one point, the others go on. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/measure/compare.h"
#include "bench/run/estimate.h"
#include "bench/run/pending_table.h"
#include "bench/run/train_pending.h"
#include "bench/summary/summary.h"
#include "bench/system/clock.h"
#include "bench/system/interrupt.h"
#include "bench/system/lock.h"
#include "bench/system/machine.h"

#include <stdlib.h>

enum { MIB = 1 << 20 };

static const struct option_row options[] = {
	{ "only", 'o', "GLOB", .help = "train only the points that match: 'plain/*', conv1x1/6, the beginning of an id",
	  .repeats = true },
	{ "force", 'f', .help = "train again what is up to date" },
	{ "dry-run", 'n', .help = "list what would be trained, with its cost and time; the data may be missing" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "keep records in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "threads", 't', "N", .help = "use N threads", .min = 1, .max = 1024 },
	{ "memory", 'm', "MIB", .help = "use at most that much memory for training, in MiB", .min = 1, .max = 1 << 28 },
	{ "json", 'j', .help = "print the table as an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "print the table as tab-separated values below a line of names" },
	{ "quiet", 'q', .help = "show no progress", .excludes = "verbose" },
	{ "verbose", 'v', .help = "a line for each finished point even where stderr is no terminal" },
	{ 0 }
};

static const char help[] =
	"Points that have a valid record of a finished training on the same data are up to date and are not trained\n"
	"again; those that diverged or failed are. Records, learning curves and final weights are kept in\n"
	"reports/<sweep>/points/, the first two collected in reports/<sweep>/points.tsv and curves.tsv.\n"
	"With --only the table lists what was chosen; --json and --tsv have all points of the sweep.\n"
	"\n"
	"With --set the folder is reports/<sweep>--KEY=VALUE/, or what --name says, and has its own points: nothing\n"
	"is mixed. Paths of data, title and base change no point, and no folder. A folder of another sweep file, or\n"
	"of other overrides, is refused. plot, compare, eval and export find the folder by the same --set and --name.\n"
	"\n"
	"Points are trained side by side on as many threads as OMP_NUM_THREADS says, or as there are processors,\n"
	"and no more of them at a time than fit into memory. Results depend on neither. Ctrl-C ends the run within\n"
	"a second or two and keeps the points that are finished; the same command goes on from there. A second\n"
	"Ctrl-C ends at once.\n"
	"\n"
	"ARCHSWEEP_KERNELS=avx512bf16, avx512, avx2 or portable chooses the arithmetic; the best for this processor\n"
	"is the default.\n"
	"\n"
	"Exit status: 0 all points are trained, 1 a point diverged or failed, or the data could not be read, 2 the\n"
	"command line or the YAML is wrong, or contradicts the data, 3 an expected count of a chosen network does\n"
	"not hold, and nothing is trained. An interrupted run dies by its signal: a shell says 130 after Ctrl-C.\n";

struct run {
	const struct options *given;
	enum table_format format;
	const struct sweep *sweep;
	struct pending pending;         /* owned */
	struct records records;         /* owned; read once, before anything trains */
	struct dataset data;            /* owned; no pixels before it is read */
	struct report_folder folder;    /* reports/<sweep> */
	int threads;
	int64_t memory_bytes;           /* for training */
};

static bool choose_points(struct run *r, struct error *err)
{
	const char *patterns[MAX_OPTION_USES];
	int count = options_values(r->given, "only", patterns);

	return pending_choose(r->sweep, patterns, count, &r->pending, err);
}

/* Called when the data has been read, so that what is free now is free for training; a twentieth stays for everything
 * else. */
static void look_at_machine(struct run *r)
{
	int64_t most = (int64_t)options_number(r->given, "memory", INT32_MAX) * MIB;
	int64_t there = machine_memory_bytes() / 20 * 19;

	r->threads = (int)options_number(r->given, "threads", machine_threads());
	r->memory_bytes = there < most ? there : most;
}

/* --- what would be done ------------------------------------------------------------------------------------------- */

static void print_dry_total(const struct run *r, const struct estimate *e, double wall_seconds)
{
	char processor[64], time[24];

	printf("%d of %d points to train", r->pending.to_train, r->pending.count);
	if (wall_seconds > 0)
		printf(", about %s", clock_text(wall_seconds, time));
	printf(" on %d thread%s of %s", r->threads, r->threads == 1 ? "" : "s", machine_processor(processor));
	if (e->count > 0)
		printf(" (%s)", e->measured ? "speed measured now" : "speed as in earlier records");
	printf("\n");
}

/* How long all of it takes by the scheduler's own decisions. */
static bool simulate(const struct run *r, const double *seconds, double *wall_seconds, struct error *err)
{
	struct task *tasks = train_tasks(r->sweep, &r->pending, seconds, err);
	struct schedule schedule = {
		.threads = r->threads, .task_count = r->pending.to_train, .tasks = tasks,
		.memory_bytes = r->memory_bytes,
	};
	struct schedule_times times = { 0 };

	if (!tasks)
		return false;
	bool simulated = schedule_simulate(&schedule, &times);
	free(tasks);
	*wall_seconds = times.wall_seconds;
	return simulated || fail(err, "not enough memory for %d points", r->pending.to_train);
}

static bool print_forecast(const struct run *r, const struct estimate *e, double forecast[2][MAX_POINTS],
                           struct error *err)
{
	double images = r->data.pixels ? estimate_images(&r->data, &r->sweep->recipe) : 0, wall_seconds = 0;

	for (int i = 0; i < r->pending.count; i++) {
		double work = estimate_work(&r->pending.points[i].cost, r->sweep->recipe.batch);
		double speed = estimate_images_per_second(e, work);

		forecast[0][i] = speed;
		forecast[1][i] = speed > 0 ? images / speed : 0;
	}
	if (images > 0 && e->count > 0 && !simulate(r, forecast[1], &wall_seconds, err))
		return false;
	if (!pending_table_print(r->sweep, &r->pending, (struct forecast){ forecast[0], forecast[1] }, r->format, err))
		return false;
	if (r->format == TABLE_HUMAN)
		print_dry_total(r, e, wall_seconds);
	return true;
}

static int dry_run(struct run *r, struct error *err)
{
	struct error unread = { "" };
	struct estimate estimate = { 0 };
	bool read = dataset_read(&r->sweep->data, &r->data, &unread);

	if (!read) {
		fputs("without the data there are no times, and nobody knows whether it has changed: ", stderr);
		print_plain_text(unread.text, stderr);
		fputc('\n', stderr);
	}
	if (!records_read(r->folder.path, r->sweep, &r->records, err))
		return EXIT_FAILED;
	pending_check(&r->pending, &r->records, read ? &r->data.digest : NULL, options_has(r->given, "force"));
	look_at_machine(r);
	if (!pending_fits(&r->pending, r->memory_bytes, err))
		return EXIT_FAILED;
	if (r->pending.to_train > 0 && !estimate_create(r->sweep, &r->pending, &r->records, &estimate, err))
		return EXIT_FAILED;
	double (*forecast)[MAX_POINTS] = calloc(2, sizeof *forecast);

	if (!forecast)
		return fail(err, "not enough memory for %d points", r->pending.count), EXIT_FAILED;
	bool printed = print_forecast(r, &estimate, forecast, err);
	free(forecast);
	return printed ? EXIT_DONE : EXIT_FAILED;
}

/* --- what is done ------------------------------------------------------------------------------------------------- */

static enum progress_mode progress_wanted(const struct run *r)
{
	enum progress_mode here = progress_mode_here();

	if (options_has(r->given, "quiet"))
		return PROGRESS_SILENT;
	return options_has(r->given, "verbose") && here == PROGRESS_SILENT ? PROGRESS_LINES : here;
}

static void print_closing(const struct run *r, const struct train_result *result)
{
	char time[24];
	double cores = r->threads * result->times.wall_seconds;

	fprintf(stderr, "%d point%s trained in %s on %d thread%s, cores busy %.1f %%, ", result->done,
	        result->done == 1 ? "" : "s", clock_text(result->times.wall_seconds, time), r->threads,
	        r->threads == 1 ? "" : "s", cores > 0 ? 100 * result->times.busy_seconds / cores : 0);
	fprintf(stderr, "%.1f %% of it loading, augmenting and evaluating\n",
	        result->point_seconds > 0 ? 100 * result->beside_seconds / result->point_seconds : 0);
}

/* What the exit status and the last line on stderr say. */
static int conclude(const struct run *r, const struct train_result *result, struct error *err)
{
	int left = r->pending.to_train - result->done - result->diverged - result->failed;

	if (left > 0)
		fail(err, "interrupted: %d of %d points are left; what is finished is kept, and the same command goes "
		     "on from there", left, r->pending.count);
	else if (result->diverged + result->failed > 0)
		fail(err, "%d of %d points diverged, %d failed; the others are not affected", result->diverged,
		     r->pending.count, result->failed);
	return err->text[0] ? EXIT_FAILED : EXIT_DONE;
}

/* People read below the points how the seeds of each network differ. */
static bool print_networks(const struct run *r, const struct records *records, struct error *err)
{
	struct summary summary;

	if (!summary_create(records, &r->data.digest, &summary, err))
		return false;
	bool printed = summary.count == records->count;
	if (!printed) {
		putchar('\n');
		printed = summary_print(&summary, TABLE_HUMAN, stdout, err);
	}
	summary_free(&summary);
	return printed;
}

/* People see the points that --only chose, machines all. */
static bool print_chosen(const struct run *r, struct error *err)
{
	int points[MAX_POINTS];
	struct records chosen;

	if (r->format != TABLE_HUMAN)
		return records_print(&r->records, r->format, stdout, err);
	for (int i = 0; i < r->pending.count; i++)
		points[i] = r->pending.points[i].index;
	if (!records_choose(&r->records, points, r->pending.count, &chosen, err))
		return false;
	bool printed = records_print(&chosen, TABLE_HUMAN, stdout, err) && print_networks(r, &chosen, err);
	records_free(&chosen);
	return printed;
}

static bool print_points(const struct run *r, struct error *err)
{
	int found;
	bool collected = records_collect(&r->records, r->folder.path, &found, err);
	bool compared = comparison_save(r->sweep, r->folder.path, &r->records, err);
	bool printed = print_chosen(r, err);

	if (printed && r->format == TABLE_HUMAN)
		printf("%s/points.tsv\n", r->folder.path);
	return collected && compared && printed;
}

static int train_and_print(struct run *r, struct error *err)
{
	struct train_result result = { 0 };

	look_at_machine(r);
	if (!pending_fits(&r->pending, r->memory_bytes, err))
		return EXIT_FAILED;
	struct train_request request = {
		.sweep = r->sweep, .pending = &r->pending, .records = &r->records, .data = &r->data,
		.folder = r->folder.path, .threads = r->threads, .memory_bytes = r->memory_bytes,
		.progress = progress_wanted(r), .stop = interrupt_flag(),
	};

	if (r->pending.to_train > 0) {
		if (!train_pending(&request, &result, err))
			return EXIT_FAILED;
		if (request.progress != PROGRESS_SILENT)
			print_closing(r, &result);
	} else if (r->format == TABLE_HUMAN) {
		printf("all %d points are up to date\n", r->pending.count);
	}
	if (!print_points(r, err))
		return EXIT_FAILED;
	return conclude(r, &result, err);
}

static int train_run(struct run *r, struct error *err)
{
	interrupt_listen();
	int lock = lock_open(r->folder.path, err), status = EXIT_FAILED;

	if (lock < 0)
		return EXIT_FAILED;
	if (!dataset_read(&r->sweep->data, &r->data, err)) {
		status = r->data.misfit ? EXIT_USAGE : EXIT_FAILED;
	} else if (report_folder_claim(&r->folder, err) &&
	           records_read(r->folder.path, r->sweep, &r->records, err)) {
		pending_check(&r->pending, &r->records, &r->data.digest, options_has(r->given, "force"));
		status = train_and_print(r, err);
	}
	lock_close(lock);
	return status;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct run r = { .given = given, .format = options_format(given), .sweep = sweep };
	int status = EXIT_USAGE;

	if (dataset_is_named(&sweep->data, err) && reports_folder(given, sweep, &r.folder, err) &&
	    choose_points(&r, err) && report_folder_check(&r.folder, err)) {
		if (pending_check_counts(&r.pending) > 0)
			status = EXIT_EXPECTATION;
		else
			status = options_has(given, "dry-run") ? dry_run(&r, err) : train_run(&r, err);
	}
	dataset_free(&r.data);
	records_free(&r.records);
	pending_free(&r.pending);
	return status;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_run = {
	.name = "run", .summary = "train what is missing of a sweep, in parallel, and print its points",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
