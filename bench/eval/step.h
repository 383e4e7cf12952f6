/* One forward and one backward pass in training mode, from files to a file: for comparisons with other programs.
 * Floor 4d.
 *
 * The network is planned for exactly the batch's images, and runs as in training, but without scaling, augmentation or
 * update. */
#ifndef BENCH_EVAL_STEP_H
#define BENCH_EVAL_STEP_H

#include "bench/sweep/sweep.h"
#include "nn/kernel/kernels.h"

struct step_request {
	const struct sweep *sweep;      /* whose recipe states the label smoothing */
	const struct point *point;
	const char *weights;            /* path of a file (weights.h); NULL: the point's first weights */
	const char *batch;              /* path of a file (batch_file.h) */
	const char *out;                /* path of the file to write */
	/* With the masks of the first update of the point's training; else nothing is left out */
	bool dropout;
	const struct kernels *kernels;
	int threads;
};

struct step_score {
	int images;
	double loss, accuracy;          /* of the batch, with label smoothing and batch statistics */
};

/* Writes `loss`, `losses` [n], `logits` [n, classes], `grad/NAME` for every trained array (of the mean loss), and the
 * moving statistics after the pass under their names: the whole file, or nothing. */
bool step_run(const struct step_request *request, struct step_score *score, struct error *err);

#endif
