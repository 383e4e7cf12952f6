/* Files in a folder of points that belong to no point of the sweep any more. Floor 4d. */
#ifndef BENCH_RECORD_LEFTOVERS_H
#define BENCH_RECORD_LEFTOVERS_H

#include "bench/sweep/sweep.h"

#include <stdint.h>

enum { LEFTOVER_NAME_BYTES = 64 };

struct leftover {
	char name[LEFTOVER_NAME_BYTES];         /* in folder/points */
	int64_t bytes;
};

struct leftovers {
	int count;
	struct leftover *of;            /* [count], owned, sorted by name */
	int64_t bytes;                  /* of all */
};

/* Finds files that are named as ours are, an id and an ending, whose id no point of the sweep has. Files of other names
 * are somebody else's. A folder that is not there has none. `folder` is reports/<sweep>. */
bool leftovers_find(const char *folder, const struct sweep *sweep, struct leftovers *to, struct error *err);
void leftovers_free(struct leftovers *leftovers);

/* Removes one of them. */
bool leftover_remove(const char *folder, const struct leftover *leftover, struct error *err);

#endif
