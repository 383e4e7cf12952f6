/* See evaluate.h. */
#include "bench/eval/evaluate.h"

#include "bench/data/images.h"
#include "bench/system/schedule.h"
#include "bench/weights/weights.h"

#include <math.h>
#include <stdlib.h>

bool evaluator_prepare(struct evaluator *e, bool average, struct error *err)
{
	for (int i = 0; average && i < e->split_count; i++) {
		size_t len = (size_t)e->splits[i]->count * (size_t)e->data->classes;
		e->shares[i] = calloc(len, sizeof **e->shares);
		if (!e->shares[i])
			return fail(err, "not enough memory to add up the outputs for %d images", e->splits[i]->count);
	}
	return true;
}

void evaluator_free(struct evaluator *e)
{
	for (int i = 0; i < MAX_SPLITS; i++)
		free(e->shares[i]);
}

void outcomes_free(struct outcome *outcomes, int count)
{
	for (int i = 0; i < count; i++) {
		free(outcomes[i].confusion);
		free(outcomes[i].images);
	}
}

static bool outcome_create(const struct evaluator *e, int split, struct outcome *to, struct error *err)
{
	size_t classes = (size_t)e->data->classes;

	*to = (struct outcome){ .split = e->splits[split], .confusion = calloc(classes * classes,
		sizeof *to->confusion),
		.images = calloc(classes, sizeof *to->images) };
	return (to->confusion && to->images) || fail(err, "not enough memory for %zu classes", classes);
}

static const uint8_t *labels_of(const struct evaluator *e, const struct split *split)
{
	return e->data->labels + split->first;
}

static void count_image(const struct evaluator *e, struct outcome *to, int label, int taken_for)
{
	to->images[label]++;
	if (taken_for >= 0)
		to->confusion[label * e->data->classes + taken_for]++;
}

/* The first of the largest, -1 where none is a number. */
static int largest_float(const float *values, int count)
{
	int best = -1;

	for (int c = 0; c < count; c++)
		if (values[c] == values[c] && (best < 0 || values[c] > values[best]))
			best = c;
	return best;
}

static int largest_double(const double *values, int count)
{
	int best = -1;

	for (int c = 0; c < count; c++)
		if (values[c] == values[c] && (best < 0 || values[c] > values[best]))
			best = c;
	return best;
}

/* Adds the softmax of one image's logits, of which logits[best] is the largest. */
static void add_softmax(const float *logits, int count, int best, double *to)
{
	double sum = 0, top = best < 0 ? NAN : (double)logits[best];

	for (int c = 0; c < count; c++)
		sum += exp((double)logits[c] - top);
	for (int c = 0; c < count; c++)
		to[c] += exp((double)logits[c] - top) / sum;
}

/* --- one point ---------------------------------------------------------------------------------------------------- */

struct assessment {
	struct evaluator *evaluator;
	const struct point *point;
	const char *weights;
	struct outcome *to;
	bool good;
	struct error trouble;
};

static struct training *load(const struct assessment *a, struct team *team, struct error *err)
{
	const struct evaluator *e = a->evaluator;
	struct training_setup setup = { .network = &a->point->network, .recipe = &e->sweep->recipe,
		.seed = (uint64_t)a->point->seed,
		.training = images_of(e->data, dataset_split(e->data, ROLE_TRAINING)), .kernels = e->kernels,
		.team = team };
	struct training *training = training_create(&setup, err);
	struct weights *weights = training ? weights_create(setup.network, training_plan(training), err) : NULL;
	struct model_memory memory = training ? training_weights(training) : (struct model_memory){ 0 };
	bool read = weights && weights_read(weights, a->weights, (struct weight_values){ memory.params, memory.state },
	                                    err);

	weights_destroy(weights);
	if (read)
		return training;
	training_destroy(training);
	return NULL;
}

static void note_logits(const struct assessment *a, int split, const float *logits)
{
	const struct evaluator *e = a->evaluator;
	int classes = e->data->classes;

	for (int i = 0; i < e->splits[split]->count; i++, logits += classes) {
		int best = largest_float(logits, classes);
		count_image(e, &a->to[split], labels_of(e, e->splits[split])[i], best);
		if (e->shares[split])
			add_softmax(logits, classes, best, e->shares[split] + (size_t)i * (size_t)classes);
	}
}

static bool assess_split(const struct assessment *a, struct training *training, int split, struct error *err)
{
	const struct evaluator *e = a->evaluator;
	struct images images = images_of(e->data, e->splits[split]);
	float *logits = malloc((size_t)images.count * (size_t)e->data->classes * sizeof *logits);

	if (!logits)
		return fail(err, "not enough memory for the outputs for %d images", images.count);
	training_predict(training, images, &a->to[split].score, logits);
	note_logits(a, split, logits);
	free(logits);
	return true;
}

static void assess(void *about, int task, struct team *team)
{
	struct assessment *a = about;
	struct training *training = load(a, team, &a->trouble);

	(void)task;
	a->good = training;
	for (int i = 0; a->good && i < a->evaluator->split_count; i++)
		a->good = assess_split(a, training, i, &a->trouble);
	training_destroy(training);
}

static double all_left(void *about, int task)
{
	(void)about;
	(void)task;
	return 1;
}

bool evaluate_point(struct evaluator *e, const struct point *point, const char *weights, struct outcome *to,
                    struct error *err)
{
	struct assessment a = { .evaluator = e, .point = point, .weights = weights, .to = to, .trouble = { "" } };
	struct task task = { .work = 1, .most_threads = (e->sweep->recipe.batch + LANES - 1) / LANES };
	struct schedule alone = { .threads = e->threads, .task_count = 1, .tasks = &task, .lead = assess,
		.share_left = all_left, .about = &a };
	struct schedule_times times;
	bool created = true;

	for (int i = 0; i < e->split_count; i++)
		created = outcome_create(e, i, &to[i], err) && created;
	if (!created)
		return false;
	if (!schedule_run(&alone, &times))
		return fail(err, "not enough memory for threads");
	e->members++;
	return a.good || fail(err, "%s", a.trouble.text);
}

/* --- all together ------------------------------------------------------------------------------------------------- */

static void average_split(const struct evaluator *e, int split, struct outcome *to)
{
	const struct split *s = e->splits[split];
	int classes = e->data->classes;

	for (int i = 0; i < s->count; i++) {
		const double *shares = e->shares[split] + (size_t)i * (size_t)classes;
		int label = labels_of(e, s)[i], best = largest_double(shares, classes);

		count_image(e, to, label, best);
		to->score.accuracy += best == label;
		to->score.loss -= log(shares[label] / e->members);
	}
	to->score.accuracy /= s->count;
	to->score.loss /= s->count;
}

bool evaluate_average(struct evaluator *e, struct outcome *to, struct error *err)
{
	bool created = true;

	for (int i = 0; i < e->split_count; i++)
		created = outcome_create(e, i, &to[i], err) && created;
	for (int i = 0; created && i < e->split_count; i++)
		average_split(e, i, &to[i]);
	return created;
}
