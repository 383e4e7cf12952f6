/* A sweep: families x widths x variants of the recipe x seeds on one data set, expanded into points. Floor 4c. */
#ifndef BENCH_SWEEP_SWEEP_H
#define BENCH_SWEEP_SWEEP_H

#include "bench/data/dataset.h"
#include "nn/model/network.h"
#include "nn/train/recipe.h"
#include "nn/train/views.h"

#include <stdint.h>

#define MAX_WIDTH 1e9           /* what a sweep accepts, its record can hold */

enum { MAX_POINTS = 100000, MAX_LAYERS = 1024, POINT_ID_LEN = 16, VARIANT_NAME_BYTES = 96, MAX_TEACHERS = 64 };

/* Counts that the YAML's author expects; -1: none stated. */
struct expectation {
	int64_t total, trainable;
	struct mark total_at, trainable_at;
};

/* One way to train: a recipe with its varied values. See variants.h. */
struct variant {
	const char *name;       /* "" in a sweep of one recipe; "augmented,learning_rate=0.01" */
	const char *group;      /* the name without the values that `best` chooses among */
	struct recipe recipe;
	const struct node *teachers;    /* the list in the YAML; NULL: none; for point_teachers.c */
};

/* A trained network that a point learns from: a point of the same sweep, or weights in a file. */
struct point_teacher {
	const struct point *point;      /* NULL: weights in a file */
	const char *name;               /* "plain/24/1", "plain/24/1 of other.yaml" or the file; owned by the sweep */
	/* What follows is of weights in a file, and owned by the sweep. */
	const char *path;
	uint64_t digest;                /* of the file; 0 where there is none */
	const char *folder, *id;        /* of a point of another sweep: its reports/<sweep>, and its id; else NULL */
	const char *sweep;              /* that sweep's file */
	const struct network *network;
	int scaling;                    /* enum scaling */
	struct mark at;                 /* in the YAML */
};

struct point {
	char id[POINT_ID_LEN + 1];      /* hash of point_describe's text: never a position */
	const char *family;             /* name; owned by the sweep */
	double width;
	const struct variant *variant;  /* owned by the sweep */
	int seed;
	struct network network;         /* owned by the sweep */
	char channels[64];              /* effective channels of the convolutions, "3,3,6,..." shortened; for tables */
	struct expectation expect;
	int teacher_count;
	const struct point_teacher *teachers;   /* [teacher_count], owned by the sweep */
	struct mark at;                 /* of the width in the sweep file */
};

/* Points whose softmax outputs are averaged. */
struct ensemble {
	const char *name;               /* owned by the sweep, as is what follows */
	int count;                      /* two or more */
	const int *points;              /* [count]: numbers of the sweep's points, ascending */
};

struct sweep {
	const char *name;               /* the file's name without folder and ending */
	const char *title;              /* for pictures; default: the name */
	struct data_description data;
	bool several_seeds;             /* the points differ in them */
	bool several_variants;          /* likewise */
	/* What `best` chooses among, by the validation images: keys of `vary`, or "recipe"; none without it. */
	int best_count;
	const char **best_over;
	int point_count;
	struct point *points;           /* families in file order, then widths, variants, seeds */
	int family_count;
	const char **families;          /* names in file order */
	double checkpoint_seconds;      /* between two checkpoints of a point that trains */
	/* By which finished points are evaluated once more; count 0: none. No part of any id */
	struct views views;
	int ensemble_count;
	const struct ensemble *ensembles;       /* in file order; no part of any id */
	int base;                       /* a point of the base network, see base.h; -1: none */
};

/* Reads, expands and plans a sweep; `sets` are `--set` assignments, applied before fields are bound. NULL and an error
 * with its position. A data path from `--set` starts at the current folder; the file's expected counts do not hold for
 * widths from `--set`. */
struct sweep *sweep_read(const char *path, const char *const *sets, int set_count, struct error *err);
void sweep_destroy(struct sweep *sweep);

/* The sweep at that path, read for the teachers that another one names there; it lives as long as that one. Sweeps may
 * not need each other in a circle. NULL and an error without a position of its own where the circle closes. */
const struct sweep *sweep_of_teachers(struct sweep *by, const char *path, struct error *err);

/* Whether a point's family, or its path, matches a glob: point_matches without ids. */
bool point_matches_name(const struct point *point, const char *pattern);

/* Whether a point matches a pattern of --only: a glob over "family", "family/width", "family/width/seed", with variants
 * also "family/width/variant" and "family/width/variant/seed", or the beginning of its id, 4 digits or more. */
bool point_matches(const struct point *point, const char *pattern);

/* The resolved description that the id is a hash of, one line per fact: version, data format, network, recipe, seed.
 * Shows people why two points differ. malloc'd, the caller frees; NULL without memory. */
char *point_describe(const struct sweep *sweep, const struct point *point);

#endif
