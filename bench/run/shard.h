/* Parts of a sweep, for runs on several machines: every machine finds the same parts from the YAML alone, so that they
 * need not talk to each other. Floor 4g. */
#ifndef BENCH_RUN_SHARD_H
#define BENCH_RUN_SHARD_H

#include "bench/run/pending.h"

enum { MAX_SHARDS = 100000 };

struct shard { int part, parts; };      /* the first part is 1 */

/* Reads "2/3". The error says what is accepted, and not of which option. */
bool shard_parse(const char *text, struct shard *to, struct error *err);

/* What training the point costs, in units that are about proportional to time: estimate_work of all epochs, for each
 * training image. A function of the YAML alone. */
double shard_cost(const struct pending_point *point);

/* Keeps the points of one part, in the sweep's order. The parts are about equally long: points go, the costliest first
 * and equal ones by their ids, each to the part that has least so far. Parts beyond the number of points are empty.
 * Teachers of a part's points are in it, too, wherever else they are: runs that share a folder train each once, and
 * others need it. */
bool shard_take(struct shard shard, struct pending *pending, struct error *err);

#endif
