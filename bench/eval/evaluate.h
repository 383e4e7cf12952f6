/* How weights do on a data set's splits: loss, accuracy, confusion of classes, for single points and for averages of
 * several. Floor 4d.
 *
 * A point is evaluated as in its training: same batches, same arithmetic, so its scores are the record's to the last
 * digit. */
#ifndef BENCH_EVAL_EVALUATE_H
#define BENCH_EVAL_EVALUATE_H

#include "bench/eval/soft_mean.h"
#include "bench/sweep/sweep.h"

/* What came out on one split. */
struct outcome {
	const struct split *split;      /* the data set's */
	struct score score;
	struct score by_views;          /* of the mean over the evaluator's views; not a number where it has none */
	/* [classes][classes], owned: images of the row's class that were taken for the column's. One whose logits hold
	 * no number was taken for none, and is in no column */
	int *confusion;
	int *images;            /* [classes], owned: how many there are of each */
};

struct evaluator {
	const struct sweep *sweep;
	const struct dataset *data;
	const struct kernels *kernels;
	int threads;
	const struct views *views;      /* to be evaluated as well; NULL: none */
	const volatile int *stop;       /* may be NULL; nonzero: evaluate_point fails soon */
	int split_count;
	const struct split *splits[MAX_SPLITS]; /* what to evaluate on */
	/* Owned: of all points evaluated so far, and of their means over views; empty where no average is wanted */
	struct soft_mean means[MAX_SPLITS], view_means[MAX_SPLITS];
};

/* `average`: keep what evaluate_average needs. The rest is the caller's to fill in before. */
bool evaluator_prepare(struct evaluator *e, bool average, struct error *err);
void evaluator_free(struct evaluator *e);

/* Fills to[split_count]; outcomes_free gives their memory back, also after false. `weights` is the path of a file
 * (weights.h). */
bool evaluate_point(struct evaluator *e, const struct point *point, const char *weights, struct outcome *to,
                    struct error *err);

/* The mean of the softmax outputs of all points evaluated so far: its accuracy, its confusion, and its mean negative
 * logarithm at the labels as the loss. */
bool evaluate_average(struct evaluator *e, struct outcome *to, struct error *err);

void outcomes_free(struct outcome *outcomes, int count);

#endif
