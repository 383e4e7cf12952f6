/* See sweep.h. The steps from file to points: read, override, bind, expand, plan, check. */
#include "bench/sweep/sweep.h"

#include "bench/sweep/base.h"
#include "bench/sweep/ensembles.h"
#include "bench/sweep/point_find.h"
#include "bench/sweep/points.h"
#include "bench/sweep/variants.h"
#include "bench/text/words.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ID_PREFIX = 4 };         /* shortest prefix of an id that is accepted */

/* A sweep and everything that its pointers reach. The sweep is the first member, so a pointer to it points to the
 * holder. */
struct holder {
	struct sweep sweep;
	struct arena arena;
	struct source_files files;
};

/* sweeps/fashion.yaml: folder "sweeps", name "fashion". */
static bool name_sweep(struct holder *h, const char *path, struct error *err)
{
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	const char *dot = strrchr(name, '.');
	size_t len = dot ? (size_t)(dot - name) : strlen(name);

	h->sweep.name = arena_copy(&h->arena, name, len, err);
	if (slash == path)
		h->sweep.data.folder = "/";
	else
		h->sweep.data.folder = slash ? arena_copy(&h->arena, path, (size_t)(slash - path), err) : ".";
	if (!h->sweep.name || !h->sweep.data.folder)
		return false;
	return words_is_name(h->sweep.name) ||
	       fail(err, "%s: the file's name becomes the sweep's; accepted: " WORDS_NAME " before .yaml", path);
}

static bool read_all(struct holder *h, struct document *document, struct error *err)
{
	struct settings settings = { .arena = &h->arena, .sweep = &h->sweep, .files = &h->files };
	const struct node *root = document_root(document);

	if (!settings_read(&settings, root, err))
		return false;
	const struct node *families = node_get(root, "families");
	if (!families)
		return fail_at(err, root->at, "families: missing; a list is required");
	return points_read(&settings, families, err) && variants_check_best(&settings, err) &&
	       base_read(node_get(root, "base"), &h->sweep, err) &&
	       ensembles_read(node_get(root, "ensembles"), &h->arena, &h->sweep, err);
}

struct sweep *sweep_read(const char *path, const char *const *sets, int set_count, struct error *err)
{
	struct holder *h = calloc(1, sizeof *h);

	if (!h) {
		fail(err, "out of memory");
		return NULL;
	}
	struct document *document = document_read(path, err);
	bool good = document;
	if (good)
		h->files.documents[h->files.count++] = document;
	for (int i = 0; good && i < set_count; i++)
		good = document_set(document, sets[i], err);
	if (good && name_sweep(h, path, err) && read_all(h, document, err))
		return &h->sweep;
	sweep_destroy(&h->sweep);
	return NULL;
}

void sweep_destroy(struct sweep *sweep)
{
	if (!sweep)
		return;
	struct holder *h = (struct holder *)sweep;

	for (int i = 0; i < h->files.count; i++)
		document_destroy(h->files.documents[i]);
	arena_free(&h->arena);
	free(h);
}

/* The glob over "family/width" and so on, each part once. */
static bool matches_path(const struct point *point, const char *pattern)
{
	char width[NUMBER_BYTES], path[POINT_PATH_BYTES];
	const char *variant = point->variant->name;
	int len = snprintf(path, sizeof path, "%s/%s", point->family, words_number(point->width, width));

	if (!fnmatch(pattern, path, 0))
		return true;
	snprintf(path + len, sizeof path - (size_t)len, "/%d", point->seed);
	if (!fnmatch(pattern, path, 0))
		return true;
	if (!*variant)
		return false;
	len += snprintf(path + len, sizeof path - (size_t)len, "/%s", variant);
	if (!fnmatch(pattern, path, 0))
		return true;
	snprintf(path + len, sizeof path - (size_t)len, "/%d", point->seed);
	return !fnmatch(pattern, path, 0);
}

bool point_matches(const struct point *point, const char *pattern)
{
	return !fnmatch(pattern, point->family, 0) || matches_path(point, pattern) ||
	       (strlen(pattern) >= ID_PREFIX && !strncmp(point->id, pattern, strlen(pattern)));
}
