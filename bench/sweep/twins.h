/* Finds a number that stands twice in a list, which may be as long as a sweep has points. Floor 4c. */
#ifndef BENCH_SWEEP_TWINS_H
#define BENCH_SWEEP_TWINS_H

#include "nn/base/error.h"

/* The first place whose number stands at an earlier one as well; count: there is none. -1 and an error without
 * memory. */
int twins_find(const double *numbers, int count, struct error *err);

#endif
