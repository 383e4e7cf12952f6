/* Teachers in training: what a student learns from them, their scaling, kept answers, threads, memory; and networks
 * that are planned for inference alone. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/problem.h"
#include "tests/helpers/test.h"
#include "nn/train/teachers.h"

#include <math.h>
#include <string.h>

/* --- inference alone ---------------------------------------------------------------------------------------------- */

/* The logits of a training's network in inference, and those of the same weights in a plan for inference alone. */
static void check_inference_alone(const char *text, bool bf16)
{
	static struct model_run r, alone;
	struct shape in = { 3, 9, 11 };
	double *logits[2];

	model_run_open(&r, text, in, 4);
	r.net.network.bf16 = bf16;
	model_run_plan(&r, 40);
	model_run_create(&r, kernels_choose(NULL));
	model_run_fill(&r, 40, 1, 0);
	model_run_train(&r);
	model_run_open(&alone, text, in, 4);
	alone.net.network.inference = true;
	alone.net.network.input_gradient = false;
	alone.net.network.dropout = 0;
	alone.net.network.bf16 = bf16;
	model_run_plan(&alone, 40);
	model_run_create(&alone, kernels_choose(NULL));
	CHECK(model_plan_cost(alone.plan).memory_bytes < model_plan_cost(r.plan).memory_bytes);
	struct model_memory from = model_memory(r.model), to = model_memory(alone.model);
	CHECK(from.params_len == to.params_len && from.state_len == to.state_len);
	memcpy(to.params, from.params, from.params_len * sizeof(real));
	memcpy(to.state, from.state, from.state_len * sizeof(real));
	for (int pass = 0; pass < 2; pass++) {
		model_run_fill(&r, 37, 2, 0);
		model_run_fill(&alone, 37, 2, 0);
		r.batch.training = alone.batch.training = false;
		model_forward(r.model, &r.team, &r.batch, true);
		model_forward(alone.model, &alone.team, &alone.batch, pass == 0);
		logits[0] = take_plain(model_logits(r.model), (struct shape){ 4, 1, 1 }, 37);
		logits[1] = take_plain(model_logits(alone.model), (struct shape){ 4, 1, 1 }, 37);
		for (int i = 0; i < 37 * 4; i++)
			CHECK_CLOSE(logits[1][i], logits[0][i], 1e-5);
	}
	model_run_close(&r);
	model_run_close(&alone);
	take_nothing();
}

TEST(teachers_inference_alone_gives_the_same_logits)
{
	for (int bf16 = 0; bf16 < 2; bf16++) {
		check_inference_alone(every_layer_text, bf16);
		check_inference_alone(expansions_text, bf16);
		check_inference_alone(norms_text, bf16);
		check_inference_alone(projections_text, bf16);
		check_inference_alone(transitions_text, bf16);
	}
}

/* --- one step against PyTorch ------------------------------------------------------------------------------------- */

enum { FEW = 4, CLASSES = 3 };

/* Four images of 2x2 pixels, a dense student, and two teachers: one with batch norm on pixels of 0..1, one that was
 * trained on pixels of 0..255. The numbers were computed in PyTorch 2.13 in double precision: BatchNorm1d(1, eps=1e-3)
 * in eval mode, linear, softmax(z / 3) of both, their mean p, and the gradients of 0.25 cross_entropy(z, y) + 0.75 * 9
 * kl_div(log_softmax(z / 3), p, reduction="batchmean"). */
static const uint8_t few[FEW][4] = { { 0, 51, 102, 255 }, { 10, 200, 30, 90 }, { 250, 5, 60, 128 },
	{ 77, 140, 210, 33 } };
static const uint8_t few_labels[FEW] = { 0, 2, 1, 2 };
static const real student_params[15] = { 0.1f, -0.2f, 0.3f, 0.05f, -0.4f, 0.25f, 0.15f, -0.1f, 0.2f, 0.1f, -0.3f,
	0.35f, 0.05f, -0.1f, 0.02f };
static const real normed_params[17] = { 1.5f, -0.25f, 2, -1, 0.5f, 1, -1.5f, 1, 2, -0.5f, 0.25f, -0.75f, 1, 1.5f, 0.1f,
	0.2f, -0.3f };
static const real normed_state[2] = { 0.4f, 0.09f };
static const real raw_params[15] = { -0.01f, 0.02f, 0.005f, 0.01f, 0.015f, -0.01f, 0.01f, -0.02f, 0.005f, 0.01f,
	-0.015f, 0.02f, 0, 0.5f, -0.25f };
static const double wanted_loss = 1.0190263615;
static const double wanted_gradient[15] = {
	-0.0438691431, 0.0310047275, 0.0172724906, -0.0522528949, -0.0486419401, -0.0826981430,
	-0.0658713880, 0.0883041659, 0.0925110833, 0.0516934155, 0.0485988974, -0.0360512710, -0.0289301949,
	-0.0591291053, 0.0880593002 };

TEST(teachers_step_is_that_of_pytorch)
{
	static struct problem p;
	static struct net normed, raw;
	struct shape shape = { 1, 2, 2 };
	struct epoch_row row;

	problem_open(&p, "sgd", 1);
	net_read(&p.net, shape, CLASSES, "flatten; dense units=3");
	net_read(&normed, shape, CLASSES, "batch_norm; flatten; dense units=3");
	net_read(&raw, shape, CLASSES, "flatten; dense units=3");
	const struct teacher teachers[] = { { &normed.network, normed_params, normed_state, SCALING_UNIT },
		{ &raw.network, raw_params, NULL, SCALING_RAW } };
	config_read(p.recipe.optimizer->kind.fields, p.optimizer_config, "momentum=0");
	config_read(loss_types[1]->kind.fields, p.loss_config, "temperature=3 label_share=0.25");
	p.recipe.loss = loss_types[1];
	p.recipe.scaling = SCALING_UNIT;
	p.setup.training = (struct images){ .pixels = few[0], .labels = few_labels, .count = FEW, .shape = shape };
	p.setup.validation.count = 0;
	p.setup.teachers = teachers;
	p.setup.teacher_count = 2;
	struct training *t = problem_start(&p);
	real *params = training_weights(t).params;
	memcpy(params, student_params, sizeof student_params);
	CHECK(training_epoch(t, &row));
	CHECK_CLOSE(row.training.loss, wanted_loss, 1e-6);
	for (int i = 0; i < 15; i++)
		CHECK_CLOSE((double)(student_params[i] - params[i]), wanted_gradient[i], 1e-6);
	training_destroy(t);
}

/* --- whole trainings ---------------------------------------------------------------------------------------------- */

/* The problem with a loss that learns from teachers alone, and two trained teachers: one of the student's kind, one of
 * another and with pixels of its own. */
struct class {
	struct problem p;
	struct net other;
	struct teacher teachers[2];
	real numbers[2][2][4096];       /* of each teacher: parameters, running state */
};

static void train_teacher(struct class *c, int i, const struct net *net)
{
	struct problem *p = &c->p;
	struct epoch_row row;

	p->setup.network = &net->network;
	p->recipe.scaling = i ? SCALING_UNIT : SCALING_STANDARD;
	struct training *t = problem_start(p);
	do
		CHECK(training_epoch(t, &row));
	while (!row.last);
	struct model_memory m = training_weights(t);
	CHECK(m.params_len <= 4096 && m.state_len <= 4096);
	memcpy(c->numbers[i][0], m.params, m.params_len * sizeof(real));
	memcpy(c->numbers[i][1], m.state, m.state_len * sizeof(real));
	c->teachers[i] = (struct teacher){ &net->network, c->numbers[i][0], c->numbers[i][1],
		(enum scaling)p->recipe.scaling };
	training_destroy(t);
}

static void class_open(struct class *c)
{
	struct problem *p = &c->p;

	problem_open(p, "adam", 0.01);
	net_read(&c->other, p->setup.training.shape, 2,
	         "conv channels=5 kernel=3; relu; batch_norm; global_average_pool; dense units=2");
	train_teacher(c, 0, &p->net);
	train_teacher(c, 1, &c->other);
	p->setup.network = &p->net.network;
	p->setup.teachers = c->teachers;
	p->setup.teacher_count = 2;
	p->setup.seed = 5;
	p->recipe.scaling = SCALING_STANDARD;
	p->recipe.flip = true;
	p->recipe.shift = 0.1;
	p->recipe.loss = loss_types[1];
	config_read(loss_types[1]->kind.fields, p->loss_config, "temperature=2 label_share=0");
}

/* The first `most` numbers of the weights that a student ends with, and its last row. */
struct graduate { real params[512]; size_t len; struct epoch_row row; };

static struct graduate study(struct problem *p)
{
	struct training *t = problem_start(p);
	struct graduate g = { .len = 0 };

	do
		CHECK(training_epoch(t, &g.row));
	while (!g.row.last);
	struct model_memory m = training_weights(t);
	g.len = m.params_len;
	CHECK(g.len <= 512);
	memcpy(g.params, m.params, g.len * sizeof(real));
	training_destroy(t);
	return g;
}

static bool same(const struct graduate *a, const struct graduate *b)
{
	return a->len == b->len && memcmp(a->params, b->params, a->len * sizeof(real)) == 0 &&
	       a->row.training.loss == b->row.training.loss;
}

/* With no share of the labels, and labels that say nothing: what it knows it has from its teacher. */
TEST(teachers_teach_without_labels)
{
	static struct class c;
	struct images training;

	class_open(&c);
	training = c.p.setup.training;
	static uint8_t nothing[TRAINING];
	c.p.setup.training.labels = nothing;
	c.p.setup.teacher_count = 1;
	c.p.recipe.flip = false;        /* a mirrored image is of the other class */
	c.p.recipe.epochs = 15;
	struct graduate g = study(&c.p);
	CHECK(g.row.training.loss < 0.05);
	CHECK(g.row.validation.accuracy > 0.9);
	c.p.setup.training = training;
}

TEST(teachers_results_are_the_same_for_any_number_of_threads)
{
	static struct class c;

	class_open(&c);
	struct graduate alone = study(&c.p);
	problem_help(&c.p, PROBLEM_HELPERS);
	struct graduate helped = study(&c.p);
	CHECK(same(&alone, &helped));
	problem_leave(&c.p);
}

/* Each of them changes what the student learns. */
TEST(teachers_all_count)
{
	static struct class c;
	struct graduate g[4];

	class_open(&c);
	g[0] = study(&c.p);
	c.p.setup.teacher_count = 1;
	g[1] = study(&c.p);
	c.p.setup.teacher_count = 2;
	c.teachers[1].scaling = SCALING_STANDARD;
	g[2] = study(&c.p);
	c.teachers[1].scaling = SCALING_UNIT;
	c.p.recipe.teacher_precision = PRECISION_BF16;
	g[3] = study(&c.p);
	for (int i = 0; i < 4; i++)
		for (int k = 0; k < i; k++)
			CHECK(!same(&g[i], &g[k]));
	CHECK_CLOSE(g[3].row.training.loss, g[0].row.training.loss, 0.05);
}

static int heard[STAGES], inside;

static void hear_begin(void *about)
{
	(void)about;
	CHECK_INT(inside++, 0);
}

static void hear_end(void *about, enum stage stage, int layer)
{
	(void)about;
	inside--;
	heard[stage] += stage != STAGE_TEACHERS || layer == NETWORK_INPUT;
}

/* Forward passes of teachers are not taken for those of the student. */
TEST(teachers_are_a_stage_of_their_own)
{
	static const struct observer observer = { hear_begin, hear_end, NULL };
	static struct class c;
	int forward[2];

	class_open(&c);
	c.p.setup.observer = &observer;
	c.p.recipe.epochs = 1;
	for (int i = 0; i < 2; i++) {
		memset(heard, 0, sizeof heard);
		c.p.setup.teacher_count = 2 - i;
		study(&c.p);
		forward[i] = heard[STAGE_FORWARD];
		CHECK(heard[STAGE_TEACHERS] > 7 * (2 - i));
	}
	CHECK_INT(forward[0], forward[1]);
}

/* --- kept answers ------------------------------------------------------------------------------------------------- */

/* As many views as epochs are views of their own; one view where nothing is augmented is what there is anyway. */
TEST(teachers_kept_answers_are_those_of_the_same_view)
{
	static struct class c;
	struct graduate g[3];

	class_open(&c);
	g[0] = study(&c.p);
	c.p.recipe.keep_views = c.p.recipe.epochs;
	g[1] = study(&c.p);
	c.p.recipe.keep_views = 2;
	g[2] = study(&c.p);
	CHECK(same(&g[0], &g[1]));
	CHECK(!same(&g[0], &g[2]));
	c.p.recipe.flip = false;
	c.p.recipe.shift = 0;
	c.p.recipe.keep_views = 0;
	g[0] = study(&c.p);
	c.p.recipe.keep_views = 1;
	g[1] = study(&c.p);
	CHECK(same(&g[0], &g[1]));
}

/* --- memory ------------------------------------------------------------------------------------------------------- */

TEST(teachers_memory_is_known_before)
{
	static struct class c;
	struct error err = { "" };
	int64_t one, two;

	class_open(&c);
	CHECK(teachers_bytes(c.teachers, 1, &c.p.recipe, &one, &err));
	CHECK(teachers_bytes(c.teachers, 2, &c.p.recipe, &two, &err));
	CHECK(one > 0 && two > one);
	struct teachers_setup setup = { .of = c.teachers, .count = 2, .recipe = &c.p.recipe,
		.training = c.p.setup.training, .scale = { 0, 1 }, .kernels = c.p.setup.kernels };
	c.p.recipe.keep_views = 3;
	struct teachers *teachers = teachers_create(&setup, &err);
	CHECK_INT((long long)teachers_kept(teachers).len, 3 * TRAINING * 2);
	teachers_destroy(teachers);
	c.other.network.layer_count = 0;
	CHECK(!teachers_bytes(c.teachers, 2, &c.p.recipe, &two, &err));
	CHECK_TEXT(err.text, "a network without layers");
}
