/* See teachers.h. */
#include "nn/train/teachers.h"
#include "nn/base/block.h"

#include <stdlib.h>
#include <string.h>

/* One teacher at work: network, plan and model. */
struct expert {
	struct network network; /* the teacher's, for inference */
	struct model_plan *plan;        /* owned */
	struct model *model;            /* owned */
	struct affine pixels;   /* from the student's numbers to its own */
	bool packed;            /* its weights are in the kernels' order */
};

struct teachers {
	struct teachers_setup setup;
	struct expert *experts; /* owned: [setup.count] */
	double temperature;
	int classes;
	real *kept;             /* owned: see teachers_kept; NULL: none */
	struct observer inside; /* of the experts' models */
};

/* --- creation ----------------------------------------------------------------------------------------------------- */

static bool plan_expert(struct expert *e, const struct teacher *teacher, const struct recipe *recipe, struct error *err)
{
	e->network = *teacher->network;
	e->network.inference = true;
	e->network.input_gradient = false;
	e->network.dropout = 0;
	e->network.bf16 = recipe->teacher_precision == PRECISION_BF16;
	e->plan = model_plan_create(&e->network, recipe->batch, 0, err);
	return e->plan;
}

/* (byte - mean) * scale of the teacher, from that of the student. */
static struct affine pixels_of_teacher(const struct teachers *t, enum scaling scaling)
{
	struct pixel_scale own = pixel_scale_of(scaling, t->setup.training), student = t->setup.scale;

	return (struct affine){ own.scale / student.scale, (student.mean - own.mean) * own.scale, ACTIVATION_IDENTITY,
	                        false };
}

/* Many pieces of an expert's work are one stage of the student's. */
static void begin_inside(void *about)
{
	const struct teachers *t = about;

	observe_begin(t->setup.observer);
}

static void end_inside(void *about, enum stage stage, int layer)
{
	const struct teachers *t = about;

	(void)stage;
	(void)layer;
	observe_end(t->setup.observer, STAGE_TEACHERS, NETWORK_INPUT);
}

static bool create_expert(struct teachers *t, int i, struct error *err)
{
	const struct teacher *teacher = &t->setup.of[i];
	struct expert *e = &t->experts[i];

	if (!plan_expert(e, teacher, t->setup.recipe, err))
		return false;
	e->model = model_create(e->plan, t->setup.kernels, err);
	if (!e->model)
		return false;
	struct model_memory memory = model_memory(e->model);
	if (teacher->params) {
		memcpy(memory.params, teacher->params, memory.params_len * sizeof(real));
		if (memory.state_len)
			memcpy(memory.state, teacher->state, memory.state_len * sizeof(real));
	} else {
		model_initialise(e->model, (uint64_t)i);
	}
	if (t->setup.observer)
		model_observe(e->model, &t->inside);
	e->pixels = pixels_of_teacher(t, teacher->scaling);
	return true;
}

static size_t kept_len(const struct teachers *t)
{
	return (size_t)t->setup.recipe->keep_views * (size_t)t->setup.training.count * (size_t)t->classes;
}

static bool create_all(struct teachers *t, struct error *err)
{
	if (kept_len(t) > 0)
		t->kept = block_allocate(kept_len(t) * sizeof(real));
	if (!t->experts || (kept_len(t) > 0 && !t->kept))
		return fail(err, "no memory for %d teachers", t->setup.count);
	for (int i = 0; i < t->setup.count; i++)
		if (!create_expert(t, i, err))
			return false;
	return true;
}

struct teachers *teachers_create(const struct teachers_setup *setup, struct error *err)
{
	const struct recipe *recipe = setup->recipe;
	struct teachers *t = calloc(1, sizeof *t);

	if (!t) {
		fail(err, "no memory for %d teachers", setup->count);
		return NULL;
	}
	t->setup = *setup;
	t->temperature = recipe->loss->teacher_temperature(recipe->loss_config);
	t->classes = setup->of[0].network->classes;
	t->experts = calloc((size_t)setup->count, sizeof *t->experts);
	t->inside = (struct observer){ begin_inside, end_inside, t };
	if (create_all(t, err))
		return t;
	teachers_destroy(t);
	return NULL;
}

void teachers_destroy(struct teachers *t)
{
	if (!t)
		return;
	for (int i = 0; t->experts && i < t->setup.count; i++) {
		model_destroy(t->experts[i].model);
		model_plan_destroy(t->experts[i].plan);
	}
	free(t->experts);
	free(t->kept);
	free(t);
}

bool teachers_bytes(const struct teacher *of, int count, const struct recipe *recipe, int64_t *bytes, struct error *err)
{
	*bytes = 0;
	for (int i = 0; i < count; i++) {
		struct expert e;

		if (!plan_expert(&e, &of[i], recipe, err))
			return false;
		*bytes += model_plan_cost(e.plan).memory_bytes;
		model_plan_destroy(e.plan);
	}
	return true;
}

/* --- answers ------------------------------------------------------------------------------------------------------ */

/* What the tasks of one batch are told. */
struct answering {
	struct teachers *t;
	struct model *student;
	const struct taught_batch *batch;
	int expert;             /* whose turn it is */
};

/* Adds the expert's share of the mean to a group's answers; the first one writes them. */
static void add_shares(const struct answering *a, int group)
{
	const struct teachers *t = a->t;
	real *to = model_teacher(a->student, group);
	const struct loss_job job = { .classes = t->classes,
		.logits = model_logits(t->experts[a->expert].model) + (size_t)group * (size_t)t->classes * LANES };

	for (int lane = 0; lane < LANES; lane++) {
		struct softmax soft = softmax_of(&job, lane, (real)t->temperature);
		for (int c = 0; c < t->classes; c++) {
			real share = (real)(softmax_share(&soft, &job, c) / t->setup.count);
			to[c * LANES + lane] = a->expert ? to[c * LANES + lane] + share : share;
		}
	}
}

static void run_shares(void *about, int group, int thread)
{
	const struct answering *a = about;

	(void)thread;
	observe_begin(a->t->setup.observer);
	add_shares(a, group);
	observe_end(a->t->setup.observer, STAGE_TEACHERS, NETWORK_INPUT);
}

/* The student's input, in the numbers of the expert's training. */
static void run_pixels(void *about, int group, int thread)
{
	const struct answering *a = about;
	const struct expert *e = &a->t->experts[a->expert];
	const real *from = model_input(a->student, group);
	real *to = model_input(e->model, group);

	(void)thread;
	observe_begin(a->t->setup.observer);
	if (e->pixels.scale == 1 && e->pixels.shift == 0)
		memcpy(to, from, group_len(e->network.input) * sizeof *to);
	else
		a->t->setup.kernels->scale_shift(from, to, image_len(e->network.input), &e->pixels);
	observe_end(a->t->setup.observer, STAGE_TEACHERS, NETWORK_INPUT);
}

static void ask_expert(struct answering *a, struct team *team)
{
	struct expert *e = &a->t->experts[a->expert];
	struct batch batch = { .images = a->batch->images };
	int groups = (batch.images + LANES - 1) / LANES;

	team_run(team, groups, run_pixels, a);
	model_forward(e->model, team, &batch, !e->packed);
	e->packed = true;
	team_run(team, groups, run_shares, a);
}

/* Where the answers to an image's view of this epoch are kept, [classes]. */
static real *kept_at(const struct answering *a, int image)
{
	size_t view = (size_t)(a->batch->epoch % a->t->setup.recipe->keep_views);
	size_t images = (size_t)a->t->setup.training.count;

	return a->t->kept + (view * images + (size_t)a->batch->order[image]) * (size_t)a->t->classes;
}

/* From the student's memory to the kept answers of the views' first epochs, afterwards the other way round. */
static void keep_or_recall(const struct answering *a, bool recall)
{
	for (int i = 0; i < a->batch->images; i++) {
		real *kept = kept_at(a, i), *shares = model_teacher(a->student, i / LANES) + i % LANES;
		for (int c = 0; c < a->t->classes; c++) {
			if (recall)
				shares[c * LANES] = kept[c];
			else
				kept[c] = shares[c * LANES];
		}
	}
}

void teachers_answer(struct teachers *t, struct model *student, struct team *team, const struct taught_batch *batch)
{
	struct answering a = { t, student, batch, 0 };
	bool recall = t->kept && batch->epoch >= t->setup.recipe->keep_views;

	for (; !recall && a.expert < t->setup.count; a.expert++)
		ask_expert(&a, team);
	if (!t->kept)
		return;
	observe_begin(t->setup.observer);
	keep_or_recall(&a, recall);
	observe_end(t->setup.observer, STAGE_TEACHERS, NETWORK_INPUT);
}

struct model_array teachers_kept(const struct teachers *t)
{
	return (struct model_array){ t->kept, kept_len(t) };
}
