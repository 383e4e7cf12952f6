/* See point_teachers.h. Each item of the YAML is read once, for all points whose recipe has it. */
#include "bench/sweep/point_teachers.h"

#include "bench/sweep/cost.h"
#include "bench/sweep/describe.h"
#include "bench/sweep/family.h"
#include "bench/sweep/point_find.h"
#include "bench/system/digest.h"
#include "bench/text/shell_word.h"
#include "bench/yaml/bind.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_REFERENCES = 1024,          /* items of all recipes together */
	MAX_HIRED = 1000000,            /* teachers of all points together */
	MAX_CHAIN = 64,                 /* points that learn one from another */
};

/* An item that is a map. */
struct teacher_item {
	const char *sweep, *point, *folder, *weights, *family;
	double width;
	int scaling;
};

const struct field teacher_fields[] = {
	{ "sweep", FIELD_TEXT, offsetof(struct teacher_item, sweep),
	  .help = "another sweep's file; a path from the file that names it" },
	{ "point", FIELD_TEXT, offsetof(struct teacher_item, point), .help = "which of its points: `plain/24`" },
	{ "folder", FIELD_TEXT, offsetof(struct teacher_item, folder),
	  .help = "where its results are, a path likewise; without it, reports/NAME of the current folder" },
	{ "weights", FIELD_TEXT, offsetof(struct teacher_item, weights),
	  .help = "a file of weights as `archsweep export` writes it, or Keras; a path likewise" },
	{ "family", FIELD_TEXT, offsetof(struct teacher_item, family),
	  .help = "whose weights these are: the name of a family's file, or its path" },
	{ "width", FIELD_FLOAT, offsetof(struct teacher_item, width), .fallback = 1, .min = 1e-9, .max = MAX_WIDTH,
	  .help = "the width of that family" },
	{ "scaling", FIELD_CHOICE, offsetof(struct teacher_item, scaling),
	  .fallback = SCALING_UNIT, .choices = scaling_names,
	  .help = "the pixels that these weights know, as in a recipe" },
	{ 0 }
};

/* What an item says. */
struct reference {
	const struct node *item;
	int first, last;                /* points of this sweep that match: seeds of one network; -1: none */
	struct point_teacher file;      /* otherwise */
};

enum state { UNSETTLED, ON_THE_WAY, SETTLED };

struct resolver {
	struct settings *settings;
	struct sweep *sweep;
	int count, hired;               /* references; teachers of the points so far */
	struct reference *of;           /* [MAX_REFERENCES], owned */
	unsigned char *states;          /* [point_count], owned: enum state of each point's id */
	struct error *err;
};

/* --- what an item names ------------------------------------------------------------------------------------------- */

/* What a text names from the folder of the file that it stands in; on the command line, from the current one. */
static const char *path_from(const struct resolver *r, struct mark at, const char *path)
{
	struct arena *arena = r->settings->arena;
	const char *slash = at.file && !mark_is_set(at) ? strrchr(at.file, '/') : NULL;

	if (path[0] == '/' || !slash)
		return arena_copy(arena, path, strlen(path), r->err);
	return arena_print(arena, r->err, "%.*s/%s", (int)(slash - at.file), at.file, path);
}

/* The only network of a sweep with that name, by its first and last point that match; the message has no position. */
static bool find_network(const struct sweep *sweep, const char *name, int *first, int *last, struct error *err)
{
	char shown[SHOWN_BYTES], one[POINT_PATH_BYTES], other[POINT_PATH_BYTES];

	*first = *last = -1;
	for (int i = 0; i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];

		if (!point_matches_name(point, name))
			continue;
		if (*first >= 0 && !point_same_network(&sweep->points[*first], point))
			return fail(err, "\"%s\" is more than one network: %s, %s; name one of them",
			            words_show(name, shown), point_path(&sweep->points[*first], false, one),
			            point_path(point, false, other));
		*first = *first < 0 ? i : *first;
		*last = i;
	}
	return *first >= 0 || point_refuse(&(struct point_search){ sweep, name, false }, err);
}

/* The digest of the file, 0 where there is none. */
static bool take_digest(const struct resolver *r, struct point_teacher *to)
{
	struct error why = { "" };

	return digest_file(to->path, &to->digest, &why) || !why.text[0] ||
	       fail_at(r->err, to->at, "teachers: %s", why.text);
}

/* A point of another sweep, which may need files itself: without them its id is unknown, and so it is missing. */
static bool read_other(struct resolver *r, const struct teacher_item *item, struct reference *to)
{
	const struct node *named = node_get(to->item, "sweep");
	struct point_teacher *file = &to->file;
	struct error why = { "" };
	char path[POINT_PATH_BYTES];
	int first, last;

	file->sweep = path_from(r, named->at, item->sweep);
	if (!file->sweep)
		return false;
	const struct sweep *other = sweep_of_teachers(r->sweep, file->sweep, &why);
	if (!other)
		return fail_at(r->err, named->at, "teachers: %s", why.text);
	if (!find_network(other, item->point, &first, &last, &why))
		return fail_at(r->err, node_get(to->item, "point")->at, "teachers: %s: %s", file->sweep, why.text);
	const struct point *point = &other->points[first];
	if (first != last)
		return fail_at(r->err, node_get(to->item, "point")->at, "teachers: %s: \"%s\" is a point for each of "
		               "several seeds; name one: %s", file->sweep, item->point, point_path(point, true, path));
	file->network = &point->network;
	file->scaling = point->variant->recipe.scaling;
	file->id = point->id;
	file->folder = item->folder ? path_from(r, node_get(to->item, "folder")->at, item->folder) :
		arena_print(r->settings->arena, r->err, "reports/%s", other->name);
	file->name = arena_print(r->settings->arena, r->err, "%s", point_name(other, point, path));
	if (!file->folder || !file->name)
		return false;
	/* As bench/record/point_files.h names it. */
	file->path = arena_print(r->settings->arena, r->err, "%s/points/%s.npz", file->folder, file->id);
	return file->path && (!point_teachers_there(other, &why) || take_digest(r, file));
}

/* Weights of a family at a width. */
static bool read_weights(struct resolver *r, const struct teacher_item *item, struct reference *to)
{
	struct settings *s = r->settings;
	const struct source_place place = { s->sweep->data.folder, "family", "families", s->arena, s->files };
	const struct node *name = node_get(to->item, "family"), *root = source_read(&place, name, r->err);
	struct network *network = arena_alloc(s->arena, sizeof *network, r->err);
	struct words words = { 0 };
	struct family family;

	bind_words(&words, family_fields, NULL);
	if (!root || !network || !bind_keys(root, &words, r->err) || !family_read(root, s->arena, &family, r->err))
		return false;
	const struct data_description *data = &s->sweep->data;
	const struct binding binding = { item->width, data->classes, (enum rounding)family.rounding, family.divisor };
	*network = (struct network){ .input = data->shape, .classes = data->classes, .inference = true };
	if (!family_network(&family, &binding, network, r->err))
		return false;
	struct point_teacher *file = &to->file;
	file->network = network;
	file->scaling = item->scaling;
	file->path = file->name = path_from(r, node_get(to->item, "weights")->at, item->weights);
	return file->path && take_digest(r, file);
}

/* Whether the teacher can be asked about the student's images. */
static bool check_network(const struct resolver *r, const struct point_teacher *file)
{
	const struct network *network = file->network;
	const struct data_description *data = &r->sweep->data;
	struct shape in = network->input, here = data->shape;
	struct error why = { "" };

	if (in.h != here.h || in.w != here.w || in.c != here.c || network->classes != data->classes)
		return fail_at(r->err, file->at, "teachers: %s reads images of %dx%dx%d in %d classes; accepted: "
		               "%dx%dx%d in %d, as in this sweep", file->name, in.h, in.w, in.c, network->classes,
		               here.h, here.w, here.c, data->classes);
	struct model_plan *plan = model_plan_create(network, 1, 0, &why);
	model_plan_destroy(plan);
	return plan || fail_at(r->err, file->at, "teachers: %s: %s", file->name, why.text);
}

static bool read_map(struct resolver *r, struct reference *to)
{
	struct teacher_item item = { 0 };
	bool other, weights;

	if (!bind_fields(to->item, teacher_fields, NULL, NULL, &item, r->err))
		return false;
	other = item.sweep && item.point && !item.weights && !item.family && !node_get(to->item, "width") &&
		!node_get(to->item, "scaling");
	weights = item.weights && item.family && !item.sweep && !item.point && !item.folder;
	if (!other && !weights)
		return fail_at(r->err, to->item->at, "teachers: accepted: FAMILY/WIDTH, a map of sweep and point (and "
		               "folder), or one of weights and family (and width, scaling)");
	to->file.at = to->item->at;
	return (other ? read_other(r, &item, to) : read_weights(r, &item, to)) && check_network(r, &to->file);
}

static bool read_reference(struct resolver *r, struct reference *to)
{
	const struct node *item = to->item;
	struct error why = { "" };
	char shown[80];

	if (item->type == NODE_MAP)
		return read_map(r, to);
	if (item->type != NODE_SCALAR)
		return fail_at(r->err, item->at, "teachers: %s where FAMILY/WIDTH or a map is accepted",
		               node_describe(item, shown));
	return find_network(r->sweep, item->text, &to->first, &to->last, &why) ||
	       fail_at(r->err, item->at, "teachers: %s", why.text);
}

static const struct reference *refer(struct resolver *r, const struct node *item)
{
	for (int i = r->count; i-- > 0;)
		if (r->of[i].item == item)
			return &r->of[i];
	if (r->count == MAX_REFERENCES) {
		fail_at(r->err, item->at, "teachers: more than %d in all recipes together", MAX_REFERENCES);
		return NULL;
	}
	struct reference *to = &r->of[r->count];
	*to = (struct reference){ .item = item, .first = -1, .last = -1 };
	if (!read_reference(r, to))
		return NULL;
	r->count++;
	return to;
}

/* --- whom a point learns from ------------------------------------------------------------------------------------- */

/* Of a network's seeds the student's own; of one alone, that. */
static const struct point *choose_seed(const struct resolver *r, const struct reference *from, int seed)
{
	const struct point *points = r->sweep->points;
	char shown[SHOWN_BYTES], path[POINT_PATH_BYTES];

	if (from->first == from->last)
		return &points[from->first];
	for (int i = from->first; i <= from->last; i++)
		if (points[i].seed == seed && point_matches_name(&points[i], from->item->text))
			return &points[i];
	fail_at(r->err, from->item->at, "teachers: \"%s\" is a point for each of several seeds, and none for the "
	        "student's, %d; name one: %s", words_show(from->item->text, shown), seed,
	        point_path(&points[from->first], true, path));
	return NULL;
}

static bool fill(const struct resolver *r, const struct reference *from, int seed, struct point_teacher *to)
{
	char name[POINT_NAME_BYTES];

	*to = from->file;
	if (from->first < 0)
		return true;
	to->point = choose_seed(r, from, seed);
	if (!to->point)
		return false;
	to->name = arena_print(r->settings->arena, r->err, "%s", point_name(r->sweep, to->point, name));
	to->network = &to->point->network;
	to->scaling = to->point->variant->recipe.scaling;
	to->at = from->item->at;
	return to->name;
}

static bool check_twin(const struct resolver *r, const struct point_teacher *all, int i)
{
	const struct point_teacher *t = &all[i];

	for (int k = 0; k < i; k++)
		if (t->point ? all[k].point == t->point : all[k].path && !strcmp(all[k].path, t->path))
			return fail_at(r->err, t->at, "teachers: %s stands twice", t->name);
	return true;
}

static bool hire(struct resolver *r, struct point *student)
{
	const struct node *list = student->variant->teachers;

	r->hired += list->count;
	if (r->hired > MAX_HIRED)
		return fail_at(r->err, list->at, "teachers: more than %d of all points together", MAX_HIRED);
	struct point_teacher *to = arena_alloc(r->settings->arena, (size_t)list->count * sizeof *to, r->err);

	for (int i = 0; to && i < list->count; i++) {
		const struct reference *from = refer(r, list->items[i]);

		if (!from || !fill(r, from, student->seed, &to[i]) || !check_twin(r, to, i))
			return false;
	}
	student->teachers = to;
	student->teacher_count = list->count;
	return to;
}

/* --- ids ---------------------------------------------------------------------------------------------------------- */

static bool name_point(const struct resolver *r, struct point *point)
{
	char *description = describe_network(r->sweep, point);

	if (!description)
		return fail(r->err, "out of memory");
	describe_id(describe_hash(description), point->seed, point->id);
	free(description);
	return true;
}

/* Settles the ids of a point's teachers, then its own. */
static bool settle(struct resolver *r, struct point *point, int depth)
{
	unsigned char *state = &r->states[point - r->sweep->points];

	if (*state == SETTLED || point->teacher_count == 0)
		return true;
	*state = ON_THE_WAY;
	for (int i = 0; i < point->teacher_count; i++) {
		const struct point_teacher *t = &point->teachers[i];
		char name[POINT_NAME_BYTES];

		if (!t->point)
			continue;
		long place = t->point - r->sweep->points;
		if (r->states[place] == ON_THE_WAY)
			return fail_at(r->err, t->at, t->point == point ? "teachers: %s learns from itself" :
			               "teachers: %s learns from %s, which learns from it in turn",
			               point_name(r->sweep, point, name), t->name);
		if (depth == MAX_CHAIN)
			return fail_at(r->err, t->at, "teachers: more than %d points learn one from another",
			               MAX_CHAIN);
		if (!settle(r, &r->sweep->points[place], depth + 1))
			return false;
	}
	*state = SETTLED;
	return name_point(r, point);
}

bool point_teachers_resolve(struct settings *settings, struct error *err)
{
	struct sweep *sweep = settings->sweep;
	struct resolver r = { .settings = settings, .sweep = sweep, .err = err };
	bool good = true;

	r.of = calloc(MAX_REFERENCES, sizeof *r.of);
	r.states = calloc((size_t)sweep->point_count + 1, 1);
	if (!r.of || !r.states)
		good = fail(err, "out of memory");
	for (int i = 0; good && i < sweep->point_count; i++)
		if (sweep->points[i].variant->recipe.loss->teacher_temperature)
			good = hire(&r, &sweep->points[i]);
	for (int i = 0; good && i < sweep->point_count; i++)
		good = settle(&r, &sweep->points[i], 0);
	free(r.of);
	free(r.states);
	return good;
}

/* --- what others ask ---------------------------------------------------------------------------------------------- */

static bool refuse_missing(const struct point_teacher *t, struct error *err)
{
	char *sweep = NULL;
	size_t len;
	FILE *word = t->sweep ? open_memstream(&sweep, &len) : NULL;

	if (word) {
		print_shell_word(t->sweep, word);
		fclose(word);
	}
	if (sweep)
		fail_at(err, t->at, "teachers: %s of %s has no trained weights: there is no %s; train it first: "
		        "archsweep run %s --only %s", t->name, t->sweep, t->path, sweep, t->name);
	else
		fail_at(err, t->at, "teachers: there is no %s", t->path);
	free(sweep);
	return false;
}

bool point_teachers_there(const struct sweep *sweep, struct error *err)
{
	for (int i = 0; i < sweep->point_count; i++)
		for (int k = 0; k < sweep->points[i].teacher_count; k++) {
			const struct point_teacher *t = &sweep->points[i].teachers[k];

			if (!t->point && !t->digest)
				return refuse_missing(t, err);
		}
	return true;
}

int point_teachers_bare(const struct point *point, struct teacher to[MAX_TEACHERS])
{
	for (int i = 0; i < point->teacher_count; i++)
		to[i] = (struct teacher){ .network = point->teachers[i].network,
			.scaling = (enum scaling)point->teachers[i].scaling };
	return point->teacher_count;
}
