/* Trains one point, from its description to its record. Floor 4g. */
#ifndef BENCH_RUN_TRAIN_POINT_H
#define BENCH_RUN_TRAIN_POINT_H

#include "bench/record/record.h"
#include "bench/run/progress.h"

struct point_request {
	const struct sweep *sweep;
	const struct point *point;
	const struct dataset *data;
	const char *folder;             /* reports/<sweep> */
	const struct kernels *kernels;
	struct cost cost;
	struct progress *progress;
	int number;                     /* the point's in `progress` */
	const volatile int *stop;       /* as in training_setup */
};

/* Trains with whoever joins the team and writes the record, the curve, the final weights and the logits. A point that
 * diverges or fails (memory) has a record that says so. `beside_seconds` gets how long it did other things than
 * updates: loaded and augmented images, evaluated others.
 *
 * Goes on from the point's checkpoint where there is one, and writes one from time to time and where `stop` was raised;
 * one that cannot be read or written is said, and is no reason to end. False with an error where no record could be
 * written, without one where `stop` was raised. */
bool train_point(const struct point_request *request, struct team *team, struct record *to, double *beside_seconds,
                 struct error *err);

#endif
