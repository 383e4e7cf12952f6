/* Networks written as text, for tests:
 *
 *   "conv channels=4 kernel=3x2 stride=2 padding=1,0,2,1; relu; add from=0,1; flatten; dense units=7 bias=0"
 *
 * Layers end at ";". Each reads the layer before it unless `from` names others, counted from 0, -1 for the input. What
 * is not stated has its field's default; choices are words. A text that cannot be read ends the test. Layer i stands at
 * net:(i + 1):1. */
#ifndef TESTS_HELPERS_NETWORK_H
#define TESTS_HELPERS_NETWORK_H

#include "nn/model/network.h"

enum { NET_LAYERS = 40, NET_CONFIG = 96 };

struct net {
	struct network network;
	struct layer layers[NET_LAYERS];
	_Alignas(16) char configs[NET_LAYERS][NET_CONFIG];
};

/* The network borrows from `net`, which must stay where it is. */
void net_read(struct net *net, struct shape input, int classes, const char *text);

/* Fills a zeroed config from "key=value key=value", from anywhere; the defaults of all other fields. */
void config_read(const struct field *fields, void *config, const char *text);

#endif
