/* Muon: against numbers that torch.optim.Muon of PyTorch 2.13 computed in double precision, with Tensor.bfloat16
 * replaced by a copy; against its formula; and which numbers of a network it gets as matrices. */
#include "nn/base/blas.h"
#include "nn/model/plan.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/problem.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SMALL = 6, MOST = 2400 };

static const struct optimizer_type *muon(void)
{
	const struct optimizer_type *const *type = optimizer_types;

	while (strcmp((*type)->kind.name, "muon"))
		type++;
	return *type;
}

static blas_gemm *gemm(void)
{
	struct error err = { "" };
	blas_gemm *to = blas_load(&err);

	CHECK_TEXT(err.text, "");
	return to;
}

/* A matrix, its gradient and its optimizer's state. */
struct kernel {
	int rows, columns;
	real params[MOST], gradients[MOST], slots[2][MOST];
	_Alignas(16) char config[NET_CONFIG];
};

static void step(struct kernel *k, double rate, int number)
{
	size_t len = (size_t)k->rows * (size_t)k->columns;

	muon()->update_matrix(k->config, &(struct update){ .params = k->params, .gradients = k->gradients,
		.slots = { k->slots[0], k->slots[1] }, .len = len, .step = number, .learning_rate = rate,
		.decays = true, .rows = k->rows, .columns = k->columns, .gemm = gemm(),
		.scratch = take_reals(muon()->matrix_scratch(k->rows, k->columns)) });
	take_nothing();
}

struct trajectory {
	int rows, columns;
	const char *fields;
	double learning_rate, want[3][SMALL];   /* after steps 1, 2 and 10 */
};

static void follow(const struct trajectory *t)
{
	static struct kernel k;

	k = (struct kernel){ .rows = t->rows, .columns = t->columns };
	config_read(muon()->kind.fields, k.config, t->fields);
	for (int i = 0; i < SMALL; i++)
		k.params[i] = (real)(i * 3 % 7 - 3) / 4;
	for (int number = 1, row = 0; number <= 10; number++) {
		for (int i = 0; i < SMALL; i++)
			k.gradients[i] = (real)((number * 7 + i * i * 5) % 11 - 5) / 8;
		step(&k, t->learning_rate, number);
		if (number > 2 && number < 10)
			continue;
		for (int i = 0; i < SMALL; i++)
			CHECK_CLOSE((double)k.params[i], t->want[row][i], 5e-6);
		row++;
	}
}

TEST(muon_steps_as_pytorch_does)
{
	follow(&(struct trajectory){ 2, 3, "", 0.02, {
		{ -0.76416746, 0.0155270165, 0.755821774, -0.258609623, 0.494189231, -0.489531811 },
		{ -0.759055382, 0.00961605045, 0.775064895, -0.260274322, 0.478756181, -0.487604742 },
		{ -0.819755743, 0.0244118987, 0.792702351, -0.273857031, 0.433663679, -0.484967155 } } });
}

TEST(muon_takes_its_fields)
{
	follow(&(struct trajectory){ 3, 2, "weight_decay=0.25 nesterov=0 momentum=0.8 steps=3", 0.1, {
		{ -0.733357817, 0.0520346589, 0.689722951, -0.303539518, 0.413018711, -0.45706255 },
		{ -0.664049988, 0.174480328, 0.738604555, -0.274948468, 0.352656084, -0.382443396 },
		{ -0.986260786, 0.287857539, 0.774495754, -0.355945712, 0.321448053, -0.397845896 } } });
	follow(&(struct trajectory){ 3, 2, "weight_decay=0.1 scale=match_rms_adamw", 0.1, {
		{ -0.743411752, 0.0155804667, 0.730553165, -0.265158768, 0.472809227, -0.485480113 },
		{ -0.734750373, -0.0166227541, 0.742526584, -0.25958716, 0.45207872, -0.483288186 },
		{ -0.794320009, 0.0316321996, 0.730570225, -0.273574454, 0.374307235, -0.475669664 } } });
}

/* c = a * b, [n][inner] by [inner][m]; b_by_columns: b is [m][inner]. */
static void multiply(const double *a, const double *b, bool b_by_columns, int n, int m, int inner, double *c)
{
	for (int i = 0; i < n; i++)
		for (int k = 0; k < m; k++) {
			c[i * m + k] = 0;
			for (int j = 0; j < inner; j++)
				c[i * m + k] += a[i * inner + j] * b[b_by_columns ? k * inner + j : j * m + k];
		}
}

/* The first step's direction by the formula, always of [rows][columns], in double precision: with a gradient g the
 * momentum is g / 20, and d a multiple of g. */
static double *direction(const real *gradients, int rows, int columns)
{
	size_t len = (size_t)rows * (size_t)columns, square = (size_t)rows * (size_t)rows;
	double *x = take_wide(gradients, len), *a = take_doubles(square), *aa = take_doubles(square);
	double *px = take_doubles(len), norm = 0;

	for (size_t i = 0; i < len; i++)
		norm += x[i] * x[i];
	for (size_t i = 0; i < len; i++)
		x[i] /= sqrt(norm);
	for (int n = 0; n < 5; n++) {
		multiply(x, x, true, rows, rows, columns, a);
		multiply(a, a, false, rows, rows, rows, aa);
		for (size_t i = 0; i < square; i++)
			a[i] = -4.7750 * a[i] + 2.0315 * aa[i];
		multiply(a, x, false, rows, columns, rows, px);
		for (size_t i = 0; i < len; i++)
			x[i] = 3.4445 * x[i] + px[i];
	}
	return x;
}

/* Both ways round, and vectors, which come to length 1 or so. */
TEST(muon_follows_its_formula)
{
	static const struct { int rows, columns; } shapes[] =
		{ { 12, 54 }, { 54, 12 }, { 30, 30 }, { 1, 9 }, { 40, 1 }, { 1, 1 }, { 48, 50 } };

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		static struct kernel k;
		struct rng rng = rng_seed(7, i);
		k = (struct kernel){ .rows = shapes[i].rows, .columns = shapes[i].columns };
		size_t len = (size_t)k.rows * (size_t)k.columns;
		config_read(muon()->kind.fields, k.config, "");
		for (size_t n = 0; n < len; n++)
			k.gradients[n] = (real)rng_normal(&rng);
		step(&k, 1, 1);
		double *want = direction(k.gradients, k.rows, k.columns);
		for (size_t n = 0; n < len; n++)
			want[n] *= -sqrt(fmax(1, (double)k.rows / k.columns));
		CHECK_NEAR("step", take_wide(k.params, len), want, len, 1e-4);
		take_nothing();
	}
}

TEST(muon_stands_still_without_gradients)
{
	static struct kernel k = { .rows = 3, .columns = 4 };

	config_read(muon()->kind.fields, k.config, "");
	step(&k, 1, 1);
	for (int i = 0; i < 12; i++)
		CHECK(k.params[i] == 0);
}

/* Kernels but the last as [outputs][inputs x window], depthwise ones as [channels][window]; the rest by AdamW. */
TEST(muon_takes_all_kernels_but_the_last)
{
	static const int want[][3] = { { 0, 5, 2 * 9 }, { 2, 10, 4 }, { 3, 6, 5 }, { 5, 7, 6 * 2 * 3 } };
	static struct model_run r;
	struct matrix matrices[8];

	model_run_open(&r, "conv channels=5 kernel=3; batch_norm; depthwise kernel=2 multiplier=2; "
	               "conv channels=6 kernel=1 groups=2; flatten; dense units=7; dense units=3",
	               (struct shape){ 2, 2, 3 }, 3);
	model_run_plan(&r, 16);
	CHECK_INT(plan_matrices(r.plan, NULL).count, 0);
	CHECK(!model_plan_cost(r.plan).uses_blas);
	model_plan_add_matrices(r.plan, muon());
	CHECK(model_plan_cost(r.plan).uses_blas);
	CHECK_INT(plan_matrices(r.plan, matrices).count, 4);
	for (int i = 0; i < 4; i++) {
		CHECK_INT(matrices[i].layer, want[i][0]);
		CHECK_INT(matrices[i].rows, want[i][1]);
		CHECK_INT(matrices[i].columns, want[i][2]);
		CHECK(matrices[i].decays);
	}
	model_plan_destroy(r.plan);
}

/* One step of a whole network: what update_matrix() and update() make of its arrays. */
TEST(muon_updates_a_network_array_by_array)
{
	static struct model_run r;
	static struct kernel k;
	struct error err = { "" };

	model_run_open(&r, "conv channels=5 kernel=3; batch_norm; relu; flatten; dense units=40; dense units=3",
	               (struct shape){ 2, 9, 11 }, 3);
	r.plan = model_plan_create(&r.net.network, 16, muon()->slots, &err);
	model_plan_add_matrices(r.plan, muon());
	model_run_create(&r, kernels_choose(NULL));
	model_run_fill(&r, 16, 3, 0);
	model_forward(r.model, &r.team, &r.batch, true);
	model_backward(r.model, &r.team);
	struct model_memory m = model_memory(r.model);
	k = (struct kernel){ .rows = 5, .columns = 18 };
	config_read(muon()->kind.fields, k.config, "weight_decay=0.1");
	memcpy(k.params, m.params, 90 * sizeof *k.params);
	memcpy(k.gradients, m.gradients, 90 * sizeof *k.gradients);
	real *before = malloc(m.params_len * sizeof *before);
	memcpy(before, m.params, m.params_len * sizeof *before);
	model_update(r.model, &r.team, &(struct model_step){ .optimizer = muon(), .config = k.config,
		.learning_rate = 0.5, .step = 1 });
	step(&k, 0.5, 1);
	CHECK(!memcmp(k.params, m.params, 90 * sizeof *k.params));
	/* Adam's first step is its rate along the gradient's sign, 0.05; the last 120 weights also decay. */
	for (size_t i = 0; i < m.params_len; i++) {
		bool last = i >= m.params_len - 123 && i < m.params_len - 3;
		if ((i >= 90 && i < 90 + 5 + 10) || i >= m.params_len - 123)
			CHECK_CLOSE((double)m.params[i], (double)before[i] * (last ? 1 - 0.05 * 0.1 : 1) -
			            0.05 * (double)m.gradients[i] / (fabs((double)m.gradients[i]) + 1e-8), 1e-5);
	}
	free(before);
	model_run_close(&r);
}

TEST(training_with_muon_is_the_same_with_any_number_of_threads)
{
	static struct problem alone, helped;
	struct epoch_row rows[2][30];
	struct score score[2];

	problem_open(&alone, "muon", 0.02);
	problem_open(&helped, "muon", 0.02);
	problem_help(&helped, PROBLEM_HELPERS);
	CHECK_INT(problem_run(&alone, rows[0], &score[0]), 6);
	CHECK_INT(problem_run(&helped, rows[1], &score[1]), 6);
	problem_leave(&helped);
	CHECK(score[0].accuracy > 0.95);
	CHECK(score[0].loss == score[1].loss);
	CHECK(rows[0][5].training.loss == rows[1][5].training.loss);
}
