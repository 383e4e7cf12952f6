/* One item of a sweep's list of families: which family, at which widths, with which counts expected. Floor 4c. */
#ifndef BENCH_SWEEP_ENTRY_H
#define BENCH_SWEEP_ENTRY_H

#include "bench/sweep/family.h"
#include "bench/sweep/sweep.h"

enum { MAX_FAMILIES = 64 };

/* The keys of an item; a family in place has those of family_fields as well, and no `family`. */
extern const struct field entry_fields[];

/* The files that families came from: nodes and marks live as long as the sweep. */
struct shelf {
	int count;
	struct document *documents[MAX_FAMILIES + 1];   /* owned */
};

/* A width and what is said of it. */
struct entry_width {
	double value;
	struct mark at;
	struct expectation expect;
};

struct entry {
	const char *name;               /* the family's, in this sweep */
	struct mark name_at;
	const char *file;               /* what stands under `family`; NULL for a family written out in place */
	struct family family;
	int width_count;
	struct mark widths_at;
	struct entry_width *widths;     /* distinct, above 0 */
};

struct entry_source {
	const struct node *map;         /* the item */
	const char *folder;             /* of the sweep file */
	struct arena *arena;
	struct shelf *shelf;            /* has room for one more */
};

bool entry_read(const struct entry_source *source, struct entry *to, struct error *err);

#endif
