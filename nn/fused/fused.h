/* Fused operations: chains of layers, each read by the next one alone, that run as one. Floor 2b.
 *
 * Small networks are bound by what they read and write, not by arithmetic: a pass over an array that is larger than L2
 * costs as much as the convolution that made it. A fused operation keeps what lies between its members in cache, or
 * never computes it.
 *
 * Everything there is to say of a fusion is its row in patterns.c and the file of its type. The matching is
 * nn/model/plan_fuse.c. */
#ifndef NN_FUSED_FUSED_H
#define NN_FUSED_FUSED_H

#include "nn/layer/layer.h"

/* Whether an activation behind a layer, which that layer applies, may, must or must not be there. */
enum activated { PLAIN, MAYBE, ACTIVATED };

/* One layer of a chain. */
struct element {
	const struct layer_type *type;          /* NULL ends the chain */
	bool (*accepts)(const void *config);    /* NULL: any config */
	enum activated activated;
};

/* A chain of layers of the network that fits a pattern's elements. */
struct match {
	const struct member *members;           /* one per element; no memory yet */
	int count;
	bool wants_gradient;                    /* somebody needs the gradient with respect to the chain's input */
	bool only_reader;                       /* a layer wrote the input, and nobody else reads it */
	bool bf16;                              /* convolutions may be in bfloat16 */
};

struct pattern {
	const char *name;
	struct element chain[MAX_MEMBERS + 1];
	/* the member that the operation is named by, and whose parameters its prepare packs */
	int host;
	bool (*pays)(const struct match *m);    /* asked of each chain that fits; NULL: always */
	const struct operation_type *type;
};

/* In order: the first pattern that fits takes its layers. Ends with a row without a name. */
extern const struct pattern patterns[];

/* One type per file of this folder, and whether it pays. */
extern const struct operation_type fused_conv_norm_depthwise, fused_norm_depthwise, fused_norm_conv,
	fused_active_norm_conv,
	fused_conv_norm_pool, fused_norm_pool;
bool fused_conv_norm_depthwise_pays(const struct match *m);
bool fused_norm_depthwise_pays(const struct match *m);
bool fused_norm_conv_pays(const struct match *m);
bool fused_active_norm_conv_pays(const struct match *m);
bool fused_conv_norm_pool_pays(const struct match *m);

#endif
