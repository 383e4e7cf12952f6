/* See sweep.h. The steps from file to points: read, override, bind, expand, plan, check. */
#include "bench/sweep/sweep.h"

#include "bench/sweep/base.h"
#include "bench/sweep/ensembles.h"
#include "bench/sweep/point_find.h"
#include "bench/sweep/points.h"
#include "bench/sweep/variants.h"
#include "bench/text/words.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	ID_PREFIX = 4,          /* shortest prefix of an id that is accepted */
	MAX_OTHERS = 16,        /* other sweeps that teachers of one come from */
};

/* A sweep and everything that its pointers reach. The sweep is the first member, so a pointer to it points to the
 * holder. */
struct holder {
	struct sweep sweep;
	struct arena arena;
	struct source_files files;
	char *path;                     /* owned: where the file really is */
	struct holder *by;              /* whose teachers this sweep was read for; NULL: nobody's */
	int other_count;
	struct sweep *others[MAX_OTHERS];       /* owned: all that teachers come from; of the first one */
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

static struct sweep *read_for(struct holder *by, const char *path, const char *const *sets, int set_count,
                              struct error *err)
{
	struct holder *h = calloc(1, sizeof *h);

	if (!h) {
		fail(err, "out of memory");
		return NULL;
	}
	h->by = by;
	struct document *document = document_read(path, err);
	bool good = document;
	if (good)
		h->files.documents[h->files.count++] = document;
	h->path = good ? realpath(path, NULL) : NULL;
	for (int i = 0; good && i < set_count; i++)
		good = document_set(document, sets[i], err);
	if (good && name_sweep(h, path, err) && read_all(h, document, err))
		return &h->sweep;
	sweep_destroy(&h->sweep);
	return NULL;
}

struct sweep *sweep_read(const char *path, const char *const *sets, int set_count, struct error *err)
{
	return read_for(NULL, path, sets, set_count, err);
}

static bool same_file(const struct holder *h, const char *place)
{
	return h->path && !strcmp(h->path, place);
}

/* One that has been read already, or a new one. All of them are kept by the sweep that somebody asked for. */
static const struct sweep *find_other(struct holder *h, const char *path, const char *place, struct error *err)
{
	struct holder *first = h;

	while (first->by)
		first = first->by;
	for (int i = 0; i < first->other_count; i++)
		if (same_file((const struct holder *)first->others[i], place))
			return first->others[i];
	struct sweep *other = read_for(h, path, NULL, 0, err);
	if (!other || first->other_count < MAX_OTHERS) {
		if (other)
			first->others[first->other_count++] = other;
		return other;
	}
	sweep_destroy(other);
	fail(err, "%s: teachers from more than %d other sweeps", path, MAX_OTHERS);
	return NULL;
}

const struct sweep *sweep_of_teachers(struct sweep *by, const char *path, struct error *err)
{
	struct holder *h = (struct holder *)by;
	char *place = realpath(path, NULL);
	const struct sweep *other = NULL;
	bool circle = false;
	int depth = 0;

	for (const struct holder *up = h; up && place; up = up->by, depth++)
		circle = circle || same_file(up, place);
	if (circle)
		fail(err, "%s is this sweep, or one that reads it for its teachers; accepted: points of this sweep "
		     "as FAMILY/WIDTH, and sweeps that do not need it", path);
	else if (!place)
		fail(err, "%s: %s", path, strerror(errno));
	else if (depth > MAX_OTHERS)
		fail(err, "%s: teachers from more than %d other sweeps", path, MAX_OTHERS);
	else
		other = find_other(h, path, place, err);
	free(place);
	return other;
}

void sweep_destroy(struct sweep *sweep)
{
	if (!sweep)
		return;
	struct holder *h = (struct holder *)sweep;

	for (int i = 0; i < h->other_count; i++)
		sweep_destroy(h->others[i]);
	for (int i = 0; i < h->files.count; i++)
		document_destroy(h->files.documents[i]);
	arena_free(&h->arena);
	free(h->path);
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

bool point_matches_name(const struct point *point, const char *pattern)
{
	return !fnmatch(pattern, point->family, 0) || matches_path(point, pattern);
}

bool point_matches(const struct point *point, const char *pattern)
{
	return point_matches_name(point, pattern) ||
	       (strlen(pattern) >= ID_PREFIX && !strncmp(point->id, pattern, strlen(pattern)));
}
