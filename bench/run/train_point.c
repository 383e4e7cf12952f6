/* See train_point.h. The test images choose nothing: which epoch is best is decided by the validation images alone. */
#include "bench/run/train_point.h"

#include "bench/data/images.h"
#include "bench/record/checkpoint.h"
#include "bench/record/final_weights.h"
#include "bench/record/point_files.h"
#include "bench/run/teacher_weights.h"
#include "bench/system/blas.h"
#include "bench/system/clock.h"
#include "bench/system/machine.h"
#include "bench/system/program.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* A checkpoint is not written again before this many times what the last one took: so it costs at most 1 % of the
 * time. */
#define CHECKPOINT_SHARE 100.0

/* A point's training, under way. */
struct point_training {
	const struct point_request *request;
	struct team *team;
	struct training *training;      /* owned */
	struct curve curve;             /* owned */
	struct record *record;          /* filled on the way */
	double began, updated;          /* clock_seconds at the start, and after the last epoch's last update */
	double epoch_began;
	double best_validation;
	bool ended;                     /* the last epoch is over */
	double saved, saving_seconds;   /* when the last checkpoint was written, and how long that took */
	int logits_count;
	struct split_logits logits[MAX_SPLITS]; /* their numbers are owned */
	struct score test;              /* the final epoch's on the test images */
};

static const struct score no_score = { NAN, NAN };

static void record_begin(const struct point_request *t, struct record *r)
{
	*r = (struct record){
		.width = t->point->width, .seed = t->point->seed, .status = POINT_DONE,
		.trainable = t->cost.trainable, .total = t->cost.total, .macs = t->cost.macs,
		.last = no_score, .validation = no_score, .best = no_score, .by_views = no_score,
		.data_digest = t->data->digest,
		.threads = 1, .precision = (enum precision)t->point->variant->recipe.precision,
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

static void note_team(struct point_training *p)
{
	int threads = 1 + atomic_load(&p->team->helpers);

	if (threads > p->record->threads)
		p->record->threads = threads;
}

/* --- checkpoints -------------------------------------------------------------------------------------------------- */

/* Whose a checkpoint is. */
static struct checkpoint checkpoint_of(const struct point_training *p)
{
	const struct record *r = p->record;
	struct checkpoint c = { .data_digest = r->data_digest };

	memcpy(c.id, r->id, sizeof c.id);
	memcpy(c.kernels, r->kernels, sizeof c.kernels);
	snprintf(c.version, sizeof c.version, "%s", program_version);
	return c;
}

/* `train_seconds`: of all updates so far. */
static void save_checkpoint(struct point_training *p, double train_seconds)
{
	const struct record *r = p->record;
	struct checkpoint c = checkpoint_of(p);
	struct error trouble = { "" };
	double start = clock_seconds();
	char line[2048];

	c.at = training_position(p->training);
	c.ended = p->ended;
	c.diverged = r->status == POINT_DIVERGED;
	c.best_epoch = r->best_epoch;
	c.best_validation = p->best_validation;
	c.train_seconds = train_seconds;
	c.wall_seconds = start - p->began;
	c.threads = r->threads;
	c.rows = p->curve.count;
	c.curve = p->curve;
	if (!checkpoint_write(p->request->folder, &c, p->training, &trouble)) {
		snprintf(line, sizeof line, "no checkpoint, training goes on: %s", trouble.text);
		progress_say(p->request->progress, line, true);
	}
	p->saved = clock_seconds();
	p->saving_seconds = p->saved - start;
}

/* Called before each training batch. */
static void save_when_due(void *about)
{
	struct point_training *p = about;
	double now = clock_seconds(), every = p->request->sweep->checkpoint_seconds;

	if (now - p->saved >= fmax(every, CHECKPOINT_SHARE * p->saving_seconds)) {
		note_team(p);
		save_checkpoint(p, p->record->train_seconds + now - p->epoch_began);
	}
}

static bool create_training(struct point_training *p, struct error *err)
{
	const struct point_request *t = p->request;
	struct training_setup setup = {
		.network = &t->point->network, .recipe = &t->point->variant->recipe,
		.training = images_of(t->data, dataset_split(t->data, ROLE_TRAINING)),
		.validation = images_of(t->data, dataset_split(t->data, ROLE_VALIDATION)),
		.seed = (uint64_t)t->point->seed, .kernels = t->kernels, .team = p->team, .stop = t->stop,
		.updated = note_update, .between = save_when_due, .about = p,
	};

	struct teacher_weights teachers;

	if (!teacher_weights_read(t->folder, t->point, &teachers, err))
		return false;
	setup.teachers = teachers.of;
	setup.teacher_count = teachers.count;
	p->training = training_create(&setup, err);
	teacher_weights_free(&teachers);
	return p->training;
}

static void note_divergence(struct record *r, const struct epoch_row *row)
{
	r->status = POINT_DIVERGED;
	r->validation = no_score;
	snprintf(r->message, sizeof r->message, "the loss was not finite in epoch %d", row->epoch);
}

/* Takes over what an earlier training had done. */
static void continue_from(struct point_training *p, struct checkpoint *c)
{
	struct record *r = p->record;

	p->curve = c->curve;
	p->ended = c->ended;
	p->best_validation = c->best_validation;
	p->began -= c->wall_seconds;
	r->best_epoch = c->best_epoch;
	r->train_seconds = c->train_seconds;
	r->threads = c->threads;
	r->epochs = c->rows;
	if (c->rows > 0)
		r->validation = c->curve.rows[c->rows - 1].validation;
	if (c->diverged)
		note_divergence(r, &c->curve.rows[c->rows - 1]);
}

/* A new training, or where an earlier one was. */
static bool begin_training(struct point_training *p, struct error *err)
{
	const struct point_request *t = p->request;
	struct checkpoint want = checkpoint_of(p), found;
	struct error trouble = { "" };
	char line[2048];

	if (!create_training(p, err))
		return false;
	if (checkpoint_read(t->folder, &want, p->training, &found, &trouble)) {
		continue_from(p, &found);
	} else if (trouble.text[0]) {
		snprintf(line, sizeof line, "starts anew: %s", trouble.text);
		progress_say(t->progress, line, true);
		training_destroy(p->training);
		if (!create_training(p, err))
			return false;
	}
	progress_watch(t->progress, t->number, p->training);
	return true;
}

/* --- epochs and scores -------------------------------------------------------------------------------------------- */

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

/* False without an error where `stop` was raised: what has been done of the epoch is in the checkpoint. */
static bool run_epochs(struct point_training *p, struct error *err)
{
	struct record *r = p->record;
	struct epoch_row row;

	while (!p->ended) {
		p->epoch_began = clock_seconds();
		p->updated = 0;
		if (!training_epoch(p->training, &row)) {
			r->train_seconds += (p->updated ? p->updated : clock_seconds()) - p->epoch_began;
			return false;
		}
		r->train_seconds += p->updated - p->epoch_began;
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
		p->ended = row.last;
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

/* Whether the images of a split are among those of the split that tables show: their logits are kept with it. */
static bool is_part_of_headline(const struct point_request *t, const struct split *split)
{
	const struct dataset *data = t->data;

	for (int i = 0; i < data->split_count; i++) {
		const struct split *all = &data->splits[i];

		if (all != split && dataset_is_headline(t->sweep->data.format, all))
			return split->first >= all->first && split->first + split->count <= all->first + all->count;
	}
	return false;
}

/* Keeps the logits, too. */
static bool score_split(struct point_training *p, const struct split *split, struct score *score, struct error *err)
{
	const struct dataset *data = p->request->data;
	struct split_logits *logits = &p->logits[p->logits_count];

	if (is_part_of_headline(p->request, split))
		return training_evaluate(p->training, images_of(data, split), score);
	*logits = (struct split_logits){ split->name, split->count,
		malloc((size_t)split->count * (size_t)data->classes * sizeof *logits->at) };
	if (!logits->at)
		return fail(err, "not enough memory for the logits of %d images", split->count);
	p->logits_count++;
	return training_predict(p->training, images_of(data, split), score, logits->at);
}

/* The final epoch's scores on all splits but the training images. What is known already is not computed again. */
static bool score_splits(struct point_training *p, struct error *err)
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
		else if (!score_split(p, split, score, err))
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
	if (!begin_training(p, err) || !run_epochs(p, err))
		return false;
	if (p->record->status == POINT_DIVERGED)
		return score_best(p);
	if (!score_splits(p, err) || !score_best(p))
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

static void note_program(const struct point_request *t, struct record *r)
{
	time_t now = time(NULL);
	struct tm utc;

	snprintf(r->version, sizeof r->version, "%s", program_version);
	snprintf(r->commit, sizeof r->commit, "%s", program_commit);
	snprintf(r->compiler, sizeof r->compiler, "%s", program_compiler);
	snprintf(r->openblas, sizeof r->openblas, "not used");
	if (t->cost.uses_blas)
		blas_build(r->openblas);
	machine_processor(r->processor);
	strftime(r->date, sizeof r->date, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &utc));
}

/* Weights and logits of a point that did not end well are removed: they would be those of an earlier training. */
static bool save_files(const struct point_training *p, struct error *err)
{
	const struct point_request *t = p->request;
	const char *id = t->point->id;

	if (p->record->status != POINT_DONE)
		return point_file_remove(t->folder, id, POINT_WEIGHTS, err) &&
		       point_file_remove(t->folder, id, POINT_LOGITS, err);
	return final_weights_write(t->folder, t->point, p->training, err) &&
	       point_file_digest(t->folder, p->record, POINT_WEIGHTS, err) &&
	       point_logits_write(t->folder, id, p->logits, p->logits_count, t->data->classes, err) &&
	       point_file_digest(t->folder, p->record, POINT_LOGITS, err);
}

static void free_training(struct point_training *p)
{
	training_destroy(p->training);
	curve_free(&p->curve);
	for (int i = 0; i < p->logits_count; i++)
		free(p->logits[i].at);
}

/* The record comes last, and the checkpoint goes when it stands. */
static bool save_point(struct point_training *p, struct error *err)
{
	const struct point_request *t = p->request;

	return save_files(p, err) && record_write(t->folder, p->record, &p->curve, err) &&
	       checkpoint_remove(t->folder, t->point->id, err);
}

bool train_point(const struct point_request *t, struct team *team, struct record *to, double *beside_seconds,
                 struct error *err)
{
	double now = clock_seconds();
	struct point_training p = { .request = t, .team = team, .record = to, .began = now, .saved = now,
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
	note_program(t, to);
	*beside_seconds = to->wall_seconds - to->train_seconds +
		(p.training ? training_loading_seconds(p.training) : 0);
	progress_watch(t->progress, t->number, NULL);
	if (stopped)
		save_checkpoint(&p, to->train_seconds);
	bool saved = !stopped && save_point(&p, err);
	free_training(&p);
	return saved;
}
