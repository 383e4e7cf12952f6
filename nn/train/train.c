/* The training loop. See train.h. */
#include "nn/train/train.h"
#include "nn/base/rng.h"
#include "nn/train/loader.h"
#include "nn/train/teachers.h"

#include <assert.h>
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
	double *class_weights;          /* owned: [classes]; NULL: all are 1 */
	struct augmenter *augmenter;    /* owned */
	struct teachers *teachers;      /* owned; NULL: there are none */
	struct pixel_scale scale;
	struct training_position at;
	atomic_int seen;                /* images of the current epoch trained so far */
	int64_t loading_ns;             /* see training_loading_seconds */
};

static bool stopped(const struct training *t)
{
	return t->setup.stop && __atomic_load_n(t->setup.stop, __ATOMIC_RELAXED);
}

static uint64_t seed_for(uint64_t seed, enum purpose purpose, int64_t index)
{
	return rng_mix(rng_mix(seed, purpose), (uint64_t)index);
}

/* The loss's weights by the training images' labels, if it has any. */
static bool weigh_classes(struct training *t, struct error *err)
{
	const struct recipe *r = t->setup.recipe;
	struct images training = t->setup.training;
	int classes = t->setup.network->classes;
	double balance = r->loss->class_balance ? r->loss->class_balance(r->loss_config) : 0;

	if (balance == 0)
		return true;
	int64_t *counts = calloc((size_t)classes, sizeof *counts);
	t->class_weights = calloc((size_t)classes, sizeof *t->class_weights);
	if (counts && t->class_weights) {
		for (int i = 0; i < training.count; i++)
			counts[training.labels[i]]++;
		loss_balance(counts, classes, balance, t->class_weights);
	} else {
		fail(err, "no memory for the weights of %d classes", classes);
	}
	free(counts);
	return counts && t->class_weights;
}

struct augmenter *training_augmenter(const struct recipe *recipe, struct shape shape, int threads, uint64_t seed,
                                     struct error *err)
{
	struct augmenter_setup setup = { recipe, shape, threads, rng_mix(seed, FOR_AUGMENTATION) };

	return augmenter_create(&setup, err);
}

/* Threads that load lane groups of one batch at the same time. */
static int loading_threads(const struct recipe *recipe)
{
	int groups = (recipe->batch + LANES - 1) / LANES;

	return groups < TEAM_THREADS ? groups : TEAM_THREADS;
}

/* Teachers, where the loss reads them and the setup has some. */
static bool hire_teachers(struct training *t, struct error *err)
{
	const struct training_setup *s = &t->setup;
	struct teachers_setup setup = { .of = s->teachers, .count = s->teacher_count, .recipe = s->recipe,
		.training = s->training, .scale = t->scale, .kernels = s->kernels, .observer = s->observer };

	if (!s->recipe->loss->teacher_temperature || s->teacher_count == 0)
		return true;
	t->teachers = teachers_create(&setup, err);
	return t->teachers;
}

struct training *training_create(const struct training_setup *setup, struct error *err)
{
	struct training *t = calloc(1, sizeof *t);

	if (!t) {
		fail(err, "no memory for a training");
		return NULL;
	}
	t->setup = *setup;
	t->at.best_accuracy = -1;
	t->order = malloc((size_t)setup->training.count * sizeof *t->order);
	t->plan = recipe_plan(setup->network, setup->recipe, err);
	t->model = t->plan ? model_create(t->plan, setup->kernels, err) : NULL;
	t->augmenter = t->model ? training_augmenter(setup->recipe, setup->training.shape,
	                                          loading_threads(setup->recipe), setup->seed, err) : NULL;
	t->scale = pixel_scale_of((enum scaling)setup->recipe->scaling, setup->training);
	if (!t->order || !t->augmenter || !weigh_classes(t, err) || !hire_teachers(t, err)) {
		fail(err, "no memory for the order of %d images", setup->training.count);
		training_destroy(t);
		return NULL;
	}
	model_observe(t->model, setup->observer);
	model_initialise(t->model, seed_for(setup->seed, FOR_WEIGHTS, 0));
	return t;
}

void training_destroy(struct training *t)
{
	if (!t)
		return;
	teachers_destroy(t->teachers);
	model_destroy(t->model);
	model_plan_destroy(t->plan);
	augmenter_destroy(t->augmenter);
	free(t->order);
	free(t->class_weights);
	free(t);
}

/* Which of an image's views this epoch trains. */
static int view_of_epoch(const struct training *t)
{
	int keep = t->setup.recipe->keep_views;

	return keep > 0 ? t->at.epoch % keep : t->at.epoch;
}

/* Shared by the tasks that load one batch. */
struct batch_load {
	struct training *t;
	struct group_load load; /* of the whole batch; each task takes its group */
	bool augmented;
	int images;
};

static void load_group(void *about, int group, int thread)
{
	const struct batch_load *b = about;
	struct group_load load = b->load;
	struct augmentation augmentation = augmenter_at(b->t->augmenter, view_of_epoch(b->t), thread);
	int left = b->images - group * LANES;

	load.augmentation = b->augmented ? &augmentation : NULL;
	load.first += group * LANES;
	load.lanes = left < LANES ? left : LANES;
	load.to = model_input(b->t->model, group);
	load.targets = model_targets(b->t->model, group);
	observe_begin(b->t->setup.observer);
	group_load(&load);
	observe_end(b->t->setup.observer, STAGE_LOADING, NETWORK_INPUT);
}

static int64_t now_ns(const struct training *t)
{
	return t->setup.team->clock_ns ? t->setup.team->clock_ns() : 0;
}

/* Teachers see the loaded batch before the student's pass, which may use its memory for other things. */
static void ask_teachers(const struct batch_load *b, const struct batch *batch)
{
	struct training *t = b->t;
	const struct taught_batch taught = { t->order + b->load.first, batch->images, t->at.epoch };

	assert(t->teachers || !batch->loss.type || !batch->loss.type->teacher_temperature);
	if (batch->training && t->teachers)
		teachers_answer(t->teachers, t->model, t->setup.team, &taught);
}

/* Loads a batch and runs it forward. */
static void run_batch(struct batch_load *b, const struct batch *batch, bool fresh)
{
	int64_t start = now_ns(b->t);

	b->images = batch->images;
	team_run(b->t->setup.team, (batch->images + LANES - 1) / LANES, load_group, b);
	b->t->loading_ns += batch->training ? now_ns(b->t) - start : 0;
	ask_teachers(b, batch);
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
	double next = (double)t->at.step + 1;

	return next < updates ? next / updates : 1;
}

static double learning_rate(const struct training *t)
{
	const struct recipe *r = t->setup.recipe;
	int64_t batches = (t->setup.training.count + r->batch - 1) / r->batch;
	double base = r->learning_rate > 0 ? r->learning_rate : r->optimizer->learning_rate;
	struct moment now = { .progress = (double)t->at.step / (double)(batches * r->epochs), .epoch = t->at.epoch,
	                      .watched = &t->at.watched };

	return base * warm_up_factor(t, r->warm_up * (double)batches) * r->schedule->factor(r->schedule_config, &now);
}

/* Decay of the weights' moving averages, min(decay, (1 + step) / (10 + step)) as in TensorFlow's
 * ExponentialMovingAverage: smaller at first, so that the untrained first weights soon lose their influence. */
static double ema_decay(const struct training *t)
{
	return fmin(t->setup.recipe->average_weights, (1 + (double)t->at.step) / (10 + (double)t->at.step));
}

/* One update along the gradients. Returns the learning rate. */
static double update(struct training *t)
{
	const struct recipe *r = t->setup.recipe;
	double rate = learning_rate(t);

	t->at.step++;
	model_update(t->model, t->setup.team,
	             &(struct model_step){ r->optimizer, r->optimizer_config, rate, t->at.step, r->clip });
	if (r->lookahead > 0 && t->at.step % r->lookahead == 0)
		model_look_ahead(t->model, t->setup.team, r->lookahead_share);
	if (r->average_weights > 0)
		model_average(t->model, t->setup.team, ema_decay(t));
	return rate;
}

/* Sharpness-aware minimisation: the gradients are those where the same images' loss is highest nearby. The moving
 * statistics are those of the first pass, in which the scores were taken too. */
static void look_around(struct batch_load *load, const struct batch *batch)
{
	struct training *t = load->t;

	model_perturb(t->model, t->setup.team, t->setup.recipe->sam);
	run_batch(load, batch, true);
	model_backward(t->model, t->setup.team);
	model_put_back(t->model);
}

/* The batch's images run forward, and backward unless the loss is not finite: false then. */
static bool train_batch(struct training *t, struct batch_load *load, int images)
{
	const struct recipe *r = t->setup.recipe;
	struct batch batch = { .images = images, .training = true,
	                       .loss = { r->loss, r->loss_config, t->class_weights },
	                       .label_smoothing = r->label_smoothing,
	                       .noise = training_noise(t->setup.seed, t->at.step + 1) };

	load->load.first = t->at.next;
	run_batch(load, &batch, true);
	add_scores(t, images, &t->at.sum);
	t->at.next += images;
	if (!isfinite(t->at.sum.loss))
		return false;
	model_backward(t->model, t->setup.team);
	if (r->sam > 0)
		look_around(load, &batch);
	t->at.learning_rate = update(t);
	return true;
}

/* What is left of the epoch's images. False where `stop` was raised. */
static bool train_images(struct training *t, struct epoch_row *row)
{
	const struct recipe *r = t->setup.recipe;
	struct batch_load load = { .t = t, .augmented = augmenter_has_steps(t->augmenter),
	                           .load = { .kernels = t->setup.kernels, .images = t->setup.training,
	                                     .order = t->order, .scale = t->scale } };

	while (t->at.next < t->setup.training.count && !row->diverged) {
		int left = t->setup.training.count - t->at.next;
		if (t->setup.between)
			t->setup.between(t->setup.about);
		if (stopped(t))
			return false;
		row->diverged = !train_batch(t, &load, left < r->batch ? left : r->batch);
		atomic_store_explicit(&t->seen, t->at.next, memory_order_relaxed);
	}
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
	if (row->validation.accuracy > t->at.best_accuracy + r->min_gain || t->at.epoch == 1) {
		t->at.best_accuracy = row->validation.accuracy;
		t->at.epochs_without_gain = 0;
		return false;
	}
	return ++t->at.epochs_without_gain >= r->patience;
}

static void shuffle(struct training *t)
{
	struct rng rng = rng_seed(seed_for(t->setup.seed, FOR_ORDER, t->at.epoch), 0);

	for (int i = 0; i < t->setup.training.count; i++)
		t->order[i] = i;
	rng_shuffle(&rng, t->order, t->setup.training.count);
}

static bool validate(struct training *t, struct epoch_row *row)
{
	const struct schedule_type *schedule = t->setup.recipe->schedule;

	if (t->setup.validation.count == 0 || row->diverged)
		return true;
	if (!training_evaluate(t, t->setup.validation, &row->validation))
		return false;
	row->diverged = !isfinite(row->validation.loss);
	if (schedule->watch)
		schedule->watch(t->setup.recipe->schedule_config, &t->at.watched, row->validation.loss,
		                row->validation.accuracy);
	return true;
}

bool training_epoch(struct training *t, struct epoch_row *row)
{
	*row = (struct epoch_row){ .epoch = t->at.epoch + 1, .validation = { NAN, NAN } };
	atomic_store_explicit(&t->seen, t->at.next, memory_order_relaxed);
	shuffle(t);
	if (!train_images(t, row))
		return false;
	if (t->setup.updated)
		t->setup.updated(t->setup.about);
	if (!validate(t, row))
		return false;
	row->training = (struct score){ t->at.sum.loss / t->at.next, t->at.sum.accuracy / t->at.next };
	row->learning_rate = t->at.learning_rate;
	t->at.epoch++;
	t->at.next = 0;
	t->at.sum = (struct score){ 0, 0 };
	t->at.learning_rate = 0;
	row->last = row->diverged || t->at.epoch >= t->setup.recipe->epochs || out_of_patience(t, row);
	return true;
}

struct training_position training_position(const struct training *t)
{
	return t->at;
}

int training_arrays(const struct training *t, struct model_array to[TRAINING_ARRAYS])
{
	int count = model_arrays(t->model, to);

	if (t->teachers && teachers_kept(t->teachers).len)
		to[count++] = teachers_kept(t->teachers);
	return count;
}

bool training_resume(struct training *t, const struct training_position *p)
{
	int count = t->setup.training.count, batch = t->setup.recipe->batch;
	int64_t batches = (count + batch - 1) / batch, begun = p->next == count ? batches : p->next / batch;

	if (p->epoch < 0 || p->epoch > t->setup.recipe->epochs || p->next < 0 || p->next > count ||
	    (p->next % batch != 0 && p->next != count) || p->step != p->epoch * batches + begun ||
	    p->epochs_without_gain < 0 || p->watched.epochs < 0 || p->watched.waited < 0 || p->watched.reductions < 0)
		return false;
	t->at = *p;
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
