/* Where the descriptions of two points differ, as lines with - and +. Floor 4f. */
#ifndef BENCH_STATS_RECIPE_DIFF_H
#define BENCH_STATS_RECIPE_DIFF_H

#include "bench/sweep/sweep.h"

#include <stdio.h>

/* Prints the lines of point_describe that only one of the two has, a's first; `layers`: those of layers as well. At
 * most `most` of them, and how many there are more. False without memory. */
struct described { const struct sweep *sweep; const struct point *point; };
bool recipe_diff_print(struct described a, struct described b, bool layers, int most, FILE *to, struct error *err);

#endif
