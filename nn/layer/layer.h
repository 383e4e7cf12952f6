/* What a layer type is: a row of constants and a few functions over one `struct pass`. Floor 2.
 *
 * A layer never allocates. Before any memory exists its plan says, from the input's shape and its own fields, what it
 * produces and needs; the model (nn/model) then cuts one block for everything and hands the addresses over in a pass.
 *
 * A forward or backward pass is a list of at most MAX_STEPS steps. A step runs once, once per lane group, or once per block of its own
 * choosing; the calls of one step may run at the same time in any order, so they must write to different places. Every sum
 * that crosses such calls is added up in a later step in a fixed order: that is what makes results independent of threads. */
#ifndef NN_LAYER_LAYER_H
#define NN_LAYER_LAYER_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/tensor.h"
#include "nn/kernel/conv_norm_depthwise.h"
#include "nn/kernel/kernels.h"
#include "nn/kernel/window.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_INPUTS = 2, MAX_STEPS = 4, MAX_THROUGH = 4 };

enum { MAX_WEIGHTS = 1 << 30 }; /* of one layer, so that fans and products of a few ints stay in range */

enum init { INIT_ZERO, INIT_ONE, INIT_HE, INIT_GLOROT };

/* What an axis of a parameter array counts: rows and columns of taps, the input's channels (of one group; a dense layer's inputs), the
 * output's channels (of one input channel, where they stand in a depthwise kernel). */
enum axis_kind { AXIS_ROW, AXIS_COLUMN, AXIS_INPUT, AXIS_OUTPUT };
struct axis { enum axis_kind kind; int len; };
enum { MAX_AXES = 4 };

/* One parameter array, or one array of running state. */
struct param_plan {
	const char *name;       /* "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance" */
	size_t len;             /* numbers */
	int axis_count;
	struct axis axes[MAX_AXES];     /* as they lie in memory, the last one fastest; the product of their lengths is len */
	enum init init;
	int fan_in, fan_out;    /* for INIT_HE and INIT_GLOROT */
	bool decays;            /* weight decay applies: kernels yes, biases and batch norm no */
};

/* What a layer produces and needs; all lengths in numbers (`real`), not bytes. */
struct layer_plan {
	struct shape out;
	int param_count;        /* at most 2 */
	struct param_plan params[2];    /* side by side in memory, in this order */
	int state_count;        /* likewise what runs along but is not trained: batch norm's moving mean, moving variance */
	struct param_plan state[2];
	size_t saved_len;       /* kept from forward to backward, whole batch */
	size_t shared_len;      /* working memory of the whole layer, alive from prepare to the end of backward */
	size_t packed_len;      /* of that, what prepare writes: weights in the kernels' order */
	size_t scratch_len;     /* working memory of one call of an EACH_GROUP step; contents are not kept */
	bool grouped_gradient;  /* backward writes d_params once per group (the model adds the groups up, in order) */
	bool view;              /* the output is the input's memory under another shape: nothing to compute */
	bool needs_in;          /* backward reads the input */
	bool needs_out;         /* backward reads the output */
	bool bf16;              /* its multiply-adds are in bfloat16 */
	int64_t macs;           /* multiply-adds for one image; convolutions and dense layers only */
	struct pair kernel;     /* for the layer table; 0, 0 where there is none */
};

/* The surroundings of a plan. */
struct plan_request {
	int input_count;                        /* 1, or 2 for layers that join */
	struct shape in[MAX_INPUTS];
	int groups;                             /* lane groups of a full batch */
	struct mark at;                         /* of the layer in its file, for errors */
	const struct window *pooling;           /* see pass.pooling */
	bool through, unfinished;               /* there will be a pass.through, a pass.unfinished */
	int expanded;                           /* not 0: there will be a pass.expansion, of so many channels; in[0] is its input */
	bool made;                              /* a part of another layer's pass.expansion, or its pass.norm */
	bool bf16;                              /* convolutions may be in bfloat16 */
};

struct pass;

/* What a layer whose channels know nothing of each other does to one channel of one group. */
struct channel_steps {
	void (*forward)(const struct pass *p, int group, int channel, const real *in, real *out);       /* out may be in */
	/* Takes d, the gradient by the layer's output, back to its input; where that needs the other groups first, measures d and leaves
	 * the rest to the layer's own steps. */
	void (*backward)(const struct pass *p, int group, int channel, real *d);
};

/* One of the layers that an input is taken through on its way to its reader. */
struct through {
	const struct channel_steps *steps;
	const struct pass *pass;
};

/* How batch norm's work is done where only what its sums would be is known: for one channel, once for the whole batch. */
struct norm_steps {
	void (*settle)(const struct pass *p, int channel, double mean, double variance);        /* of the input; heeded while training */
	struct affine (*affine)(const struct pass *p, int channel);                             /* settled: what it does to a channel, */
	real (*mean)(const struct pass *p, int channel);                                        /* and the mean that it takes away */
	/* From the sums of d, the gradient by the output, and of d * (input - mean): writes the gradients by its parameters, and says how d
	 * becomes the gradient by the input (gain, slope, shift, mean). */
	struct batch_norm_job (*settle_backward)(const struct pass *p, int channel, const double sums[2]);
};

/* A 1x1 convolution and batch norm whose work their reader does with its own, see expansion.c. */
struct expansion_parts {
	const struct pass *conv, *norm;         /* conv NULL: none */
	const struct norm_steps *steps;
};

/* Batch norm whose work its reader does with its own weights, see normed.c, or what it reads, see transition.c. */
struct norm_part {
	const struct pass *pass;                /* NULL: none */
	const struct norm_steps *steps;
};

struct pass {
	const struct kernels *kernels;          /* the arithmetic for this machine */
	const void *config;                     /* filled from the type's fields */
	const struct layer_plan *plan;
	struct tensor in[MAX_INPUTS], out;      /* all groups of the batch */
	struct tensor d_in[MAX_INPUTS], d_out;  /* gradients of the loss; d_in[k].at is NULL where nobody needs it */
	real *params;                           /* this layer's, in plan order */
	real *d_params;                         /* [groups][all of params] if grouped_gradient, else [all of params]; to be overwritten */
	real *state;
	real *saved, *shared;
	real *scratch;                          /* [scratch_len], of an EACH_GROUP step's thread alone */
	size_t d_params_stride;                 /* numbers from one group's to the next group's */
	struct activation activation;           /* an activation's own, or what to apply to the output (.applies_activation) */
	const struct window *pooling;           /* NULL, or those of a max pooling that the layer also does: `out` is that one's output */
	const struct activation *gate;          /* NULL, or whose outputs in[0] are: d_in[0] is to be the gradient by its inputs (.gates) */
	/* Layers whose passes in[0] is to be taken through, channel by channel, in this order, before it is the input; through.c does it.
	 * d_in[0] is then to be taken back through them. */
	int through_count;
	struct through through[MAX_THROUGH];
	struct expansion_parts expansion;           /* or what in[0] is to be taken through is a whole expansion, */
	struct norm_part norm;                      /* or batch norm alone, or before that expansion; with `pooling`, behind the layer */
	/* NULL, or the pass of the layer that alone reads `out`, and that has left d_out as it is before `finish`. */
	const struct pass *unfinished;
	void (*finish)(const struct pass *p, int group, int channel, real *to);
	int groups;                             /* lane groups of this batch */
	int images;                             /* images of this batch: (groups - 1) * LANES < images <= groups * LANES */
	bool training;                          /* batch statistics and dropout, or moving statistics and none */
	bool without_dropout;                   /* batch statistics and no dropout */
	uint64_t noise;                         /* a number that no other layer and no other batch has: the seed of dropout's mask */
};

enum step_scope {
	EACH_GROUP,     /* index = lane group, 0 .. groups - 1 */
	EACH_BLOCK,     /* index = 0 .. blocks(pass) - 1: a split that depends on the plan alone, never on threads */
	ONCE,           /* index = 0 */
};

/* How often a step reads or writes an array as a whole, all its calls together; a copy of an array counts as the array. Of inputs and
 * their gradients: each. */
struct moves { signed char in, out, d_in, d_out, params, d_params; };

struct step {
	void (*run)(const struct pass *p, int index);   /* NULL ends the list */
	enum step_scope scope;
	int (*blocks)(const struct pass *p);            /* EACH_BLOCK only */
	struct moves moves, data_moves;                 /* always; and besides where the gradient by some input is wanted */
};

struct layer_type {
	struct kind kind;                       /* name in YAML and fields */
	int inputs;                             /* 1 or 2 */
	bool applies_activation;                /* can apply an activation to its output on the way (see pass.activation) */
	/* The same layer with a max pooling behind it, which alone reads its output, in one go (see pass.pooling); or NULL. */
	const struct layer_type *with_max_pool;
	/* Not NULL: a max pooling, which its producer can do; its windows on such an input, which its plan has accepted. */
	void (*max_pool)(const void *config, struct shape in, struct window *windows);
	/* Not NULL: its channels know nothing of each other, and a reader can take its input through it (see pass.through). Then no step
	 * of its own is left, or those of `when_read`, for which d_out and d_in[0] are one array. */
	const struct channel_steps *channel_steps;
	const struct layer_type *when_read;
	bool reads_through;                     /* takes its input channel by channel, and heeds pass.through */
	/* Not NULL, and true: a convolution that a reader with an expansion can do. */
	bool (*pointwise)(const void *config);
	const struct norm_steps *norm_steps;    /* not NULL: batch norm, likewise */
	/* Not NULL: the same layer with batch norm before it, which it alone reads, in one go (pass.norm), where its config is `pointwise`;
	 * and of batch norm what is left of it then: the moments. */
	const struct layer_type *with_norm, *moments_alone;
	/* Likewise with an activation between, where somebody wants the gradient by what batch norm reads. */
	const struct layer_type *with_active_norm;
	/* Not NULL: the same layer with batch norm and a max pooling behind it, which alone read it, in one go (pass.norm, pass.pooling),
	 * where its config is `pointwise` and that pays: see transition.h. */
	const struct layer_type *with_pooled_norm;
	/* Not NULL: the same layer with both before it, which alone read each other, in one go (pass.expansion); whether that pays for an
	 * input of that shape and so many channels between. */
	const struct layer_type *with_expansion;
	bool (*expands)(const void *config, struct shape in, int channels);
	/* Not NULL: what the last step of backward does, channel by channel: it writes to `to`, which may be d_in[0], the gradient by in[0]
	 * from what the steps before have left in d_in[0]. A producer that takes its gradient channel by channel can do it on the way. */
	void (*finish)(const struct pass *p, int group, int channel, real *to);
	bool finishes;                          /* takes d_out channel by channel, and heeds pass.unfinished */
	bool gates;                             /* can take d_in[0] through the activation that in[0] came from (see pass.gate) */
	struct activation (*activation)(const void *config);    /* not NULL: an activation, which its producer can apply */
	bool (*plan)(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err);
	/* Writes into a copy of the config what it leaves to the input's shape or to another field: padding becomes numbers, a missing
	 * stride the window's. NULL where every field says all by itself. Only for inputs that plan has accepted. */
	void (*resolve)(void *config, const struct plan_request *in);
	/* Derives what depends on the parameters alone (packed weights) into `shared`, once after each change of them; or NULL. */
	void (*prepare)(const struct pass *p);
	struct step forward[MAX_STEPS + 1], backward[MAX_STEPS + 1];
};

/* All layer types, NULL at the end. A new type is one file and one row of this table. */
extern const struct layer_type *const layer_types[];

/* The type of that name, or NULL. */
const struct layer_type *layer_type_find(const char *name);

/* Whether an array should be written past the caches, see streams(): not one whose groups take turns in a thread's own memory. */
static inline bool streams_past(struct tensor t)
{
	return t.step && streams(t.shape);
}

/* Images of the batch times pixels: numbers of one channel of in[0]. */
static inline double channel_len(const struct pass *p)
{
	return (double)p->images * (double)p->in[0].shape.h * (double)p->in[0].shape.w;
}

/* A channel of in[0] of one group as pass.through makes it: in[0] itself if there is nothing to be taken through, or written to `to`. */
const real *through_forward(const struct pass *p, int group, int channel, real *to);
/* d_in[0] of that channel, just written as the gradient by what through_forward gave, taken back. */
void through_backward(const struct pass *p, int group, int channel);

/* totals[k] = sum over the batch's groups, in their order, of from[k] of each, which lie `stride` numbers apart. */
void sum_groups(const struct pass *p, const real *from, size_t stride, int count, double *totals);

/* The same of two sums in double precision that each group has at `from`. */
void sum_pairs(const struct pass *p, const double *from, size_t stride, double totals[2]);

/* Batch norm before the layer, pass.norm, once its moments are known: what it multiplies each channel of in[0] by, what it adds, and the
 * mean that it takes away; [channels] each. */
void norm_settled(const struct pass *p, real *scale, real *shift, real *mean);

/* 1 for lanes that carry an image, 0 for the rest of the last group. */
void lane_mask(const struct pass *p, int group, real mask[LANES]);

/* Lanes without an image, which only the last group can have, become 0 in x, a group of an array like in[0]. */
void clear_empty_lanes(const struct pass *p, int group, real *x);

/* A 1x1 convolution whose steps are done with other layers': its bias, and the gradient by it that one group has, NULL without one; its
 * weights packed by data, which conv.c's prepare puts behind those packed forward. */
const real *pointwise_bias(const struct pass *p);
real *pointwise_d_bias(const struct pass *p, int group);
const real *pointwise_turned(const struct pass *p);

/* Those that a layer's row in the registry leads to, see normed.c, projection.c and transition.c. */
extern const struct layer_type layer_conv, layer_conv_with_norm, layer_projection, layer_transition;

/* expansion.c: an expansion's own steps, and what its layer asks the kernels for, but for what it says of its own work. Plan: adds to a
 * plan whose packed_len is that of the layer alone. */
void expansion_plan(const struct plan_request *in, const struct window *window, struct layer_plan *out);
void expansion_measure(const struct pass *p, int group);
void expansion_settle(const struct pass *p, int index);
void expansion_settle_backward(const struct pass *p, int index);
void expansion_finish(const struct pass *p, int group);
struct conv_norm_depthwise_job conv_norm_depthwise_job(const struct pass *p, int group);

/* The plan of layers that change nothing but values: out = in[0]. */
bool plan_same_shape(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err);

#endif
