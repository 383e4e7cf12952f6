/* Dropout of one channel, for fused operations that it is part of. Floor 2; for dropout.c and nn/fused alone. */
#ifndef NN_LAYER_DROPOUT_H
#define NN_LAYER_DROPOUT_H

#include "nn/layer/layer.h"

/* One channel's pixels, and where they go: `to` may be `from`. */
struct dropout_plane { int channel; const real *from; real *to; };

/* What the dropout layer m does to one channel of one lane group, forward as well as to its gradient. */
void dropout_channel(const struct pass *p, const struct member *m, int group, struct dropout_plane plane);

extern const struct layer_type layer_dropout;

#endif
