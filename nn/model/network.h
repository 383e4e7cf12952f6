/* A network is a list of layers, each with its type and filled-in fields: a description, no memory and no numbers.
 * Floor 3. */
#ifndef NN_MODEL_NETWORK_H
#define NN_MODEL_NETWORK_H

#include "nn/base/observer.h"
#include "nn/layer/layer.h"

enum { NETWORK_INPUT = -1 };    /* in `from`: the network's input instead of a layer */

struct layer {
	const struct layer_type *type;
	const void *config;     /* type->kind.config_size bytes, owned by whoever built the network */
	int from[MAX_INPUTS];   /* indices of earlier layers, or NETWORK_INPUT; type->inputs of them */
	struct mark at;         /* for errors */
};

/* The last layer's output are the logits: classes x 1 x 1. The softmax belongs to the loss. */
struct network {
	struct shape input;
	int classes;
	int layer_count;
	const struct layer *layers;
	double dropout;         /* factor on the rates of all dropout layers; 0: they are not there */
	bool bf16;              /* convolutions multiply in bfloat16 where that pays (nn/kernel/bf16.h) */
	/* also compute the gradient with respect to the input: for checks and saliency, not for training */
	bool input_gradient;
	/* it only ever runs forward in inference mode, for its logits: no loss, no gradients, no memory for them */
	bool inference;
};

/* What one network costs, from shapes alone: no data, no memory. */
struct cost {
	int64_t trainable;      /* what the optimizer updates; batch norm counts 2 a channel */
	int64_t total;          /* trainable and batch norm's moving statistics: 4 a channel */
	int64_t macs;           /* multiply-adds of one image forward; convolutions and dense layers only */
	/* activations and their gradients for one batch, as placed: reused where lifetimes allow */
	int64_t activation_bytes;
	/* all that a training point allocates: values, gradients, optimizer's state, copies, activations, work */
	int64_t memory_bytes;
	/* OpenBLAS multiplies: a dense layer is that large, or the optimizer takes kernels as matrices */
	bool uses_blas;
};

struct model_plan;
struct optimizer_type;

/* Shapes, parameters, memory. `optimizer_slots`: numbers the optimizer keeps per parameter (Adam 2).
 * The plan borrows the network, which must outlive it. NULL and an error at a layer's mark where shapes do not fit. */
struct model_plan *model_plan_create(const struct network *network, int batch, int optimizer_slots, struct error *err);
void model_plan_destroy(struct model_plan *plan);
/* Plans memory for running averages of parameters and running state too. Before any model is made from the plan. */
void model_plan_add_averages(struct model_plan *plan);
/* Likewise for a copy of them, see model_keep_best. */
void model_plan_add_best(struct model_plan *plan);
/* Likewise for slow weights, see model_look_ahead. */
void model_plan_add_lookahead(struct model_plan *plan);
/* Likewise for what model_perturb keeps. */
void model_plan_add_perturbation(struct model_plan *plan);
/* Likewise for the teachers' answers to a batch, see model_teacher. */
void model_plan_add_teacher(struct model_plan *plan);
/* Likewise for what an optimizer with update_matrix works in: that function gets all kernels but the last layer's. */
void model_plan_add_matrices(struct model_plan *plan, const struct optimizer_type *optimizer);
struct cost model_plan_cost(const struct model_plan *plan);

/* What one update over a full batch does in one stage of one layer (NETWORK_INPUT: of loading), counted from the
 * plan. */
struct stage_cost {
	/* multiply-adds of images, not of empty lanes: of convolutions and dense layers, as they are done */
	int64_t macs;
	/* read or written by its steps, each array once a step; the rules stand in plan_cost.c */
	int64_t bytes;
};
struct stage_cost model_plan_stage(const struct model_plan *plan, enum stage stage, int layer);
/* The sum over all stages and layers. */
struct stage_cost model_plan_update(const struct model_plan *plan);
/* False for a layer that costs nothing of its own: a view, or an activation that the layer before it applies. */
bool model_plan_computes(const struct model_plan *plan, int layer);

/* The plan of layer i, as its type stated it (out.out is its output's shape). */
const struct layer_plan *model_plan_layer(const struct model_plan *plan, int i);

#endif
