/* Families x widths x variants x seeds: turns the sweep's list of families into its points, each planned,
 * described, and with an
 * id. Floor 4c. */
#ifndef BENCH_SWEEP_POINTS_H
#define BENCH_SWEEP_POINTS_H

#include "bench/sweep/entry.h"
#include "bench/sweep/settings.h"

enum { MAX_SWEEP_LAYERS = 1 << 18 };    /* in all networks of a sweep together */

/* Reads the list and fills the sweep's families and points. */
bool points_read(struct settings *settings, const struct node *list, struct error *err);

#endif
