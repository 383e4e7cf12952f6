/* See train_pending.h. */
#include "bench/run/train_pending.h"

#include "bench/run/estimate.h"
#include "bench/run/train_point.h"
#include "bench/sweep/point_find.h"
#include "bench/system/clock.h"
#include "bench/system/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What the scheduler's callbacks know. */
struct training_run {
	const struct train_request *request;
	const struct kernels *kernels;
	const struct pending_point **points;    /* [task_count], owned: those that are not up to date */
	struct task *tasks;             /* [task_count], owned: one for each of them */
	struct progress *progress;      /* owned */
	atomic_int ended[POINT_FAILED + 1];     /* points by their status */
	pthread_mutex_t lock;           /* of what follows */
	double point_seconds, beside_seconds;   /* see train_result */
};

struct task *train_tasks(const struct sweep *sweep, const struct pending *pending, const double *seconds,
                         struct error *err)
{
	struct task *tasks = calloc((size_t)pending->to_train + 1, sizeof *tasks);
	int batch = sweep->recipe.batch;

	if (!tasks) {
		fail(err, "not enough memory for %d points", pending->to_train);
		return NULL;
	}
	for (int i = 0, k = 0; i < pending->count; i++) {
		const struct pending_point *point = &pending->points[i];

		if (point->reason == UP_TO_DATE)
			continue;
		tasks[k].work = seconds ? seconds[i] : estimate_work(&point->cost, batch) * sweep->recipe.epochs;
		tasks[k].memory_bytes = point->cost.memory_bytes;
		tasks[k].most_threads = (batch + LANES - 1) / LANES;
		k++;
	}
	return tasks;
}

/* The line that people read when a point ends. */
static const char *describe_end(const struct record *r, const char *name, char *line, size_t size)
{
	char seconds[24];

	if (r->status == POINT_DONE)
		snprintf(line, size, "%-20s %6.2f %%  %d epoch%s  %s", name, 100 * r->last.accuracy, r->epochs,
		         r->epochs == 1 ? "" : "s", clock_text(r->wall_seconds, seconds));
	else
		snprintf(line, size, "%s %s: %s", name, r->status == POINT_DIVERGED ? "diverged" : "failed",
		         r->message);
	return line;
}

static void add_seconds(struct training_run *f, double all, double beside)
{
	pthread_mutex_lock(&f->lock);
	f->point_seconds += all;
	f->beside_seconds += beside;
	pthread_mutex_unlock(&f->lock);
}

static void lead_task(void *about, int task, struct team *team)
{
	struct training_run *f = about;
	const struct train_request *request = f->request;
	const struct pending_point *point = f->points[task];
	struct point_request of = {
		.sweep = request->sweep, .point = point->point, .data = request->data, .folder = request->folder,
		.kernels = f->kernels, .cost = point->cost, .progress = f->progress, .number = task,
		.stop = request->stop,
	};
	char name[POINT_NAME_BYTES], line[2048];
	struct error unwritten = { "" };
	struct record record;
	double beside;

	point_name(request->sweep, point->point, name);
	progress_begin(f->progress, task);
	if (train_point(&of, team, &record, &beside, &unwritten)) {
		records_put(request->records, point->index, &record);
		atomic_fetch_add(&f->ended[record.status], 1);
		add_seconds(f, record.wall_seconds, beside);
		progress_end(f->progress, task, describe_end(&record, name, line, sizeof line),
		             record.status != POINT_DONE);
	} else if (unwritten.text[0]) {
		atomic_fetch_add(&f->ended[POINT_FAILED], 1);
		snprintf(line, sizeof line, "%s failed: %s", name, unwritten.text);
		progress_end(f->progress, task, line, true);
	} else {
		progress_end(f->progress, task, NULL, false);
	}
}

static double share_left(void *about, int task)
{
	const struct training_run *f = about;

	return progress_share_left(f->progress, task);
}

static void describe_point(const struct train_request *request, const struct pending_point *point, double work,
                           struct progress_point *to)
{
	point_name(request->sweep, point->point, to->name);
	to->work = work;
	to->epochs = request->sweep->recipe.epochs;
	to->images = dataset_split(request->data, ROLE_TRAINING)->count;
	to->evaluated = estimate_epoch_images(request->data) - to->images;
	to->closing = estimate_closing_images(request->data);
}

/* Families' points are adjacent: the number of a point's family, from the number of an earlier point's. */
static int family_after(const struct sweep *sweep, int number, int earlier, int point)
{
	for (int i = earlier + 1; i <= point; i++)
		number += strcmp(sweep->points[i].family, sweep->points[i - 1].family) != 0;
	return number;
}

static bool prepare(struct training_run *f, struct error *err)
{
	const struct train_request *request = f->request;
	const struct pending *pending = request->pending;
	struct progress_point *shown = calloc((size_t)pending->to_train + 1, sizeof *shown);
	int family = 0, earlier = 0;

	f->points = calloc((size_t)pending->to_train + 1, sizeof *f->points);
	f->tasks = train_tasks(request->sweep, pending, NULL, err);
	for (int i = 0, k = 0; shown && f->points && f->tasks && i < pending->count; i++) {
		if (pending->points[i].reason == UP_TO_DATE)
			continue;
		describe_point(request, &pending->points[i], f->tasks[k].work, &shown[k]);
		family = family_after(request->sweep, family, earlier, pending->points[i].index);
		earlier = pending->points[i].index;
		shown[k].family = family;
		f->points[k++] = &pending->points[i];
	}
	if (!shown || !f->points)
		fail(err, "not enough memory for %d points", pending->to_train);
	else if (f->tasks)
		f->progress = progress_create(request->progress, shown, pending->to_train, err);
	free(shown);
	return f->progress;
}

static bool run_schedule(struct training_run *f, struct schedule_times *times, struct error *err)
{
	const struct train_request *request = f->request;
	struct schedule schedule = {
		.threads = request->threads, .task_count = request->pending->to_train, .tasks = f->tasks,
		.memory_bytes = request->memory_bytes, .stop = request->stop,
		.lead = lead_task, .share_left = share_left, .about = f,
	};

	return schedule_run(&schedule, times) || fail(err, "not enough memory for %d points", schedule.task_count);
}

bool train_pending(const struct train_request *request, struct train_result *result, struct error *err)
{
	struct training_run f = { .request = request, .kernels = machine_kernels(err),
		.lock = PTHREAD_MUTEX_INITIALIZER };

	*result = (struct train_result){ 0 };
	bool ran = f.kernels && prepare(&f, err) && run_schedule(&f, &result->times, err);
	result->point_seconds = f.point_seconds;
	result->beside_seconds = f.beside_seconds;
	result->done = atomic_load(&f.ended[POINT_DONE]);
	result->diverged = atomic_load(&f.ended[POINT_DIVERGED]);
	result->failed = atomic_load(&f.ended[POINT_FAILED]);
	progress_destroy(f.progress);
	free(f.points);
	free(f.tasks);
	return ran;
}
