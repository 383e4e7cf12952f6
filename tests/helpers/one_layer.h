/* One layer by itself, for tests: its steps run in order over plain arrays, no model around it. */
#ifndef TESTS_HELPERS_ONE_LAYER_H
#define TESTS_HELPERS_ONE_LAYER_H

#include "tests/helpers/network.h"

struct one_layer {
	struct net net;
	struct layer_plan plan;
	struct operation_plan needs;
	struct member member;
	struct pass pass;       /* of the layer as an operation by itself */
	const struct layer_type *type;
	size_t params_len;
	bool bf16;              /* false; may be set before the shape */
	double *params;         /* to be filled before the forward pass */
	double *d_params;       /* after the backward pass, groups added up */
};

/* A layer of one input as text (network.h), for `images` images of a shape; a plan that fails ends the test. All memory
 * is taken (lanes.h). What the pass does not write stays NaN. */
void one_layer_open(struct one_layer *l, const char *text, const struct kernels *kernels);
void one_layer_shape(struct one_layer *l, struct shape in, int images);

/* Plain in, plain out; empty lanes hold junk on the way in. */
double *one_layer_forward(struct one_layer *l, const double *in);
/* The gradient with respect to the input; empty lanes of d_out hold 0. */
double *one_layer_backward(struct one_layer *l, const double *d_out);

#endif
