/* One item of a sweep's list of families: the family, its widths, and the expected counts. Floor 4c. */
#ifndef BENCH_SWEEP_ENTRY_H
#define BENCH_SWEEP_ENTRY_H

#include "bench/sweep/family.h"
#include "bench/sweep/source_file.h"
#include "bench/sweep/sweep.h"

enum { MAX_FAMILIES = 64 };

/* The keys of an item; a family in place has those of family_fields as well, and no `family`. */
extern const struct field entry_fields[];

/* A width and its expected counts. */
struct entry_width {
	double value;
	struct mark at;
	int seed_count;                 /* how many of the sweep's seeds, the first ones; 0: all */
	struct expectation expect;
};

struct entry {
	const char *name;               /* the family's, in this sweep */
	struct mark name_at;
	const char *file;               /* the value of `family`; NULL for an inline family */
	struct family family;
	int width_count;
	struct mark widths_at;
	struct entry_width *widths;     /* distinct, above 0 */
};

struct entry_source {
	const struct node *map;         /* the item */
	const char *folder;             /* of the sweep file */
	struct arena *arena;
	struct source_files *files;
};

bool entry_read(const struct entry_source *source, struct entry *to, struct error *err);

#endif
