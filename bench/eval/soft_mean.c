/* See soft_mean.h. */
#include "bench/eval/soft_mean.h"

#include <math.h>
#include <stdlib.h>

bool soft_mean_create(struct soft_mean *to, int images, int classes, struct error *err)
{
	*to = (struct soft_mean){ .images = images, .classes = classes };
	to->sums = calloc((size_t)images * (size_t)classes, sizeof *to->sums);
	return to->sums || fail(err, "not enough memory to add up the outputs for %d images", images);
}

void soft_mean_free(struct soft_mean *mean)
{
	free(mean->sums);
	*mean = (struct soft_mean){ .count = 0 };
}

int largest_logit(const float *logits, int classes)
{
	int best = -1;

	for (int c = 0; c < classes; c++)
		if (logits[c] == logits[c] && (best < 0 || logits[c] > logits[best]))
			best = c;
	return best;
}

static void add_softmax(const float *logits, int classes, double *to)
{
	int best = largest_logit(logits, classes);
	double sum = 0, top = best < 0 ? NAN : (double)logits[best];

	for (int c = 0; c < classes; c++)
		sum += exp((double)logits[c] - top);
	for (int c = 0; c < classes; c++)
		to[c] += exp((double)logits[c] - top) / sum;
}

static double *sums_of(const struct soft_mean *mean, int image)
{
	return mean->sums + (size_t)image * (size_t)mean->classes;
}

void soft_mean_add(struct soft_mean *mean, const float *logits)
{
	for (int i = 0; i < mean->images; i++)
		add_softmax(logits + (size_t)i * (size_t)mean->classes, mean->classes, sums_of(mean, i));
	mean->count++;
}

void soft_mean_add_mean(struct soft_mean *mean, const struct soft_mean *other)
{
	size_t len = (size_t)mean->images * (size_t)mean->classes;

	for (size_t i = 0; i < len; i++)
		mean->sums[i] += other->sums[i] / other->count;
	mean->count++;
}

int soft_mean_class(const struct soft_mean *mean, int image)
{
	const double *sums = sums_of(mean, image);
	int best = -1;

	for (int c = 0; c < mean->classes; c++)
		if (sums[c] == sums[c] && (best < 0 || sums[c] > sums[best]))
			best = c;
	return best;
}

struct score soft_mean_score(const struct soft_mean *mean, const uint8_t *labels)
{
	struct score score = { 0, 0 };

	for (int i = 0; i < mean->images; i++) {
		score.accuracy += soft_mean_class(mean, i) == labels[i];
		score.loss -= log(sums_of(mean, i)[labels[i]] / mean->count);
	}
	score.accuracy /= mean->images;
	score.loss /= mean->images;
	return score;
}
