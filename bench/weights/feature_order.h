/* The order in which Keras numbers the channels that a flatten makes, beside the order in which memory has them. Floor 4b.
 *
 * A map of c x h x w lies in memory as [channel][row][column], in Keras as [row][column][channel]. Flattened, feature f is not the same
 * number in both. The difference goes on through whatever keeps channels (dropout, activations, batch norm, pooling, depthwise
 * convolutions) and ends where a layer mixes them, whose outputs stand in any order that its kernel gives them: unless an addition
 * brings them together with flattened ones, which then fix it. */
#ifndef BENCH_WEIGHTS_FEATURE_ORDER_H
#define BENCH_WEIGHTS_FEATURE_ORDER_H

#include "nn/model/network.h"

struct feature_orders;

/* NULL and an error where memory is short. */
struct feature_orders *feature_orders_create(const struct network *network, const struct model_plan *plan, struct error *err);
void feature_orders_destroy(struct feature_orders *orders);

/* order[k] is the place in memory of Keras' number k along an axis of layer i's parameters; NULL: the same place. Borrowed. */
const int *feature_order(const struct feature_orders *orders, int layer, struct axis axis);

/* -1, or the first layer that mixes features in a way that depends on their order, so that Keras' network of the same layers computes
 * something else: a convolution in groups behind a flatten, or a sum of maps that were flattened in different ways. */
int feature_orders_conflict(const struct feature_orders *orders);

#endif
