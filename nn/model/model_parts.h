/* A model's parts, and how their places are found. Floor 3; for model.c and model_run.c alone. */
#ifndef NN_MODEL_MODEL_PARTS_H
#define NN_MODEL_MODEL_PARTS_H

#include "nn/model/model.h"
#include "nn/model/plan.h"

/* A piece of one parameter array. */
struct stretch {
	size_t at, len;
	size_t grouped_at;      /* its place among the gradients that come once per group */
	int layer;
	bool grouped, decays;
	bool matrix;            /* of a kernel that the optimizer updates whole */
};

struct model {
	const struct model_plan *plan;
	const struct kernels *kernels;
	blas_gemm *gemm;        /* NULL where no operation uses it */
	struct pass *passes;    /* owned: one per operation, for each thread: [threads][operations] */
	struct member *members; /* owned: [operations][MAX_MEMBERS], which the passes of all threads share */
	struct stretch *stretches;      /* owned */
	struct matrix *matrices;        /* owned */
	int matrix_count;
	double *squares;        /* owned: for each stretch, the sum of its squared gradients */
	int stretch_count;
	struct target *targets; /* owned: one per lane, as are losses and correct */
	double *losses;
	bool *correct;
	real *block;            /* owned: everything below lies in it */
	real *averages, *state_averages;        /* NULL unless planned, and so are */
	real *best, *state_best, *slow, *params_kept, *state_kept, *teacher, *matrix_scratch;
	real *params, *gradients, *slots[3], *state, *grouped, *activations, *saved, *shared;
	real *local, *scratch;  /* [threads] of them */
	struct batch batch;     /* of the last forward pass */
	double batch_weight;    /* of its images: struct loss_job */
	int groups;
	bool descending;        /* the last segment of groups went from the last one to the first */
	enum model_weights used;        /* by passes */
	bool repack;            /* passes use other parameters than before */
	const struct observer *observer;        /* borrowed, or NULL */
};

/* An operation's pass for one thread. */
static inline struct pass *pass_of(const struct model *m, int operation, int thread)
{
	return m->passes + (size_t)thread * (size_t)m->plan->operation_count + operation;
}

/* The tensor whose place the plan has chosen; without an address where it is not needed. */
static inline struct tensor tensor_of(const struct model *m, int thread, struct shape shape, const struct slot *slot)
{
	if (slot->len == 0)
		return (struct tensor){ .shape = shape };
	if (slot->local)
		return (struct tensor){ shape, m->local + (size_t)thread * m->plan->local_len + slot->at, 0 };
	return tensor_at(shape, m->activations + slot->at);
}

#endif
