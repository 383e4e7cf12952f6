/* The training loop. See train.h. */
#include "nn/train/train.h"
#include "nn/base/rng.h"
#include "nn/train/loader.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

/* Each purpose has its own stream of random numbers, so that a change of one leaves the others alone. */
enum purpose { FOR_WEIGHTS = 1, FOR_ORDER, FOR_AUGMENTATION, FOR_DROPOUT };

struct training {
	struct training_setup setup;
	struct model_plan *plan;        /* owned */
	struct model *model;            /* owned */
	int *order;                     /* owned: training images, shuffled anew each epoch */
	struct pixel_scale scale;
	int epoch;                      /* epochs finished */
	int64_t step;                   /* updates done */
	double best_accuracy;           /* of the validation images */
	int epochs_without_gain;
	struct schedule_state watched;         /* state of a schedule that watches the validation score */
	atomic_int seen;                /* images of the current epoch trained so far */
	int64_t loading_ns;             /* see training_loading_seconds */
};

static bool stopped(const struct training *t)
{
	return t->setup.stop && *t->setup.stop;
}

static uint64_t seed_for(uint64_t seed, enum purpose purpose, int64_t index)
{
	return rng_mix(rng_mix(seed, purpose), (uint64_t)index);
}

struct training *training_create(const struct training_setup *setup, struct error *err)
{
	struct training *t = calloc(1, sizeof *t);

	if (!t) {
		fail(err, "no memory for a training");
		return NULL;
	}
	t->setup = *setup;
	t->best_accuracy = -1;
	t->order = malloc((size_t)setup->training.count * sizeof *t->order);
	t->plan = recipe_plan(setup->network, setup->recipe, err);
	t->model = t->plan ? model_create(t->plan, setup->kernels, err) : NULL;
	if (!t->order || !t->model) {
		fail(err, "no memory for the order of %d images", setup->training.count);
		training_destroy(t);
		return NULL;
	}
	model_observe(t->model, setup->observer);
	t->scale = pixel_scale_of((enum scaling)setup->recipe->scaling, setup->training);
	model_initialise(t->model, seed_for(setup->seed, FOR_WEIGHTS, 0));
	return t;
}

void training_destroy(struct training *t)
{
	if (!t)
		return;
	model_destroy(t->model);
	model_plan_destroy(t->plan);
	free(t->order);
	free(t);
}

/* Shared by the tasks that load one batch. */
struct batch_load {
	struct training *t;
	struct group_load load; /* of the whole batch; each task takes its group */
	int images;
};

static void load_group(void *about, int group, int thread)
{
	const struct batch_load *b = about;
	struct group_load load = b->load;
	int left = b->images - group * LANES;

	(void)thread;
	load.first += group * LANES;
	load.lanes = left < LANES ? left : LANES;
	load.to = model_input(b->t->model, group);
	load.labels = model_labels(b->t->model, group);
	observe_begin(b->t->setup.observer);
	group_load(&load);
	observe_end(b->t->setup.observer, STAGE_LOADING, NETWORK_INPUT);
}

static int64_t now_ns(const struct training *t)
{
	return t->setup.team->clock_ns ? t->setup.team->clock_ns() : 0;
}

/* Loads a batch and runs it forward. */
static void run_batch(struct batch_load *b, const struct batch *batch, bool fresh)
{
	int64_t start = now_ns(b->t);

	b->images = batch->images;
	team_run(b->t->setup.team, (batch->images + LANES - 1) / LANES, load_group, b);
	b->t->loading_ns += batch->training ? now_ns(b->t) - start : 0;
	model_forward(b->t->model, b->t->setup.team, batch, fresh);
}

/* Sums in image order, in double, so that results do not depend on threads. */
static void add_scores(const struct training *t, int images, struct score *sum)
{
	for (int i = 0; i < images; i++) {
		sum->loss += model_loss(t->model, i);
		sum->accuracy += model_correct(t->model, i);
	}
}

/* Linear warm-up: update k of the first `updates` uses k / updates of the rate. It multiplies the schedule's factor,
 * and the schedule starts at the first batch. */
static double warm_up_factor(const struct training *t, double updates)
{
	double next = (double)t->step + 1;

	return next < updates ? next / updates : 1;
}

static double learning_rate(const struct training *t)
{
	const struct recipe *r = t->setup.recipe;
	int64_t batches = (t->setup.training.count + r->batch - 1) / r->batch;
	double base = r->learning_rate > 0 ? r->learning_rate : r->optimizer->learning_rate;
	struct moment now = { .progress = (double)t->step / (double)(batches * r->epochs), .epoch = t->epoch,
	                      .watched = &t->watched };

	return base * warm_up_factor(t, r->warm_up * (double)batches) * r->schedule->factor(r->schedule_config, &now);
}

/* Decay of the weights' moving averages, min(decay, (1 + step) / (10 + step)) as in TensorFlow's
 * ExponentialMovingAverage: smaller at first, so that the untrained first weights soon lose their influence. */
static double ema_decay(const struct training *t)
{
	return fmin(t->setup.recipe->average_weights, (1 + (double)t->step) / (10 + (double)t->step));
}

/* One update; the batch's images are in the model. Returns the learning rate. */
static double update(struct training *t)
{
	const struct recipe *r = t->setup.recipe;
	double rate = learning_rate(t);

	t->step++;
	model_backward(t->model, t->setup.team);
	model_update(t->model, t->setup.team, &(struct model_step){ r->optimizer, r->optimizer_config, rate, t->step });
	if (r->average_weights > 0)
		model_average(t->model, t->setup.team, ema_decay(t));
	return rate;
}

static bool train_images(struct training *t, struct epoch_row *row)
{
	const struct recipe *r = t->setup.recipe;
	struct shape shape = t->setup.training.shape;
	struct augmentation augmentation = { r->flip, (int)(r->shift * shape.h), (int)(r->shift * shape.w),
	                                     seed_for(t->setup.seed, FOR_AUGMENTATION, t->epoch) };
	struct batch_load load = { .t = t, .load = { .kernels = t->setup.kernels, .images = t->setup.training,
	                                             .order = t->order, .scale = t->scale,
	                                             .augmentation = r->flip || r->shift > 0 ? &augmentation : NULL } };

	int seen = 0;
	for (int first = 0; first < t->setup.training.count && !row->diverged; first += r->batch) {
		int left = t->setup.training.count - first, images = left < r->batch ? left : r->batch;
		if (stopped(t))
			return false;
		load.load.first = first;
		run_batch(&load,
		          &(struct batch){ .images = images, .training = true, .label_smoothing = r->label_smoothing,
		                                  .noise = training_noise(t->setup.seed, t->step + 1) }, true);
		add_scores(t, images, &row->training);
		row->diverged = !isfinite(row->training.loss);
		if (!row->diverged)
			row->learning_rate = update(t);
		seen = first + images;
		atomic_store_explicit(&t->seen, seen, memory_order_relaxed);
	}
	row->training.loss /= seen;
	row->training.accuracy /= seen;
	return true;
}

/* [group][class][LANES] to [image][class]. */
static void copy_logits(const struct training *t, int images, real *to)
{
	const real *from = model_logits(t->model);
	int classes = t->setup.network->classes;

	for (int i = 0; i < images; i++)
		for (int c = 0; c < classes; c++)
			*to++ = from[((size_t)(i / LANES) * (size_t)classes + (size_t)c) * LANES + (size_t)(i % LANES)];
}

/* Evaluates with the weights that the model uses now; logits as in training_predict. */
static bool score_images(struct training *t, struct images images, struct score *score, real *logits)
{
	struct batch_load load =
		{ .t = t, .load = { .kernels = t->setup.kernels, .images = images, .scale = t->scale } };
	int batch = t->setup.recipe->batch;

	*score = (struct score){ 0, 0 };
	for (int first = 0; first < images.count; first += batch) {
		int left = images.count - first;
		struct batch b = { .images = left < batch ? left : batch };
		if (stopped(t))
			return false;
		load.load.first = first;
		run_batch(&load, &b, first == 0);
		add_scores(t, b.images, score);
		if (logits)
			copy_logits(t, b.images, logits + (size_t)first * (size_t)t->setup.network->classes);
	}
	score->loss /= images.count;
	score->accuracy /= images.count;
	return true;
}

bool training_evaluate(struct training *t, struct images images, struct score *score)
{
	return training_predict(t, images, score, NULL);
}

/* The weights that evaluation uses. */
static enum model_weights evaluation_weights(const struct training *t)
{
	return t->setup.recipe->average_weights > 0 ? MODEL_AVERAGES : MODEL_TRAINED;
}

static bool score_with(struct training *t, enum model_weights weights, struct images images, struct score *score,
                       real *logits)
{
	model_use(t->model, weights);
	bool scored = score_images(t, images, score, logits);
	model_use(t->model, MODEL_TRAINED);
	return scored;
}

bool training_predict(struct training *t, struct images images, struct score *score, real *logits)
{
	return score_with(t, evaluation_weights(t), images, score, logits);
}

void training_keep_best(struct training *t)
{
	model_keep_best(t->model, evaluation_weights(t));
}

bool training_evaluate_best(struct training *t, struct images images, struct score *score)
{
	return score_with(t, MODEL_BEST, images, score, NULL);
}

/* Whether patience has run out. */
static bool out_of_patience(struct training *t, const struct epoch_row *row)
{
	const struct recipe *r = t->setup.recipe;

	if (r->patience == 0 || t->setup.validation.count == 0)
		return false;
	if (row->validation.accuracy > t->best_accuracy + r->min_gain || t->epoch == 1) {
		t->best_accuracy = row->validation.accuracy;
		t->epochs_without_gain = 0;
		return false;
	}
	return ++t->epochs_without_gain >= r->patience;
}

static void shuffle(struct training *t)
{
	struct rng rng = rng_seed(seed_for(t->setup.seed, FOR_ORDER, t->epoch), 0);

	for (int i = 0; i < t->setup.training.count; i++)
		t->order[i] = i;
	rng_shuffle(&rng, t->order, t->setup.training.count);
}

bool training_epoch(struct training *t, struct epoch_row *row)
{
	*row = (struct epoch_row){ .epoch = t->epoch + 1, .validation = { NAN, NAN } };
	atomic_store_explicit(&t->seen, 0, memory_order_relaxed);
	shuffle(t);
	if (!train_images(t, row))
		return false;
	t->epoch++;
	if (t->setup.updated)
		t->setup.updated(t->setup.about);
	if (t->setup.validation.count > 0 && !row->diverged) {
		if (!training_evaluate(t, t->setup.validation, &row->validation))
			return false;
		row->diverged = !isfinite(row->validation.loss);
		if (t->setup.recipe->schedule->watch)
			t->setup.recipe->schedule->watch(t->setup.recipe->schedule_config, &t->watched,
			                                 row->validation.loss, row->validation.accuracy);
	}
	row->last = row->diverged || t->epoch >= t->setup.recipe->epochs || out_of_patience(t, row);
	return true;
}

struct model_memory training_weights(const struct training *t)
{
	struct model_memory m = model_memory(t->model);

	if (m.averages) {
		m.params = m.averages;
		m.state = m.state_averages;
	}
	return m;
}

const struct model_plan *training_plan(const struct training *t)
{
	return t->plan;
}

void training_first_weights(const struct model_plan *plan, uint64_t seed, real *params, real *state)
{
	model_initialise_at(plan, seed_for(seed, FOR_WEIGHTS, 0), params, state);
}

uint64_t training_noise(uint64_t seed, int64_t update)
{
	return seed_for(seed, FOR_DROPOUT, update - 1);
}

double training_loading_seconds(const struct training *t)
{
	return 1e-9 * (double)t->loading_ns;
}

int training_progress(const struct training *t)
{
	return atomic_load_explicit(&t->seen, memory_order_relaxed);
}
