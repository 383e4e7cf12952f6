/* The mean of several softmax outputs for the same images: of several networks, or of one network that sees several
 * views. Floor 4d.
 *
 *	p[c] = (1 / n) * sum over i of exp(z_i[c]) / sum over k of exp(z_i[k])
 *
 * In double, added up in the order of the calls, so that the result depends on the logits alone. */
#ifndef BENCH_EVAL_SOFT_MEAN_H
#define BENCH_EVAL_SOFT_MEAN_H

#include "nn/train/train.h"

struct soft_mean {
	int images, classes;
	int count;              /* outputs added so far */
	double *sums;           /* [images][classes], owned; NULL: there is no mean */
};

bool soft_mean_create(struct soft_mean *to, int images, int classes, struct error *err);
void soft_mean_free(struct soft_mean *mean);

/* Adds the softmax of each image's logits [images][classes]. Of one that holds no number nothing but NaN comes. */
void soft_mean_add(struct soft_mean *mean, const float *logits);
/* Adds another mean as if it was one network's output. */
void soft_mean_add_mean(struct soft_mean *mean, const struct soft_mean *other);

/* The class with the largest mean, the first of equals; -1 where none is a number. */
int soft_mean_class(const struct soft_mean *mean, int image);
/* Accuracy, and the mean negative logarithm of the label's mean; labels [images]. */
struct score soft_mean_score(const struct soft_mean *mean, const uint8_t *labels);

/* The first of the largest numbers, -1 where none is a number. */
int largest_logit(const float *logits, int classes);

#endif
