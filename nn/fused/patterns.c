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
	{ "norm_conv_norm_depthwise", { NORM(PLAIN), CONV_1X1(PLAIN), NORM(MAYBE), DEPTHWISE },
	  .host = 3, .pays = fused_conv_norm_depthwise_pays, .type = &fused_conv_norm_depthwise },
	{ "conv_norm_depthwise", { CONV_1X1(PLAIN), NORM(MAYBE), DEPTHWISE },
	  .host = 2, .pays = fused_conv_norm_depthwise_pays, .type = &fused_conv_norm_depthwise },
	{ "norm_depthwise", { NORM(MAYBE), DEPTHWISE },
	  .host = 1, .pays = fused_norm_depthwise_pays, .type = &fused_norm_depthwise },
	{ "norm_dropout_depthwise", { NORM(PLAIN), DROPOUT, DEPTHWISE },
	  .host = 2, .pays = fused_norm_depthwise_pays, .type = &fused_norm_depthwise },
	{ "norm_2_dropouts_depthwise", { NORM(PLAIN), DROPOUT, DROPOUT, DEPTHWISE },
	  .host = 3, .pays = fused_norm_depthwise_pays, .type = &fused_norm_depthwise },
	{ "norm_conv", { NORM(PLAIN), CONV_1X1(MAYBE) },
	  .host = 1, .pays = fused_norm_conv_pays, .type = &fused_norm_conv },
	{ "active_norm_conv", { NORM(ACTIVATED), CONV_1X1(MAYBE) },
	  .host = 1, .pays = fused_active_norm_conv_pays, .type = &fused_active_norm_conv },
	{ "conv_norm_pool", { CONV_1X1(MAYBE), NORM(PLAIN), MAX_POOL },
	  .host = 0, .pays = fused_conv_norm_pool_pays, .type = &fused_conv_norm_pool },
	{ "norm_pool", { NORM(MAYBE), MAX_POOL },
	  .host = 0, .pays = NULL, .type = &fused_norm_pool },
	{ 0 }
};
