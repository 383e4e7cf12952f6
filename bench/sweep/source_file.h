/* The YAML files beside a sweep's own: families and recipes, found by name or path. Floor 4c. */
#ifndef BENCH_SWEEP_SOURCE_FILE_H
#define BENCH_SWEEP_SOURCE_FILE_H

#include "bench/yaml/arena.h"
#include "bench/yaml/yaml.h"

enum { MAX_SOURCE_FILES = 192 };

/* The files that a sweep came from: nodes and marks live as long as the sweep. */
struct source_files {
	int count;
	struct document *documents[MAX_SOURCE_FILES];   /* owned */
};

/* Where to look. */
struct source_place {
	const char *folder;             /* of the sweep file */
	const char *kind;               /* "family": families/NAME.yaml */
	const char *kinds;              /* "families" */
	struct arena *arena;            /* for paths */
	struct source_files *files;
};

/* Reads the file that a scalar names and returns its root, a map. `plain` is families/plain.yaml beside the sweep, else
 * the installed one; what ends in .yaml is a path from the sweep's folder. NULL and an error at the name's place. */
const struct node *source_read(const struct source_place *place, const struct node *name, struct error *err);

/* Keeps a document until the sweep's end. False and an error where there are too many; it is then destroyed. */
bool source_keep(struct source_files *files, struct document *document, struct error *err);

#endif
