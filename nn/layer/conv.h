/* A convolution, plain, in groups or depthwise, inside an operation: what its own layer and the operations of nn/fused
 * share. Floor 2; for those alone. */
#ifndef NN_LAYER_CONV_H
#define NN_LAYER_CONV_H

#include "nn/base/layout.h"
#include "nn/kernel/window.h"
#include "nn/layer/layer.h"

/* All that follows from a config and an input's shape. A convolution group is a share of the channels (`groups:` in
 * YAML); a depthwise convolution has as many as input channels. */
struct conv_geometry {
	struct window window;
	struct shape in, out;
	int groups, in_each, out_each;  /* channels read and written per convolution group */
	size_t kernel_len;              /* of all groups */
	/* packed weights per group: forward, and for the gradient with respect to the input */
	size_t packed_each, flipped_each;
	bool bf16;                      /* see nn/kernel/bf16.h */
	/* outputs of a tile, or 0: both ways; the weight gradient. See nn/kernel/winograd.h */
	int winograd, winograd_weights;
};

/* Of the layer m, whose plan has been accepted. */
struct conv_geometry conv_geometry(const struct member *m);

/* Packed weights of the host, forward and flipped, that come first in an operation's shared memory: their length, and
 * the step that writes them. */
size_t conv_packed_len(const struct conv_geometry *g);
void conv_prepare(const struct pass *p);
/* The host's packed weights of convolution group k. */
const real *conv_packed(const struct pass *p, const struct conv_geometry *g, int k);
const real *conv_flipped(const struct pass *p, const struct conv_geometry *g, int k);

/* Numbers of scratch that the calls below take. */
size_t conv_scratch_len(const struct pass *p, const struct conv_geometry *g);

/* One convolution group of one lane group, of an operation whose host is the convolution. */
struct conv_call {
	const struct conv_geometry *g;
	int group, k;                           /* lane group, convolution group */
	const real *in;                         /* its input channels */
	real *scratch;                          /* conv_scratch_len() numbers */
	const struct activation *mask;          /* backward: activation of which `in` are the outputs, or NULL */
	bool stream;                            /* backward: write d_in past the caches */
};

/* Writes its channels of `out`. */
void conv_forward(const struct pass *p, const struct conv_call *call);
/* Reads its channels of d_out; writes the gradients with respect to its parameters, and if wanted its channels of
 * d_in[0]. */
void conv_backward(const struct pass *p, const struct conv_call *call);

/* Whether outputs are sums over their own pixel's channels alone: a 1x1 kernel, without stride, groups or padding. */
bool conv_is_pointwise(const void *config);

extern const struct layer_type layer_conv, layer_depthwise;

#endif
