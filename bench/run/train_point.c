/* See train_point.h. The test images choose nothing: which epoch is best is decided by the validation images alone. */
#include "bench/run/train_point.h"

#include "bench/data/images.h"
#include "bench/record/final_weights.h"
#include "bench/system/blas.h"
#include "bench/system/clock.h"
#include "bench/system/machine.h"
#include "bench/system/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A point's training, under way. */
struct point_training {
	const struct point_request *request;
	struct team *team;
	struct training *training;      /* owned */
	struct curve curve;             /* owned */
	struct record *record;          /* filled on the way */
	double began, updated;          /* clock_seconds at the start, and after the last epoch's last update */
	double best_validation;
	struct score test;              /* the final epoch's on the test images */
};

static const struct score no_score = { NAN, NAN };

static void record_begin(const struct point_request *t, struct record *r)
{
	*r = (struct record){
		.width = t->point->width, .seed = t->point->seed, .status = POINT_DONE,
		.trainable = t->cost.trainable, .total = t->cost.total, .macs = t->cost.macs,
		.last = no_score, .validation = no_score, .best = no_score, .data_digest = t->data->digest,
		.threads = 1, .precision = (enum precision)t->sweep->recipe.precision,
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
	struct point_training *p = about;

	p->updated = clock_seconds();
}

static bool create_training(struct point_training *p, struct error *err)
{
	const struct point_request *t = p->request;
	struct training_setup setup = {
		.network = &t->point->network, .recipe = &t->sweep->recipe,
		.training = images_of(t->data, dataset_split(t->data, ROLE_TRAINING)),
		.validation = images_of(t->data, dataset_split(t->data, ROLE_VALIDATION)),
		.seed = (uint64_t)t->point->seed, .kernels = t->kernels, .team = p->team, .stop = t->stop,
		.updated = note_update, .about = p,
	};

	p->training = training_create(&setup, err);
	if (p->training)
		progress_watch(t->progress, t->number, p->training);
	return p->training;
}

/* After a gain on the validation images, the first of equals, these are the best weights so far. They are evaluated on
 * the test images once, at the end: after every gain that took 4 % of a sweep's time. */
static void note_best(struct point_training *p, const struct epoch_row *row)
{
	if (!(row->validation.accuracy > p->best_validation))
		return;
	p->best_validation = row->validation.accuracy;
	p->record->best_epoch = row->epoch;
	training_keep_best(p->training);
}

/* The final epoch's test images are scored with all others. */
static bool score_best(struct point_training *p)
{
	const struct split *test = dataset_split(p->request->data, ROLE_TEST);
	struct record *r = p->record;

	if (!test || r->best_epoch == 0)
		return true;
	if (r->best_epoch == r->epochs) {
		r->best = p->test;
		return true;
	}
	return training_evaluate_best(p->training, images_of(p->request->data, test), &r->best);
}

static void note_team(struct point_training *p)
{
	int threads = 1 + atomic_load(&p->team->helpers);

	if (threads > p->record->threads)
		p->record->threads = threads;
}

static void note_divergence(struct record *r, const struct epoch_row *row)
{
	r->status = POINT_DIVERGED;
	r->validation = no_score;
	snprintf(r->message, sizeof r->message, "the loss was not finite in epoch %d", row->epoch);
}

/* False without an error where `stop` was raised. */
static bool run_epochs(struct point_training *p, struct error *err)
{
	struct record *r = p->record;
	struct epoch_row row = { .last = false };

	while (!row.last && !row.diverged) {
		double start = clock_seconds();
		if (!training_epoch(p->training, &row))
			return false;
		r->train_seconds += p->updated - start;
		r->epochs = row.epoch;
		r->validation = row.validation;
		if (!curve_add(&p->curve, &row, clock_seconds() - p->began, err))
			return false;
		progress_epoch(p->request->progress, p->request->number, &row);
		note_team(p);
		if (row.diverged)
			note_divergence(r, &row);
		else
			note_best(p, &row);
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
static bool score_splits(struct point_training *p)
{
	const struct dataset *data = p->request->data;
	struct record *r = p->record;

	for (int i = 0, k = 0; i < data->split_count; i++) {
		const struct split *split = &data->splits[i];
		struct score *score = &r->splits[k];

		if (split->role == ROLE_TRAINING)
			continue;
		k++;
		if (split->role == ROLE_VALIDATION)
			*score = r->validation;
		else if (!training_evaluate(p->training, images_of(data, split), score))
			return false;
		if (dataset_is_headline(p->request->sweep->data.format, split))
			r->last = *score;
		if (split->role == ROLE_TEST)
			p->test = *score;
	}
	return true;
}

static bool train(struct point_training *p, struct error *err)
{
	if (!create_training(p, err) || !run_epochs(p, err))
		return false;
	if (p->record->status == POINT_DIVERGED)
		return score_best(p);
	if (!score_splits(p) || !score_best(p))
		return false;
	check_scores(p->record);
	return true;
}

/* A point that diverged has no rate: its last epoch ended early, and its last batch saw no update. */
static void note_times(struct point_training *p)
{
	struct record *r = p->record;
	const struct split *training = dataset_split(p->request->data, ROLE_TRAINING);

	note_team(p);
	r->wall_seconds = clock_seconds() - p->began;
	if (r->status != POINT_DIVERGED && r->train_seconds > 0)
		r->images_per_second = (double)r->epochs * training->count / r->train_seconds;
}

static void note_program(struct record *r)
{
	time_t now = time(NULL);
	struct tm utc;

	snprintf(r->version, sizeof r->version, "%s", program_version);
	snprintf(r->commit, sizeof r->commit, "%s", program_commit);
	snprintf(r->compiler, sizeof r->compiler, "%s", program_compiler);
	blas_build(r->openblas);
	machine_processor(r->processor);
	strftime(r->date, sizeof r->date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

/* Weights of a point that did not end well are removed: they would be those of an earlier training. */
static bool save_weights(const struct point_training *p, struct error *err)
{
	const struct point_request *t = p->request;

	if (p->record->status != POINT_DONE)
		return final_weights_remove(t->folder, t->point->id, err);
	return final_weights_write(t->folder, t->point, p->training, err);
}

bool train_point(const struct point_request *t, struct team *team, struct record *to, double *beside_seconds,
                 struct error *err)
{
	struct point_training p = { .request = t, .team = team, .record = to, .began = clock_seconds(),
		.best_validation = -1, .test = no_score };
	struct error trouble = { "" };

	record_begin(t, to);
	bool trained = train(&p, &trouble);
	bool stopped = !trained && !trouble.text[0];
	if (!trained) {
		to->status = POINT_FAILED;
		snprintf(to->message, sizeof to->message, "%.*s", (int)sizeof to->message - 1, trouble.text);
	}
	note_times(&p);
	note_program(to);
	*beside_seconds = to->wall_seconds - to->train_seconds +
		(p.training ? training_loading_seconds(p.training) : 0);
	progress_watch(t->progress, t->number, NULL);
	bool saved = !stopped && save_weights(&p, err);
	training_destroy(p.training);
	bool written = saved && record_write(t->folder, to, &p.curve, err);
	curve_free(&p.curve);
	return written;
}
