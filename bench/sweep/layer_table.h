/* A planned network as a table: a row per layer with its shapes, parameters and multiply-adds. Floor 4c. */
#ifndef BENCH_SWEEP_LAYER_TABLE_H
#define BENCH_SWEEP_LAYER_TABLE_H

#include "bench/text/table.h"
#include "nn/model/network.h"

/* Row 0 is the network's input, row i + 1 its layer i. Owned by the caller. NULL where memory is short, which
 * table_print reports. */
struct table *layer_table_create(const struct network *network, const struct model_plan *plan);

#endif
