/* What a loss is: what training minimises, from one lane group's logits and targets. Floor 2. A new one takes one file
 * and one row of the table in registry.c. */
#ifndef NN_LOSS_LOSS_H
#define NN_LOSS_LOSS_H

#include "nn/base/field.h"
#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stdint.h>

/* What an image is: to `share` its label, to the rest another class, as mixed images are (Zhang et al. 2018). */
struct target {
	int label, other;
	real share;             /* 0..1 */
};

/* An image that is one class alone. */
static inline struct target target_of(int label)
{
	return (struct target){ label, label, 1 };
}

/* One lane group of a batch. */
struct loss_job {
	const real *logits;     /* [classes][LANES] */
	real *d_logits;         /* the gradient of the batch's mean loss, likewise; NULL: not wanted */
	int classes;
	const struct target *targets;   /* [lanes] */
	/* [classes][LANES], softmax of the teachers at the loss's temperature; NULL unless the loss reads it */
	const real *teacher;
	const double *class_weights;    /* [classes]; NULL: all are 1 */
	int lanes;              /* lanes that carry an image; the others get gradient 0 */
	int batch_images;       /* of the whole batch */
	double batch_weight;    /* what the mean is taken over: the sum of loss_weight() of the batch's images */
	/* s: label parts of targets are 1 - s + s / classes for the label, s / classes elsewhere (Szegedy et al. 2015,
	 * 7) */
	double label_smoothing;
	/* [lanes], times batch_images / batch_weight, so that their mean over the images is the batch's loss */
	double *losses;
	bool *correct;          /* [lanes]: the first largest logit is the label's; false where no logit is a number */
};

struct loss_type {
	struct kind kind;
	/* NULL: it reads no teacher. Else the temperature at which loss_job.teacher, which must be there, is taken. */
	double (*teacher_temperature)(const void *config);
	/* The power to which the inverse of a class's frequency is its weight; NULL: all weights are 1. */
	double (*class_balance)(const void *config);
	void (*evaluate)(const void *config, const struct loss_job *job);
};

extern const struct loss_type *const loss_types[];      /* the usual one first, NULL at the end */

/* Softmax cross-entropy between targets and logits, over a lane group: what every evaluation is scored by. */
void loss_softmax(const struct loss_job *job);

/* The weight of one image in the batch's mean; class_weights as in struct loss_job. */
double loss_weight(const double *class_weights, struct target target);

/* The weights of classes of which `counts` training images are: (images / (present * count)) ^ balance, `present` being
 * the number of classes that have images; 0 for those that have none. With balance 1 every class counts alike, as in
 * scikit-learn's class_weight="balanced", and the images' mean weight is 1. */
void loss_balance(const int64_t *counts, int classes, double balance, double *weights);

/* --- for losses --------------------------------------------------------------------------------------------------- */

/* Softmax of one lane's logits at a temperature: exp((z - top) / temperature) / sum. The exponentials are of
 * differences from the largest logit, so none of them overflows. */
struct softmax {
	int lane, best;         /* class of the first largest logit; -1: no logit is a number */
	real top;               /* that logit; 0 for none */
	real temperature;
	double sum;
};
struct softmax softmax_of(const struct loss_job *job, int lane, real temperature);
/* (z - top) / temperature of class c, and its share, 0..1. */
real softmax_exponent(const struct softmax *s, const struct loss_job *job, int c);
double softmax_share(const struct softmax *s, const struct loss_job *job, int c);

/* The share of class c in a lane's target, label smoothing included. */
double target_share(const struct loss_job *job, int lane, int c);

/* The loss of one lane, before it is taken into the mean; writes its gradient, over batch_weight, unless d_logits is
 * NULL. `s`: the softmax of its logits at temperature 1. */
typedef double lane_loss(const void *config, const struct loss_job *job, const struct softmax *s);

/* Calls it for each lane that carries an image, and fills in losses, `correct`, and the other lanes' gradient. */
void loss_of_lanes(const void *config, const struct loss_job *job, lane_loss *of_lane);

#endif
