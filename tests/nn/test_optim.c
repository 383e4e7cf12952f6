/* Optimizers against numbers that PyTorch computed (tests/fixtures/make_optim_fixtures.py prints them); the tables of
 * optimizers, schedules and the recipe. */
#include "nn/optim/optimizer.h"
#include "nn/train/recipe.h"
#include "tests/helpers/test.h"

#include <math.h>
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
		else if (field->kind == FIELD_INT || field->kind == FIELD_CHOICE)
			*(int *)(void *)(config + field->offset) = (int)value;
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
	struct update u = { .params = params, .gradients = gradients, .slots = { slots[0], slots[1], slots[2] },
	                    .len = PARAMETERS, .learning_rate = t->learning_rate, .decays = t->decays };

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
		{ -0.759473683832, 0.0108932498538, 0.744941898956, -0.236543941753, 0.507441368025, -0.518030409446,
		  0.26861046163 },
		{ -0.78214929308, 0.0236923822291, 0.748118773224, -0.23647955915, 0.521319743285, -0.530792853404,
		  0.275534454996 } } });
}

TEST(adam_takes_its_fields)
{
	static const struct value values[] = { { "beta1", 0.8 }, { "beta2", 0.95 }, { "epsilon", 1e-3 },
	                                       { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "adam", values, 0.1, true, {
		{ -0.84842519685, 0.0998003992016, 0.650318979266, -0.150145243282, 0.400793650794, -0.599800399202,
		  0.34842519685 },
		{ -0.780038470489, 0.0998065260824, 0.642497425821, -0.112968805062, 0.456256508825, -0.659255977228,
		  0.432460324723 },
		{ -0.59293374791, 0.131886201913, 0.412984276836, -0.0949403499275, 0.344443310452, -0.446499067037,
		  0.277242972647 } } });
}

TEST(adamw_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "adamw", NULL, 0.01, true, {
		{ -0.7599249996, 0.0099999998, 0.7399250008, -0.23997500016, 0.49995, -0.50994999984, 0.2599749992 },
		{ -0.759322691332, 0.0108922498539, 0.744792906456, -0.236494944253, 0.507341373025, -0.517929414446,
		  0.26855946413 },
		{ -0.78138057563, 0.0236754106351, 0.747375857009, -0.236243059885, 0.520807945421, -0.53027048858,
		  0.275263662995 } } });
}

TEST(adamw_takes_its_fields)
{
	static const struct value values[] = { { "beta1", 0.8 }, { "beta2", 0.95 }, { "epsilon", 1e-3 },
	                                       { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "adamw", values, 0.1, true, {
		{ -0.830851593625, 0.0998003992016, 0.632043650794, -0.143909744409, 0.4875, -0.587340255591,
		  0.342956349206 },
		{ -0.799013460049, 0.100452282309, 0.670158920735, -0.11092039754, 0.552675548119, -0.650451997888,
		  0.422518321078 },
		{ -0.833816363126, 0.158383570741, 0.600117405586, -0.122728220493, 0.550468191138, -0.588629291363,
		  0.365836852498 } } });
}

TEST(adamax_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "adamax", NULL, 0.01, true, {
		{ -0.7599999996, 0.0099999998, 0.7400000008, -0.24000000016, 0.5, -0.50999999984, 0.2599999992 },
		{ -0.759473683832, 0.0107902637324, 0.743684211228, -0.237365787042, 0.505263157789, -0.5157952687,
		  0.266210525416 },
		{ -0.773387316536, 0.0195473914952, 0.74533386967, -0.237461783739, 0.513894827141, -0.524407848575,
		  0.270324090733 } } });
}

TEST(adamax_takes_its_fields)
{
	static const struct value values[] = { { "beta1", 0.8 }, { "beta2", 0.6 }, { "epsilon", 0.1 },
	                                       { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "adamax", values, 0.1, true, {
		{ -0.788461538462, 0.0833333333333, 0.674242424242, -0.162698412698, 0.444444444444, -0.583333333333,
		  0.288461538462 },
		{ -0.748137383023, 0.0838001867414, 0.666345157383, -0.122642609856, 0.477272727273, -0.641846707819,
		  0.339762471206 },
		{ -0.610973188166, 0.134296073997, 0.468303144137, -0.0977498557726, 0.382853108109, -0.490206336208,
		  0.25643699202 } } });
}

TEST(adadelta_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "adadelta", NULL, 1, true, {
		{ -0.753162024708, 0.00316221441651, 0.746838733783, -0.246837762816, 0.5, -0.503162237184,
		  0.253161266217 },
		{ -0.749917862638, 0.000388779096487, 0.751101928452, -0.248575219687, 0.503162214417, -0.504084749926,
		  0.257554257086 },
		{ -0.75476964229, -0.000320149811131, 0.754278716704, -0.251147721063, 0.503110514186, -0.501188267972,
		  0.254998276408 },
	} });
}

TEST(adadelta_takes_its_fields)
{
	static const struct value values[] = { { "rho", 0.7 }, { "epsilon", 0.01 }, { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "adadelta", values, 0.5, true, {
		{ -0.779565619799, 0.0857492925713, 0.67117916736, -0.161771013314, 0.448428937687, -0.585749292571,
		  0.279565619799 },
		{ -0.69131461984, 0.00362092420103, 0.736891829461, -0.203416414863, 0.540590477452, -0.579873416805,
		  0.370354791705 },
		{ -0.552247778834, -0.0374790823134, 0.587237871039, -0.217006879613, 0.3777511157, -0.339208972271,
		  0.238159449553 } } });
}

TEST(rmsprop_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "rmsprop", NULL, 0.01, true, {
		{ -0.84999996, 0.09999998, 0.65000008, -0.150000016, 0.5, -0.599999984, 0.34999992 },
		{ -0.7791118596, 0.039807063119, 0.744915855551, -0.187300202764, 0.59999998, -0.619706566456,
		  0.448076834941 },
		{ -0.865332214547, 0.0554592123374, 0.757423575909, -0.227514176459, 0.594461060331, -0.568298966789,
		  0.400575863624 } } });
}

TEST(rmsprop_has_momentum)
{
	static const struct value values[] = { { "alpha", 0.7 }, { "momentum", 0.75 }, { "weight_decay", 0.25 },
	                                       { 0 } };

	follow(&(struct trajectory){ "rmsprop", values, 0.01, true, {
		{ -0.76825741325, 0.0182574179168, 0.731742582483, -0.231742581901, 0.481742584083, -0.518257417917,
		  0.26825741325 },
		{ -0.7638194614, 0.0196822373297, 0.728858357271, -0.223831955423, 0.485651022098, -0.531751288459,
		  0.300128229479 },
		{ -0.71891207503, 0.0479953299669, 0.642261542907, -0.200356234812, 0.431020078256, -0.46866594312,
		  0.301605157382 } } });
}

TEST(rmsprop_divides_by_the_deviation)
{
	static const struct value values[] = { { "alpha", 0.8 }, { "epsilon", 0.1 }, { "centered", true }, { 0 } };

	follow(&(struct trajectory){ "rmsprop", values, 0.01, true, {
		{ -0.7625, 0.0166666666667, 0.741666666667, -0.232142857143, 0.5, -0.517857142857, 0.258333333333 },
		{ -0.752486633978, 0.00627769719502, 0.755757393355, -0.238913186757, 0.516666666667, -0.521719855287,
		  0.276495015833 },
		{ -0.768755885431, 0.00778123225159, 0.762645205545, -0.247711770062, 0.51803256392, -0.510613358966,
		  0.2690003396 } } });
}

TEST(rmsprop_takes_its_fields_together)
{
	static const struct value values[] = { { "epsilon", 0.01 }, { "momentum", 0.5 }, { "centered", true },
	                                       { "weight_decay", 0.25 }, { 0 } };

	follow(&(struct trajectory){ "rmsprop", values, 0.01, true, {
		{ -0.788535832031, 0.0836828881165, 0.673953646112, -0.162314697697, 0.444289303684, -0.583682888116,
		  0.288535832031 },
		{ -0.726475723234, 0.0717111536236, 0.679579056444, -0.144204559937, 0.493074760213, -0.6220122077,
		  0.39247633491 },
		{ -0.58803379141, 0.0764129075504, 0.515391687126, -0.146389757878, 0.367206753617, -0.40042891578,
		  0.266522876483 } } });
}

/* A gradient that stands still has no deviation; rounding must not make its root not a number. */
TEST(rmsprop_centered_stays_finite_where_gradients_stand_still)
{
	static const struct value values[] = { { "centered", true }, { "alpha", 0.9 }, { 0 } };
	const struct optimizer_type *type = optimizer_named("rmsprop");
	void *config = config_create(&type->kind, values);
	real params[LONG] = { 0 }, gradients[LONG], slots[3][LONG] = { { 0 } };

	for (int i = 0; i < LONG; i++)
		gradients[i] = (real)(i + 1) / 7;
	for (int step = 1; step <= 300; step++)
		type->update(config, &(struct update){ .params = params, .gradients = gradients, .len = LONG,
		                                       .slots = { slots[0], slots[1], slots[2] }, .step = step,
		                                       .learning_rate = 1e-6 });
	for (int i = 0; i < LONG; i++)
		CHECK(isfinite(params[i]) && params[i] < 0);
	free(config);
}

TEST(sgd_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ "sgd", NULL, 0.01, true, {
		{ -0.7525, 0.005, 0.74875, -0.24375, 0.5, -0.50625, 0.25125 },
		{ -0.75225, 0.00575, 0.751375, -0.240625, 0.505, -0.513125, 0.258625 },
		{ -0.788315176847, 0.0250874749575, 0.763411147664, -0.244920376781, 0.527874972175, -0.532750766756,
		  0.265174434186 } } });
}

TEST(sgd_takes_its_fields)
{
	static const struct value values[] = { { "momentum", 0.75 }, { "nesterov", true }, { "weight_decay", 0.25 },
	                                       { 0 } };

	follow(&(struct trajectory){ "sgd", values, 0.1, true, {
		{ -0.7609375, 0.0875, 0.6953125, -0.1296875, 0.478125, -0.5875, 0.2609375 },
		{ -0.687412109375, 0.046171875, 0.712939453125, -0.129091796875, 0.53767578125, -0.611796875,
		  0.362412109375 },
		{ -0.45002386205, 0.0116917703082, 0.444933966412, -0.143438375003, 0.300100726902, -0.23439287565,
		  0.132216491753 } } });
}

TEST(sgd_decays_weights_in_its_momentum)
{
	static const struct value values[] = { { "weight_decay", 0.5 }, { 0 } };

	follow(&(struct trajectory){ "sgd", values, 0.1, true, {
		{ -0.7375, 0.05, 0.7, -0.175, 0.475, -0.5375, 0.25 },
		{ -0.664375, 0.055, 0.6575, -0.12375, 0.47875, -0.556875, 0.3 },
		{ 0.0454472275619, 0.0511619029221, -0.0932064107751, 0.00520439360845, -0.0345887054403,
		  0.108163361258, -0.0927272774492 },
	} });
}

TEST(sgd_looks_ahead)
{
	static const struct value values[] = { { "nesterov", true }, { 0 } };

	follow(&(struct trajectory){ "sgd", values, 0.01, true, {
		{ -0.75475, 0.0095, 0.747625, -0.238125, 0.5, -0.511875, 0.252375 },
		{ -0.752025, 0.006425, 0.7537375, -0.2378125, 0.5095, -0.5193125, 0.2652625 },
		{ -0.790733659163, 0.0225787274617, 0.768320032897, -0.246678339103, 0.530087474957, -0.531975690081,
		  0.267406990768 } } });
}

static const double without_momentum[3][PARAMETERS] = {
	{ -0.875, 0.25, 0.6875, 0.0625, 0.5, -0.8125, 0.3125 },
	{ -0.75, 0.0625, 0.875, -0.0625, 0.75, -0.875, 0.625 },
	{ -1.0625, 0, 1.0625, -0.3125, 0.75, -0.625, 0.4375 },
};

/* Where weight decay does not apply, its size must not matter. */
TEST(sgd_without_momentum_and_without_decay_goes_down_the_gradient)
{
	static const struct value plain[] = { { "momentum", 0 }, { 0 } };
	static const struct value heavy[] = { { "momentum", 0 }, { "weight_decay", 1 }, { 0 } };
	struct trajectory t = { .optimizer = "sgd", .values = plain, .learning_rate = 0.5, .decays = true };

	memcpy(t.want, without_momentum, sizeof t.want);
	follow(&t);
	t.values = heavy;
	t.decays = false;
	follow(&t);
}

struct arrays { real params[LONG], gradients[LONG], slots[3][LONG]; };

static void step_range(const struct optimizer_type *type, struct arrays *a, size_t first, size_t end)
{
	void *config = config_create(&type->kind, (const struct value[]){ { "weight_decay", 0.1 }, { 0 } });

	for (int step = 1; step <= 3; step++)
		type->update(config, &(struct update){
			.params = a->params + first, .gradients = a->gradients + first, .len = end - first,
			.step = step,
			.slots = { a->slots[0] + first, a->slots[1] + first, a->slots[2] + first },
			.learning_rate = 0.01, .decays = true });
	free(config);
}

/* Byte for byte: results must not depend on where parameters are cut, that is, on a number's position in a vector. */
TEST(optimizers_give_the_same_bytes_however_parameters_are_cut)
{
	for (const struct optimizer_type *const *type = optimizer_types; *type; type++) {
		struct arrays whole = { .params = { 0 } }, cut;
		for (int i = 0; i < LONG; i++) {
			whole.params[i] = (real)(i * 37 % 23 - 11) / 7;
			whole.gradients[i] = (real)(i * 29 % 31 - 15) / 13;
		}
		cut = whole;
		step_range(*type, &whole, 0, LONG);
		step_range(*type, &cut, 0, 1);
		step_range(*type, &cut, 1, 18);
		step_range(*type, &cut, 18, LONG);
		CHECK(!memcmp(&whole, &cut, sizeof whole));
		CHECK(whole.params[5] != (real)(5 * 37 % 23 - 11) / 7);
	}
}

static void step_whole(const struct optimizer_type *type, struct arrays *a, double weight_decay, bool decays)
{
	void *config = config_create(&type->kind, (const struct value[]){ { "weight_decay", weight_decay }, { 0 } });

	*a = (struct arrays){ .params = { 0 } };
	for (int i = 0; i < LONG; i++) {
		a->params[i] = (real)(i * 37 % 23 - 11) / 7;
		a->gradients[i] = (real)(i * 29 % 31 - 15) / 13;
	}
	for (int step = 1; step <= 3; step++)
		type->update(config, &(struct update){ .params = a->params, .gradients = a->gradients, .len = LONG,
		                                       .step = step,
			.slots = { a->slots[0], a->slots[1], a->slots[2] }, .learning_rate = 0.01, .decays = decays });
	free(config);
}

static bool has_weight_decay(const struct optimizer_type *type)
{
	for (const struct field *f = type->kind.fields; f->name; f++)
		if (!strcmp(f->name, "weight_decay"))
			return true;
	return false;
}

/* Biases and batch norm come with decays false: they must move as if there were no weight decay at all. */
TEST(optimizers_leave_alone_what_does_not_decay)
{
	for (const struct optimizer_type *const *type = optimizer_types; *type; type++) {
		struct arrays none, heavy, spared;
		CHECK(has_weight_decay(*type));
		step_whole(*type, &none, 0, true);
		step_whole(*type, &heavy, 1, true);
		step_whole(*type, &spared, 1, false);
		CHECK(!memcmp(&none, &spared, sizeof none));
		CHECK(memcmp(&none, &heavy, sizeof none));
	}
}

static void check_fields(const char *owner, const struct field *fields)
{
	for (const struct field *f = fields; f && f->name; f++) {
		if (!f->help)
			test_fail(__FILE__, __LINE__, "%s: %s has no help", owner, f->name);
		if ((f->kind == FIELD_INT || f->kind == FIELD_FLOAT) && !f->required &&
		    (f->fallback < f->min || f->fallback > f->max))
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
