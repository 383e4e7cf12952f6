/* Evaluates the finished points of a sweep by its views, from their weights. Floor 4g.
 *
 * Views are no part of a point: one that was trained without them, or evaluated by others, gets them now, and its
 * record is written anew, with nothing else changed. */
#ifndef BENCH_RUN_EVALUATE_VIEWS_H
#define BENCH_RUN_EVALUATE_VIEWS_H

#include "bench/run/train_pending.h"

/* How many of the chosen points are done and lack the sweep's views in their records. */
int views_missing(const struct sweep *sweep, const struct pending *pending, const struct records *records);

/* Evaluates those, one after the other, each on all threads; `done` gets how many. Points that another run has locked
 * are left to it. False, and an error, at the first that cannot be evaluated or written, or where request->stop was
 * raised; what is done is kept. */
bool evaluate_views(const struct train_request *request, int *done, struct error *err);

#endif
