/* Where a pooling's windows lie, for fused operations that it is part of. Floor 2; for pool.c and nn/fused alone. */
#ifndef NN_LAYER_POOL_H
#define NN_LAYER_POOL_H

#include "nn/kernel/window.h"
#include "nn/layer/layer.h"

/* On the input m->in, which the layer's plan has accepted. */
struct window pool_windows(const struct member *m);

extern const struct layer_type layer_max_pool;

#endif
