/* Softmax cross-entropy with label smoothing over one lane group. Floor 3. */
#ifndef NN_MODEL_LOSS_H
#define NN_MODEL_LOSS_H

#include "nn/base/tensor.h"

#include <stdbool.h>

struct loss_job {
	const real *logits;     /* [classes][LANES] */
	real *d_logits;         /* the gradient of the batch's mean loss, likewise; NULL: not wanted */
	int classes;
	const int *labels;      /* [lanes] */
	int lanes;              /* lanes that carry an image; the others get gradient 0 */
	int batch_images;       /* what the mean is taken over */
	/* s: targets are 1 - s + s / classes for the label, s / classes elsewhere (Szegedy et al. 2015, 7) */
	double label_smoothing;
	double *losses;         /* [lanes] */
	bool *correct;          /* [lanes]: the first largest logit is the label's; false where no logit is a number */
};

void loss_softmax(const struct loss_job *job);

#endif
