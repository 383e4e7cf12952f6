/* What comes between gradients and weights: clipping, perturbation, lookahead. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/problem.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { IMAGES = 19, CLASSES = 4 };

/* More than one stretch of 8192 numbers in the first layer. */
static void open_wide(struct model_run *r)
{
	model_run_open(r, "flatten; dense units=120; relu; dense units=4", (struct shape){ 1, 9, 11 }, CLASSES);
	model_run_plan(r, IMAGES);
	model_run_create(r, kernels_choose(NULL));
	model_run_fill(r, IMAGES, 3, 0);
	model_forward(r->model, &r->team, &r->batch, true);
	model_backward(r->model, &r->team);
}

/* Plain SGD at rate 1 takes the clipped gradient off the weights: torch.nn.utils.clip_grad_norm_ multiplies by
 * largest / (norm + 1e-6), and by 1 where that is more. */
static void check_clip(double share)
{
	static struct model_run r;
	const struct optimizer_type *sgd = optimizer_types[1];
	_Alignas(16) char config[NET_CONFIG];
	double norm = 0;

	open_wide(&r);
	config_read(sgd->kind.fields, config, "momentum=0");
	struct model_memory m = model_memory(r.model);
	double *gradients = take_wide(m.gradients, m.params_len), *want = take_wide(m.params, m.params_len);
	for (size_t i = 0; i < m.params_len; i++)
		norm += gradients[i] * gradients[i];
	norm = sqrt(norm);
	CHECK(norm > 0.1);
	double factor = share > 0 ? fmin(1, share * norm / (norm + 1e-6)) : 1;
	for (size_t i = 0; i < m.params_len; i++)
		want[i] -= factor * gradients[i];
	model_update(r.model, &r.team, &(struct model_step){ .optimizer = sgd, .config = config,
		.learning_rate = 1, .step = 1, .clip = share * norm });
	CHECK_NEAR("weights", take_wide(m.params, m.params_len), want, m.params_len, 1e-6);
	model_run_close(&r);
	take_nothing();
}

TEST(clip_scales_gradients_down_to_its_norm)
{
	check_clip(0.25);
	check_clip(0.99);
	check_clip(2);
	check_clip(0);
}

/* Divergence must be seen. */
TEST(clip_of_gradients_without_a_norm_is_no_number)
{
	for (int infinite = 0; infinite < 2; infinite++) {
		static struct model_run r;
		const struct optimizer_type *sgd = optimizer_types[1];
		_Alignas(16) char config[NET_CONFIG];

		open_wide(&r);
		config_read(sgd->kind.fields, config, "momentum=0");
		struct model_memory m = model_memory(r.model);
		m.gradients[5] = infinite ? (real)INFINITY : (real)NAN;
		model_update(r.model, &r.team, &(struct model_step){ .optimizer = sgd, .config = config,
		.learning_rate = 1, .step = 1, .clip = 1 });
		CHECK(isnan(m.params[5]));
		model_run_close(&r);
	}
}

/* A limit that no gradient reaches changes nothing, one that all exceed changes the training, and threads neither. */
TEST(training_clips_alike_with_any_number_of_threads)
{
	static struct problem plain, wide, narrow, helped;
	struct problem *const all[] = { &plain, &wide, &narrow, &helped };
	struct epoch_row rows[4][30];
	struct score score[4];

	for (int i = 0; i < 4; i++) {
		problem_open(all[i], "sgd", 0.1);
		all[i]->recipe.clip = i == 0 ? 0 : i == 1 ? 1e6 : 0.1;
		if (i == 3)
			problem_help(all[i], PROBLEM_HELPERS);
		CHECK_INT(problem_run(all[i], rows[i], &score[i]), 6);
	}
	problem_leave(&helped);
	CHECK(score[0].loss == score[1].loss);
	CHECK(score[0].loss != score[2].loss);
	CHECK(score[2].loss == score[3].loss);
	CHECK(rows[2][5].training.loss == rows[3][5].training.loss);
}

/* Zhang et al. 2019, algorithm 1, with plain SGD inside: fast weights go k steps, then both are the slow ones. Numbers
 * in double precision, from the model's own gradients. */
TEST(lookahead_follows_its_formula_step_by_step)
{
	static struct model_run r;
	const struct optimizer_type *sgd = optimizer_types[1];
	_Alignas(16) char config[NET_CONFIG];

	model_run_open(&r, "flatten; dense units=120; relu; dense units=4", (struct shape){ 1, 9, 11 }, CLASSES);
	model_run_plan(&r, IMAGES);
	model_plan_add_lookahead(r.plan);
	model_run_create(&r, kernels_choose(NULL));
	config_read(sgd->kind.fields, config, "momentum=0");
	struct model_memory m = model_memory(r.model);
	double *fast = take_wide(m.params, m.params_len), *slow = take_wide(m.params, m.params_len);
	for (int step = 1; step <= 7; step++) {
		model_run_fill(&r, IMAGES, (uint64_t)step, 0);
		model_forward(r.model, &r.team, &r.batch, true);
		model_backward(r.model, &r.team);
		for (size_t i = 0; i < m.params_len; i++)
			fast[i] -= 0.25 * (double)m.gradients[i];
		model_update(r.model, &r.team, &(struct model_step){ .optimizer = sgd, .config = config,
			.learning_rate = 0.25, .step = step });
		for (size_t i = 0; step % 3 == 0 && i < m.params_len; i++)
			fast[i] = slow[i] += 0.4 * (fast[i] - slow[i]);
		if (step % 3 == 0)
			model_look_ahead(r.model, &r.team, 0.4);
		CHECK_NEAR("weights", take_wide(m.params, m.params_len), fast, m.params_len, 1e-6);
	}
	model_run_close(&r);
	take_nothing();
}

/* The training counts updates over all epochs: of 7 each, every third looks ahead. */
TEST(training_looks_ahead_alike_with_any_number_of_threads)
{
	static struct problem plain, ahead, helped;
	struct problem *const all[] = { &plain, &ahead, &helped };
	struct epoch_row rows[3][30];
	struct score score[3];

	for (int i = 0; i < 3; i++) {
		problem_open(all[i], "adam", 0.01);
		all[i]->recipe.lookahead = i > 0 ? 3 : 0;
		all[i]->recipe.lookahead_share = 0.5;
		if (i == 2)
			problem_help(all[i], PROBLEM_HELPERS);
		CHECK_INT(problem_run(all[i], rows[i], &score[i]), 6);
	}
	problem_leave(&helped);
	CHECK(score[1].accuracy > 0.9);
	CHECK(score[0].loss != score[1].loss);
	CHECK(score[1].loss == score[2].loss);
}

/* By 0.75 along the gradients, and back, with the running state of then. */
TEST(perturbation_goes_uphill_and_is_put_back)
{
	static struct model_run r;
	double norm = 0;

	model_run_open(&r, "conv channels=4 kernel=3; batch_norm; relu; flatten; dense units=4",
	               (struct shape){ 1, 9, 11 }, CLASSES);
	model_run_plan(&r, IMAGES);
	model_plan_add_perturbation(r.plan);
	model_run_create(&r, kernels_choose(NULL));
	model_run_fill(&r, IMAGES, 3, 0);
	model_forward(r.model, &r.team, &r.batch, true);
	model_backward(r.model, &r.team);
	struct model_memory m = model_memory(r.model);
	double *before = take_wide(m.params, m.params_len), *want = take_wide(m.params, m.params_len);
	double *state = take_wide(m.state, m.state_len), *gradients = take_wide(m.gradients, m.params_len);
	for (size_t i = 0; i < m.params_len; i++)
		norm += gradients[i] * gradients[i];
	for (size_t i = 0; i < m.params_len; i++)
		want[i] += 0.75 * gradients[i] / (sqrt(norm) + 1e-12);
	model_perturb(r.model, &r.team, 0.75);
	CHECK_NEAR("uphill", take_wide(m.params, m.params_len), want, m.params_len, 1e-6);
	model_run_fill(&r, IMAGES, 3, 0);
	model_forward(r.model, &r.team, &r.batch, true);
	model_backward(r.model, &r.team);
	CHECK(memcmp(take_wide(m.state, m.state_len), state, m.state_len * sizeof *state));
	model_put_back(r.model);
	CHECK_EQUAL("put back", take_wide(m.params, m.params_len), before, m.params_len);
	CHECK_EQUAL("put back", take_wide(m.state, m.state_len), state, m.state_len);
	model_run_close(&r);
	take_nothing();
}

/* A step so small that it moves nothing gives the bytes of a training without it: the second pass sees the same images,
 * moved and dropped alike, and leaves no trace. */
TEST(training_looks_around_with_the_same_images)
{
	static struct problem plain, tiny, far, helped;
	struct problem *const all[] = { &plain, &tiny, &far, &helped };
	struct epoch_row rows[4][30];
	struct score score[4];

	for (int i = 0; i < 4; i++) {
		problem_open(all[i], "adam", 0.01);
		all[i]->recipe.flip = true;
		all[i]->recipe.shift = 0.1;
		all[i]->recipe.sam = i == 0 ? 0 : i == 1 ? 1e-30 : 0.05;
		if (i == 3)
			problem_help(all[i], PROBLEM_HELPERS);
		CHECK_INT(problem_run(all[i], rows[i], &score[i]), 6);
	}
	problem_leave(&helped);
	CHECK(score[0].loss == score[1].loss);
	CHECK(rows[0][5].validation.loss == rows[1][5].validation.loss);
	CHECK(score[0].loss != score[2].loss);
	CHECK(score[2].loss == score[3].loss);
}
