/* One side of a comparison: networks of a sweep, with the records of their seeds. Floor 4f. */
#ifndef BENCH_STATS_SIDE_H
#define BENCH_STATS_SIDE_H

#include "bench/record/records.h"
#include "bench/sweep/cost.h"
#include "bench/sweep/point_find.h"

/* One network: points that differ in their seed alone. */
struct side_network {
	const struct point *point;      /* the first of them */
	const int *points;              /* [seeds]: their numbers in the sweep; the side's */
	int seeds;
	bool by_seed;                   /* one seed of a sweep that has several: its name says which */
	struct cost cost;
};

/* `sweep`, `folder` and `records` are borrowed and must outlive it. */
struct side {
	const struct sweep *sweep;
	const char *folder;             /* reports/<sweep> */
	const struct records *records;  /* of all of the sweep's points */
	int *points;                    /* owned: those that were chosen */
	int count;
	struct side_network *networks;  /* [count], owned; in the sweep's order */
};

/* Fills the side with the networks whose points match `pattern` (point_find.h; NULL: all); the caller has set sweep,
 * folder and records. A pattern that matches nothing is an error, which lists the points. */
bool side_choose(struct side *side, const char *pattern, struct error *err);
void side_free(struct side *side);

/* Of a side of all networks leaves those that `best` of the sweep chooses (summary.h). False without memory. */
bool side_keep_chosen(struct side *side, struct error *err);

/* Its path, with the seed where that is part of what it is. Returns `to`. */
const char *side_network_path(const struct side_network *network, char to[POINT_PATH_BYTES]);

/* Two networks to compare, one of each side. */
struct network_pair { const struct side_network *a, *b; };
struct pairs {
	int count;
	struct network_pair *of;                /* [count], owned */
	int only_a, only_b;             /* networks of each side without a counterpart */
};

/* Whether two counts are within 5 % of each other: how far apart networks of equal size may be. */
bool counts_meet(int64_t a, int64_t b);

/* The only networks of both sides, whatever their sizes, where each side has but one. Else, with `by_name`, networks of
 * the same path (point_path). Else networks of equal size: each with the nearest by total parameters among those that
 * meet it, where neither has a nearer one; among those of its own variant, where the other side has that. False without
 * memory. */
bool pairs_find(const struct side *a, const struct side *b, bool by_name, struct pairs *to, struct error *err);
/* By size, even where each has but one network, between two families of one side; added to what `to` has. */
bool pairs_add_families(const struct side *side, const char *a, const char *b, struct pairs *to, struct error *err);
/* Of the networks that differ in their variant alone, that of the group `against`, or the first (NULL), as a with each
 * of the others as b; added likewise, in the side's order. Those without a counterpart are b's. The side must have but
 * one network of each group, as side_keep_chosen leaves it. */
bool pairs_add_variants(const struct side *side, const char *against, struct pairs *to, struct error *err);
void pairs_free(struct pairs *pairs);

#endif
