/* See ensembles.h. */
#include "bench/sweep/ensembles.h"

#include "bench/sweep/point_find.h"
#include "bench/text/words.h"
#include "bench/yaml/bind.h"

/* An ensemble that is being read. */
struct reading {
	const struct sweep *sweep;
	const char *name;
	bool *taken;                    /* [sweep->point_count] */
	int count;
};

/* Takes the points that match one pattern. */
static bool add_members(struct reading *r, const struct node *pattern, struct error *err)
{
	const struct point_search search = { r->sweep, pattern->text, true };
	struct error unknown = { "" };
	char name[POINT_NAME_BYTES];
	const struct point *point = point_next(&search, NULL);

	if (!point) {
		point_refuse(&search, &unknown);
		return fail_at(err, pattern->at, "ensembles: %s: %s", r->name, unknown.text);
	}
	for (; point; point = point_next(&search, point)) {
		bool *taken = &r->taken[point - r->sweep->points];

		if (*taken)
			return fail_at(err, pattern->at, "ensembles: %s: %s is in the ensemble twice", r->name,
			               point_name(r->sweep, point, name));
		*taken = true;
		r->count++;
	}
	return true;
}

static bool read_patterns(struct reading *r, const struct node *value, struct error *err)
{
	char shown[80];

	if (value->type == NODE_SCALAR)
		return add_members(r, value, err);
	if (value->type != NODE_LIST)
		return fail_at(err, value->at, "ensembles: %s: %s where a pattern of points, or a list of them, is "
		               "accepted", r->name, node_describe(value, shown));
	for (int i = 0; i < value->count; i++) {
		const struct node *pattern = value->items[i];

		if (pattern->type != NODE_SCALAR)
			return fail_at(err, pattern->at, "ensembles: %s: %s where a pattern of points is accepted",
			               r->name, node_describe(pattern, shown));
		if (!add_members(r, pattern, err))
			return false;
	}
	return true;
}

static bool keep(const struct reading *r, struct arena *arena, struct ensemble *to, struct error *err)
{
	int *points = arena_alloc(arena, (size_t)r->count * sizeof *points, err);

	*to = (struct ensemble){ .name = r->name, .points = points };
	for (int i = 0; points && i < r->sweep->point_count; i++)
		if (r->taken[i])
			points[to->count++] = i;
	return points;
}

static bool read_one(const struct node *key, const struct node *value, struct arena *arena, const struct sweep *sweep,
                     struct ensemble *to, struct error *err)
{
	struct reading r = { .sweep = sweep, .name = key->text };
	char shown[SHOWN_BYTES];

	if (!words_is_name(key->text))
		return fail_at(err, key->at, "ensembles: \"%s\" is no name; accepted: " WORDS_NAME,
		               words_show(key->text, shown));
	r.taken = arena_alloc(arena, (size_t)sweep->point_count * sizeof *r.taken, err);
	if (!r.taken || !read_patterns(&r, value, err))
		return false;
	if (r.count < 2)
		return fail_at(err, value->at, "ensembles: %s: an ensemble of %s; accepted: two and more", r.name,
		               r.count ? "one point" : "no point");
	return keep(&r, arena, to, err);
}

bool ensembles_read(const struct node *node, struct arena *arena, struct sweep *sweep, struct error *err)
{
	if (!node)
		return true;
	if (!bind_type(node, NODE_MAP, "ensembles", err))
		return false;
	if (node->count > MAX_ENSEMBLES)
		return fail_at(err, node->at, "ensembles: %d where at most %d are accepted", node->count,
		               MAX_ENSEMBLES);
	struct ensemble *to = arena_alloc(arena, ((size_t)node->count + 1) * sizeof *to, err);
	for (int i = 0; to && i < node->count; i++)
		if (!read_one(node->keys[i], node->items[i], arena, sweep, &to[i], err))
			return false;
	sweep->ensembles = to;
	sweep->ensemble_count = to ? node->count : 0;
	return to;
}
