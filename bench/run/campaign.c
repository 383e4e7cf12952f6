/* See campaign.h. */
#include "bench/run/campaign.h"

#include "bench/run/estimate.h"
#include "bench/run/trial.h"
#include "bench/sweep/point_find.h"
#include "bench/system/clock.h"
#include "bench/system/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

/* What the scheduler's callbacks know. */
struct work_force {
	const struct campaign *campaign;
	const struct kernels *kernels;
	const struct task **tasks;      /* [job_count], owned: the stale ones */
	struct job *jobs;               /* [job_count], owned */
	struct progress *progress;      /* owned */
	atomic_int ended[POINT_FAILED + 1];     /* points by their status */
	pthread_mutex_t lock;           /* of what follows */
	double point_seconds, beside_seconds;   /* see campaign_result */
};

struct job *campaign_jobs(const struct sweep *sweep, const struct todo *todo, const double *seconds, struct error *err)
{
	struct job *jobs = calloc((size_t)todo->stale + 1, sizeof *jobs);
	int batch = sweep->recipe.batch;

	if (!jobs) {
		fail(err, "not enough memory for %d points", todo->stale);
		return NULL;
	}
	for (int i = 0, k = 0; i < todo->count; i++) {
		const struct task *task = &todo->tasks[i];

		if (task->reason == TODO_UP_TO_DATE)
			continue;
		jobs[k].work = seconds ? seconds[i] : estimate_work(&task->cost, batch) * sweep->recipe.epochs;
		jobs[k].memory_bytes = task->cost.memory_bytes;
		jobs[k].most_threads = (batch + LANES - 1) / LANES;
		k++;
	}
	return jobs;
}

/* The line that people read when a point ends. */
static const char *describe_end(const struct record *r, const char *name, char *line, size_t size)
{
	char seconds[24];

	if (r->status == POINT_DONE)
		snprintf(line, size, "%-20s %6.2f %%  %d epoch%s  %s", name, 100 * r->last.accuracy, r->epochs,
		         r->epochs == 1 ? "" : "s", clock_text(r->wall_seconds, seconds));
	else
		snprintf(line, size, "%s %s: %s", name, r->status == POINT_DIVERGED ? "diverged" : "failed", r->message);
	return line;
}

static void add_seconds(struct work_force *f, double all, double beside)
{
	pthread_mutex_lock(&f->lock);
	f->point_seconds += all;
	f->beside_seconds += beside;
	pthread_mutex_unlock(&f->lock);
}

static void lead_point(void *about, int job, struct crew *crew)
{
	struct work_force *f = about;
	const struct campaign *c = f->campaign;
	const struct task *task = f->tasks[job];
	struct trial trial = {
		.sweep = c->sweep, .point = task->point, .data = c->data, .folder = c->folder, .kernels = f->kernels,
		.cost = task->cost, .progress = f->progress, .place = job, .stop = c->stop,
	};
	char name[POINT_NAME_BYTES], line[2048];
	struct error unwritten = { "" };
	struct record record;
	double beside;

	point_name(c->sweep, task->point, name);
	progress_begin(f->progress, job);
	if (trial_run(&trial, crew, &record, &beside, &unwritten)) {
		atomic_fetch_add(&f->ended[record.status], 1);
		add_seconds(f, record.wall_seconds, beside);
		progress_end(f->progress, job, describe_end(&record, name, line, sizeof line), record.status != POINT_DONE);
	} else if (unwritten.text[0]) {
		atomic_fetch_add(&f->ended[POINT_FAILED], 1);
		snprintf(line, sizeof line, "%s failed: %s", name, unwritten.text);
		progress_end(f->progress, job, line, true);
	} else {
		progress_end(f->progress, job, NULL, false);
	}
}

static double point_left(void *about, int job)
{
	const struct work_force *f = about;

	return progress_share_left(f->progress, job);
}

static bool prepare(struct work_force *f, struct error *err)
{
	const struct campaign *c = f->campaign;
	struct progress_point *points = calloc((size_t)c->todo->stale + 1, sizeof *points);

	f->tasks = calloc((size_t)c->todo->stale + 1, sizeof *f->tasks);
	f->jobs = campaign_jobs(c->sweep, c->todo, NULL, err);
	for (int i = 0, k = 0; points && f->tasks && f->jobs && i < c->todo->count; i++) {
		const struct task *task = &c->todo->tasks[i];

		if (task->reason == TODO_UP_TO_DATE)
			continue;
		point_name(c->sweep, task->point, points[k].name);
		points[k].work = f->jobs[k].work;
		points[k].epochs = c->sweep->recipe.epochs;
		points[k].images = dataset_split(c->data, ROLE_TRAINING)->count;
		f->tasks[k++] = task;
	}
	if (!points || !f->tasks)
		fail(err, "not enough memory for %d points", c->todo->stale);
	else if (f->jobs)
		f->progress = progress_create(c->progress, points, c->todo->stale, err);
	free(points);
	return f->progress;
}

bool campaign_run(const struct campaign *campaign, struct campaign_result *result, struct error *err)
{
	struct work_force f = { .campaign = campaign, .kernels = machine_kernels(err), .lock = PTHREAD_MUTEX_INITIALIZER };
	bool ran = false;

	*result = (struct campaign_result){ 0 };
	if (f.kernels && prepare(&f, err)) {
		struct schedule schedule = {
			.threads = campaign->threads, .job_count = campaign->todo->stale, .jobs = f.jobs,
			.memory_bytes = campaign->memory_bytes, .stop = campaign->stop,
			.lead = lead_point, .share_left = point_left, .about = &f,
		};
		ran = schedule_run(&schedule, &result->times) || fail(err, "not enough memory for %d points", campaign->todo->stale);
	}
	result->point_seconds = f.point_seconds;
	result->beside_seconds = f.beside_seconds;
	result->done = atomic_load(&f.ended[POINT_DONE]);
	result->diverged = atomic_load(&f.ended[POINT_DIVERGED]);
	result->failed = atomic_load(&f.ended[POINT_FAILED]);
	progress_destroy(f.progress);
	free(f.tasks);
	free(f.jobs);
	return ran;
}
