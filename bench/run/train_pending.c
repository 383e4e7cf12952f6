/* See train_pending.h. */
#include "bench/run/train_pending.h"

#include "bench/run/estimate.h"
#include "bench/run/train_point.h"
#include "bench/sweep/point_find.h"
#include "bench/system/clock.h"
#include "bench/system/lock.h"
#include "bench/system/machine.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LOOK_AGAIN_SECONDS 0.25         /* whether another run has finished a point */

/* What has become of a point. */
enum fate {
	OPEN,
	BUSY,                   /* another run has it */
	HELD,                   /* another run has one of its teachers */
	OVER,
	LOST,                   /* over without weights: diverged, failed, not written */
};

/* What the scheduler's callbacks know. */
struct training_run {
	const struct train_request *request;
	const struct kernels *kernels;
	const struct pending_point **points;    /* [task_count], owned: those that are not up to date */
	struct task *tasks;             /* [task_count], owned: one for each of them */
	enum fate *fates;               /* [task_count], owned */
	int *round;                     /* [task_count], owned: those of them that the scheduler knows */
	struct task *round_tasks;       /* [task_count], owned */
	int *round_of;                  /* [task_count], owned: the place in `round`; -1: it is not there */
	int *round_after;               /* owned: all numbers of round_tasks' `after` */
	int round_count;
	atomic_int elsewhere;           /* points that other runs have finished */
	struct error unlocked;          /* why a lock could not be taken, under `lock` */
	struct progress *progress;      /* owned */
	atomic_int ended[POINT_FAILED + 1];     /* points by their status */
	pthread_mutex_t lock;           /* of what follows */
	double point_seconds, beside_seconds;   /* see train_result */
};

/* Room for the tasks, and behind them for the numbers of those that each comes after. */
static struct task *allocate_tasks(const struct pending *pending, struct error *err)
{
	size_t count = (size_t)pending->to_train + 1, numbers = 0;

	for (int i = 0; i < pending->count; i++)
		numbers += (size_t)pending->points[i].point->teacher_count;
	struct task *tasks = calloc(1, count * sizeof *tasks + numbers * sizeof(int));
	if (!tasks)
		fail(err, "not enough memory for %d points", pending->to_train);
	return tasks;
}

/* The task of each of the sweep's points, -1 for those that are not trained; malloc'd. */
static int *number_tasks(const struct pending *pending, const struct sweep *sweep, struct error *err)
{
	int *numbers = malloc(((size_t)sweep->point_count + 1) * sizeof *numbers);

	if (!numbers) {
		fail(err, "not enough memory for %d points", sweep->point_count);
		return NULL;
	}
	for (int i = 0; i < sweep->point_count; i++)
		numbers[i] = -1;
	for (int i = 0, k = 0; i < pending->count; i++)
		if (pending->points[i].reason != UP_TO_DATE)
			numbers[pending->points[i].index] = k++;
	return numbers;
}

/* A point comes after those of its teachers that are trained, too. Returns how many numbers it wrote. */
static int put_after(const struct sweep *sweep, const struct point *point, const int *numbers, int *after)
{
	int count = 0;

	for (int i = 0; i < point->teacher_count; i++) {
		const struct point *teacher = point->teachers[i].point;
		int task = teacher ? numbers[teacher - sweep->points] : -1;

		if (task >= 0)
			after[count++] = task;
	}
	return count;
}

struct task *train_tasks(const struct sweep *sweep, const struct pending *pending, const double *seconds,
                         struct error *err)
{
	struct task *tasks = allocate_tasks(pending, err);
	int *numbers = tasks ? number_tasks(pending, sweep, err) : NULL;
	int *after = (int *)(void *)(tasks + pending->to_train + 1);

	if (!numbers) {
		free(tasks);
		return NULL;
	}
	for (int i = 0, k = 0; i < pending->count; i++) {
		const struct pending_point *point = &pending->points[i];

		if (point->reason == UP_TO_DATE)
			continue;
		const struct recipe *recipe = &point->point->variant->recipe;
		tasks[k].work = seconds ? seconds[i] : estimate_work(point) * recipe->epochs;
		tasks[k].memory_bytes = point->cost.memory_bytes;
		tasks[k].most_threads = (recipe->batch + LANES - 1) / LANES;
		tasks[k].after = after;
		tasks[k].after_count = put_after(sweep, point->point, numbers, after);
		after += tasks[k++].after_count;
	}
	free(numbers);
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

/* What becomes of the point. */
static enum fate train_locked(struct training_run *f, int number, struct team *team)
{
	const struct train_request *request = f->request;
	const struct pending_point *point = f->points[number];
	struct point_request of = {
		.sweep = request->sweep, .point = point->point, .data = request->data, .folder = request->folder,
		.kernels = f->kernels, .cost = point->cost, .progress = f->progress, .number = number,
		.stop = request->stop,
	};
	char name[POINT_NAME_BYTES], line[2048];
	struct error unwritten = { "" };
	struct record record;
	double beside;

	point_name(request->sweep, point->point, name);
	progress_begin(f->progress, number);
	if (train_point(&of, team, &record, &beside, &unwritten)) {
		records_put(request->records, point->index, &record);
		atomic_fetch_add(&f->ended[record.status], 1);
		add_seconds(f, record.wall_seconds, beside);
		progress_end(f->progress, number, describe_end(&record, name, line, sizeof line),
		             record.status != POINT_DONE);
		return record.status == POINT_DONE ? OVER : LOST;
	}
	if (unwritten.text[0]) {
		atomic_fetch_add(&f->ended[POINT_FAILED], 1);
		snprintf(line, sizeof line, "%s failed: %s", name, unwritten.text);
		progress_end(f->progress, number, line, true);
	} else {
		progress_end(f->progress, number, NULL, false);
	}
	return LOST;
}

/* Whether it is not the record that this run began with. */
static bool is_newer(const struct record *record, const struct record *known)
{
	return strcmp(record->date, known->date) != 0 || record->wall_seconds != known->wall_seconds;
}

/* Whether another run has ended the point since this one looked: then its record is taken over, whatever it says, and
 * its fate with it. */
static bool is_ended(struct training_run *f, int number)
{
	const struct train_request *request = f->request;
	const struct pending_point *point = f->points[number];
	struct error ignored = { "" };
	char name[POINT_NAME_BYTES], line[2048];
	struct record record;

	if (!record_read(request->folder, point->point->id, &record, &ignored) ||
	    !is_newer(&record, &request->records->of[point->index]) ||
	    (record.status == POINT_DONE && !pending_is_whole(request->folder, point, &record, &request->data->digest,
	                                                      &ignored)))
		return false;
	records_put(request->records, point->index, &record);
	atomic_fetch_add(record.status == POINT_DONE ? &f->elsewhere : &f->ended[record.status], 1);
	point_name(request->sweep, point->point, name);
	if (record.status == POINT_DONE)
		snprintf(line, sizeof line, "%-20s %6.2f %%  trained by another run", name,
		         100 * record.last.accuracy);
	else
		describe_end(&record, name, line, sizeof line);
	progress_end(f->progress, number, line, record.status != POINT_DONE);
	f->fates[number] = record.status == POINT_DONE ? OVER : LOST;
	return true;
}

static void note_unlocked(struct training_run *f, const struct error *why)
{
	pthread_mutex_lock(&f->lock);
	fail(&f->unlocked, "%s", why->text);
	pthread_mutex_unlock(&f->lock);
}

/* The first of the point's teachers with that fate; NULL: none. */
static const struct pending_point *teacher_that_is(const struct training_run *f, int number, enum fate fate)
{
	const struct task *task = &f->tasks[number];

	for (int i = 0; i < task->after_count; i++)
		if (f->fates[task->after[i]] == fate)
			return f->points[task->after[i]];
	return NULL;
}

/* Whether the point can be trained as far as its teachers are concerned, all of whom have had their turn; else its
 * fate is set. One that has lost a teacher is failed for this run, and has no record. */
static bool is_taught(struct training_run *f, int number)
{
	const struct train_request *request = f->request;
	const struct pending_point *lost = teacher_that_is(f, number, LOST);
	char name[POINT_NAME_BYTES], teacher[POINT_NAME_BYTES], line[2 * POINT_NAME_BYTES + 64];

	if (lost) {
		snprintf(line, sizeof line, "%s failed: its teacher %s was not trained",
		         point_name(request->sweep, f->points[number]->point, name),
		         point_name(request->sweep, lost->point, teacher));
		atomic_fetch_add(&f->ended[POINT_FAILED], 1);
		f->fates[number] = LOST;
		progress_end(f->progress, number, line, true);
		return false;
	}
	if (!teacher_that_is(f, number, BUSY) && !teacher_that_is(f, number, HELD))
		return true;
	f->fates[number] = HELD;
	return false;
}

static void lead_task(void *about, int task, struct team *team)
{
	struct training_run *f = about;
	int number = f->round[task];

	if (!is_taught(f, number))
		return;
	uint64_t place = lock_place(f->points[number]->point->id);
	struct error why = { "" };

	switch (lock_try(f->request->lock, place, LOCK_ALONE, &why)) {
	case LOCK_BUSY:
		f->fates[number] = BUSY;
		return;
	case LOCK_FAILED:
		note_unlocked(f, &why);
		f->fates[number] = LOST;
		return;
	case LOCK_TAKEN:
		break;
	}
	if (!is_ended(f, number))
		f->fates[number] = train_locked(f, number, team);
	lock_release(f->request->lock, place);
}

static double share_left(void *about, int task)
{
	const struct training_run *f = about;

	return progress_share_left(f->progress, f->round[task]);
}

static void describe_point(const struct train_request *request, const struct pending_point *point, double work,
                           struct progress_point *to)
{
	point_name(request->sweep, point->point, to->name);
	to->work = work;
	to->epochs = point->point->variant->recipe.epochs;
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

static bool allocate(struct training_run *f, struct error *err)
{
	size_t count = (size_t)f->request->pending->to_train + 1, numbers = 1;

	f->points = calloc(count, sizeof *f->points);
	f->fates = calloc(count, sizeof *f->fates);
	f->round = calloc(count, sizeof *f->round);
	f->round_tasks = calloc(count, sizeof *f->round_tasks);
	f->round_of = calloc(count, sizeof *f->round_of);
	f->tasks = train_tasks(f->request->sweep, f->request->pending, NULL, err);
	for (size_t i = 0; f->tasks && i + 1 < count; i++)
		numbers += (size_t)f->tasks[i].after_count;
	f->round_after = calloc(numbers, sizeof *f->round_after);
	return (f->points && f->fates && f->round && f->round_tasks && f->round_of && f->round_after && f->tasks) ||
	       fail(err, "not enough memory for %zu points", count - 1);
}

static bool prepare(struct training_run *f, struct error *err)
{
	const struct train_request *request = f->request;
	const struct pending *pending = request->pending;
	struct progress_point *shown = calloc((size_t)pending->to_train + 1, sizeof *shown);
	int family = 0, earlier = 0;
	bool allocated = allocate(f, err);

	for (int i = 0, k = 0; shown && allocated && i < pending->count; i++) {
		if (pending->points[i].reason == UP_TO_DATE)
			continue;
		describe_point(request, &pending->points[i], f->tasks[k].work, &shown[k]);
		family = family_after(request->sweep, family, earlier, pending->points[i].index);
		earlier = pending->points[i].index;
		shown[k].family = family;
		f->points[k++] = &pending->points[i];
	}
	if (!shown)
		fail(err, "not enough memory for %d points", pending->to_train);
	else if (allocated)
		f->progress = progress_create(request->progress, shown, pending->to_train, err);
	free(shown);
	return f->progress;
}

/* Chooses what is open. What comes after a point that is not among it need not wait: is_taught decides. */
static void fill_round(struct training_run *f)
{
	int *after = f->round_after;

	f->round_count = 0;
	for (int i = 0; i < f->request->pending->to_train; i++) {
		f->round_of[i] = f->fates[i] == OPEN ? f->round_count : -1;
		if (f->fates[i] == OPEN)
			f->round[f->round_count++] = i;
	}
	for (int k = 0; k < f->round_count; k++) {
		const struct task *task = &f->tasks[f->round[k]];

		f->round_tasks[k] = *task;
		f->round_tasks[k].after = after;
		f->round_tasks[k].after_count = 0;
		for (int i = 0; i < task->after_count; i++)
			if (f->round_of[task->after[i]] >= 0) {
				*after++ = f->round_of[task->after[i]];
				f->round_tasks[k].after_count++;
			}
	}
}

/* The scheduler trains all that is open. */
static bool run_round(struct training_run *f, struct schedule_times *times, struct error *err)
{
	const struct train_request *request = f->request;
	struct schedule_times round;

	fill_round(f);
	struct schedule schedule = {
		.threads = request->threads, .task_count = f->round_count, .tasks = f->round_tasks,
		.memory_bytes = request->memory_bytes, .stop = request->stop,
		.lead = lead_task, .share_left = share_left, .about = f,
	};
	if (!schedule_run(&schedule, &round, err))
		return false;
	times->wall_seconds += round.wall_seconds;
	times->busy_seconds += round.busy_seconds;
	return true;
}

/* Opens the points whose locks are free again, and those that wait for no other run's teacher any more; returns how
 * many are still left to other runs. */
static int look_at_busy(struct training_run *f, int *opened)
{
	struct error why = { "" };
	int busy = 0;

	*opened = 0;
	for (int i = 0; i < f->request->pending->to_train; i++) {
		uint64_t place = lock_place(f->points[i]->point->id);

		if (f->fates[i] != BUSY)
			continue;
		if (lock_try(f->request->lock, place, LOCK_ALONE, &why) == LOCK_TAKEN) {
			lock_release(f->request->lock, place);
			f->fates[i] = OPEN;
			++*opened;
		} else {
			busy++;
		}
	}
	for (int i = 0; i < f->request->pending->to_train; i++) {
		if (f->fates[i] != HELD)
			continue;
		if (teacher_that_is(f, i, BUSY) || teacher_that_is(f, i, HELD)) {
			busy++;
		} else {
			f->fates[i] = OPEN;
			++*opened;
		}
	}
	return busy;
}

/* Until another run has let go of a point. False where there is nothing to wait for, or `stop` was raised. */
static bool wait_for_others(struct training_run *f, int *left)
{
	const struct timespec pause = { 0, (long)(LOOK_AGAIN_SECONDS * 1e9) };
	const struct train_request *request = f->request;
	bool said = false;
	char line[128];
	int opened;

	while ((*left = look_at_busy(f, &opened)) > 0 && !opened && !request->leave && !*request->stop) {
		if (!said) {
			snprintf(line, sizeof line, "waiting for %d point%s that another run trains", *left,
			         *left == 1 ? "" : "s");
			progress_say(f->progress, line, false);
			said = true;
		}
		nanosleep(&pause, NULL);
	}
	return opened > 0 && !*request->stop;
}

static bool run_rounds(struct training_run *f, struct train_result *result, struct error *err)
{
	bool ran;

	do
		ran = run_round(f, &result->times, err);
	while (ran && wait_for_others(f, &result->left));
	return ran && (!f->unlocked.text[0] || fail(err, "%s", f->unlocked.text));
}

bool train_pending(const struct train_request *request, struct train_result *result, struct error *err)
{
	struct training_run f = { .request = request, .kernels = machine_kernels(err),
		.lock = PTHREAD_MUTEX_INITIALIZER };

	*result = (struct train_result){ 0 };
	bool ran = f.kernels && prepare(&f, err) && run_rounds(&f, result, err);
	result->point_seconds = f.point_seconds;
	result->beside_seconds = f.beside_seconds;
	result->done = atomic_load(&f.ended[POINT_DONE]);
	result->diverged = atomic_load(&f.ended[POINT_DIVERGED]);
	result->failed = atomic_load(&f.ended[POINT_FAILED]);
	result->elsewhere = atomic_load(&f.elsewhere);
	progress_destroy(f.progress);
	free(f.points);
	free(f.tasks);
	free(f.fates);
	free(f.round);
	free(f.round_tasks);
	free(f.round_of);
	free(f.round_after);
	return ran;
}
