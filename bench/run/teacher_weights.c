/* See teacher_weights.h. */
#include "bench/run/teacher_weights.h"

#include "bench/record/point_files.h"
#include "bench/sweep/cost.h"
#include "bench/sweep/point_find.h"
#include "bench/system/digest.h"
#include "bench/weights/weights.h"

#include <stdlib.h>

/* Into numbers[params_len + state_len], which the list says. */
static float *read_numbers(const struct weights *list, const char *path, struct error *err)
{
	size_t params = weights_params_len(list), state = weights_state_len(list);
	float *numbers = malloc((params + state + 1) * sizeof *numbers);

	if (!numbers) {
		fail(err, "not enough memory for the weights of a teacher");
		return NULL;
	}
	if (weights_read(list, path, (struct weight_values){ numbers, numbers + params }, err))
		return numbers;
	free(numbers);
	return NULL;
}

static bool read_one(const char *path, const struct point_teacher *from, struct teacher_weights *to, struct error *err)
{
	struct network network = *from->network;

	network.inference = true;
	struct model_plan *plan = model_plan_create(&network, 1, 0, err);
	struct weights *list = plan ? weights_create(&network, plan, err) : NULL;
	float *numbers = list ? read_numbers(list, path, err) : NULL;
	if (numbers) {
		to->numbers[to->count] = numbers;
		to->of[to->count++] = (struct teacher){ .network = from->network, .params = numbers,
			.state = numbers + weights_params_len(list), .scaling = (enum scaling)from->scaling };
	}
	weights_destroy(list);
	model_plan_destroy(plan);
	return numbers;
}

/* A file that is not what it was when the sweep was read would give another student. */
static bool is_same(const struct point_teacher *t, struct error *err)
{
	uint64_t digest;

	if (!digest_file(t->path, &digest, err))
		return fail(err, "its teacher %s: there is no %s any more", t->name, t->path);
	return digest == t->digest ||
	       fail(err, "its teacher %s: %s has changed since this run began", t->name, t->path);
}

bool teacher_weights_read(const char *folder, const struct point *point, struct teacher_weights *to, struct error *err)
{
	char path[FILE_PATH_BYTES];

	*to = (struct teacher_weights){ 0 };
	for (int i = 0; i < point->teacher_count; i++) {
		const struct point_teacher *t = &point->teachers[i];
		bool there = t->point ? point_file_path(folder, t->point->id, POINT_WEIGHTS, path, err) :
			is_same(t, err);

		if (there && read_one(t->point ? path : t->path, t, to, err))
			continue;
		teacher_weights_free(to);
		return false;
	}
	return true;
}

void teacher_weights_free(struct teacher_weights *weights)
{
	for (int i = 0; i < weights->count; i++)
		free(weights->numbers[i]);
	weights->count = 0;
}

/* --- before anything trains --------------------------------------------------------------------------------------- */

enum { MAX_CHECKED = 256 };             /* files that are read only once; those beyond again and again */

/* What the check of one run knows. */
struct check {
	const struct pending *pending;
	const struct teachers_place *place;
	unsigned char *good;            /* [point_count], owned: pending, or checked */
	int file_count;
	const char *files[MAX_CHECKED]; /* paths of those that were checked: one for each item of the YAML */
	struct error *err;
};

static bool check_point(const struct check *c, const struct pending_point *student, const struct point_teacher *t)
{
	const struct teachers_place *place = c->place;
	long index = t->point - place->sweep->points;
	const struct record *record = &place->records->of[index];
	struct pending_point teacher = { .point = t->point, .index = (int)index };
	char name[POINT_NAME_BYTES], own[POINT_PATH_BYTES];
	struct error why = { "" };

	if (c->good[index])
		return true;
	point_name(place->sweep, student->point, name);
	point_path(t->point, place->sweep->several_seeds, own);
	if (place->records->states[index] != RECORD_READ || record->status != POINT_DONE)
		return fail(c->err, "%s learns from %s, which is not trained; train it first, or both together: "
		            "%s --only %s", name, own, place->command, own);
	if (!point_count(t->point, &teacher.cost, c->err))
		return false;
	if (!pending_is_whole(place->folder, &teacher, record, &place->data_digest, &why))
		return fail(c->err, "%s learns from %s, whose training is not whole: %s; train it again: %s --only %s",
		            name, own, why.text, place->command, own);
	c->good[index] = 1;
	return true;
}

/* A point of another sweep says which images it knows; weights alone do not. */
static bool check_file(struct check *c, const struct point_teacher *t)
{
	struct teacher_weights weights = { 0 };
	struct error why = { "" };
	struct record record;

	for (int i = 0; i < c->file_count; i++)
		if (c->files[i] == t->path)
			return true;
	if (t->id && record_read(t->folder, t->id, &record, &why) && record.data_digest != c->place->data_digest)
		return fail_at(c->err, t->at, "teachers: %s of %s was trained on other images than this sweep's",
		               t->name, t->sweep);
	if (why.text[0] || !read_one(t->path, t, &weights, &why))
		return fail_at(c->err, t->at, "teachers: %s", why.text);
	teacher_weights_free(&weights);
	if (c->file_count < MAX_CHECKED)
		c->files[c->file_count++] = t->path;
	return true;
}

static bool check_all(struct check *c)
{
	for (int i = 0; i < c->pending->count; i++)
		c->good[c->pending->points[i].index] = 1;
	for (int i = 0; i < c->pending->count; i++) {
		const struct pending_point *student = &c->pending->points[i];

		for (int k = 0; student->reason != UP_TO_DATE && k < student->point->teacher_count; k++) {
			const struct point_teacher *t = &student->point->teachers[k];

			if (!(t->point ? check_point(c, student, t) : check_file(c, t)))
				return false;
		}
	}
	return true;
}

bool teachers_check(const struct pending *pending, const struct teachers_place *place, struct error *err)
{
	struct check c = { .pending = pending, .place = place, .err = err };

	c.good = calloc((size_t)place->sweep->point_count + 1, 1);
	bool good = c.good ? check_all(&c) : fail(err, "not enough memory for %d points", place->sweep->point_count);
	free(c.good);
	return good;
}
