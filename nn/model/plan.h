/* A planned network: every shape, every place in memory, and the program of steps, before any memory exists. Floor 3.
 * For the files of nn/model alone; others see network.h and model.h.
 *
 * A program is a list of items cut into segments. All items of a segment are run for one index (a lane group, a block of features)
 * by one thread, in order; between segments everybody waits for everybody. So runs of per-group layers stay in one thread's cache,
 * and two tensors may share memory only if no segment needs both. */
#ifndef NN_MODEL_PLAN_H
#define NN_MODEL_PLAN_H

#include "nn/base/crew.h"
#include "nn/model/network.h"

struct model;
struct item;

typedef void item_run(struct model *model, const struct item *item, int index, int seat);

struct item {
	item_run *run;
	enum step_scope scope;
	int layer;              /* which layer's pass */
	int input;              /* which of its inputs, where that matters */
	const struct step *step;        /* for items that are a step of the layer */
};

struct program {
	int count;
	struct item *items;     /* owned by the plan */
	int segment_count;
	int *ends;              /* owned: segment k is items ends[k - 1] .. ends[k] - 1 */
};

/* A tensor's place in memory, and the items, counted through both programs, in which it is alive. One that no segment hands on to another
 * is `local`: its lane groups take turns in a place that each seat of the crew has, and that stays in its thread's cache. */
struct slot {
	size_t len, at;         /* numbers, of all groups or of one; len 0: not needed */
	int first, last;
	bool local;
};

/* What one layer writes: its values and their gradient. Views of it share it. */
struct storage {
	struct slot value, gradient;
	int producer;           /* layer, or NETWORK_INPUT */
	bool wants_gradient;    /* some parameter lies behind it */
};

struct node {
	const struct layer_type *type;  /* whose steps run: the layer's own, or that with what is folded into it */
	struct layer_plan plan;
	struct shape written;           /* of `out`: plan.out, or what the folded pooling makes of it */
	struct window pooling;          /* if pooled */
	bool pooled;
	bool in_place;                  /* its reader computes its output: `out` is what it reads, and so is the gradient */
	int through_count, through[MAX_THROUGH];        /* layers whose work it does on the way of its input, in order */
	bool expands, made;             /* does the work of two layers before it, those below; is such a one */
	int conv, norm;
	bool normed;                    /* does the work of `before` too, batch norm, which is `moments_alone` or, if it expands, `made` */
	int before;
	bool moments_alone;
	bool transits;                  /* does the work of `norm` behind it, and of its pooling */
	bool finishes, finished_elsewhere;      /* does `reader`'s last step of backward; does not do its own */
	int reader;
	struct shape in[MAX_INPUTS];
	int storage[MAX_INPUTS], out;   /* indices of storages */
	bool runs;              /* false: a view, or an activation that its producer applies */
	bool runs_backward;
	bool activated;         /* applies `activation` to its output */
	struct activation activation;
	const struct activation *gate;  /* NULL, or the activation through which it takes the gradient by what it reads first */
	bool gated_elsewhere;   /* the only reader of its output does so for this layer's activation */
	struct slot side[MAX_INPUTS];   /* gradient by an input that already has one; added to it afterwards */
	size_t params_len, params_at, grouped_at, state_at, saved_at, shared_at;
};

struct model_plan {
	const struct network *network;  /* borrowed */
	int batch, groups, optimizer_slots;
	bool averages, kept;    /* the block also has averages of parameters and running state, and a copy of them */
	struct node *nodes;     /* owned: one per layer */
	struct storage *storages;       /* owned: 0 is the network's input */
	int storage_count;
	struct program forward, backward;
	/* Numbers in each part of the one block. */
	size_t params_len, grouped_len, state_len, activations_len, saved_len, shared_len;
	size_t local_len, scratch_len;  /* of each seat */
};

/* Seats that find work in the model: as many as groups, if a crew has so many. */
int plan_seats(const struct model_plan *plan);

/* plan_fold.c. How many layers read layer i's output. */
int plan_reader_count(const struct network *network, int i);
/* An activation is applied by its producer if that can do so and nobody else wants the values before it. True: so layer i does not run. */
bool plan_fold_activation(struct model_plan *plan, int i);
/* A max pooling likewise, of what its producer, with or without an activation, would write for it alone. */
bool plan_fold_pooling(struct model_plan *plan, int i);
/* Layers in a row before layer i, each read by the next one alone and each with channels of its own, are the work of layer i, if that one
 * takes its input channel by channel. */
void plan_fold_input(struct model_plan *plan, int i);
/* A 1x1 convolution and batch norm before layer i, which alone reads them, are the work of layer i where it can do them and that pays.
 * True: so it reads what the convolution reads. */
bool plan_fold_expansion(struct model_plan *plan, int i);
/* Batch norm before layer i, which alone reads it, is the work of layer i but for its moments, where it can do that. When all layers are
 * planned: an expansion, which saves more, comes first. */
void plan_fold_norm(struct model_plan *plan, int i);
/* Batch norm with a max pooling, which alone reads layer i, a 1x1 convolution, is the work of layer i where that pays. */
void plan_fold_transition(struct model_plan *plan, int i);
/* The last step of the backward pass of layer i's only reader is the work of layer i, if that can do it on the way. After all others. */
void plan_fold_finish(struct model_plan *plan, int i);
/* The gradient through an activation folded into layer i is the work of the layer that reads its output, if it is one and can do so. */
void plan_fold_gate(struct model_plan *plan, int i);

/* plan_program.c: fills plan->forward and plan->backward from the nodes. */
bool plan_program(struct model_plan *plan, struct error *err);
/* plan_memory.c: lifetimes and places of all slots. */
bool plan_memory(struct model_plan *plan, struct error *err);

/* Numbers in the one block that a model is cut from, but for rounding. */
size_t model_plan_len(const struct model_plan *plan);

/* model.c: what items run. */
item_run model_run_step, model_run_loss, model_run_activation_backward, model_run_accumulate;

#endif
