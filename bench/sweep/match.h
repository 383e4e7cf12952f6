/* Finds widths at which the families of a sweep have a wanted number of parameters. Floor 4c.
 *
 * Networks are planned and counted; nothing is trained and no data is read. A family's count is taken to grow with its
 * width, as it does wherever widths multiply channels, so that a few dozen plans find any width. */
#ifndef BENCH_SWEEP_MATCH_H
#define BENCH_SWEEP_MATCH_H

#include "bench/sweep/sweep.h"

/* A family of the sweep. */
struct match_family {
	const char *name;
	const char *file;       /* what `family` says in the YAML, or NULL: it stands in place */
	double step;            /* widths are whole multiples of it */
};

struct match {
	double width;
	struct cost cost;
};

struct matcher;

/* `sweep` is what was read from `path` with the same overrides, and must outlive the matcher. `step`: of all families;
 * 0: the finest that each family's rounding makes use of. NULL and an error. */
struct matcher_source {
	const struct sweep *sweep;
	const char *path;
	const char *const *sets;
	int set_count;
};
struct matcher *matcher_create(const struct matcher_source *source, double step, struct error *err);
void matcher_destroy(struct matcher *matcher);          /* NULL is fine */

int matcher_count(const struct matcher *matcher);
const struct match_family *matcher_family(const struct matcher *matcher, int i);

/* The width whose total is nearest to `parameters`, of equals the smaller; where several widths are the same network,
 * the first with the fewest decimals. False, and an error, where the family has no network at any width. */
bool matcher_find(struct matcher *matcher, int family, int64_t parameters, struct match *to, struct error *err);

#endif
