/* See trial.h. The test images choose nothing: which epoch is best is decided by the validation images alone. */
#include "bench/run/trial.h"

#include "bench/data/images.h"
#include "bench/record/kept.h"
#include "bench/system/clock.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A trial under way. */
struct course {
	const struct trial *trial;
	struct crew *crew;
	struct training *training;      /* owned */
	struct curve curve;             /* owned */
	struct record *record;          /* filled on the way */
	double began, updated;          /* clock_seconds at the start, and after the last epoch's last update */
	double best_validation;
};

static const struct score no_score = { NAN, NAN };

static void record_begin(const struct trial *t, struct record *r)
{
	*r = (struct record){
		.width = t->point->width, .seed = t->point->seed, .status = POINT_DONE,
		.trainable = t->cost.trainable, .total = t->cost.total, .macs = t->cost.macs,
		.last = no_score, .validation = no_score, .best = no_score, .data_digest = t->data->digest, .threads = 1,
		.precision = (enum precision)t->sweep->recipe.precision,
	};
	snprintf(r->id, sizeof r->id, "%s", t->point->id);
	snprintf(r->family, sizeof r->family, "%s", t->point->family);
	snprintf(r->kernels, sizeof r->kernels, "%s", t->kernels->name);
	for (int i = 0; i < t->data->split_count; i++) {
		if (t->data->splits[i].role == ROLE_TRAINING)
			continue;
		snprintf(r->split_names[r->split_count], sizeof r->split_names[0], "%s", t->data->splits[i].name);
		r->splits[r->split_count++] = no_score;
	}
}

static void note_update(void *about)
{
	struct course *c = about;

	c->updated = clock_seconds();
}

static bool create_training(struct course *c, struct error *err)
{
	const struct trial *t = c->trial;
	struct training_setup setup = {
		.network = &t->point->network, .recipe = &t->sweep->recipe,
		.training = images_of(t->data, dataset_split(t->data, ROLE_TRAINING)),
		.validation = images_of(t->data, dataset_split(t->data, ROLE_VALIDATION)),
		.seed = (uint64_t)t->point->seed, .kernels = t->kernels, .crew = c->crew, .stop = t->stop,
		.updated = note_update, .about = c,
	};

	c->training = training_create(&setup, err);
	if (c->training)
		progress_watch(t->progress, t->place, c->training);
	return c->training;
}

/* After a gain on the validation images, the first of equals, the weights are remembered. What the test images say of them is asked once,
 * at the end: asked at every gain, it took 4 % of a sweep's time. */
static void note_best(struct course *c, const struct epoch_row *row)
{
	if (!(row->validation.accuracy > c->best_validation))
		return;
	c->best_validation = row->validation.accuracy;
	c->record->best_epoch = row->epoch;
	training_keep(c->training);
}

/* The final epoch's test images are scored with all others. */
static bool score_best(struct course *c)
{
	const struct split *test = dataset_split(c->trial->data, ROLE_TEST);
	struct record *r = c->record;

	if (!test || r->best_epoch == 0)
		return true;
	if (r->best_epoch == r->epochs) {
		r->best = r->last;
		return true;
	}
	return training_evaluate_kept(c->training, images_of(c->trial->data, test), &r->best);
}

static void note_crew(struct course *c)
{
	int threads = 1 + atomic_load(&c->crew->helpers);

	if (threads > c->record->threads)
		c->record->threads = threads;
}

static void note_divergence(struct record *r, const struct epoch_row *row)
{
	r->status = POINT_DIVERGED;
	r->validation = no_score;
	snprintf(r->message, sizeof r->message, "the loss was not finite in epoch %d", row->epoch);
}

/* False without an error where `stop` was raised. */
static bool run_epochs(struct course *c, struct error *err)
{
	struct record *r = c->record;
	struct epoch_row row = { .last = false };

	while (!row.last && !row.diverged) {
		double start = clock_seconds();
		if (!training_epoch(c->training, &row))
			return false;
		r->train_seconds += c->updated - start;
		r->epochs = row.epoch;
		r->validation = row.validation;
		if (!curve_add(&c->curve, &row, clock_seconds() - c->began, err))
			return false;
		progress_epoch(c->trial->progress, c->trial->place, &row);
		note_crew(c);
		if (row.diverged)
			note_divergence(r, &row);
		else
			note_best(c, &row);
	}
	return true;
}

/* The last update can be the one too many: without validation images only the final scores tell. */
static void check_scores(struct record *r)
{
	bool finite = true;

	for (int k = 0; k < r->split_count; k++)
		finite = finite && isfinite(r->splits[k].loss);
	if (finite)
		return;
	r->status = POINT_DIVERGED;
	snprintf(r->message, sizeof r->message, "the loss was not finite after epoch %d", r->epochs);
	for (int k = 0; k < r->split_count; k++)
		r->splits[k] = no_score;
	r->last = r->best = no_score;
}

/* The final epoch's scores on all splits but the training images. What is known already is not computed again. */
static bool score_splits(struct course *c)
{
	const struct dataset *data = c->trial->data;
	struct record *r = c->record;

	for (int i = 0, k = 0; i < data->split_count; i++) {
		const struct split *split = &data->splits[i];
		struct score *score = &r->splits[k];

		if (split->role == ROLE_TRAINING)
			continue;
		k++;
		if (split->role == ROLE_VALIDATION)
			*score = r->validation;
		else if (!training_evaluate(c->training, images_of(data, split), score))
			return false;
		if (split->role == ROLE_TEST)
			r->last = *score;
	}
	return true;
}

static bool train(struct course *c, struct error *err)
{
	if (!create_training(c, err) || !run_epochs(c, err))
		return false;
	if (c->record->status == POINT_DIVERGED)
		return score_best(c);
	if (!score_splits(c) || !score_best(c))
		return false;
	check_scores(c->record);
	return true;
}

static void note_times(struct course *c)
{
	struct record *r = c->record;
	const struct split *training = dataset_split(c->trial->data, ROLE_TRAINING);

	note_crew(c);
	r->wall_seconds = clock_seconds() - c->began;
	r->images_per_second = r->train_seconds > 0 ? (double)r->epochs * training->count / r->train_seconds : 0;
}

/* Weights of a point that did not end well are removed: they would be those of an earlier training. */
static bool keep_weights(const struct course *c, struct error *err)
{
	const struct trial *t = c->trial;

	if (c->record->status != POINT_DONE)
		return kept_remove(t->folder, t->point->id, err);
	return kept_write(t->folder, t->point, c->training, err);
}

bool trial_run(const struct trial *t, struct crew *crew, struct record *to, double *beside_seconds, struct error *err)
{
	struct course c = { .trial = t, .crew = crew, .record = to, .began = clock_seconds(), .best_validation = -1 };
	struct error trouble = { "" };

	record_begin(t, to);
	bool trained = train(&c, &trouble);
	bool stopped = !trained && !trouble.text[0];
	if (!trained) {
		to->status = POINT_FAILED;
		snprintf(to->message, sizeof to->message, "%.*s", (int)sizeof to->message - 1, trouble.text);
	}
	note_times(&c);
	*beside_seconds = to->wall_seconds - to->train_seconds + (c.training ? training_loading_seconds(c.training) : 0);
	progress_watch(t->progress, t->place, NULL);
	bool kept = !stopped && keep_weights(&c, err);
	training_destroy(c.training);
	bool written = kept && record_write(t->folder, to, &c.curve, err);
	curve_free(&c.curve);
	return written;
}
