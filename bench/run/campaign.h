/* A campaign trains all tasks of a sweep that are not up to date, side by side. Floor 4f. */
#ifndef BENCH_RUN_CAMPAIGN_H
#define BENCH_RUN_CAMPAIGN_H

#include "bench/run/progress.h"
#include "bench/run/todo.h"
#include "bench/system/schedule.h"

struct campaign {
	const struct sweep *sweep;
	const struct todo *todo;
	const struct dataset *data;
	const char *folder;             /* reports/<sweep> */
	int threads;
	int64_t memory_bytes;           /* what running points may need together; each stale task fits by itself */
	enum progress_mode progress;
	const volatile int *stop;       /* nonzero: end soon, keep what is finished */
};

struct campaign_result {
	int done, diverged, failed;     /* points; those that were stopped are in none of them */
	struct schedule_times times;
	double point_seconds, beside_seconds;   /* of all that ended: how long they took, and did other things than updates (trial.h) */
};

/* Every point that ends has its record, whatever becomes of the others. False where the campaign could not begin. */
bool campaign_run(const struct campaign *campaign, struct campaign_result *result, struct error *err);

/* The jobs of the stale tasks, in the todo's order, `seconds` [todo->count] saying how long each would take one thread; NULL: their
 * work as estimated from their cost. malloc'd, the caller frees; NULL and an error where memory is short. */
struct job *campaign_jobs(const struct sweep *sweep, const struct todo *todo, const double *seconds, struct error *err);

#endif
