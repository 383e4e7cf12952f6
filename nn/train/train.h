/* Training one point: batch -> augment -> forward -> loss -> backward -> step, epoch by epoch. Floor 3.
 *
 * The result depends on the network, recipe, images and seed, and not on the number of threads. */
#ifndef NN_TRAIN_TRAIN_H
#define NN_TRAIN_TRAIN_H

#include "nn/base/team.h"
#include "nn/model/model.h"
#include "nn/train/augmenter.h"

/* How an image is seen: (y, x) shows the image's pixel (y + dy, x + dx), columns counted from the right if flipped, and
 * byte 0 beyond its edges. All zero: as it is. */
struct view {
	bool flip;
	int dy, dx;             /* in pixels, nearer to 0 than the image's height and width */
};

/* Images as bytes, borrowed: pixels [count][c][h][w], labels [count] below the network's classes. */
struct images {
	const uint8_t *pixels, *labels;
	int count;
	struct shape shape;
	struct view view;       /* of them all, in evaluation */
};

struct score {
	/* mean per image: while training the recipe's loss, in evaluation cross-entropy without smoothing or weights */
	double loss;
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

/* Where a training stands between two batches. With training_arrays it is all that a training goes on from: a
 * checkpoint. The order of the images, augmentation and dropout follow from seed, epoch and step. */
struct training_position {
	int epoch;              /* epochs finished */
	int next;               /* image of the current epoch that comes next; all of them: its validation does */
	int64_t step;           /* updates done */
	struct score sum;       /* over the images of the current epoch so far */
	double learning_rate;   /* of the last update */
	double best_accuracy;   /* of the validation images, for patience */
	int epochs_without_gain;
	struct schedule_state watched;  /* of a schedule that watches the validation score */
};

/* A network that the student learns from, of the same input and classes. Borrowed: the network as long as the training
 * lives, the rest while it is created. */
struct teacher {
	const struct network *network;
	const real *params, *state;     /* as in struct model_memory; NULL: first weights, to measure speeds */
	enum scaling scaling;           /* of the pixels in its own training; standard: over the student's images */
};

struct training_setup {
	const struct network *network;
	const struct recipe *recipe;
	struct images training, validation;     /* validation.count may be 0 */
	const struct teacher *teachers; /* [teacher_count]; a loss that reads them needs some for each training_epoch */
	int teacher_count;
	uint64_t seed;
	const struct kernels *kernels;
	struct team *team;      /* borrowed */
	const volatile int *stop;       /* may be NULL; nonzero: return as soon as possible */
	void (*updated)(void *about);   /* may be NULL; called after an epoch's last update, before validation */
	void (*between)(void *about);   /* may be NULL; called before each training batch, by the leader */
	void *about;
	const struct observer *observer;        /* may be NULL; for profiles */
};

struct training;

/* Plans, allocates, initialises the weights. NULL and an error if the network cannot be planned or memory is short. */
struct training *training_create(const struct training_setup *setup, struct error *err);
void training_destroy(struct training *t);

/* One epoch, or what is left of it, over all training images, then the validation images. False if `stop` was raised:
 * the row is then invalid, and the next call goes on from there. */
bool training_epoch(struct training *t, struct epoch_row *row);

/* Where it stands; valid in `between`, and after training_epoch. */
struct training_position training_position(const struct training *t);
/* model_arrays of its model, and the teachers' answers that are kept. */
enum { TRAINING_ARRAYS = MODEL_ARRAYS + 1 };
int training_arrays(const struct training *t, struct model_array to[TRAINING_ARRAYS]);
/* Goes on from a position; the caller has filled the arrays. False where the position cannot be one of this
 * training. */
bool training_resume(struct training *t, const struct training_position *position);

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

/* The augmentation of a training with this recipe and seed; as augmenter_create. */
struct augmenter *training_augmenter(const struct recipe *recipe, struct shape shape, int threads, uint64_t seed,
                                     struct error *err);

/* Time spent loading and augmenting training images so far; 0 if the team has no clock. */
double training_loading_seconds(const struct training *t);

/* Images of the current epoch trained so far; any thread may call this at any time. */
int training_progress(const struct training *t);

#endif
