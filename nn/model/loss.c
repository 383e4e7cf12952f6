/* See loss.h. The exponentials are taken of differences from the largest logit, so none of them overflows. */
#include "nn/model/loss.h"

#include <tgmath.h>

/* Largest logit and its class; a NaN is never the largest, and class -1 says that there was no number at all. */
static int largest(const struct loss_job *job, int lane)
{
	int best = -1;

	for (int c = 0; c < job->classes; c++) {
		real value = job->logits[c * LANES + lane];
		if (value == value && (best < 0 || value > job->logits[best * LANES + lane]))
			best = c;
	}
	return best;
}

static void loss_of_lane(const struct loss_job *job, int lane)
{
	int best = largest(job, lane), label = job->labels[lane];
	real top = best < 0 ? 0 : job->logits[best * LANES + lane];
	double sum = 0, spread = job->label_smoothing / job->classes, expected = 0;

	for (int c = 0; c < job->classes; c++) {
		real z = job->logits[c * LANES + lane] - top;
		sum += (double)exp(z);
		expected += (double)z * (spread + (c == label ? 1 - job->label_smoothing : 0));
	}
	job->losses[lane] = log(sum) - expected;
	job->correct[lane] = best == label;
	for (int c = 0; c < job->classes && job->d_logits; c++) {
		double share = (double)exp(job->logits[c * LANES + lane] - top) / sum;
		double target = spread + (c == label ? 1 - job->label_smoothing : 0);
		job->d_logits[c * LANES + lane] = (real)((share - target) / job->batch_images);
	}
}

void loss_softmax(const struct loss_job *job)
{
	for (int lane = 0; lane < LANES; lane++) {
		if (lane < job->lanes) {
			loss_of_lane(job, lane);
			continue;
		}
		for (int c = 0; c < job->classes && job->d_logits; c++)
			job->d_logits[c * LANES + lane] = 0;
	}
}
