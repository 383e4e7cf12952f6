/* A model is a planned network with memory: values, gradients, running state, activations, all cut from one block.
 * Floor 3. Nothing is allocated between its creation and its end. */
#ifndef NN_MODEL_MODEL_H
#define NN_MODEL_MODEL_H

#include "nn/base/team.h"
#include "nn/loss/loss.h"
#include "nn/model/network.h"
#include "nn/optim/optimizer.h"

struct model;

/* What a batch is judged by; all borrowed. */
struct batch_loss {
	const struct loss_type *type;
	const void *config;
	const double *class_weights;    /* [classes]; NULL: all are 1 */
};

/* What a pass over one batch is. */
struct batch {
	int images;             /* 1 .. the planned batch */
	bool training;          /* batch statistics, dropout, gradients possible; else inference */
	bool without_dropout;   /* training, but nothing is left out */
	struct batch_loss loss; /* type NULL: plain cross-entropy, as in evaluation */
	double label_smoothing; /* share of the target spread over all classes */
	uint64_t noise;         /* differs from batch to batch: the seed of all dropout masks */
};

/* Parameters and running state: those that are trained, their running averages, or what model_keep_best copied. */
enum model_weights { MODEL_TRAINED, MODEL_AVERAGES, MODEL_BEST };

/* The plan is borrowed and must outlive the model. NULL and an error where memory is short, or where the network uses
 * OpenBLAS and blas_load() has none. */
struct model *model_create(const struct model_plan *plan, const struct kernels *kernels, struct error *err);
void model_destroy(struct model *model);

/* Who watches from now on, borrowed; NULL: nobody. */
void model_observe(struct model *model, const struct observer *observer);

/* Fills parameters and running state by each layer's rule; averages begin as these. */
void model_initialise(struct model *model, uint64_t seed);
/* The same without a model, into memory of the caller's: as many numbers as the plan's cost says, trainable and the
 * rest of the total. */
void model_initialise_at(const struct model_plan *plan, uint64_t seed, real *params, real *state);

/* Where the caller writes a lane group's images, [c][h][w][LANES], and what they are, [LANES]. Lanes without an image
 * must hold finite numbers; their targets are not read. A pass may use the input's memory for other things: write it
 * anew before each forward pass. */
real *model_input(struct model *model, int group);
struct target *model_targets(struct model *model, int group);
/* Likewise for a loss that reads it, what the teachers make of the images: their mean softmax, [classes][LANES], at the
 * loss's temperature. NULL unless the plan has it. */
real *model_teacher(struct model *model, int group);

/* Forward with loss. Parameters that changed since the last call (`fresh`) are packed anew. */
void model_forward(struct model *model, struct team *team, const struct batch *batch, bool fresh);

/* Gradients of the mean loss of the last forward pass, which must have been in training mode. */
void model_backward(struct model *model, struct team *team);

/* One step of the optimizer along the last gradients. */
struct model_step {
	const struct optimizer_type *optimizer;
	const void *config;
	double learning_rate;
	int64_t step;           /* 1 for the first */
	/* the gradients, whose Euclidean norm over all parameters is larger, are scaled down to it first; 0: never */
	double clip;
};
void model_update(struct model *model, struct team *team, const struct model_step *step);

/* Takes the parameters and the running state into their averages: average = keep * average + (1 - keep) * value. The
 * plan must have averages. */
void model_average(struct model *model, struct team *team, double keep);

/* Moves the parameters by `reach` along their last gradients, in Euclidean norm: to where the loss is highest nearby,
 * as far as the gradients tell (Foret et al. 2021). Afterwards they and the running state are put back as they were.
 * The plan must have memory for it. */
void model_perturb(struct model *model, struct team *team, double reach);
void model_put_back(struct model *model);

/* Moves the slow weights, which begin as the first ones, by a share of their way to the parameters, and sets the
 * parameters to them (Zhang et al. 2019). The plan must have them. */
void model_look_ahead(struct model *model, struct team *team, double share);

/* Copies the parameters and the running state, or their averages, into memory of their own. The plan must have it. */
void model_keep_best(struct model *model, enum model_weights which);

/* Which parameters and running state the next passes use; all but the trained ones are not for training. The plan must
 * have them. */
void model_use(struct model *model, enum model_weights which);

/* Of the last forward pass: the loss of image i, of which the batch's loss is the mean, and whether its largest logit
 * (the first of equals) is its label's. */
double model_loss(const struct model *model, int image);
bool model_correct(const struct model *model, int image);

/* The logits, [group][classes][LANES], of the last forward pass. */
const real *model_logits(const struct model *model);

/* Stretches of the one block: parameters and state layer by layer, each layer's arrays in its plan's order, nothing
 * between. Gradients are ordered as parameters. They are complete after model_backward; d_input is NULL unless the
 * network wants it, averages (of params_len parameters) and state_averages are NULL unless the plan has them. */
struct model_memory {
	real *params, *gradients, *state, *averages, *state_averages;
	size_t params_len, state_len;
	const real *d_input;
};
struct model_memory model_memory(const struct model *model);

/* The stretches that outlive a batch: parameters, state, optimizer's slots, averages, the best weights, slow
 * weights; those that the plan has. Returns how many. */
enum { MODEL_ARRAYS = 10 };
struct model_array {
	real *at;
	size_t len;
};
int model_arrays(const struct model *model, struct model_array to[MODEL_ARRAYS]);

#endif
