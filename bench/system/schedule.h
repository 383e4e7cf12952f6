/* Which thread works on what, so that all of them are busy until nearly the end. Floor 4a; knows tasks, not training.
 *
 * Tasks start longest first; one that others come after counts with the longest of these. A thread that becomes free
 * leads the next waiting task that fits into memory; when none is left it joins the running task with the most work
 * left for each of its threads. A task can use a limited number of threads, so one that is very long must get them
 * early: if it would still end last although everybody helped it once the other work is done, a free thread joins it
 * at once instead of starting another task. The same decisions drive real threads and virtual ones. */
#ifndef BENCH_SYSTEM_SCHEDULE_H
#define BENCH_SYSTEM_SCHEDULE_H

#include "nn/base/error.h"
#include "nn/base/team.h"

#include <stdbool.h>
#include <stdint.h>

struct task {
	double work;            /* an estimate above 0, in the same unit for all tasks */
	int64_t memory_bytes;   /* needed while it runs */
	int most_threads;       /* more than these find nothing to do in it; at least 1 */
	const int *after;       /* [after_count], borrowed: tasks that must have ended before it starts; no circles */
	int after_count;
};

struct schedule {
	int threads;
	int task_count;
	const struct task *tasks;
	int64_t memory_bytes;           /* what running tasks may need together; at least what the largest needs */
	/* Does the whole task on the calling thread, with the team for company. Called once for each task, from several
	 * threads. */
	void (*lead)(void *about, int task, struct team *team);
	/* The share of a running task that is still to be done, 1 to 0; asked by any thread. */
	double (*share_left)(void *about, int task);
	void *about;
	const volatile int *stop;       /* not NULL and nonzero: start nothing more */
};

struct schedule_times {
	double wall_seconds;
	/* Summed over threads: leading or helping, without what they waited for each other inside a task */
	double busy_seconds;
};

/* Runs all tasks on `threads` threads, in which OpenBLAS and OpenMP stay single-threaded, and returns when the last has
 * ended. False and an error, and nothing ran, where memory is short or a thread cannot be started. */
bool schedule_run(const struct schedule *schedule, struct schedule_times *times, struct error *err);

/* What the same decisions give on virtual threads that do one unit of work a second, helpers included: `lead` and
 * `share_left` are not called. False and an error where memory is short. */
bool schedule_simulate(const struct schedule *schedule, struct schedule_times *times, struct error *err);

#endif
