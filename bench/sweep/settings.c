/* See settings.h. */
#include "bench/sweep/settings.h"

#include "bench/sweep/kind_choice.h"
#include "bench/sweep/recipe_read.h"
#include "bench/sweep/twins.h"
#include "bench/text/text.h"
#include "bench/yaml/bind.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { MAX_SIDE = 4096 };

/* More than any data format here can label, so that networks for ImageNet can be counted; data has its own limit. */
enum { MAX_COUNTED_CLASSES = 65536 };

const struct field sweep_fields[] = {
	{ "title", FIELD_TEXT, offsetof(struct sweep, title),
	  .help = "for tables and pictures; without one, the file's name" },
	{ "classes", .accepts = "whole number 2..65536, or a list of names", .required = 1,
	  .help = "how many classes the images have; `archsweep eval` shows their names" },
	{ "data", .accepts = "`{FORMAT: {...}}`, see `archsweep help data`",
	  .help = "where the images come from; without it, networks can be counted and measured but not trained" },
	{ "input", .accepts = "`[height, width, channels]`, each 1..4096", .required = 1, .help = "shape of an image" },
	{ "seeds", .accepts = "list of whole numbers from 0 on", .fallback_text = "[1]",
	  .help = "each point is trained once for each seed; with more than one, pictures have error bars" },
	{ "recipe", .accepts = "map, see `archsweep help recipe`, or the name of a file recipes/NAME.yaml",
	  .help = "how every point is trained; required, unless there are `recipes`" },
	{ "recipes", .accepts = "map of names, each with a map as `recipe` or a name",
	  .help = "several ways to train; each point is trained in all of them. Each begins with what its `from` "
	  "names, "
	  "else with `recipe`" },
	{ "vary", .accepts = "map of the recipe's keys, each with a list of values, or a map of names and values",
	  .help = "a grid: each point is trained with all combinations. Below `zip` values change together" },
	{ "best", .accepts = "map, see below", .help = "which of the varied values pictures leave out" },
	{ "families", .accepts = "list of maps, see below", .required = 1,
	  .help = "which families, at which widths" },
	{ "base", .accepts = "`FAMILY`, or `FAMILY/WIDTH` where the family has several widths",
	  .help = "the network that `archsweep compare` compares the others with" },
	{ "views", .accepts = "`NAME` or `{NAME: {...}}`, see `archsweep help views`",
	  .help = "how finished points are evaluated once more, as the mean over several views of each image" },
	{ "ensembles", .accepts = "map of names to points, or lists of points, as `--only` takes them",
	  .help = "points whose mean softmax outputs are evaluated together, when all of them are trained" },
	{ "checkpoint", FIELD_FLOAT, offsetof(struct sweep, checkpoint_seconds), .fallback = 300, .min = 0.01,
	  .max = 1e9, .help = "seconds after which a point that trains saves itself once more; no result depends on "
	  "it" },
	{ 0 }
};

/* A required value. */
static const struct node *find(const struct node *root, const char *key, const char *wanted, struct error *err)
{
	const struct node *node = node_get(root, key);

	if (!node)
		fail_at(err, root->at, "%s: missing; %s is required", key, wanted);
	return node;
}

static bool read_input(const struct node *root, struct shape *to, struct error *err)
{
	static const struct field side = { "input", FIELD_INT, 0, .min = 1, .max = MAX_SIDE };
	const struct node *node = find(root, "input", "[height, width, channels]", err);
	int values[3];
	char shown[80];

	if (!node)
		return false;
	if (node->type != NODE_LIST)
		return fail_at(err, node->at, "input: %s where [height, width, channels] is accepted",
		               node_describe(node, shown));
	if (node->count != 3)
		return fail_at(err, node->at, "input: a list of %d where [height, width, channels] is accepted",
		               node->count);
	for (int i = 0; i < 3; i++)
		if (!bind_value(node->items[i], &side, NULL, &values[i], err))
			return false;
	*to = (struct shape){ .h = values[0], .w = values[1], .c = values[2] };
	return true;
}

static bool read_class_names(struct settings *s, const struct node *list, struct error *err)
{
	struct data_description *to = &s->sweep->data;
	const char **names = arena_alloc(s->arena, ((size_t)list->count + 1) * sizeof *names, err);

	if (list->count < 2 || list->count > MAX_COUNTED_CLASSES)
		return fail_at(err, list->at, "classes: a list of %d where 2 to %d names are accepted", list->count,
		               MAX_COUNTED_CLASSES);
	for (int i = 0; names && i < list->count; i++) {
		if (!bind_type(list->items[i], NODE_SCALAR, "classes", err))
			return false;
		names[i] = list->items[i]->text;
	}
	to->classes = list->count;
	to->class_names = names;
	return names;
}

/* How many, or their names: names are for people, and are in no id. */
static bool read_classes(struct settings *s, const struct node *root, struct error *err)
{
	static const struct field number = { "classes", FIELD_INT, offsetof(struct data_description, classes),
		.min = 2, .max = MAX_COUNTED_CLASSES };
	const struct node *node = find(root, "classes", "a whole number", err);

	if (!node)
		return false;
	return node->type == NODE_LIST ? read_class_names(s, node, err) :
	                                 bind_value(node, &number, NULL, &s->sweep->data, err);
}

/* A path typed on the command line starts where the person stands, one in a file at the file's folder. */
static bool place_paths(const struct settings *s, const struct node *map, void *config, struct error *err)
{
	char here[PATH_MAX];

	for (const struct field *f = s->sweep->data.format->kind.fields; f && f->name; f++) {
		const struct node *node = f->kind == FIELD_TEXT ? node_get(map, f->name) : NULL;

		if (!node || !mark_is_set(node->at) || node->text[0] == '/')
			continue;
		if (!getcwd(here, sizeof here))
			return fail_at(err, node->at, "%s: the current folder cannot be named", f->name);
		char *path = arena_print(s->arena, err, "%s/%s", here, node->text);
		if (!path)
			return false;
		*(const char **)((char *)config + f->offset) = path;
	}
	return true;
}

static bool read_data(struct settings *s, const struct node *root, struct error *err)
{
	struct data_description *to = &s->sweep->data;
	const struct node *node = node_get(root, "data");
	struct kind_choice choice = { .arena = s->arena, .key = "data" };
	void *config;

	to->at = root->at;
	if (!node)
		return true;
	for (int i = 0; data_formats[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &data_formats[i]->kind;
	int found = kind_choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->format = data_formats[found];
	to->config = config;
	to->at = bind_kind_mark(node);
	return node->type != NODE_MAP || place_paths(s, node->items[0], config, err);
}

static bool read_views(struct settings *s, const struct node *node, struct error *err)
{
	struct views *to = &s->sweep->views;
	struct kind_choice choice = { .arena = s->arena, .key = "views" };
	struct shape shape = s->sweep->data.shape;
	void *config;

	if (!node)
		return true;
	for (int i = 0; view_types[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &view_types[i]->kind;
	int found = kind_choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	views_fill(view_types[found], config, to);
	int side = shape.h < shape.w ? shape.h : shape.w, reach = views_reach(to);
	return reach < side || fail_at(err, bind_kind_mark(node), "views: %s of %d pixels where images have %dx%d; "
	                               "accepted: fewer than %d", view_types[found]->kind.name, reach, shape.h,
	                               shape.w, side);
}

static bool read_seeds(struct settings *s, const struct node *node, struct error *err)
{
	static const struct field seed = { "seeds", FIELD_INT, 0, .min = 0, .max = INT_MAX };

	s->seed_count = node && node->type == NODE_LIST ? node->count : 1;
	s->seeds = arena_alloc(s->arena, (size_t)s->seed_count * sizeof *s->seeds, err);
	if (!s->seeds)
		return false;
	s->seeds[0] = 1;
	if (!node)
		return true;
	if (!bind_type(node, NODE_LIST, "seeds", err))
		return false;
	if (!node->count || node->count > MAX_POINTS)
		return fail_at(err, node->at, "seeds: a list of %d where 1 to %d seeds are accepted", node->count,
		               MAX_POINTS);
	double *numbers = arena_alloc(s->arena, (size_t)node->count * sizeof *numbers, err);
	for (int i = 0; numbers && i < node->count; i++) {
		if (!bind_value(node->items[i], &seed, NULL, &s->seeds[i], err))
			return false;
		numbers[i] = s->seeds[i];
	}
	int twin = numbers ? twins_find(numbers, node->count, err) : -1;
	return twin == node->count ||
	       (twin >= 0 && fail_at(err, node->items[twin]->at, "seeds: %d stands twice", s->seeds[twin]));
}

const struct field best_fields[] = {
	{ "over", .accepts = "list of keys of `vary`; `recipe` stands for the named recipes", .required = 1,
	  .help = "of points that differ in these alone, pictures show the best" },
	{ "by", .accepts = "`validation`", .fallback_text = "validation",
	  .help = "the best by the mean accuracy on the validation images, in the final epoch, over the seeds" },
	{ 0 }
};

static bool read_best_over(struct settings *s, const struct node *list, struct error *err)
{
	struct sweep *sweep = s->sweep;

	if (!bind_type(list, NODE_LIST, "over", err))
		return false;
	if (list->count == 0)
		return fail_at(err, list->at, "over: an empty list");
	s->best_over = list;
	s->best_varied = arena_alloc(s->arena, (size_t)list->count * sizeof *s->best_varied, err);
	sweep->best_over = arena_alloc(s->arena, (size_t)list->count * sizeof *sweep->best_over, err);
	for (int i = 0; s->best_varied && sweep->best_over && i < list->count; i++) {
		if (!bind_type(list->items[i], NODE_SCALAR, "over", err))
			return false;
		sweep->best_over[sweep->best_count++] = list->items[i]->text;
	}
	return s->best_varied && sweep->best_over;
}

static bool read_best(struct settings *s, const struct node *map, struct error *err)
{
	static const char *const choices[] = { "validation", NULL };
	static const struct field by = { "by", FIELD_CHOICE, 0, .choices = choices };
	struct words words = { 0 };
	int chosen;

	bind_words(&words, best_fields, NULL);
	if (!bind_type(map, NODE_MAP, "best", err) || !bind_keys(map, &words, err))
		return false;
	const struct node *over = node_get(map, "over"), *node = node_get(map, "by");
	if (!over)
		return fail_at(err, map->at, "over: missing; a list of keys of `vary` is required");
	if (node && !bind_value(node, &by, NULL, &chosen, err))
		return false;
	if (!data_has_validation(&s->sweep->data))
		return fail_at(err, map->at, "best: chosen by validation images, which the data does not have");
	return read_best_over(s, over, err);
}

/* All that decides which variants there are. */
static bool read_recipes(struct settings *s, const struct node *root, struct error *err)
{
	const struct source_place place = { s->sweep->data.folder, "recipe", "recipes", s->arena, s->files };
	const struct node *best = node_get(root, "best");

	s->vary = node_get(root, "vary");
	return recipes_read(root, &place, &s->recipes, err) && (!best || read_best(s, best, err));
}

bool settings_read(struct settings *s, const struct node *root, struct error *err)
{
	if (!bind_type(root, NODE_MAP, "the sweep", err) ||
	    !bind_fields(root, sweep_fields, NULL, NULL, s->sweep, err) || !read_classes(s, root, err) ||
	    !read_input(root, &s->sweep->data.shape, err) || !read_data(s, root, err) ||
	    !read_recipes(s, root, err) || !read_views(s, node_get(root, "views"), err))
		return false;
	if (s->sweep->title && text_has_control(s->sweep->title))
		return fail_at(err, node_get(root, "title")->at, "title: a control character in the text");
	if (!s->sweep->title)
		s->sweep->title = s->sweep->name;
	return read_seeds(s, node_get(root, "seeds"), err);
}
