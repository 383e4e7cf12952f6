/* The weights of a point's teachers, read when the point begins. Floor 4g. */
#ifndef BENCH_RUN_TEACHER_WEIGHTS_H
#define BENCH_RUN_TEACHER_WEIGHTS_H

#include "bench/run/pending.h"
#include "nn/train/train.h"

struct teacher_weights {
	int count;
	struct teacher of[MAX_TEACHERS];        /* their numbers are owned */
	float *numbers[MAX_TEACHERS];           /* owned: parameters, then running state */
};

/* Reads the weights of all teachers of the point; `folder` is its own reports/<sweep>. A file must still be the one
 * that the point's id says. On false nothing stays allocated. */
bool teacher_weights_read(const char *folder, const struct point *point, struct teacher_weights *to,
                          struct error *err);
void teacher_weights_free(struct teacher_weights *weights);

/* Where the points are kept that will be trained, and how to train what is missing. */
struct teachers_place {
	const struct sweep *sweep;
	const struct records *records;
	const char *folder;             /* reports/<sweep> */
	const char *command;            /* that trains points of the sweep, for messages: "archsweep run SWEEP" */
	uint64_t data_digest;
};

/* Whether each teacher of a point that is to be trained is pending itself, or there: of the same sweep with a whole
 * record on this data, of another one likewise, and its weights as the network wants them. */
bool teachers_check(const struct pending *pending, const struct teachers_place *place, struct error *err);

#endif
