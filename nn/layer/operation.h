/* An operation is what runs: one layer by itself, or a chain of layers fused into one (nn/fused). Floor 2.
 *
 * An operation never allocates. Before any memory exists its type's plan says, from shapes and its members alone, what
 * memory it needs; the model (nn/model) then cuts one block for everything and hands the addresses over in a pass.
 *
 * A forward or backward pass is a list of at most MAX_STEPS steps. A step runs once, once per lane group, or once per
 * block of a split that depends on the plan alone; calls of one step may run at the same time in any order, so they
 * must write to different places. Every sum across such calls is added up in a later step in a fixed order: that makes
 * results independent of the number of threads. */
#ifndef NN_LAYER_OPERATION_H
#define NN_LAYER_OPERATION_H

#include "nn/base/blas.h"
#include "nn/base/tensor.h"
#include "nn/kernel/kernels.h"

#include <stdbool.h>
#include <stdint.h>

struct layer_plan;      /* layer.h */
struct pass;

enum { MAX_INPUTS = 2, MAX_STEPS = 4, MAX_MEMBERS = 4 };

/* What an operation needs besides its inputs, its output and their gradients; all lengths in numbers (real), not
 * bytes. */
struct operation_plan {
	size_t saved_len;       /* kept from forward to backward, whole batch */
	size_t shared_len;      /* working memory of the whole operation, alive from prepare to the end of backward */
	size_t packed_len;      /* of that, what prepare writes: weights in the kernels' order */
	size_t scratch_len;     /* working memory of one call of an EACH_GROUP step; contents are not kept */
	/* backward writes this member's d_params once per group (the model sums them, in order) */
	bool grouped_gradient[MAX_MEMBERS];
	bool needs_in;          /* backward reads the input */
	bool needs_out;         /* backward reads the output */
	bool uses_blas;         /* calls pass.gemm */
};

/* A layer as part of an operation: its fields and its own numbers, whoever's steps use them. */
struct member {
	const void *config;                     /* filled from the layer type's fields */
	const struct layer_plan *plan;
	struct shape in;                        /* of its first input */
	/* the one folded into it; of an activation layer its own; else the identity */
	struct activation activation;
	real *params;                           /* in plan order */
	/* [groups][all of params] if its gradient is grouped, else [all]; to be overwritten */
	real *d_params;
	size_t d_params_stride;                 /* numbers from one group's to the next group's; 0: not grouped */
	real *state;                            /* running state, in plan order */
	/* a number that no other layer and no other batch has: the seed of dropout's mask */
	uint64_t noise;
};

/* Everything that one call of a step is told. While memory is planned, all addresses are NULL. */
struct pass {
	const struct kernels *kernels;          /* the arithmetic for this machine */
	blas_gemm *gemm;                        /* of an operation that .uses_blas */
	const struct operation_plan *plan;
	const struct member *members;           /* [member_count], in the chain's order */
	/* the member that the operation is named by; of a layer by itself the only one */
	const struct member *host;
	int member_count;
	struct tensor in[MAX_INPUTS], out;      /* all groups of the batch */
	struct tensor d_in[MAX_INPUTS], d_out;  /* gradients of the loss; d_in[k].at is NULL where nobody needs it */
	/* to be applied to the output, if the type does so (.applies_activation) */
	struct activation activation;
	/* NULL, or the activation of which in[0] are the outputs: d_in[0] is to be the gradient with respect to its
	 * inputs (.masks). */
	const struct activation *mask;
	/* NULL, or the operation that alone reads `out` and leaves the last step of d_out to this one, which calls
	 * `finish` channel by channel (.takes_deferred). */
	const struct pass *deferred;
	void (*finish)(const struct pass *deferred, int group, int channel, real *to);
	real *saved, *shared;
	real *scratch;                          /* [scratch_len], of an EACH_GROUP step's thread alone */
	int groups;                             /* lane groups of this batch */
	/* images of this batch: (groups - 1) * LANES < images <= groups * LANES */
	int images;
	bool training;                          /* batch statistics and dropout, or moving statistics and none */
	bool without_dropout;                   /* batch statistics and no dropout */
};

enum step_scope {
	EACH_GROUP,     /* index = lane group, 0 .. groups - 1 */
	EACH_BLOCK,     /* index = 0 .. blocks(pass) - 1: a split that depends on the plan alone, never on threads */
	ONCE,           /* index = 0 */
};

/* How often a step reads or writes an array as a whole, all its calls together; a copy of an array counts as the array.
 * Of inputs and their gradients: each. */
struct moves { signed char in, out, d_in, d_out, params, d_params; };

struct step {
	void (*run)(const struct pass *p, int index);   /* NULL ends the list */
	enum step_scope scope;
	int (*blocks)(const struct pass *p);            /* EACH_BLOCK only */
	/* always; and besides where the gradient with respect to some input is wanted */
	struct moves moves, data_moves;
	/* profiles count it for the chain's first layer, not for the host */
	bool by_first;
};

struct operation_type {
	bool applies_activation;        /* can apply an activation to its output */
	bool masks;                     /* can take d_in[0] through the activation that in[0] came from (pass.mask) */
	bool takes_deferred;            /* reads d_out channel by channel, and heeds pass.deferred */
	/* From a pass with shapes, members and the groups of a full batch, but no memory; `out` is zero before. NULL:
	 * it needs nothing. */
	void (*plan)(const struct pass *p, struct operation_plan *out);
	/* Derives what depends on the parameters alone (packed weights) into `shared`, once after each change of them;
	 * or NULL. */
	void (*prepare)(const struct pass *p);
	/* Not NULL: what the last step of backward does, channel by channel: writes to `to`, which may be that channel
	 * of d_in[0], the gradient with respect to in[0], from what the steps before have left in d_in[0]. A producer
	 * with .takes_deferred calls it. */
	void (*finish)(const struct pass *p, int group, int channel, real *to);
	struct step forward[MAX_STEPS + 1], backward[MAX_STEPS + 1];
};

/* Whether an array should be written past the caches, see streams(): not one whose groups take turns in a thread's own
 * memory. */
static inline bool streams_past(struct tensor t)
{
	return t.step && streams(t.shape);
}

/* Images of the batch times pixels: numbers of one channel of such a shape. */
static inline double channel_len(const struct pass *p, struct shape shape)
{
	return (double)p->images * (double)shape.h * (double)shape.w;
}

/* Pixels of one channel. */
static inline size_t pixels_of(struct shape shape)
{
	return (size_t)shape.h * (size_t)shape.w;
}

/* totals[k] = sum over the batch's groups, in their order, of from[k] of each, which lie `stride` numbers apart. */
void sum_groups(const struct pass *p, const real *from, size_t stride, int count, double *totals);

/* The same of two sums in double precision that each group has at `from`. */
void sum_pairs(const struct pass *p, const double *from, size_t stride, double totals[2]);

/* 1 for lanes that carry an image, 0 for the rest of the last group. */
void lane_mask(const struct pass *p, int group, real mask[LANES]);

/* Lanes without an image, which only the last group can have, become 0 in x, a group of an array like in[0]. */
void clear_empty_lanes(const struct pass *p, int group, real *x);

/* Of a layer with a kernel and perhaps a bias: the bias, and one group's gradient with respect to it; NULL without
 * one. */
const real *member_bias(const struct member *m);
real *member_d_bias(const struct member *m, int group);
/* One group's gradient with respect to the parameters. */
real *member_d_params(const struct member *m, int group);

#endif
