/* Converts the order of flattened features between Keras and memory. Floor 4b.
 *
 * A map is [channel][row][column] in memory and [row][column][channel] in Keras, so after a flatten feature f is not
 * the same number in both. The difference persists through layers that keep channels (dropout, activations, batch norm,
 * pooling, depthwise convolutions) and ends at a layer that mixes channels, whose kernel may put its outputs in any
 * order; an addition with flattened features fixes that order. */
#ifndef BENCH_WEIGHTS_FEATURE_ORDER_H
#define BENCH_WEIGHTS_FEATURE_ORDER_H

#include "nn/model/network.h"

struct feature_orders;

/* NULL and an error without memory. */
struct feature_orders *feature_orders_create(const struct network *network, const struct model_plan *plan,
                                             struct error *err);
void feature_orders_destroy(struct feature_orders *orders);

/* order[k]: index in memory of Keras' index k along an axis of a layer's parameters; NULL: the same. Borrowed. */
const int *feature_order(const struct feature_orders *orders, int layer, struct axis axis);

/* -1, or the first layer whose result depends on the order of features, so that Keras' network of the same layers
 * computes something else: a grouped convolution after a flatten, or a sum of maps that were flattened differently. */
int feature_orders_conflict(const struct feature_orders *orders);

#endif
