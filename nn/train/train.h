/* Training one point: batch -> augment -> forward -> loss -> backward -> step, epoch by epoch. Floor 3.
 *
 * The result depends on the network, recipe, images and seed, and not on the number of threads. */
#ifndef NN_TRAIN_TRAIN_H
#define NN_TRAIN_TRAIN_H

#include "nn/base/team.h"
#include "nn/model/model.h"
#include "nn/train/recipe.h"

/* Images as bytes, borrowed: pixels [count][c][h][w], labels [count] below the network's classes. */
struct images {
	const uint8_t *pixels, *labels;
	int count;
	struct shape shape;
};

struct score {
	double loss;            /* mean cross-entropy per image, without label smoothing in evaluation */
	double accuracy;        /* share of images whose largest logit is the label's, 0..1 */
};

struct epoch_row {
	int epoch;              /* 1 for the first */
	double learning_rate;   /* at the epoch's last update */
	struct score training;  /* of the images seen while training: augmented, with changing weights */
	struct score validation;        /* NaN without validation images */
	bool diverged;          /* a loss was not finite: training ends here */
	bool last;              /* all epochs done, or patience ran out */
};

struct training_setup {
	const struct network *network;
	const struct recipe *recipe;
	struct images training, validation;     /* validation.count may be 0 */
	uint64_t seed;
	const struct kernels *kernels;
	struct team *team;      /* borrowed */
	const volatile int *stop;       /* may be NULL; nonzero: return as soon as possible */
	void (*updated)(void *about);   /* may be NULL; called after an epoch's last update, before validation */
	void *about;
	const struct observer *observer;        /* may be NULL; for profiles */
};

struct training;

/* Plans, allocates, initialises the weights. NULL and an error if the network cannot be planned or memory is short. */
struct training *training_create(const struct training_setup *setup, struct error *err);
void training_destroy(struct training *t);

/* One epoch over all training images, then the validation images. False if `stop` was raised; the row is then
 * invalid. */
bool training_epoch(struct training *t, struct epoch_row *row);

/* Loss and accuracy over images in inference mode, with training_weights. False if `stop` was raised. */
bool training_evaluate(struct training *t, struct images images, struct score *score);

/* The same, and each image's logits into logits[images.count][classes]. */
bool training_predict(struct training *t, struct images images, struct score *score, real *logits);

/* Stores a copy of training_weights, in place of an earlier copy. */
void training_keep_best(struct training *t);
/* training_evaluate with the weights that training_keep_best stored. */
bool training_evaluate_best(struct training *t, struct images images, struct score *score);

/* The weights for evaluation and for files: moving averages if the recipe has average_weights, else the trained
 * weights. Parameters and running state are both averaged: batch norm's moving statistics are averages already, but
 * over fewer steps, and they belong to the trained weights. The next epoch changes them. */
struct model_memory training_weights(const struct training *t);
const struct model_plan *training_plan(const struct training *t);

/* The initial weights of a training with this seed; `params` and `state` as in model_initialise_at. */
void training_first_weights(const struct model_plan *plan, uint64_t seed, real *params, real *state);

/* batch.noise for update 1, 2, ... of a training with this seed. */
uint64_t training_noise(uint64_t seed, int64_t update);

/* Time spent loading and augmenting training images so far; 0 if the team has no clock. */
double training_loading_seconds(const struct training *t);

/* Images of the current epoch trained so far; any thread may call this at any time. */
int training_progress(const struct training *t);

#endif
