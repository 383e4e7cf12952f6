/* How a model's weights begin and how a step changes them. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { IN = 90, UNITS = 100, KERNEL = IN * UNITS };     /* more weights than one task updates */

static void open_dense(struct model_run *r, const char *text)
{
	model_run_open(r, text, (struct shape){ IN, 1, 1 }, UNITS);
	model_run_plan(r, 16);
	model_run_create(r, kernels_choose(NULL));
}

/* Mean, mean of squares, and the largest size. */
struct spread { double mean, square, largest; };

static struct spread spread_of(const real *at, int len)
{
	struct spread s = { 0, 0, 0 };

	for (int i = 0; i < len; i++) {
		s.mean += (double)at[i] / len;
		s.square += (double)at[i] * (double)at[i] / len;
		s.largest = fmax(s.largest, fabs((double)at[i]));
	}
	return s;
}

/* Variance 2 / fan_in of a normal; of 9,000 squares the mean is good to 1.5 %, three times over. */
TEST(weights_begin_by_he)
{
	struct model_run r;

	open_dense(&r, "dense units=100");
	struct spread s = spread_of(model_memory(r.model).params, KERNEL);
	CHECK_CLOSE(s.mean, 0, 0.005);
	CHECK_CLOSE(s.square * IN / 2, 1, 0.05);
	CHECK(s.largest > 3 * sqrt(2.0 / IN));
	CHECK(spread_of(model_memory(r.model).params + KERNEL, UNITS).largest == 0);
	model_run_close(&r);
}

/* Even over -reach .. reach, reach^2 = 6 / (fan_in + fan_out); variance reach^2 / 3. */
TEST(weights_begin_by_glorot)
{
	struct model_run r;
	double reach = sqrt(6.0 / (IN + UNITS));

	open_dense(&r, "dense units=100 init=glorot");
	struct spread s = spread_of(model_memory(r.model).params, KERNEL);
	CHECK_CLOSE(s.mean / reach, 0, 0.03);
	CHECK_CLOSE(s.square * 3 / (reach * reach), 1, 0.05);
	CHECK(s.largest <= reach && s.largest > 0.99 * reach);
	model_run_close(&r);
}

/* A kernel of 3x2 taps over 4 channels in 2 groups: fan_in 2 * 6, and as in Keras and PyTorch the fan_out of the whole
 * array, 80 * 6. */
TEST(weights_of_a_convolution_count_their_taps)
{
	struct model_run r;
	double reach = sqrt(6.0 / (12 + 480));

	model_run_open(&r, "conv channels=80 kernel=3x2 groups=2 padding=valid init=glorot; flatten",
	               (struct shape){ 4, 3, 2 }, 80);
	model_run_plan(&r, 16);
	model_run_create(&r, kernels_choose(NULL));
	struct spread s = spread_of(model_memory(r.model).params, 80 * 12);
	CHECK(s.largest <= reach && s.largest > 0.97 * reach);
	model_run_close(&r);
}

/* A depthwise kernel of 3x2 taps over 40 channels: Keras has fans of 40 * 6 and 6, PyTorch of 6 and 40 * 6. */
TEST(weights_of_a_depthwise_convolution_count_the_whole_array)
{
	struct model_run r;
	double reach = sqrt(6.0 / (6 + 240));

	model_run_open(&r, "depthwise kernel=3x2 padding=valid init=glorot; flatten", (struct shape){ 40, 3, 2 }, 40);
	model_run_plan(&r, 16);
	model_run_create(&r, kernels_choose(NULL));
	struct spread s = spread_of(model_memory(r.model).params, 40 * 6);
	CHECK(s.largest <= reach && s.largest > 0.95 * reach);
	model_run_close(&r);
}

TEST(batch_norm_begins_as_the_identity)
{
	struct model_run r;

	model_run_open(&r, "batch_norm", (struct shape){ 2, 1, 1 }, 2);
	model_run_plan(&r, 16);
	model_run_create(&r, kernels_choose(NULL));
	static const double params[] = { 1, 1, 0, 0 }, state[] = { 0, 0, 1, 1 };
	CHECK_EQUAL("gamma, beta", take_wide(model_memory(r.model).params, 4), params, 4);
	CHECK_EQUAL("moving mean, variance", take_wide(model_memory(r.model).state, 4), state, 4);
	model_run_close(&r);
	take_nothing();
}

TEST(weights_depend_on_the_seed_and_the_layer_alone)
{
	struct model_run r;
	real before[8];

	model_run_open(&r, "dense units=2; dense units=2", (struct shape){ 2, 1, 1 }, 2);
	model_run_plan(&r, 16);
	model_run_create(&r, kernels_choose(NULL));
	struct model_memory m = model_memory(r.model);
	memcpy(before, m.params, sizeof before);
	CHECK(memcmp(m.params, m.params + 6, 4 * sizeof(real)));
	model_initialise(r.model, 2);
	CHECK(memcmp(before, m.params, 4 * sizeof(real)));
	model_initialise(r.model, 1);
	CHECK(!memcmp(before, m.params, sizeof before));
	model_run_close(&r);
}

/* SGD with momentum 0.5, weight decay 0.25, rate 0.125: kernels decay, biases do not; the second step carries half of
 * the first. */
TEST(weights_follow_the_optimizer_in_every_stretch)
{
	struct model_run r;
	const struct optimizer_type *sgd = optimizer_types[1];
	_Alignas(16) char config[NET_CONFIG];
	double *speed, *want;
	size_t len = KERNEL + UNITS;

	open_dense(&r, "dense units=100");
	config_read(sgd->kind.fields, config, "momentum=0.5 weight_decay=0.25");
	struct model_memory m = model_memory(r.model);
	CHECK_INT((long long)m.params_len, (long long)len);
	speed = take_doubles(len);
	want = take_wide(m.params, len);
	memset(speed, 0, len * sizeof *speed);
	for (int step = 1; step <= 2; step++) {
		model_run_fill(&r, 16, (uint64_t)step, 0);
		model_forward(r.model, &r.team, &r.batch, true);
		model_backward(r.model, &r.team);
		for (size_t i = 0; i < len; i++) {
			speed[i] = 0.5 * speed[i] + (double)m.gradients[i] + (i < KERNEL ? 0.25 * want[i] : 0);
			want[i] -= 0.125 * speed[i];
		}
		model_update(r.model, &r.team, &(struct model_step){ .optimizer = sgd, .config = config,
		.learning_rate = 0.125, .step = step });
		CHECK_NEAR("weights", take_wide(m.params, len), want, len, 1e-6);
	}
	model_run_close(&r);
	take_nothing();
}

/* Along gradients of zero only weight decay moves anything: kernels all, biases and batch norm's numbers not at all. */
static void check_decay(const struct optimizer_type *type)
{
	struct model_run r;
	struct error err = { "" };
	_Alignas(16) char config[NET_CONFIG];

	model_run_open(&r, "conv channels=3 kernel=2; batch_norm; relu; depthwise kernel=2; flatten; dense units=4",
	               (struct shape){ 2, 3, 3 }, 4);
	r.plan = model_plan_create(&r.net.network, 16, type->slots, &err);
	CHECK_TEXT(err.text, "");
	model_run_create(&r, kernels_choose(NULL));
	config_read(type->kind.fields, config, "weight_decay=0.5");
	struct model_memory m = model_memory(r.model);
	for (size_t i = 0; i < m.params_len; i++)
		m.params[i] = (real)(i % 7 + 1);
	model_update(r.model, &r.team, &(struct model_step){ .optimizer = type, .config = config,
		.learning_rate = 0.125, .step = 1 });
	const real *at = m.params;
	for (int i = 0; i < r.net.network.layer_count; i++)
		for (int k = 0; k < model_plan_layer(r.plan, i)->param_count; k++) {
			const struct param_plan *array = &model_plan_layer(r.plan, i)->params[k];
			for (size_t n = 0; n < array->len; n++, at++)
				if ((*at != (real)((size_t)(at - m.params) % 7 + 1)) != !strcmp(array->name, "kernel"))
					test_fail(__FILE__, __LINE__, "%s: number %zu of %s is %g", type->kind.name, n,
					          array->name, (double)*at);
		}
	CHECK_INT(at - m.params, (long long)m.params_len);
	model_run_close(&r);
}

TEST(weights_that_are_not_kernels_never_decay)
{
	for (const struct optimizer_type *const *type = optimizer_types; *type; type++)
		check_decay(*type);
}

TEST(weights_are_packed_when_fresh)
{
	struct model_run r;
	double zeros[2] = { 0, 0 };

	model_run_open(&r, "conv channels=2 kernel=1; flatten", (struct shape){ 1, 1, 1 }, 2);
	model_run_plan(&r, 16);
	model_run_create(&r, kernels_choose(NULL));
	model_run_fill(&r, 1, 1, 0);
	model_forward(r.model, &r.team, &r.batch, true);
	memset(model_memory(r.model).params, 0, 2 * sizeof(real));
	model_forward(r.model, &r.team, &r.batch, true);
	CHECK_EQUAL("logits", take_plain(model_logits(r.model), (struct shape){ 2, 1, 1 }, 1), zeros, 2);
	model_run_close(&r);
	take_nothing();
}
