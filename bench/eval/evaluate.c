/* See evaluate.h. */
#include "bench/eval/evaluate.h"

#include "bench/data/images.h"
#include "bench/system/schedule.h"
#include "bench/weights/weights.h"

#include <math.h>
#include <stdlib.h>

static bool has_views(const struct evaluator *e)
{
	return e->views && e->views->count > 0;
}

bool evaluator_prepare(struct evaluator *e, bool average, struct error *err)
{
	bool created = true;

	for (int i = 0; average && created && i < e->split_count; i++) {
		created = soft_mean_create(&e->means[i], e->splits[i]->count, e->data->classes, err);
		if (created && has_views(e))
			created = soft_mean_create(&e->view_means[i], e->splits[i]->count, e->data->classes, err);
	}
	return created;
}

void evaluator_free(struct evaluator *e)
{
	for (int i = 0; i < MAX_SPLITS; i++) {
		soft_mean_free(&e->means[i]);
		soft_mean_free(&e->view_means[i]);
	}
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

	*to = (struct outcome){ .split = e->splits[split], .by_views = { NAN, NAN },
		.confusion = calloc(classes * classes, sizeof *to->confusion),
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
	struct training_setup setup = { .network = &a->point->network, .recipe = &a->point->variant->recipe,
		.seed = (uint64_t)a->point->seed,
		.training = images_of(e->data, dataset_split(e->data, ROLE_TRAINING)), .kernels = e->kernels,
		.team = team, .stop = e->stop };
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
	struct evaluator *e = a->evaluator;
	int classes = e->data->classes;

	for (int i = 0; i < e->splits[split]->count; i++)
		count_image(e, &a->to[split], labels_of(e, e->splits[split])[i],
		            largest_logit(logits + (size_t)i * (size_t)classes, classes));
	if (e->means[split].sums)
		soft_mean_add(&e->means[split], logits);
}

static bool predict(struct training *training, struct images images, struct score *score, float *logits,
                    struct error *err)
{
	return training_predict(training, images, score, logits) || fail(err, "interrupted");
}

/* `logits` are those of the first view, the image as it is, and serve for the others. */
static bool add_views(const struct evaluator *e, struct training *training, struct images images, float *logits,
                      struct soft_mean *to, struct error *err)
{
	struct score ignored;
	bool good = true;

	soft_mean_add(to, logits);
	for (int i = 1; good && i < e->views->count; i++) {
		images.view = e->views->at[i];
		good = predict(training, images, &ignored, logits, err);
		if (good)
			soft_mean_add(to, logits);
	}
	return good;
}

static bool assess_views(const struct assessment *a, struct training *training, int split, float *logits,
                         struct error *err)
{
	struct evaluator *e = a->evaluator;
	struct images images = images_of(e->data, e->splits[split]);
	struct soft_mean mean;

	if (!soft_mean_create(&mean, images.count, e->data->classes, err))
		return false;
	bool good = add_views(e, training, images, logits, &mean, err);
	if (good) {
		a->to[split].by_views = soft_mean_score(&mean, images.labels);
		if (e->view_means[split].sums)
			soft_mean_add_mean(&e->view_means[split], &mean);
	}
	soft_mean_free(&mean);
	return good;
}

static bool assess_split(const struct assessment *a, struct training *training, int split, struct error *err)
{
	const struct evaluator *e = a->evaluator;
	struct images images = images_of(e->data, e->splits[split]);
	float *logits = malloc((size_t)images.count * (size_t)e->data->classes * sizeof *logits);

	if (!logits)
		return fail(err, "not enough memory for the outputs for %d images", images.count);
	bool good = predict(training, images, &a->to[split].score, logits, err);
	if (good) {
		note_logits(a, split, logits);
		good = !has_views(e) || assess_views(a, training, split, logits, err);
	}
	free(logits);
	return good;
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
	struct task task = { .work = 1, .most_threads = (point->variant->recipe.batch + LANES - 1) / LANES };
	struct schedule alone = { .threads = e->threads, .task_count = 1, .tasks = &task, .lead = assess,
		.share_left = all_left, .about = &a };
	struct schedule_times times;
	bool created = true;

	for (int i = 0; i < e->split_count; i++)
		created = outcome_create(e, i, &to[i], err) && created;
	if (!created)
		return false;
	if (!schedule_run(&alone, &times, err))
		return false;
	return a.good || fail(err, "%s", a.trouble.text);
}

/* --- all together ------------------------------------------------------------------------------------------------- */

static void average_split(const struct evaluator *e, int split, struct outcome *to)
{
	const struct split *s = e->splits[split];
	const uint8_t *labels = labels_of(e, s);

	for (int i = 0; i < s->count; i++)
		count_image(e, to, labels[i], soft_mean_class(&e->means[split], i));
	to->score = soft_mean_score(&e->means[split], labels);
	if (has_views(e))
		to->by_views = soft_mean_score(&e->view_means[split], labels);
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
