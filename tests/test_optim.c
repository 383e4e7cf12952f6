/* Optimizers and schedules against numbers that PyTorch computed (fixtures/make_optim_fixtures.py prints them); the recipe's table. */
#include "nn/optim/optimizer.h"
#include "nn/train/recipe.h"
#include "tests/test.h"

#include <stdlib.h>
#include <string.h>

enum { PARAMETERS = 7, LONG = 61 };

struct value { const char *name; double value; };       /* a list ends with a value without a name */

static double value_of(const struct field *field, const struct value *values)
{
	for (; values && values->name; values++)
		if (!strcmp(values->name, field->name))
			return values->value;
	return field->fallback;
}

/* A config as a description would fill it; the caller frees it. */
static void *config_create(const struct kind *kind, const struct value *values)
{
	char *config = calloc(1, kind->config_size + 1);

	for (const struct field *field = kind->fields; field && field->name; field++) {
		double value = value_of(field, values);
		if (field->kind == FIELD_BOOL)
			*(bool *)(void *)(config + field->offset) = value != 0;
		else
			*(double *)(void *)(config + field->offset) = value;
	}
	return config;
}

static const struct optimizer_type *optimizer_named(const char *name)
{
	for (const struct optimizer_type *const *type = optimizer_types; *type; type++)
		if (!strcmp((*type)->kind.name, name))
			return *type;
	test_fail(__FILE__, __LINE__, "no optimizer is called %s", name);
	abort();
}

static const struct schedule_type *schedule_named(const char *name)
{
	for (const struct schedule_type *const *type = schedule_types; *type; type++)
		if (!strcmp((*type)->kind.name, name))
			return *type;
	test_fail(__FILE__, __LINE__, "no schedule is called %s", name);
	abort();
}

struct trajectory {
	const char *optimizer;
	const struct value *values;
	double learning_rate;
	bool decays;
	double want[3][PARAMETERS];     /* after steps 1, 2 and 10 */
};

static void follow(const struct trajectory *t)
{
	const struct optimizer_type *type = optimizer_named(t->optimizer);
	void *config = config_create(&type->kind, t->values);
	real params[PARAMETERS], gradients[PARAMETERS], slots[3][PARAMETERS] = { { 0 } };
	struct update u = { .params = params, .gradients = gradients, .slots = { slots[0], slots[1], slots[2] }, .len = PARAMETERS,
	                    .learning_rate = t->learning_rate, .decays = t->decays };

	for (int i = 0; i < PARAMETERS; i++)
		params[i] = (real)(i * 3 % 7 - 3) / 4;
	for (int step = 1, row = 0; step <= 10; step++) {
		u.step = step;
		for (int i = 0; i < PARAMETERS; i++)
			gradients[i] = (real)((step * 7 + i * 5) % 11 - 5) / 8;
		type->update(config, &u);
		if (step > 2 && step < 10)
			continue;
		for (int i = 0; i < PARAMETERS; i++)
			CHECK_CLOSE((double)params[i], t->want[row][i], 1e-6);
		row++;
	}
	free(config);
}

TEST(adam_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "adam", NULL, 0.01, true, {
		{ -0.7599999996, 0.0099999998, 0.7400000008, -0.24000000016, 0.5, -0.50999999984, 0.2599999992 },
		{ -0.759473683832, 0.0108932498538, 0.744941898956, -0.236543941753, 0.507441368025, -0.518030409446, 0.26861046163 },
		{ -0.78214929308, 0.0236923822291, 0.748118773224, -0.23647955915, 0.521319743285, -0.530792853404, 0.275534454996 } } });
}

TEST(adam_takes_its_fields)
{
	static const struct value values[] = { { "beta1", 0.8 }, { "beta2", 0.95 }, { "epsilon", 1e-3 }, { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "adam", values, 0.1, true, {
		{ -0.84842519685, 0.0998003992016, 0.650318979266, -0.150145243282, 0.400793650794, -0.599800399202, 0.34842519685 },
		{ -0.780038470489, 0.0998065260824, 0.642497425821, -0.112968805062, 0.456256508825, -0.659255977228, 0.432460324723 },
		{ -0.59293374791, 0.131886201913, 0.412984276836, -0.0949403499275, 0.344443310452, -0.446499067037, 0.277242972647 } } });
}

TEST(sgd_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "sgd", NULL, 0.01, true, {
		{ -0.7525, 0.005, 0.74875, -0.24375, 0.5, -0.50625, 0.25125 },
		{ -0.75225, 0.00575, 0.751375, -0.240625, 0.505, -0.513125, 0.258625 },
		{ -0.788315176847, 0.0250874749575, 0.763411147664, -0.244920376781, 0.527874972175, -0.532750766756, 0.265174434186 } } });
}

TEST(sgd_takes_its_fields)
{
	static const struct value values[] = { { "momentum", 0.75 }, { "nesterov", true }, { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "sgd", values, 0.1, true, {
		{ -0.7609375, 0.0875, 0.6953125, -0.1296875, 0.478125, -0.5875, 0.2609375 },
		{ -0.687412109375, 0.046171875, 0.712939453125, -0.129091796875, 0.53767578125, -0.611796875, 0.362412109375 },
		{ -0.45002386205, 0.0116917703082, 0.444933966412, -0.143438375003, 0.300100726902, -0.23439287565, 0.132216491753 } } });
}

static const double without_momentum[3][PARAMETERS] = {
	{ -0.875, 0.25, 0.6875, 0.0625, 0.5, -0.8125, 0.3125 },
	{ -0.75, 0.0625, 0.875, -0.0625, 0.75, -0.875, 0.625 },
	{ -1.0625, 0, 1.0625, -0.3125, 0.75, -0.625, 0.4375 },
};

/* Where weight decay does not apply, its size must not matter. */
TEST(sgd_without_momentum_and_without_decay_goes_down_the_gradient)
{
	static const struct value plain[] = { { "momentum", 0 }, { 0 } }, heavy[] = { { "momentum", 0 }, { "weight_decay", 1 }, { 0 } };
	struct trajectory t = { .optimizer = "sgd", .values = plain, .learning_rate = 0.5, .decays = true };

	memcpy(t.want, without_momentum, sizeof t.want);
	follow(&t);
	t.values = heavy;
	t.decays = false;
	follow(&t);
}

TEST(adam_leaves_alone_what_does_not_decay)
{
	static const struct value heavy[] = { { "weight_decay", 1 }, { 0 } };

	follow(&(struct trajectory){ "adam", heavy, 0.01, false, {
		{ -0.7599999996, 0.0099999998, 0.7400000008, -0.24000000016, 0.5, -0.50999999984, 0.2599999992 },
		{ -0.759473683832, 0.0108932498538, 0.744941898956, -0.236543941753, 0.507441368025, -0.518030409446, 0.26861046163 },
		{ -0.78214929308, 0.0236923822291, 0.748118773224, -0.23647955915, 0.521319743285, -0.530792853404, 0.275534454996 } } });
}

struct arrays { real params[LONG], gradients[LONG], slots[3][LONG]; };

static void step_stretch(const struct optimizer_type *type, struct arrays *a, size_t first, size_t end)
{
	void *config = config_create(&type->kind, (const struct value[]){ { "weight_decay", 0.1 }, { 0 } });

	for (int step = 1; step <= 3; step++)
		type->update(config, &(struct update){
			.params = a->params + first, .gradients = a->gradients + first, .len = end - first, .step = step,
			.slots = { a->slots[0] + first, a->slots[1] + first, a->slots[2] + first },
			.learning_rate = 0.01, .decays = true });
	free(config);
}

/* Byte for byte: a number's path may not depend on its place in a vector, or results would depend on the cut. */
TEST(optimizers_give_the_same_bytes_however_parameters_are_cut)
{
	for (const struct optimizer_type *const *type = optimizer_types; *type; type++) {
		struct arrays whole = { .params = { 0 } }, cut;
		for (int i = 0; i < LONG; i++) {
			whole.params[i] = (real)(i * 37 % 23 - 11) / 7;
			whole.gradients[i] = (real)(i * 29 % 31 - 15) / 13;
		}
		cut = whole;
		step_stretch(*type, &whole, 0, LONG);
		step_stretch(*type, &cut, 0, 1);
		step_stretch(*type, &cut, 1, 18);
		step_stretch(*type, &cut, 18, LONG);
		CHECK(!memcmp(&whole, &cut, sizeof whole));
		CHECK(whole.params[5] != (real)(5 * 37 % 23 - 11) / 7);
	}
}

struct course {
	const char *schedule;
	const struct value *values;
	double want[9][2];      /* progress, factor */
};

static void run_course(const struct course *c)
{
	const struct schedule_type *type = schedule_named(c->schedule);
	void *config = config_create(&type->kind, c->values);

	for (int i = 0; i < 9; i++)
		CHECK_CLOSE(type->factor(config, c->want[i][0]), c->want[i][1], 1e-11);
	free(config);
}

TEST(schedule_constant_never_changes)
{
	run_course(&(struct course){ "constant", NULL, {
		{ 0, 1 }, { 0.1, 1 }, { 0.2, 1 }, { 0.3, 1 }, { 0.5, 1 }, { 0.6, 1 }, { 0.7, 1 }, { 0.9, 1 }, { 1, 1 } } });
}

TEST(schedule_cosine_goes_as_in_pytorch)
{
	static const struct value floor[] = { { "floor", 0.2 }, { 0 } };

	run_course(&(struct course){ "cosine", NULL, {
		{ 0, 1 }, { 0.125, 0.961939766256 }, { 0.25, 0.853553390593 }, { 0.375, 0.691341716183 }, { 0.5, 0.5 },
		{ 0.625, 0.308658283817 }, { 0.75, 0.146446609407 }, { 0.875, 0.0380602337444 }, { 1, 0 } } });
	run_course(&(struct course){ "cosine", floor, {
		{ 0, 1 }, { 0.125, 0.969551813005 }, { 0.25, 0.882842712475 }, { 0.375, 0.753073372946 }, { 0.5, 0.6 },
		{ 0.625, 0.446926627054 }, { 0.75, 0.317157287525 }, { 0.875, 0.230448186995 }, { 1, 0.2 } } });
}

TEST(schedule_one_cycle_goes_as_in_pytorch)
{
	static const struct value other[] = { { "warm_up", 0.1 }, { "start", 0.1 }, { "end", 0.005 }, { 0 } };

	run_course(&(struct course){ "one_cycle", NULL, {
		{ 0, 0.04 }, { 0.127118644068, 0.406083184062 }, { 0.254237288136, 0.945928996027 }, { 0.38, 0.96811756285 },
		{ 0.505, 0.80289581034 }, { 0.63, 0.544821475173 }, { 0.755, 0.273007658111 }, { 0.88, 0.0707793200967 }, { 1, 4e-06 } } });
	run_course(&(struct course){ "one_cycle", other, {
		{ 0, 0.1 }, { 0.13, 0.997274642946 }, { 0.255, 0.928940732099 }, { 0.38, 0.780698469477 }, { 0.505, 0.580326146358 },
		{ 0.63, 0.365370415481 }, { 0.755, 0.176110633077 }, { 0.88, 0.0480111348228 }, { 1, 0.005 } } });
}

/* Nothing to warm up: the first batch has the full rate, and nothing is divided by zero. */
TEST(schedule_one_cycle_without_warm_up_starts_at_the_top)
{
	static const struct value values[] = { { "warm_up", 0 }, { "end", 0.5 }, { 0 } };

	run_course(&(struct course){ "one_cycle", values, {
		{ 0, 1 }, { 0.5, 0.75 }, { 1, 0.5 }, { 0, 1 }, { 0.5, 0.75 }, { 1, 0.5 }, { 0, 1 }, { 0.5, 0.75 }, { 1, 0.5 } } });
}

static void check_fields(const char *owner, const struct field *fields)
{
	for (const struct field *f = fields; f && f->name; f++) {
		if (!f->help)
			test_fail(__FILE__, __LINE__, "%s: %s has no help", owner, f->name);
		if ((f->kind == FIELD_INT || f->kind == FIELD_FLOAT) && !f->required && (f->fallback < f->min || f->fallback > f->max))
			test_fail(__FILE__, __LINE__, "%s: the default of %s is out of its range", owner, f->name);
	}
}

TEST(optim_tables_are_complete)
{
	for (const struct optimizer_type *const *type = optimizer_types; *type; type++) {
		check_fields((*type)->kind.name, (*type)->kind.fields);
		CHECK((*type)->kind.help && (*type)->learning_rate > 0 && (*type)->slots <= 3);
	}
	for (const struct schedule_type *const *type = schedule_types; *type; type++) {
		check_fields((*type)->kind.name, (*type)->kind.fields);
		CHECK((*type)->kind.help && (*type)->factor);
	}
	check_fields("recipe", recipe_fields);
}

/* The words of `scaling` stand in the order of enum scaling. */
TEST(recipe_scaling_words_match_their_numbers)
{
	for (const struct field *f = recipe_fields; f->name; f++)
		if (!strcmp(f->name, "scaling")) {
			CHECK_TEXT(f->choices[SCALING_UNIT], "unit");
			CHECK_TEXT(f->choices[SCALING_STANDARD], "standard");
			CHECK_TEXT(f->choices[SCALING_RAW], "raw");
			CHECK(!f->choices[SCALING_RAW + 1]);
			return;
		}
	CHECK(!"recipe_fields has no scaling");
}
