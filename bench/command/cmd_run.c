/* archsweep run: trains what is missing of a sweep and prints its points. Floor 5.
 *
 * The walk: read the sweep, choose points, check their counts, lock the folder, read the data, compare with the
 * records, train what is left, collect, print. Whatever happens to one point, the others go on. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/record/checkpoint.h"
#include "bench/run/estimate.h"
#include "bench/run/evaluate_views.h"
#include "bench/run/pending_table.h"
#include "bench/run/preflight.h"
#include "bench/run/tables.h"
#include "bench/run/teacher_weights.h"
#include "bench/run/train_pending.h"
#include "bench/summary/summary.h"
#include "bench/system/blas.h"
#include "bench/system/clock.h"
#include "bench/system/interrupt.h"
#include "bench/system/lock.h"
#include "bench/system/machine.h"

#include <stdlib.h>

enum { MIB = 1 << 20 };

static const struct option_row options[] = {
	{ "only", 'o', "GLOB", .help = "train only the points that match: 'plain/*', conv1x1/6, the beginning of an id",
	  .repeats = true },
	OPTION_SHARD,
	{ "force", 'f', .help = "train again what is up to date" },
	{ "dry-run", 'n', .help = "list what would be trained, with its cost and time; the data may be missing" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "keep records in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "no-wait", .help = "leave the points that another run trains at the moment to it, and end before it does" },
	{ "threads", 't', "N", .help = "use N threads", .min = 1, .max = 1024 },
	{ "memory", 'm', "MIB", .help = "use at most that much memory for training, in MiB", .min = 1, .max = 1 << 28 },
	{ "json", 'j', .help = "print the table as an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "print the table as tab-separated values below a line of names" },
	{ "quiet", 'q', .help = "show no progress", .excludes = "verbose" },
	{ "verbose", 'v', .help = "a line for each finished point even where stderr is no terminal" },
	{ 0 }
};

static const char help[] =
	"Points that have a valid record of a finished training on the same data, with all its files whole, are up to\n"
	"date and are not trained again; those that diverged or failed are. Records, learning curves, final weights\n"
	"and logits are kept in reports/<sweep>/points/, the first two collected in reports/<sweep>/points.tsv and\n"
	"curves.tsv. A folder that holds points of other data is refused; --force replaces them.\n"
	"With `views` in the sweep, points are evaluated by them once more when they are trained, also those that\n"
	"were trained without; with `ensembles`, their members together, when all are trained (ensembles.tsv).\n"
	"With --only and --shard the table lists what was chosen; --json and --tsv have all points of the sweep.\n"
	"\n"
	"With --set the folder is reports/<sweep>--KEY=VALUE/, or what --name says, and has its own points: nothing\n"
	"is mixed. Paths of data, title, base, views and ensembles change no point, and no folder. A folder of\n"
	"another sweep file, or of other overrides, is refused. plot, compare, eval and export find the folder by the\n"
	"same --set and --name.\n"
	"\n"
	"Points are trained side by side on as many threads as OMP_NUM_THREADS says, or as there are processors,\n"
	"and no more of them at a time than fit into memory. Results depend on neither. Several runs of one sweep in\n"
	"one folder, on one machine or on several that share it, share its points.\n"
	"\n"
	"Ctrl-C and SIGTERM end the run within a second or two: what is finished is kept, what was training is saved\n"
	"as a checkpoint, and the same command goes on from there; a second Ctrl-C ends at once. Points save\n"
	"themselves every five minutes as well (`checkpoint` in the YAML), so that a crash costs no more than that.\n"
	"After SIGUSR1 or SIGXCPU the exit status is 75: a scheduler may start the same command again.\n"
	"\n"
	"--shard 2/3 is the second of three parts of the points (of those that --only chose), which cost about as\n"
	"much as each other. Parts follow from the YAML and the command line alone, so several machines can each\n"
	"train one; `archsweep collect` then puts their folders together. A part has the teachers of its points, too.\n"
	"\n"
	"ARCHSWEEP_KERNELS=avx512bf16, avx512, avx2 or portable chooses the arithmetic; the best for this processor\n"
	"is the default.\n"
	"\n"
	"Exit status: 0 all points are trained, 1 a point diverged or failed, or the data could not be read, 2 the\n"
	"command line or the YAML is wrong, or contradicts the data, 3 an expected count of a chosen network does\n"
	"not hold, and nothing is trained, 75 go on later. An interrupted run dies by its signal: a shell says 130\n"
	"after Ctrl-C.\n";

struct run {
	const struct options *given;
	enum table_format format;
	const struct sweep *sweep;
	struct pending pending;         /* owned */
	struct records records;         /* owned; read once, before anything trains */
	struct ensemble_results ensembles;      /* owned; evaluated at the end */
	struct dataset data;            /* owned; no pixels before it is read */
	struct report_folder folder;    /* reports/<sweep> */
	int lock;                       /* of the folder */
	int threads;
	int64_t memory_bytes;           /* for training */
};

/* Called when the data has been read, so that what is free now is free for training; a twentieth stays for everything
 * else. */
static void look_at_machine(struct run *r)
{
	int64_t most = (int64_t)options_number(r->given, "memory", INT32_MAX) * MIB;
	int64_t there = machine_memory_bytes() / 20 * 19;

	r->memory_bytes = there < most ? there : most;
}

static void check_points(struct run *r, const uint64_t *data_digest)
{
	const struct pending_source source = { r->folder.path, data_digest, options_has(r->given, "force") };

	pending_check(&r->pending, &r->records, &source);
}

/* --- what would be done ------------------------------------------------------------------------------------------- */

static void print_dry_total(const struct run *r, const struct estimate *e, double wall_seconds)
{
	int lacking = views_missing(r->sweep, &r->pending, &r->records);
	char processor[64], time[24];

	printf("%d of %d points to train", r->pending.to_train, r->pending.count);
	if (wall_seconds > 0)
		printf(", about %s", clock_text(wall_seconds, time));
	printf(" on %d thread%s of ", r->threads, r->threads == 1 ? "" : "s");
	print_plain_text(machine_processor(processor), stdout);
	if (e->count > 0)
		printf(" (%s)", e->measured ? "speed measured now" : "speed as in earlier records");
	printf("\n");
	if (r->sweep->views.count)
		printf("%d trained point%s to evaluate by views: %s\n", lacking, lacking == 1 ? "" : "s",
		       r->sweep->views.text);
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
	bool simulated = schedule_simulate(&schedule, &times, err);
	free(tasks);
	*wall_seconds = times.wall_seconds;
	return simulated;
}

static bool print_forecast(const struct run *r, const struct estimate *e, double forecast[2][MAX_POINTS],
                           struct error *err)
{
	double images = 0, wall_seconds = 0;

	for (int i = 0; i < r->pending.count; i++) {
		const struct pending_point *point = &r->pending.points[i];
		double work = estimate_work(point);
		double speed = estimate_images_per_second(e, work);

		images = r->data.pixels ? estimate_images(&r->data, &point->point->variant->recipe) : 0;
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
	check_points(r, read ? &r->data.digest : NULL);
	if (read)
		pending_count_answers(&r->pending, &r->data);
	look_at_machine(r);
	if (!pending_fits(&r->pending, r->memory_bytes, err))
		return EXIT_FAILED;
	if (r->pending.to_train > 0 && !estimate_create(&r->pending, &r->records, &estimate, err))
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
	int left = r->pending.to_train - result->done - result->diverged - result->failed - result->elsewhere;

	if (result->left > 0 && left == result->left)
		fprintf(stderr, "%d of %d points are left to another run\n", left, r->pending.count);
	else if (left > 0)
		fail(err, "interrupted: %d of %d points are left; what is done is kept, and the same command goes on "
		     "from there", left, r->pending.count);
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
	struct records chosen;

	if (r->format != TABLE_HUMAN)
		return records_print(&r->records, r->format, stdout, err);
	int *points = calloc((size_t)r->pending.count + 1, sizeof *points);
	if (!points)
		return fail(err, "not enough memory for %d points", r->pending.count);
	for (int i = 0; i < r->pending.count; i++)
		points[i] = r->pending.points[i].index;
	bool copied = records_choose(&r->records, points, r->pending.count, &chosen, err);
	free(points);
	if (!copied)
		return false;
	bool printed = records_print(&chosen, TABLE_HUMAN, stdout, err) && print_networks(r, &chosen, err);
	records_free(&chosen);
	return printed;
}

static void say_missing(const char *line)
{
	print_plain_text(line, stderr);
	fputc('\n', stderr);
}

/* The tables of all points, those too that other runs have trained meanwhile: the last run to end sees all. */
static bool collect(struct run *r, struct error *err)
{
	const struct tables_request request = { r->sweep, r->folder.path, r->lock, r->data.digest, &r->data,
		say_missing, &r->ensembles };
	struct records now = { .count = 0 };
	bool collected = tables_write(&request, &now, err);

	if (now.count == r->records.count) {
		records_free(&r->records);
		r->records = now;
	}
	return collected;
}

/* All files come first, since a terminal that nobody reads can hold up what is printed. */
static bool print_points(struct run *r, const struct train_result *result, struct error *err)
{
	bool collected = collect(r, err);

	if (r->pending.to_train > 0 && progress_wanted(r) != PROGRESS_SILENT)
		print_closing(r, result);
	bool printed = print_chosen(r, err);

	if (printed && r->format == TABLE_HUMAN && r->ensembles.count > 0) {
		putchar('\n');
		printed = ensemble_results_print(&r->ensembles, TABLE_HUMAN, stdout, err);
	}
	if (printed && r->format == TABLE_HUMAN) {
		print_plain_text(r->folder.path, stdout);
		puts("/points.tsv");
	}
	return collected && printed;
}

/* Before memory is counted, of which OpenBLAS takes some, and before anything trains in vain without it. */
static bool load_blas(const struct run *r, struct error *err)
{
	bool used = false;

	for (int i = 0; i < r->pending.count; i++) {
		const struct pending_point *point = &r->pending.points[i];

		used = used || (point->reason != UP_TO_DATE &&
		                (point->cost.uses_blas || point->teachers.uses_blas));
	}
	return !used || (blas_reserve(r->threads, err) && blas_load(err));
}

/* Of all that is trained by now. Nothing where the training was interrupted. */
static bool evaluate_by_views(struct run *r, const struct train_request *request, struct error *err)
{
	int done = 0;

	if (*interrupt_flag() || views_missing(r->sweep, &r->pending, &r->records) == 0)
		return true;
	bool evaluated = evaluate_views(request, &done, err);
	if (done > 0 && request->progress != PROGRESS_SILENT)
		fprintf(stderr, "%d point%s evaluated by views: %s\n", done, done == 1 ? "" : "s",
		        r->sweep->views.text);
	return evaluated;
}

static int train_and_print(struct run *r, struct error *err)
{
	struct train_result result = { 0 };

	if (!load_blas(r, err))
		return EXIT_FAILED;
	look_at_machine(r);
	int64_t bytes = preflight_bytes(&r->pending, &r->data, r->threads);

	if (!pending_fits(&r->pending, r->memory_bytes, err) ||
	    (r->pending.to_train > 0 && !preflight(r->folder.path, bytes, err)))
		return EXIT_FAILED;
	struct train_request request = {
		.sweep = r->sweep, .pending = &r->pending, .records = &r->records, .data = &r->data,
		.folder = r->folder.path, .lock = r->lock, .leave = options_has(r->given, "no-wait"),
		.threads = r->threads, .memory_bytes = r->memory_bytes,
		.progress = progress_wanted(r), .stop = interrupt_flag(),
	};

	if (r->pending.to_train > 0) {
		if (!train_pending(&request, &result, err))
			return EXIT_FAILED;
	} else if (r->format == TABLE_HUMAN) {
		printf("all %d points are up to date\n", r->pending.count);
	}
	bool evaluated = evaluate_by_views(r, &request, err);

	if (!print_points(r, &result, err) || !evaluated)
		return EXIT_FAILED;
	return conclude(r, &result, err);
}

/* Its folder is open, and no measurement goes on there. */
static bool prepare_folder(struct run *r, struct error *err)
{
	enum lock_state quiet = lock_try(r->lock, LOCK_QUIET, LOCK_SHARED, err);

	if (quiet == LOCK_BUSY)
		fail(err, "%s: `archsweep compare` measures times here; wait for its end, or choose another folder "
		     "with --reports", r->folder.path);
	if (quiet != LOCK_TAKEN || !lock_wait(r->lock, LOCK_TABLES, err))
		return false;
	bool claimed = report_folder_claim(&r->folder, err);
	lock_release(r->lock, LOCK_TABLES);
	return claimed;
}

/* A run that was killed behind its record left the checkpoint there. */
static bool remove_old_checkpoints(const struct run *r, struct error *err)
{
	for (int i = 0; i < r->pending.count; i++) {
		const struct pending_point *p = &r->pending.points[i];
		uint64_t place = lock_place(p->point->id);

		if (p->reason != UP_TO_DATE || !checkpoint_exists(r->folder.path, p->point->id) ||
		    lock_try(r->lock, place, LOCK_ALONE, err) != LOCK_TAKEN)
			continue;
		bool removed = checkpoint_remove(r->folder.path, p->point->id, err);
		lock_release(r->lock, place);
		if (!removed)
			return false;
	}
	return true;
}

/* Before anything trains in vain. */
static bool check_teachers(const struct run *r, struct error *err)
{
	struct teachers_place place = { .sweep = r->sweep, .records = &r->records, .folder = r->folder.path,
		.data_digest = r->data.digest };
	char *command = NULL;
	size_t len;
	FILE *to = open_memstream(&command, &len);

	if (!to)
		return fail(err, "not enough memory for %d points", r->pending.count);
	print_sweep_command(r->given, "run", true, to);
	fclose(to);
	place.command = command;
	bool good = teachers_check(&r->pending, &place, err);
	free(command);
	return good;
}

static int train_read(struct run *r, struct error *err)
{
	if (!records_read(r->folder.path, r->sweep, &r->records, err) ||
	    (!options_has(r->given, "force") &&
	     !pending_check_data(&r->records, r->folder.path, r->data.digest, err)))
		return EXIT_FAILED;
	check_points(r, &r->data.digest);
	if (!check_teachers(r, err))
		return EXIT_FAILED;
	pending_count_answers(&r->pending, &r->data);
	return remove_old_checkpoints(r, err) ? train_and_print(r, err) : EXIT_FAILED;
}

static int train_run(struct run *r, struct error *err)
{
	interrupt_listen();
	r->lock = lock_open(r->folder.path, err);
	int status = EXIT_FAILED;

	if (r->lock < 0)
		return EXIT_FAILED;
	if (!dataset_read(&r->sweep->data, &r->data, err))
		status = r->data.misfit ? EXIT_USAGE : EXIT_FAILED;
	else if (prepare_folder(r, err))
		status = train_read(r, err);
	lock_close(r->lock);
	return status;
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct run r = { .given = given, .format = options_format(given), .sweep = sweep,
		.threads = (int)options_number(given, "threads", machine_threads()) };
	int status = EXIT_USAGE;

	if (dataset_is_named(&sweep->data, err) && reports_folder(given, sweep, &r.folder, err) &&
	    sweep_choose(given, sweep, &r.pending, err) && report_folder_check(&r.folder, err)) {
		if (pending_check_counts(&r.pending) > 0)
			status = EXIT_EXPECTATION;
		else
			status = options_has(given, "dry-run") ? dry_run(&r, err) : train_run(&r, err);
	}
	dataset_free(&r.data);
	ensemble_results_free(&r.ensembles);
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
