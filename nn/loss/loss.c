/* What losses share, and the plain cross-entropy. See loss.h. */
#include "nn/loss/loss.h"

#include <tgmath.h>

/* The class of the largest logit; a NaN is never the largest, and class -1 says that there was no number at all. */
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

real softmax_exponent(const struct softmax *s, const struct loss_job *job, int c)
{
	return (job->logits[c * LANES + s->lane] - s->top) / s->temperature;
}

struct softmax softmax_of(const struct loss_job *job, int lane, real temperature)
{
	struct softmax s = { .lane = lane, .best = largest(job, lane), .temperature = temperature };

	if (s.best >= 0)
		s.top = job->logits[s.best * LANES + lane];
	for (int c = 0; c < job->classes; c++)
		s.sum += (double)exp(softmax_exponent(&s, job, c));
	return s;
}

double softmax_share(const struct softmax *s, const struct loss_job *job, int c)
{
	return (double)exp(softmax_exponent(s, job, c)) / s->sum;
}

double target_share(const struct loss_job *job, int lane, int c)
{
	const struct target *t = &job->targets[lane];
	real share = (c == t->label ? t->share : 0) + (c == t->other ? 1 - t->share : 0);

	return job->label_smoothing / job->classes + (1 - job->label_smoothing) * (double)share;
}

void loss_of_lanes(const void *config, const struct loss_job *job, lane_loss *of_lane)
{
	for (int lane = 0; lane < LANES; lane++) {
		if (lane < job->lanes) {
			struct softmax s = softmax_of(job, lane, 1);
			job->losses[lane] = of_lane(config, job, &s) * (job->batch_images / job->batch_weight);
			job->correct[lane] = s.best == job->targets[lane].label;
			continue;
		}
		for (int c = 0; c < job->classes && job->d_logits; c++)
			job->d_logits[c * LANES + lane] = 0;
	}
}

double loss_weight(const double *class_weights, struct target target)
{
	if (!class_weights)
		return 1;
	return (double)target.share * class_weights[target.label] +
	       (1 - (double)target.share) * class_weights[target.other];
}

void loss_balance(const int64_t *counts, int classes, double balance, double *weights)
{
	double images = 0, present = 0;

	for (int c = 0; c < classes; c++) {
		images += (double)counts[c];
		present += counts[c] > 0;
	}
	for (int c = 0; c < classes; c++)
		weights[c] = counts[c] > 0 ? pow(images / (present * (double)counts[c]), balance) : 0;
}

/* loss = sum of w t (log sum - z), gradient = (sum of w t) share - w t, over the classes. */
static double cross_entropy(const void *config, const struct loss_job *job, const struct softmax *s)
{
	double weight = 0, expected = 0;

	(void)config;
	for (int c = 0; c < job->classes; c++) {
		double target = target_share(job, s->lane, c) * (job->class_weights ? job->class_weights[c] : 1);
		weight += target;
		expected += (double)softmax_exponent(s, job, c) * target;
	}
	if (!job->class_weights)
		weight = 1;     /* not rounded */
	for (int c = 0; c < job->classes && job->d_logits; c++) {
		double target = target_share(job, s->lane, c) * (job->class_weights ? job->class_weights[c] : 1);
		job->d_logits[c * LANES + s->lane] =
			(real)((weight * softmax_share(s, job, c) - target) / job->batch_weight);
	}
	return weight * log(s->sum) - expected;
}

void loss_softmax(const struct loss_job *job)
{
	loss_of_lanes(NULL, job, cross_entropy);
}
