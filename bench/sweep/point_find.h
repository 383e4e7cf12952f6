/* Finds points by what a person types: "plain/6", "plain/6/1" with the seed, "plain/6/augmented/1" with
 * the variant, or the beginning of an id. Floor 4c. */
#ifndef BENCH_SWEEP_POINT_FIND_H
#define BENCH_SWEEP_POINT_FIND_H

#include "bench/sweep/sweep.h"

enum { POINT_PATH_BYTES = 256, POINT_NAME_BYTES = 208 };

/* "plain/6", or with its variant "plain/6/augmented", and with `seed` "plain/6/1": a path that point_matches accepts.
 * Returns `to`. */
const char *point_path(const struct point *point, bool seed, char to[POINT_PATH_BYTES]);

/* The path with the seed if the sweep has several; in `to`. */
const char *point_name(const struct sweep *sweep, const struct point *point, char to[POINT_NAME_BYTES]);

/* A search for points. */
struct point_search {
	const struct sweep *sweep;
	const char *pattern;    /* NULL: all points */
	bool by_seed;           /* points that differ in their seed alone are different */
};

/* The first match after `last` (NULL: the very first) that differs from it, or NULL. */
const struct point *point_next(const struct point_search *search, const struct point *last);

/* The only match, or NULL and an error that lists the candidates. */
const struct point *point_find(const struct point_search *search, struct error *err);

/* Returns false and the error for a pattern without a match, which lists the points. */
bool point_refuse(const struct point_search *search, struct error *err);

#endif
