/* A sweep: families x widths x seeds on one data set with one recipe, expanded into points. Floor 4c. */
#ifndef BENCH_SWEEP_SWEEP_H
#define BENCH_SWEEP_SWEEP_H

#include "bench/data/dataset.h"
#include "nn/model/network.h"
#include "nn/train/recipe.h"

#include <stdint.h>

#define MAX_WIDTH 1e9           /* what a sweep accepts, its record can hold */

enum { MAX_POINTS = 4096, MAX_LAYERS = 1024, POINT_ID_LEN = 16 };

/* Counts that the YAML's author expects; -1: none stated. */
struct expectation {
	int64_t total, trainable;
	struct mark total_at, trainable_at;
};

struct point {
	char id[POINT_ID_LEN + 1];      /* hash of point_describe's text: never a position */
	const char *family;             /* name; owned by the sweep */
	double width;
	int seed;
	struct network network;         /* owned by the sweep */
	char channels[64];              /* effective channels of the convolutions, "3,3,6,..." shortened; for tables */
	struct expectation expect;
	struct mark at;                 /* of the width in the sweep file */
};

struct sweep {
	const char *name;               /* the file's name without folder and ending */
	const char *title;              /* for pictures; default: the name */
	struct data_description data;
	struct recipe recipe;
	int point_count;
	struct point *points;           /* families in file order, then widths, then seeds */
	int family_count;
	const char **families;          /* names in file order */
	int base;                       /* a point of the base network, see base.h; -1: none */
};

/* Reads, expands and plans a sweep; `sets` are `--set` assignments, applied before fields are bound. NULL and an error
 * with its position. A data path from `--set` starts at the current folder; the file's expected counts do not hold for
 * widths from `--set`. */
struct sweep *sweep_read(const char *path, const char *const *sets, int set_count, struct error *err);
void sweep_destroy(struct sweep *sweep);

/* Whether a point matches a pattern of --only: a glob over "family", "family/width" or "family/width/seed", or the
 * beginning of its id, 4 digits or more. */
bool point_matches(const struct point *point, const char *pattern);

/* The resolved description that the id is a hash of, one line per fact: version, data format, network, recipe, seed.
 * Shows people why two points differ. malloc'd, the caller frees; NULL without memory. */
char *point_describe(const struct sweep *sweep, const struct point *point);

#endif
