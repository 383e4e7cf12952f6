/* Training one point: batch -> augment -> forward -> loss -> backward -> step, epoch by epoch. Floor 3.
 *
 * The result depends on the network, recipe, images and seed alone: not on the number of threads that help. */
#ifndef NN_TRAIN_TRAIN_H
#define NN_TRAIN_TRAIN_H

#include "nn/base/crew.h"
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
	struct score training;  /* as seen while training: augmented images, moving weights */
	struct score validation;        /* not a number where there are no validation images */
	bool diverged;          /* a loss was not finite: the point ends here */
	bool last;              /* all epochs done, or patience ran out */
};

struct training_setup {
	const struct network *network;
	const struct recipe *recipe;
	struct images training, validation;     /* validation.count may be 0 */
	uint64_t seed;
	const struct kernels *kernels;
	struct crew *crew;      /* borrowed: who helps */
	const volatile int *stop;       /* not NULL and nonzero: leave as soon as possible */
	void (*updated)(void *about);   /* not NULL: called between an epoch's last update and its validation, for clocks */
	void *about;
	const struct observer *observer;        /* not NULL: watches every piece of work */
};

struct training;

/* Plans, allocates, initialises the weights. NULL and an error where the network does not plan or memory is short. */
struct training *training_create(const struct training_setup *setup, struct error *err);
void training_destroy(struct training *t);

/* One epoch over all training images and the validation images. False where `stop` was raised; the row is then not to be used. */
bool training_epoch(struct training *t, struct epoch_row *row);

/* Loss and accuracy over images in inference mode, by training_weights. False where `stop` was raised. */
bool training_evaluate(struct training *t, struct images images, struct score *score);

/* The same, and each image's logits into logits[images.count][classes]. */
bool training_predict(struct training *t, struct images images, struct score *score, real *logits);

/* Remembers the weights that images are judged by now, in place of those remembered before. */
void training_keep(struct training *t);
/* training_evaluate by the weights that training_keep remembered. */
bool training_evaluate_kept(struct training *t, struct images images, struct score *score);

/* Which of a training's weights images are judged by, and files keep: running averages where the recipe asks for them, else those that
 * are trained. Averages are of parameters and of running state alike: batch norm's moving statistics are averages already, but of
 * fewer steps, and would be those of other weights. They change with the next epoch. */
struct model_memory training_weights(const struct training *t);
const struct model_plan *training_plan(const struct training *t);

/* The weights that a training with this seed begins with; `params` and `state` as in model_initialise_at. */
void training_first_weights(const struct model_plan *plan, uint64_t seed, real *params, real *state);

/* batch.noise of update 1, 2, ... of a training with this seed. */
uint64_t training_noise(uint64_t seed, int64_t update);

/* How long the training images were being loaded and augmented so far; 0 where the crew has no clock. */
double training_loading_seconds(const struct training *t);

/* Images of the current epoch already trained on; another thread may ask at any time. */
int training_progress(const struct training *t);

#endif
