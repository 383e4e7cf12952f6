/* What a layer type is: its fields in YAML, the shape of its output, its parameters and their cost, and how it runs by
 * itself. Floor 2.
 *
 * A layer type is one file and one row in registry.c. Layers never see each other. */
#ifndef NN_LAYER_LAYER_H
#define NN_LAYER_LAYER_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/layer/operation.h"

enum { MAX_WEIGHTS = 1 << 30 }; /* of one layer, so that fans and products of a few ints stay in range */

enum init { INIT_ZERO, INIT_ONE, INIT_HE, INIT_GLOROT };

/* What an axis of a parameter array counts: rows and columns of taps, the input's channels (of one group; a dense
 * layer's inputs), the output's channels (of one input channel, where they stand in a depthwise kernel). */
enum axis_kind { AXIS_ROW, AXIS_COLUMN, AXIS_INPUT, AXIS_OUTPUT };
struct axis { enum axis_kind kind; int len; };
enum { MAX_AXES = 4 };

/* One parameter array, or one array of running state. */
struct param_plan {
	const char *name;       /* "kernel", "bias", "gamma", "beta", "moving_mean", "moving_variance" */
	size_t len;             /* numbers */
	int axis_count;
	/* as they lie in memory, the last one fastest; the product of their lengths is len */
	struct axis axes[MAX_AXES];
	enum init init;
	int fan_in, fan_out;    /* for INIT_HE and INIT_GLOROT */
	bool decays;            /* weight decay applies: kernels yes, biases and batch norm no */
};

/* What a layer produces and what it costs: from shapes and its fields alone, whatever operation does its work. */
struct layer_plan {
	struct shape out;
	int param_count;        /* at most 2 */
	struct param_plan params[2];    /* side by side in memory, in this order */
	/* likewise what runs along but is not trained: batch norm's moving mean, moving variance */
	int state_count;
	struct param_plan state[2];
	bool view;              /* the output is the input's memory under another shape: nothing to compute */
	bool identity;          /* a view of the same shape, as if the layer were not there */
	double dropout;         /* share of the numbers that training leaves out, with the recipe's factor */
	bool bf16;              /* its multiply-adds are in bfloat16 */
	int64_t macs;           /* multiply-adds for one image; convolutions and dense layers only */
	struct pair kernel;     /* for the layer table; 0, 0 where there is none */
};

/* The surroundings of a plan. */
struct plan_request {
	int input_count;                        /* 1, or 2 for layers that join */
	struct shape in[MAX_INPUTS];
	struct mark at;                         /* of the layer in its file, for errors */
	bool bf16;                              /* convolutions may be in bfloat16 */
	double dropout;                         /* factor on dropout's rates */
};

struct layer_type {
	struct kind kind;                       /* name in YAML and fields */
	int inputs;                             /* 1 or 2 */
	/* Not NULL: an activation function, which the layer before can apply to its output. */
	struct activation (*activation)(const void *config);
	/* False, with an error at in->at, where the fields do not fit the input. `out` is zero before. */
	bool (*plan)(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err);
	/* Writes into a copy of the config what it leaves to the input's shape or to another field: padding becomes
	 * numbers, a missing stride the window's. NULL where every field says all by itself. Only for inputs that plan
	 * has accepted. */
	void (*resolve)(void *config, const struct plan_request *in);
	struct operation_type alone;            /* how it runs as an operation of one layer */
};

/* All layer types, NULL at the end. A new type is one file and one row of this table. */
extern const struct layer_type *const layer_types[];

/* The type of that name, or NULL. */
const struct layer_type *layer_type_find(const char *name);

/* The plan of layers that change nothing but values: out = in[0]. */
bool plan_same_shape(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err);

/* The plan of layers that leave out a share `rate` of their numbers while training. */
bool plan_dropout(double rate, const struct plan_request *in, struct layer_plan *out, struct error *err);

#endif
