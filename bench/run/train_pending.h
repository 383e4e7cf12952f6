/* Trains all pending points of a sweep, side by side, and shares them with other runs in the same folder. Floor 4g.
 *
 * Each point is locked while it trains (bench/system/lock.h). What another run has locked is left to it; when nothing
 * else is left, this run waits until the other has finished the point, or has died: then it goes on from the point's
 * checkpoint. */
#ifndef BENCH_RUN_TRAIN_PENDING_H
#define BENCH_RUN_TRAIN_PENDING_H

#include "bench/run/pending.h"
#include "bench/run/progress.h"
#include "bench/system/schedule.h"

struct train_request {
	const struct sweep *sweep;
	const struct pending *pending;
	struct records *records;        /* get the records of the points that end */
	const struct dataset *data;
	const char *folder;             /* reports/<sweep> */
	int lock;                       /* of lock_open for it */
	bool leave;                     /* do not wait for points that other runs have locked */
	int threads;
	int64_t memory_bytes;           /* what running points may need together; each pending point fits by itself */
	enum progress_mode progress;
	const volatile int *stop;       /* nonzero: end soon, keep what is finished */
};

struct train_result {
	int done, diverged, failed;     /* points; those that were stopped are in none of them */
	int elsewhere, left;            /* finished by other runs meanwhile; left to them, because of `leave` */
	struct schedule_times times;
	/* Of all points that ended: how long they took, and did other things than updates (train_point.h). */
	double point_seconds, beside_seconds;
};

/* Every point that ends has its record, whatever becomes of the others. False where training could not begin. */
bool train_pending(const struct train_request *request, struct train_result *result, struct error *err);

/* The scheduler's tasks, one for each pending point, in their order; students after their teachers. `seconds`
 * [pending->count] says how long each would take one thread; NULL: their work as estimated from their cost.
 * malloc'd, the caller frees; NULL and an error where memory is short. */
struct task *train_tasks(const struct sweep *sweep, const struct pending *pending, const double *seconds,
                         struct error *err);

#endif
