/* A planned network: from the graph of layers to operations, the program of their steps, and every place in memory,
 * before any memory exists. Floor 3. For the files of nn/model alone; others see network.h and model.h.
 *
 *   plan_graph.c    the graph: each layer planned for itself, so that no fusion can change shapes and counts
 *   plan_fuse.c     chains of layers become operations (nn/fused/patterns.c); what operations leave to their neighbours
 *   plan_program.c  the forward and backward steps of the operations, cut into segments
 *   plan_memory.c   lifetimes and places of values and gradients
 *   plan_matrices.c kernels as matrices, for optimizers that update them whole
 *
 * A program is a list of items cut into segments. All items of a segment are run for one index (a lane group, a block
 * of features) by one thread, in order; between segments everybody waits for everybody. So runs of per-group steps stay
 * in one thread's cache, and two tensors may share memory only if no segment needs both. */
#ifndef NN_MODEL_PLAN_H
#define NN_MODEL_PLAN_H

#include "nn/base/team.h"
#include "nn/fused/fused.h"
#include "nn/model/network.h"
#include "nn/optim/optimizer.h"

struct model;
struct item;

typedef void item_run(struct model *model, const struct item *item, int index, int thread);

struct item {
	item_run *run;
	enum step_scope scope;
	int operation;
	int layer;              /* which layer profiles count it for */
	int input;              /* which of the operation's inputs, where that matters */
	const struct step *step;        /* for items that are a step of the operation */
};

struct program {
	int count;
	struct item *items;     /* owned by the plan */
	int segment_count;
	int *ends;              /* owned: segment k is items ends[k - 1] .. ends[k] - 1 */
};

/* A tensor's place in memory, and the items, counted through both programs, in which it is alive. One that no segment
 * hands on to another is `local`: its lane groups take turns in a place that each thread of the team has, and that
 * stays in its thread's cache. */
struct slot {
	size_t len, at;         /* numbers, of all groups or of one; len 0: not needed */
	int first, last;
	bool local;
};

/* What one operation writes, and the gradient with respect to it. Views of it share it. */
struct value {
	struct slot data, gradient;
	bool wants_gradient;    /* some parameter lies at or before what writes it */
};

/* A layer of the graph. */
struct node {
	struct layer_plan plan;
	struct shape in;        /* of its first input */
	int activation;         /* the activation layer that it applies to its output; -1: none */
	bool applied;           /* an activation layer that the layer before applies */
	int operation;          /* which does its work; -1: a view, which takes none */
	int value;              /* where its output lies; -1: inside its operation */
	bool wants_gradient;    /* some parameter lies at or before it */
	bool grouped;           /* the gradients with respect to its parameters come once per lane group */
	size_t params_len, params_at, grouped_at, state_at;
};

/* What runs. */
struct operation {
	const struct pattern *pattern;          /* NULL: a layer by itself, with or without an activation */
	const struct operation_type *type;
	int member_count, members[MAX_MEMBERS]; /* layers, in the chain's order; activations are not counted */
	int host;                               /* layer: the member that it is named by */
	struct shape in[MAX_INPUTS], out;
	int inputs[MAX_INPUTS], output;         /* values */
	struct operation_plan plan;
	struct activation activation;           /* applied to the output; identity: none */
	bool runs_backward;
	/* NULL, or the activation of which its input is the output: its gradient is taken here */
	const struct activation *mask;
	/* likewise the reader of its output takes the gradient of this one's activation */
	bool masked_by_reader;
	/* operation, its only reader, whose last step of backward it does; -1: none */
	int finishes;
	bool deferred;                          /* its producer does its last step of backward */
	struct slot side[MAX_INPUTS];           /* gradient of an input that already has one; added to it afterwards */
	size_t saved_at, shared_at;
};

/* A kernel that the optimizer updates whole, row by row: where it lies among the parameters, and where in the memory
 * that all of them need to work. */
struct matrix {
	size_t at, scratch_at;
	int rows, columns, layer;
	bool decays;
};

struct matrices {
	int count;
	size_t scratch_len;     /* numbers that they need to work */
};

struct model_plan {
	const struct network *network;  /* borrowed */
	int batch, groups, optimizer_slots;
	bool averages, best;    /* the block also has averages of parameters and running state, and a copy of them */
	bool slow;              /* and the slow weights of a lookahead */
	bool perturbation;      /* and a copy of both while model_perturb has moved the parameters */
	bool teacher;           /* and teachers' answers, [groups][classes][LANES] */
	const struct optimizer_type *matrix_optimizer;  /* which updates kernels whole; NULL: none */
	struct node *nodes;     /* owned: one per layer */
	struct operation *operations;   /* owned, in the order in which they run */
	int operation_count;
	struct value *values;   /* owned: 0 is the network's input */
	int value_count;
	struct program forward, backward;
	/* Numbers in each part of the one block. */
	size_t params_len, grouped_len, state_len, activations_len, saved_len, shared_len;
	size_t local_len, scratch_len;  /* of each thread */
};

/* plan_graph.c: fills plan->nodes; checks that every layer is read and that the last one writes logits. */
bool plan_graph(struct model_plan *plan, struct error *err);

/* Threads that find work in the model: one per group, at most a whole team. */
int plan_threads(const struct model_plan *plan);

/* Inputs of an operation: 1, or 2 where it joins. */
int plan_input_count(const struct model_plan *plan, const struct operation *op);

/* The layer as a member of an operation, without addresses. */
struct member plan_member(const struct model_plan *plan, int layer);

/* An operation's pass for full batches without addresses, and its members, [MAX_MEMBERS], which it borrows. */
struct pass plan_pass(const struct model_plan *plan, const struct operation *op, struct member *members);

/* Layers that are not there, dropouts of a factor of 0, are looked through: the layer whose output this one's is;
 * whether a layer's input is that of another; how many inputs are layer i's output. */
int plan_source(const struct model_plan *plan, int layer);
bool plan_reads(const struct model_plan *plan, int reader, int input, int layer);
int plan_reader_count(const struct model_plan *plan, int i);

/* plan_fuse.c: fills plan->operations and plan->values from the nodes, and what the operations leave to each other. */
bool plan_fuse(struct model_plan *plan, struct error *err);
/* plan_program.c: fills plan->forward and plan->backward from the operations. */
bool plan_program(struct model_plan *plan, struct error *err);
/* plan_memory.c: lifetimes and places of all slots. */
bool plan_memory(struct model_plan *plan, struct error *err);

/* plan_matrices.c: the kernels that matrix_optimizer updates whole, written to `to` unless it is NULL; and whether a
 * layer's array is one of them. */
struct matrices plan_matrices(const struct model_plan *plan, struct matrix *to);
bool plan_is_matrix(const struct model_plan *plan, int layer, int array);

/* Numbers in the one block that a model is cut from. */
size_t model_plan_len(const struct model_plan *plan);

/* model.c: what items run. */
item_run model_run_step, model_run_loss, model_run_activation_backward, model_run_accumulate;

#endif
