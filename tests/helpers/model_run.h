/* Training steps of a small network, and everything they leave behind as one array to compare. For tests. */
#ifndef TESTS_HELPERS_MODEL_RUN_H
#define TESTS_HELPERS_MODEL_RUN_H

#include "nn/model/model.h"
#include "tests/helpers/network.h"

/* A network of every registered layer type: shortcuts, a tensor with two readers, folded and unfolded activations, a
 * side branch. 3x9x11 in, 4 classes. */
extern const char *const every_layer_text;
/* One with two inverted residuals (nn/fused/conv_norm_depthwise.c), with strides 1 and 2 and a shortcut, of the same
 * input and classes. */
extern const char *const expansions_text;
/* One in which 1x1 convolutions have batch norm in their weights (nn/fused/norm_conv.c), likewise. */
extern const char *const norms_text, *const projections_text;
/* One that ends two stages with a max pooling (nn/fused/conv_norm_pool.c), likewise. */
extern const char *const transitions_text;

struct model_run {
	struct net net;
	struct model_plan *plan;        /* owned */
	struct model *model;            /* owned */
	struct team team;
	struct batch batch;             /* of the next pass; .images 0 before the first filling */
	int step;
};

/* A network that does not plan ends the test. */
void model_run_open(struct model_run *r, const char *text, struct shape input, int classes);
void model_run_plan(struct model_run *r, int batch);
/* The seed of the weights is 1. */
void model_run_create(struct model_run *r, const struct kernels *kernels);
void model_run_close(struct model_run *r);

/* Input and labels of a batch of images that depend on seed and image alone; empty lanes get `junk` and labels out of
 * range. */
void model_run_fill(struct model_run *r, int images, uint64_t seed, double junk);

/* Forward, backward, and an update by SGD with momentum. */
void model_run_train(struct model_run *r);

/* Losses, correctness, logits, d_in where there is one, gradients, weights, running state; taken
 * (lanes.h). */
struct outcome { double *at; size_t len; };
struct outcome model_run_outcome(const struct model_run *r);

/* Byte for byte. */
void check_outcomes(const char *file, int line, const struct outcome outcomes[2], const char *what);
#define CHECK_SAME_OUTCOME(what, ...) check_outcomes(__FILE__, __LINE__, (const struct outcome[2]){ __VA_ARGS__ }, what)

#endif
