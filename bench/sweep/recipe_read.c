/* See recipe_read.h. */
#include "bench/sweep/recipe_read.h"

#include "bench/sweep/augment.h"
#include "bench/sweep/kind_choice.h"
#include "bench/yaml/bind.h"

const struct field recipe_kind_fields[] = {
	{ "optimizer", .accepts = "`NAME` or `{NAME: {...}}`, see `archsweep help optimizers`", .fallback_text = "adam",
	  .help = "what gradients do to the weights" },
	{ "schedule", .accepts = "`NAME` or `{NAME: {...}}`, see `archsweep help schedules`",
	  .fallback_text = "constant", .help = "how the learning rate changes during the training" },
	{ "loss", .accepts = "`NAME` or `{NAME: {...}}`, see `archsweep help losses`",
	  .fallback_text = "cross_entropy", .help = "what training minimises" },
	{ "augment", .accepts = "list of `NAME` or `{NAME: {...}}`, see `archsweep help augment`",
	  .fallback_text = "[]", .help = "what becomes of each training image in each epoch, step by step" },
	{ "teachers", .accepts = "list of points and weights, see below", .fallback_text = "[]",
	  .help = "whose answers the points learn, for the loss `distillation`" },
	{ 0 }
};

static bool read_optimizer(struct arena *arena, const struct node *node, struct recipe *to, struct error *err)
{
	struct kind_choice choice = { .arena = arena, .key = "optimizer", .fallback = "adam" };
	void *config;

	for (int i = 0; optimizer_types[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &optimizer_types[i]->kind;
	int found = kind_choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->optimizer_config = config;
	to->optimizer = optimizer_types[found];
	if (to->learning_rate == 0)
		to->learning_rate = to->optimizer->learning_rate;
	return true;
}

static bool read_schedule(struct arena *arena, const struct node *node, struct recipe *to, struct error *err)
{
	struct kind_choice choice = { .arena = arena, .key = "schedule", .fallback = "constant" };
	void *config;

	for (int i = 0; schedule_types[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &schedule_types[i]->kind;
	int found = kind_choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->schedule_config = config;
	to->schedule = schedule_types[found];
	return !to->schedule->check || to->schedule->check(config, bind_kind_mark(node), err);
}

static bool read_loss(struct arena *arena, const struct node *node, struct recipe *to, struct error *err)
{
	struct kind_choice choice = { .arena = arena, .key = "loss", .fallback = "cross_entropy" };
	void *config;

	for (int i = 0; loss_types[i] && i < MAX_KINDS; i++)
		choice.kinds[i] = &loss_types[i]->kind;
	int found = kind_choose(&choice, node, &config, err);
	if (found < 0)
		return false;
	to->loss_config = config;
	to->loss = loss_types[found];
	return true;
}

/* Losses that read teachers need some, and others have no use for them. */
static bool check_teachers(const struct recipe *recipe, const struct node *map, struct error *err)
{
	const struct node *list = node_get(map, "teachers");
	bool wanted = recipe->loss->teacher_temperature;

	if (list && !bind_type(list, NODE_LIST, "teachers", err))
		return false;
	if (list && list->count > MAX_TEACHERS)
		return fail_at(err, list->at, "teachers: a list of %d where at most %d are accepted", list->count,
		               MAX_TEACHERS);
	if (wanted && (!list || list->count == 0))
		return fail_at(err, bind_kind_mark(node_get(map, "loss")),
		               "loss: %s without teachers; accepted: losses that read none, or `teachers` in the "
		               "recipe", recipe->loss->kind.name);
	return wanted || !list || list->count == 0 ||
	       fail_at(err, list->at, "teachers: %d where the loss %s reads none; accepted: the loss distillation",
	               list->count, recipe->loss->kind.name);
}

bool data_has_validation(const struct data_description *data)
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
static bool check_watchers(const struct data_description *data, const struct recipe *recipe, const struct node *node,
                           struct error *err)
{
	if (data_has_validation(data))
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
	for (const struct field *f = recipe_fields; f->name; f++) {
		if (!recipe->patience && f->offset == offsetof(struct recipe, min_gain))
			recipe->min_gain = f->fallback;
		if (!recipe->lookahead && f->offset == offsetof(struct recipe, lookahead_share))
			recipe->lookahead_share = f->fallback;
	}
}

bool recipe_read(const struct node *map, const struct data_description *data, struct arena *arena, struct recipe *to,
                 struct error *err)
{
	const char *const kinds[] = { recipe_kind_fields[0].name, recipe_kind_fields[1].name,
	                              recipe_kind_fields[2].name, recipe_kind_fields[3].name,
	                              recipe_kind_fields[4].name, NULL };

	if (!bind_fields(map, recipe_fields, kinds, NULL, to, err) ||
	    !read_optimizer(arena, node_get(map, "optimizer"), to, err) ||
	    !read_schedule(arena, node_get(map, "schedule"), to, err) ||
	    !read_loss(arena, node_get(map, "loss"), to, err) ||
	    !augment_read(node_get(map, "augment"), arena, to, err))
		return false;
	resolve_recipe(to);
	return check_watchers(data, to, map, err) && check_warm_up(to, map, err) && check_teachers(to, map, err);
}
