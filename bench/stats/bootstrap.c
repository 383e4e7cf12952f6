/* See bootstrap.h. */
#include "bench/stats/bootstrap.h"

#include "nn/base/rng.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	RESAMPLES = 9999,
	TAIL = 250,             /* 2.5 % of RESAMPLES + 1: the TAIL-th smallest and the TAIL-th largest are the ends */
	RANDOM_SEED = 1,
};

/* Memory of one interval. */
struct draws {
	const struct bootstrap *of;
	struct rng rng;
	int *a_weights, *b_weights;     /* [seeds]: how often each was drawn */
	int32_t *values;                /* [images]: of the seeds drawn, scaled to whole numbers */
	double *differences;            /* [RESAMPLES] */
};

static int drawn_of(const struct answers *answers)
{
	return answers->seeds > 1 ? answers->seeds - 1 : 1;
}

/* 0 <= x < n, by the upper half of a product: a division would be most of the time that all takes. */
static size_t draw_below(struct rng *rng, uint64_t n)
{
	return (size_t)((unsigned __int128)rng_u64(rng) * n >> 64);
}

static void draw_seeds(struct rng *rng, const struct answers *answers, int *weights)
{
	memset(weights, 0, (size_t)answers->seeds * sizeof *weights);
	for (int i = 0; i < drawn_of(answers); i++)
		weights[draw_below(rng, (uint64_t)answers->seeds)]++;
}

static void add_answers(const struct answers *answers, const int *weights, int factor, struct draws *d)
{
	for (int s = 0; s < answers->seeds; s++) {
		int32_t weight = weights[s] * factor;

		for (int i = 0; weight && i < d->of->images; i++)
			d->values[i] += weight * answers->right[s][i];
	}
}

/* The value of an image is the share of b's seeds that are right, minus that of a's, times the seeds drawn of each. */
static void draw_values(struct draws *d)
{
	const struct bootstrap *b = d->of;

	draw_seeds(&d->rng, b->a, d->a_weights);
	if (b->paired)
		memcpy(d->b_weights, d->a_weights, (size_t)b->a->seeds * sizeof *d->a_weights);
	else
		draw_seeds(&d->rng, b->b, d->b_weights);
	memset(d->values, 0, (size_t)b->images * sizeof *d->values);
	add_answers(b->b, d->b_weights, drawn_of(b->a), d);
	add_answers(b->a, d->a_weights, -drawn_of(b->b), d);
}

static double draw_images(struct draws *d)
{
	int64_t sum = 0;

	for (int i = 0; i < d->of->images; i++)
		sum += d->values[draw_below(&d->rng, (uint64_t)d->of->images)];
	return (double)sum / d->of->images / drawn_of(d->of->a) / drawn_of(d->of->b);
}

static int compare_numbers(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

double answers_accuracy(const struct answers *answers, int images)
{
	int64_t right = 0;

	for (int s = 0; s < answers->seeds; s++)
		for (int i = 0; i < images; i++)
			right += answers->right[s][i];
	return (double)right / images / answers->seeds;
}

bool bootstrap_interval(const struct bootstrap *bootstrap, double *low, double *high, struct error *err)
{
	const struct answers *a = bootstrap->a, *b = bootstrap->b;
	struct draws d = { .of = bootstrap, .rng = rng_seed(RANDOM_SEED, 0),
		.a_weights = calloc((size_t)a->seeds, sizeof *d.a_weights),
		.b_weights = calloc((size_t)b->seeds, sizeof *d.b_weights),
		.values = calloc((size_t)bootstrap->images, sizeof *d.values),
		.differences = calloc(RESAMPLES, sizeof *d.differences) };
	bool good = d.a_weights && d.b_weights && d.values && d.differences;

	assert(a->seeds > 0 && a->seeds <= MAX_COMPARED_SEEDS && b->seeds > 0 && b->seeds <= MAX_COMPARED_SEEDS);
	assert(!bootstrap->paired || a->seeds == b->seeds);
	for (int i = 0; good && i < RESAMPLES; i++) {
		if (i == 0 || a->seeds > 1 || b->seeds > 1)
			draw_values(&d);
		d.differences[i] = draw_images(&d);
	}
	if (good) {
		qsort(d.differences, RESAMPLES, sizeof *d.differences, compare_numbers);
		*low = d.differences[TAIL - 1];
		*high = d.differences[RESAMPLES - TAIL];
	}
	free(d.a_weights);
	free(d.b_weights);
	free(d.values);
	free(d.differences);
	return good || fail(err, "not enough memory to compare %d images", bootstrap->images);
}
