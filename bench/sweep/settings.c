/* See settings.h. */
#include "bench/sweep/settings.h"

#include "bench/text/text.h"
#include "bench/yaml/bind.h"

#include <limits.h>
#include <string.h>
#include <unistd.h>

enum { MAX_KINDS = 32, MAX_SIDE = 4096 };

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
	{ "recipe", .accepts = "map, see `archsweep help recipe`", .required = 1,
	  .help = "how every point is trained" },
	{ "families", .accepts = "list of maps, see below", .required = 1,
	  .help = "which families, at which widths" },
	{ "base", .accepts = "`FAMILY`, or `FAMILY/WIDTH` where the family has several widths",
	  .help = "the network that `archsweep compare` compares the others with" },
	{ 0 }
};

const struct field recipe_kind_fields[] = {
	{ "optimizer", .accepts = "`NAME` or `{NAME: {...}}`, see `archsweep help optimizers`", .fallback_text = "adam",
	  .help = "what gradients do to the weights" },
	{ "schedule", .accepts = "`NAME` or `{NAME: {...}}`, see `archsweep help schedules`",
	  .fallback_text = "constant", .help = "how the learning rate changes during the training" },
	{ 0 }
};

/* A key whose value names one of several kinds. */
struct choice {
	struct arena *arena;            /* for the kind's struct */
	const char *key, *fallback;     /* fallback: the kind where the key is missing */
	const struct kind *kinds[MAX_KINDS + 1];        /* NULL at the end */
};

static int find_kind(const struct choice *choice, const char *name)
{
	for (int i = 0; choice->kinds[i]; i++)
		if (!strcmp(choice->kinds[i]->name, name))
			return i;
	return -1;
}

static bool refuse_kind(const struct choice *choice, const struct node *node, const char *name, struct error *err)
{
	struct words words = { 0 };
	char shown[SHOWN_BYTES], accepted[ACCEPTED_BYTES];

	for (int i = 0; choice->kinds[i]; i++)
		words_add(&words, choice->kinds[i]->name);
	return fail_at(err, bind_kind_mark(node), "%s: \"%s\" is unknown; %s", choice->key, words_show(name, shown),
	               words_accepted(&words, name, accepted));
}

/* Index of the kind that `node` names (NULL: the fallback); -1 and an error for none. *config: the kind's filled
 * struct. */
static int choose(const struct choice *choice, const struct node *node, void **config, struct error *err)
{
	const char *name = choice->fallback;
	const struct node *fields = NULL;

	if (node && !bind_kind(node, choice->key, &name, &fields, err))
		return -1;
	int found = find_kind(choice, name);
	if (found < 0) {
		refuse_kind(choice, node, name, err);
		return -1;
	}
	const struct kind *kind = choice->kinds[found];
	*config = arena_alloc(choice->arena, kind->config_size, err);
	if (node && !fields)
		fields = node_empty(choice->arena, node->at, err);
	if (!*config || (node && !fields) || !bind_fields(fields, kind->fields, NULL, NULL, *config, err))
		return -1;
	return found;
}

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
	struct choice choice = { .arena = s->arena, .key = "data" };
	void *config;

	to->at = root->at;
	if (!node)
		return true;
	for (int i = 0; data_formats[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &data_formats[i]->kind;
	int found = choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->format = data_formats[found];
	to->config = config;
	to->at = bind_kind_mark(node);
	return node->type != NODE_MAP || place_paths(s, node->items[0], config, err);
}

static bool read_optimizer(struct settings *s, const struct node *node, struct error *err)
{
	struct recipe *to = &s->sweep->recipe;
	struct choice choice = { .arena = s->arena, .key = "optimizer", .fallback = "adam" };
	void *config;

	for (int i = 0; optimizer_types[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &optimizer_types[i]->kind;
	int found = choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->optimizer_config = config;
	to->optimizer = optimizer_types[found];
	if (to->learning_rate == 0)
		to->learning_rate = to->optimizer->learning_rate;
	return true;
}

static bool read_schedule(struct settings *s, const struct node *node, struct error *err)
{
	struct recipe *to = &s->sweep->recipe;
	struct choice choice = { .arena = s->arena, .key = "schedule", .fallback = "constant" };
	void *config;

	for (int i = 0; schedule_types[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &schedule_types[i]->kind;
	int found = choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->schedule_config = config;
	to->schedule = schedule_types[found];
	return !to->schedule->check || to->schedule->check(config, bind_kind_mark(node), err);
}

/* Data that is not named yet may have validation images. */
static bool has_validation(const struct data_description *data)
{
	struct split splits[MAX_SPLITS];

	if (!data->format)
		return true;
	int count = data->format->splits(data->config, splits);
	for (int i = 0; i < count; i++)
		if (splits[i].role == ROLE_VALIDATION)
			return true;
	return false;
}

/* Patience and some schedules need validation images. */
static bool check_watchers(const struct settings *s, const struct node *node, struct error *err)
{
	const struct recipe *recipe = &s->sweep->recipe;

	if (has_validation(&s->sweep->data))
		return true;
	if (recipe->patience)
		return fail_at(err, node_get(node, "patience")->at,
		               "patience: %d where the data has no validation images; accepted: 0", recipe->patience);
	if (recipe->schedule->watch)
		return fail_at(err, bind_kind_mark(node_get(node, "schedule")),
		               "schedule: %s where the data has no validation images; "
		               "accepted: schedules that do not watch them", recipe->schedule->kind.name);
	return true;
}

static bool check_warm_up(const struct recipe *recipe, const struct node *node, struct error *err)
{
	if (recipe->warm_up <= recipe->epochs)
		return true;
	return fail_at(err, node_get(node, "warm_up")->at, "warm_up: %.10g of %d epoch%s; accepted: 0..%d",
	               recipe->warm_up, recipe->epochs, recipe->epochs == 1 ? "" : "s", recipe->epochs);
}

/* Resets settings without effect to their defaults, so that points that train alike have the same id. */
static void resolve_recipe(struct recipe *recipe)
{
	for (const struct field *f = recipe_fields; f->name; f++)
		if (!recipe->patience && f->offset == offsetof(struct recipe, min_gain))
			recipe->min_gain = f->fallback;
}

static bool read_recipe(struct settings *s, const struct node *root, struct error *err)
{
	const char *const kinds[] = { recipe_kind_fields[0].name, recipe_kind_fields[1].name, NULL };
	const struct node *node = find(root, "recipe", "a map", err);

	if (!node || !bind_type(node, NODE_MAP, "recipe", err) ||
	    !bind_fields(node, recipe_fields, kinds, NULL, &s->sweep->recipe, err) ||
	    !read_optimizer(s, node_get(node, "optimizer"), err) || !read_schedule(s, node_get(node, "schedule"), err))
		return false;
	resolve_recipe(&s->sweep->recipe);
	return check_watchers(s, node, err) && check_warm_up(&s->sweep->recipe, node, err);
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
	for (int i = 0; i < node->count; i++) {
		if (!bind_value(node->items[i], &seed, NULL, &s->seeds[i], err))
			return false;
		for (int k = 0; k < i; k++)
			if (s->seeds[k] == s->seeds[i])
				return fail_at(err, node->items[i]->at, "seeds: %d stands twice", s->seeds[i]);
	}
	return true;
}

bool settings_read(struct settings *s, const struct node *root, struct error *err)
{
	if (!bind_type(root, NODE_MAP, "the sweep", err) ||
	    !bind_fields(root, sweep_fields, NULL, NULL, s->sweep, err) || !read_classes(s, root, err) ||
	    !read_input(root, &s->sweep->data.shape, err) || !read_data(s, root, err) || !read_recipe(s, root, err))
		return false;
	if (s->sweep->title && text_has_control(s->sweep->title))
		return fail_at(err, node_get(root, "title")->at, "title: a control character in the text");
	if (!s->sweep->title)
		s->sweep->title = s->sweep->name;
	return read_seeds(s, node_get(root, "seeds"), err);
}
