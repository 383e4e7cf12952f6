/* A trial is one point's way from its description to its record. Floor 4f. */
#ifndef BENCH_RUN_TRIAL_H
#define BENCH_RUN_TRIAL_H

#include "bench/record/record.h"
#include "bench/run/progress.h"

struct trial {
	const struct sweep *sweep;
	const struct point *point;
	const struct dataset *data;
	const char *folder;             /* reports/<sweep> */
	const struct kernels *kernels;
	struct cost cost;
	struct progress *progress;
	int place;                      /* the point's number in `progress` */
	const volatile int *stop;       /* as in training_setup */
};

/* Trains the point with whoever joins the crew and writes its record. A point that diverges or fails (memory) has a record that says
 * so. `beside_seconds` gets how long it did other things than updates: loaded and augmented images, judged others. False with an error
 * where no record could be written, without one where `stop` was raised: then nothing is written. */
bool trial_run(const struct trial *trial, struct crew *crew, struct record *to, double *beside_seconds, struct error *err);

#endif
