/* Running averages of the weights: against the formula step by step, used for judging alone, and without influence on
 * training. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/problem.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct shape INPUT = { 3, 9, 11 };
enum { CLASSES = 4, IMAGES = 37, STEPS = 6 };

static void open_every(struct model_run *r, bool averages)
{
	model_run_open(r, every_layer_text, INPUT, CLASSES);
	model_run_plan(r, IMAGES);
	if (averages)
		model_plan_add_averages(r->plan);
	model_run_create(r, kernels_choose(NULL));
}

static void train_step(struct model_run *r, int step, double keep)
{
	model_run_fill(r, IMAGES, (uint64_t)step, 0);
	model_run_train(r);
	if (model_memory(r->model).averages)
		model_average(r->model, &r->team, keep);
}

/* Logits in inference over the images of one seed. */
static double *judge(struct model_run *r)
{
	model_run_fill(r, IMAGES, 77, 0);
	r->batch.training = false;
	model_forward(r->model, &r->team, &r->batch, false);
	return take_plain(model_logits(r->model), (struct shape){ CLASSES, 1, 1 }, IMAGES);
}

static void average_plainly(double *average, const real *values, size_t len, double keep)
{
	for (size_t i = 0; i < len; i++)
		average[i] = keep * average[i] + (1 - keep) * (double)values[i];
}

TEST(averages_follow_their_formula_step_by_step)
{
	struct model_run r;

	open_every(&r, true);
	struct model_memory m = model_memory(r.model);
	double *params = take_wide(m.params, m.params_len), *state = take_wide(m.state, m.state_len);
	CHECK_EQUAL("first averages", take_wide(m.averages, m.params_len), params, m.params_len);
	CHECK_EQUAL("first averages", take_wide(m.state_averages, m.state_len), state, m.state_len);
	for (int step = 0; step < STEPS; step++) {
		double keep = 0.5 + step * 0.09;
		train_step(&r, step, keep);
		average_plainly(params, m.params, m.params_len, keep);
		average_plainly(state, m.state, m.state_len, keep);
		CHECK_NEAR("averages", take_wide(m.averages, m.params_len), params, m.params_len, 1e-6);
		CHECK_NEAR("averages of the state", take_wide(m.state_averages, m.state_len), state, m.state_len, 1e-6);
		CHECK(memcmp(m.averages, m.params, m.params_len * sizeof(real)));
	}
	model_run_close(&r);
	take_nothing();
}

/* A model with the averages as its weights must give the same outputs; layers that pack their weights must pack them
 * again. */
TEST(averages_are_used_where_asked_and_nowhere_else)
{
	struct model_run r, twin;

	open_every(&r, true);
	open_every(&twin, false);
	for (int step = 0; step < STEPS; step++)
		train_step(&r, step, 0.8);
	struct model_memory m = model_memory(r.model), n = model_memory(twin.model);
	CHECK(!n.averages && !n.state_averages);
	memcpy(n.params, m.averages, m.params_len * sizeof(real));
	memcpy(n.state, m.state_averages, m.state_len * sizeof(real));
	model_run_fill(&twin, IMAGES, 77, 0);
	model_forward(twin.model, &twin.team, &twin.batch, true);
	memcpy(n.state, m.state_averages, m.state_len * sizeof(real));          /* the pass above has trained it */
	const double *of_averages = judge(&twin), *of_weights = NULL;

	model_run_fill(&r, IMAGES, 1, 0);
	r.batch.training = false;
	model_forward(r.model, &r.team, &r.batch, true);
	for (int round = 0; round < 2; round++) {
		of_weights = judge(&r);
		model_use(r.model, MODEL_AVERAGES);
		CHECK_EQUAL("by averages", judge(&r), of_averages, CLASSES * IMAGES);
		model_use(r.model, MODEL_TRAINED);
		CHECK_EQUAL("by weights", judge(&r), of_weights, CLASSES * IMAGES);
	}
	CHECK(memcmp(of_weights, of_averages, CLASSES * IMAGES * sizeof *of_weights));
	model_run_close(&r);
	model_run_close(&twin);
	take_nothing();
}

/* Training with averages, judged by them after every step, leaves the bytes that training without them leaves. */
TEST(averages_leave_training_alone)
{
	struct model_run r[2];
	struct outcome outcomes[2];

	for (int i = 0; i < 2; i++) {
		open_every(&r[i], i);
		for (int step = 0; step < STEPS; step++) {
			train_step(&r[i], step, 0.9);
			if (!i)
				continue;
			model_use(r[i].model, MODEL_AVERAGES);
			judge(&r[i]);
			model_use(r[i].model, MODEL_TRAINED);
		}
		train_step(&r[i], STEPS, 0.9);
		outcomes[i] = model_run_outcome(&r[i]);
		model_run_close(&r[i]);
	}
	CHECK_SAME_OUTCOME("with and without averages", outcomes[0], outcomes[1]);
	take_nothing();
}

/* One more number for each parameter and each moving statistic, in whole lanes. */
TEST(averages_are_planned)
{
	struct net net;
	struct error err = { "" };
	const struct optimizer_type *adam = optimizer_types[0];
	struct recipe plain = { .batch = 16, .optimizer = adam, .loss = loss_types[0] };
	struct recipe averaging = { .batch = 16, .optimizer = adam, .loss = loss_types[0], .average_weights = 0.9 };

	net_read(&net, INPUT, CLASSES, every_layer_text);
	struct model_plan *a = recipe_plan(&net.network, &plain, &err);
	struct model_plan *b = recipe_plan(&net.network, &averaging, &err);
	struct cost without = model_plan_cost(a), with = model_plan_cost(b);
	size_t params = (size_t)without.trainable, state = (size_t)(without.total - without.trainable);
	CHECK_INT(with.memory_bytes - without.memory_bytes,
	          (long long)((whole_lanes(params) + whole_lanes(state)) * sizeof(real)));
	CHECK_INT(with.trainable, without.trainable);
	CHECK_INT(with.total, without.total);
	model_plan_destroy(a);
	model_plan_destroy(b);
}

/* ---- in a training ---- */

/* Copies of training_weights, owned. */
struct kept { real *params, *state; size_t params_len, state_len; };

static struct kept keep_weights(const struct training *t)
{
	struct model_memory w = training_weights(t);
	struct kept k = { calloc(w.params_len, sizeof(real)), calloc(w.state_len, sizeof(real)), w.params_len,
	                  w.state_len };

	memcpy(k.params, w.params, w.params_len * sizeof(real));
	memcpy(k.state, w.state, w.state_len * sizeof(real));
	return k;
}

static void let_go(struct kept *k)
{
	free(k->params);
	free(k->state);
}

static bool same_weights(const struct kept *a, const struct kept *b)
{
	return a->params_len == b->params_len && a->state_len == b->state_len &&
	       !memcmp(a->params, b->params, a->params_len * sizeof(real)) &&
	       !memcmp(a->state, b->state, a->state_len * sizeof(real));
}

static bool same_score(const struct score *a, const struct score *b)
{
	return a->loss == b->loss && a->accuracy == b->accuracy;
}

/* One update per epoch, so that the weights after each update are known. The decay grows from 2/11, 3/12, 4/13, 5/14 to
 * 0.4. */
TEST(training_averages_weights_by_its_formula)
{
	static struct problem p;
	struct training *plain, *averaging;
	struct epoch_row rows[2];

	problem_open(&p, "adam", 0.01);
	p.recipe.batch = TRAINING;
	p.recipe.epochs = 8;
	plain = problem_start(&p);
	struct recipe recipe = p.recipe;
	recipe.average_weights = 0.4;
	p.setup.recipe = &recipe;
	averaging = problem_start(&p);
	struct model_memory raw = training_weights(plain), w = training_weights(averaging);
	double *params = take_wide(raw.params, raw.params_len), *state = take_wide(raw.state, raw.state_len);
	static const double keep[] = { 2.0 / 11, 3.0 / 12, 4.0 / 13, 5.0 / 14, 0.4, 0.4, 0.4, 0.4 };
	for (int epoch = 0; epoch < 8; epoch++) {
		CHECK(training_epoch(plain, &rows[0]) && training_epoch(averaging, &rows[1]));
		average_plainly(params, raw.params, raw.params_len, keep[epoch]);
		average_plainly(state, raw.state, raw.state_len, keep[epoch]);
		CHECK_NEAR("averages", take_wide(w.params, w.params_len), params, w.params_len, 1e-6);
		CHECK_NEAR("averages of the state", take_wide(w.state, w.state_len), state, w.state_len, 1e-6);
		CHECK(same_score(&rows[0].training, &rows[1].training));
		CHECK(!same_score(&rows[0].validation, &rows[1].validation));
	}
	training_destroy(plain);
	training_destroy(averaging);
	take_nothing();
}

/* Their arrays are where the plan says: batch norm, layer 1, begins with gammas of 1 and variances of 1. */
TEST(training_weights_lie_in_the_order_of_the_plan)
{
	static struct problem p;

	problem_open(&p, "adam", 0.01);
	struct training *t = problem_start(&p);
	struct model_memory w = training_weights(t);
	size_t gamma = model_plan_layer(training_plan(t), 0)->params[0].len +
		model_plan_layer(training_plan(t), 0)->params[1].len, all = 0;
	CHECK_INT((long long)gamma, 4 * 9 + 4);
	CHECK_TEXT(model_plan_layer(training_plan(t), 1)->params[0].name, "gamma");
	for (size_t i = 0; i < 4; i++)
		CHECK(w.params[gamma + i] == 1 && w.params[gamma + 4 + i] == 0 && w.state[i] == 0 &&
		      w.state[4 + i] == 1);
	for (int i = 0; i < p.net.network.layer_count; i++)
		for (int k = 0; k < model_plan_layer(training_plan(t), i)->param_count; k++)
			all += model_plan_layer(training_plan(t), i)->params[k].len;
	CHECK_INT((long long)w.params_len, (long long)all);
	CHECK_INT((long long)w.state_len, 8);
	training_destroy(t);
}

/* Judged by averages: the validation score of the last epoch is that of training_evaluate, and of the weights that are
 * kept. */
TEST(training_judges_by_averages)
{
	static struct problem p;
	struct epoch_row row;
	struct score validation;

	problem_open(&p, "adam", 0.01);
	p.recipe.average_weights = 0.95;
	struct training *t = problem_start(&p);
	for (int epoch = 0; epoch < 6; epoch++)
		CHECK(training_epoch(t, &row));
	CHECK(training_evaluate(t, p.setup.validation, &validation));
	CHECK(same_score(&validation, &row.validation));
	CHECK(row.validation.accuracy > 0.9);
	/* A training with the averages as its weights gives the same score. */
	p.recipe.average_weights = 0;
	struct training *twin = problem_start(&p);
	struct model_memory from = training_weights(t), to = training_weights(twin);
	memcpy(to.params, from.params, from.params_len * sizeof(real));
	memcpy(to.state, from.state, from.state_len * sizeof(real));
	CHECK(training_evaluate(twin, p.setup.validation, &validation));
	CHECK(same_score(&validation, &row.validation));
	training_destroy(t);
	training_destroy(twin);
}

/* The weights after 4 epochs, evaluated in between or not. */
static struct kept train_four(struct problem *p, bool judged, struct score scores[4])
{
	struct epoch_row row;
	struct score score;

	struct training *t = problem_start(p);
	for (int epoch = 0; epoch < 4; epoch++) {
		CHECK(training_epoch(t, &row));
		scores[epoch] = row.training;
		if (judged)
			CHECK(training_evaluate(t, p->setup.training, &score));
	}
	struct kept kept = keep_weights(t);
	training_destroy(t);
	return kept;
}

TEST(training_goes_on_as_if_nobody_had_judged_it)
{
	static struct problem p;
	struct score scores[2][4];

	for (int averages = 0; averages < 2; averages++) {
		problem_open(&p, "adam", 0.01);
		p.recipe.average_weights = averages ? 0.97 : 0;
		struct kept judged = train_four(&p, true, scores[0]);
		p.setup.validation.count = 0;
		struct kept unseen = train_four(&p, false, scores[1]);
		CHECK(same_weights(&judged, &unseen));
		for (int i = 0; i < 4; i++)
			CHECK(same_score(&scores[0][i], &scores[1][i]));
		let_go(&judged);
		let_go(&unseen);
	}
}

TEST(training_averages_alike_with_any_number_of_threads)
{
	static struct problem p;
	struct kept alone = { .params = NULL };
	struct score scores[2][4];

	for (int helpers = 0; helpers < 4; helpers++) {
		problem_open(&p, "adam", 0.01);
		p.recipe.average_weights = 0.98;
		problem_help(&p, helpers);
		struct kept kept = train_four(&p, true, scores[helpers > 0]);
		problem_leave(&p);
		if (!helpers) {
			alone = kept;
			continue;
		}
		CHECK(same_weights(&alone, &kept));
		for (int i = 0; i < 4; i++)
			CHECK(same_score(&scores[0][i], &scores[1][i]));
		let_go(&kept);
	}
	let_go(&alone);
}

/* A training that is stopped during evaluation uses its own weights again. */
TEST(training_stopped_while_judging_has_its_weights_back)
{
	static struct problem p;
	volatile int stop = 0;
	struct epoch_row rows[2];
	struct score score;

	problem_open(&p, "adam", 0.01);
	p.recipe.average_weights = 0.9;
	p.setup.stop = &stop;
	for (int i = 0; i < 2; i++) {
		struct training *t = problem_start(&p);
		CHECK(training_epoch(t, &rows[i]));
		stop = i;
		CHECK(training_evaluate(t, p.setup.training, &score) == !i);
		stop = 0;
		CHECK(training_epoch(t, &rows[i]));
		training_destroy(t);
	}
	CHECK(same_score(&rows[0].training, &rows[1].training));
	CHECK(same_score(&rows[0].validation, &rows[1].validation));
}
