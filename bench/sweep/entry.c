/* See entry.h. */
#include "bench/sweep/entry.h"

#include "bench/sweep/twins.h"
#include "bench/yaml/bind.h"

#include <limits.h>
#include <string.h>

const struct field entry_fields[] = {
	{ "family", FIELD_TEXT, offsetof(struct entry, file),
	  .help = "`plain`: families/plain.yaml beside the sweep, else the one installed with the program; or a path "
	  "that ends in .yaml" },
	{ "name", FIELD_TEXT, offsetof(struct entry, name),
	  .help = "what tables and pictures call it; without one, the file's name; required for a family in place" },
	{ "widths", .accepts = "list of numbers above 0, at most 1e9", .required = 1,
	  .help = "one point for each width and seed" },
	{ "seed_counts", .accepts = "list with a whole number above 0 for each width",
	  .help = "how many of the sweep's `seeds` each width takes, the first ones; without it, all" },
	{ "expect", .accepts = "map of `total` and `trainable`, each a list with a whole number for each width",
	  .help = "counts of parameters that `archsweep params --check` checks; it exits 3 where one does not hold" },
	{ "recipe", .accepts = "map, see `archsweep help recipe`",
	  .help = "what this family's points have in place of the sweep's values, varied ones among them" },
	{ "recipes", .accepts = "list of names from the sweep's `recipes`", .help = "which of them; without it, all" },
	{ "vary", .accepts = "map, as the sweep's `vary`", .help = "values that this family varies, beside or in "
		"place of "
	  "the sweep's" },
	{ 0 }
};

/* ---- the family: a file, or written out in place ---- */

static bool read_family_file(const struct entry_source *s, struct entry *to, struct error *err)
{
	const struct source_place place = { s->folder, "family", "families", s->arena, s->files };
	const struct node *root = source_read(&place, node_get(s->map, "family"), err);
	struct words words = { 0 };

	bind_words(&words, family_fields, NULL);
	return root && bind_keys(root, &words, err) && family_read(root, s->arena, &to->family, err);
}

/* An entry without a name is called like its family's file. */
static bool name_entry(const struct entry_source *s, struct entry *to, struct error *err)
{
	const struct node *node = node_get(s->map, to->name ? "name" : "family");
	char shown[SHOWN_BYTES];

	to->name_at = node->at;
	if (!to->name) {
		const char *slash = strrchr(to->file, '/');
		const char *name = slash ? slash + 1 : to->file;
		size_t len = strlen(name);
		bool ending = len > 5 && !strcmp(name + len - 5, ".yaml");

		to->name = arena_copy(s->arena, name, ending ? len - 5 : len, err);
	}
	if (!to->name)
		return false;
	return words_is_name(to->name) ||
	       fail_at(err, node->at, "name: \"%s\" is not a name; accepted: " WORDS_NAME, words_show(to->name, shown));
}

/* ---- widths and expected counts ---- */

static bool read_width(const struct node *list, int i, struct entry_width *widths, struct error *err)
{
	static const struct field field = { "widths", FIELD_FLOAT, 0, .min = 0, .max = MAX_WIDTH };
	const struct node *node = list->items[i];
	struct entry_width *to = &widths[i];

	*to = (struct entry_width){ .at = node->at, .expect = { .total = -1, .trainable = -1 } };
	if (!bind_value(node, &field, NULL, &to->value, err))
		return false;
	if (to->value <= 0)
		return fail_at(err, node->at, "widths: %s is not above 0", node->text);
	return true;
}

static bool check_widths(const struct node *list, const struct entry *to, struct arena *arena, struct error *err)
{
	double *numbers = arena_alloc(arena, (size_t)to->width_count * sizeof *numbers, err);

	for (int i = 0; numbers && i < to->width_count; i++)
		numbers[i] = to->widths[i].value;
	int twin = numbers ? twins_find(numbers, to->width_count, err) : -1;
	return twin == to->width_count ||
	       (twin >= 0 && fail_at(err, list->items[twin]->at, "widths: %s stands twice", list->items[twin]->text));
}

static bool read_widths(const struct entry_source *s, struct entry *to, struct error *err)
{
	const struct node *list = node_get(s->map, "widths");

	if (!list)
		return fail_at(err, s->map->at, "widths: missing; a list of numbers is required");
	if (!bind_type(list, NODE_LIST, "widths", err))
		return false;
	if (!list->count || list->count > MAX_POINTS)
		return fail_at(err, list->at, "widths: a list of %d where 1 to %d widths are accepted", list->count,
		               MAX_POINTS);
	to->width_count = list->count;
	to->widths_at = list->at;
	to->widths = arena_alloc(s->arena, (size_t)list->count * sizeof *to->widths, err);
	for (int i = 0; to->widths && i < list->count; i++)
		if (!read_width(list, i, to->widths, err))
			return false;
	return to->widths && check_widths(list, to, s->arena, err);
}

/* The file's expected counts do not hold for widths from the command line. */
static bool is_stale(struct mark expected, struct mark width)
{
	return mark_is_set(width) && !mark_is_set(expected);
}

/* Reads a list of expected counts, which is as long as the widths. */
static bool read_counts(const struct node *expect, const char *key, const struct entry *to, struct error *err)
{
	const struct node *list = node_get(expect, key);
	bool total = !strcmp(key, "total");
	struct field field = { total ? "expect.total" : "expect.trainable", FIELD_INT, 0, .min = 0, .max = INT_MAX };

	if (!list)
		return true;
	if (!bind_type(list, NODE_LIST, field.name, err))
		return false;
	if (is_stale(list->at, to->widths_at))
		return true;
	if (list->count != to->width_count)
		return fail_at(err, list->at, "%s: %d value%s for %d width%s", field.name, list->count,
		               list->count == 1 ? "" : "s", to->width_count, to->width_count == 1 ? "" : "s");
	for (int i = 0; i < list->count; i++) {
		struct expectation *e = &to->widths[i].expect;
		int count;

		if (!bind_value(list->items[i], &field, NULL, &count, err))
			return false;
		if (is_stale(list->items[i]->at, to->widths[i].at))
			continue;
		*(total ? &e->total : &e->trainable) = count;
		*(total ? &e->total_at : &e->trainable_at) = list->items[i]->at;
	}
	return true;
}

/* Widths from the command line take all seeds: the file's counts are not theirs. */
static bool read_seed_counts(const struct entry_source *s, struct entry *to, struct error *err)
{
	static const struct field field = { "seed_counts", FIELD_INT, 0, .min = 1, .max = MAX_POINTS };
	const struct node *list = node_get(s->map, field.name);

	if (!list)
		return true;
	if (!bind_type(list, NODE_LIST, field.name, err))
		return false;
	if (is_stale(list->at, to->widths_at))
		return true;
	if (list->count != to->width_count)
		return fail_at(err, list->at, "seed_counts: %d value%s for %d width%s", list->count,
		               list->count == 1 ? "" : "s", to->width_count, to->width_count == 1 ? "" : "s");
	for (int i = 0; i < list->count; i++)
		if (!bind_value(list->items[i], &field, NULL, &to->widths[i].seed_count, err))
			return false;
	return true;
}

static bool read_expect(const struct entry_source *s, struct entry *to, struct error *err)
{
	static const char *const keys[] = { "total", "trainable", NULL };
	const struct node *expect = node_get(s->map, "expect");
	struct words words = { 0 };

	bind_words(&words, NULL, keys);
	return !expect || (bind_type(expect, NODE_MAP, "expect", err) && bind_keys(expect, &words, err) &&
	                   read_counts(expect, "total", to, err) && read_counts(expect, "trainable", to, err));
}

/* ---- the whole item ---- */

/* Reads name and file; refuses keys that do not belong to this kind of item. */
static bool read_head(const struct entry_source *s, struct entry *to, struct error *err)
{
	const struct field *from = node_get(s->map, "family") ? entry_fields : entry_fields + 1;
	struct words words = { 0 };

	bind_words(&words, from, NULL);
	if (from != entry_fields)
		bind_words(&words, family_fields, NULL);
	if (!node_get(s->map, "family") && !node_get(s->map, "name"))
		return fail_at(err, s->map->at,
		               "family: missing; the name of a family's file, or name and layers, is required");
	if (!bind_keys(s->map, &words, err))
		return false;
	for (; from->name; from++) {
		const struct node *node = from->accepts ? NULL : node_get(s->map, from->name);

		if (node && !bind_value(node, from, NULL, to, err))
			return false;
	}
	return name_entry(s, to, err);
}

bool entry_read(const struct entry_source *s, struct entry *to, struct error *err)
{
	*to = (struct entry){ 0 };
	if (!bind_type(s->map, NODE_MAP, "families", err) || !read_head(s, to, err) || !read_widths(s, to, err) ||
	    !read_seed_counts(s, to, err) || !read_expect(s, to, err))
		return false;
	return to->file ? read_family_file(s, to, err) : family_read(s->map, s->arena, &to->family, err);
}
