/* The table of fusions. A new one is a file of this folder and a row here. See fused.h. */
#include "nn/fused/fused.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/conv.h"
#include "nn/layer/dropout.h"
#include "nn/layer/pool.h"

#define NORM(activated) { &layer_batch_norm, NULL, activated }
#define CONV_1X1(activated) { &layer_conv, conv_is_pointwise, activated }
#define DEPTHWISE { &layer_depthwise, NULL, MAYBE }
#define DROPOUT { &layer_dropout, NULL, PLAIN }
#define MAX_POOL { &layer_max_pool, NULL, PLAIN }

/* Where chains overlap, what saves more comes first. */
const struct pattern patterns[] = {
	{ "norm_conv_norm_depthwise", { NORM(PLAIN), CONV_1X1(PLAIN), NORM(MAYBE), DEPTHWISE }, 3,
	  conv_norm_depthwise_pays, &fused_conv_norm_depthwise },
	{ "conv_norm_depthwise", { CONV_1X1(PLAIN), NORM(MAYBE), DEPTHWISE }, 2, conv_norm_depthwise_pays,
		&fused_conv_norm_depthwise },
	{ "norm_depthwise", { NORM(MAYBE), DEPTHWISE }, 1, norm_depthwise_pays, &fused_norm_depthwise },
	{ "norm_dropout_depthwise", { NORM(PLAIN), DROPOUT, DEPTHWISE }, 2, norm_depthwise_pays,
		&fused_norm_depthwise },
	{ "norm_2_dropouts_depthwise", { NORM(PLAIN), DROPOUT, DROPOUT, DEPTHWISE }, 3, norm_depthwise_pays,
		&fused_norm_depthwise },
	{ "norm_conv", { NORM(PLAIN), CONV_1X1(MAYBE) }, 1, norm_conv_pays, &fused_norm_conv },
	{ "active_norm_conv", { NORM(ACTIVATED), CONV_1X1(MAYBE) }, 1, active_norm_conv_pays, &fused_active_norm_conv },
	{ "conv_norm_pool", { CONV_1X1(MAYBE), NORM(PLAIN), MAX_POOL }, 0, conv_norm_pool_pays, &fused_conv_norm_pool },
	{ "norm_pool", { NORM(MAYBE), MAX_POOL }, 0, NULL, &fused_norm_pool },
	{ 0 }
};
