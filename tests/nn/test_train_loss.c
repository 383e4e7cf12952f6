/* The recipe's loss on its way through a training and a model: class weights from the training images' labels,
 * teachers' answers group by group. */
#include "tests/helpers/model_run.h"
#include "tests/helpers/problem.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

/* With weights that stand still, batch norm aside: the weighted mean over all images, from their logits. */
static double weighted_mean(const struct problem *p, const real logits[TRAINING][2], const double weights[2])
{
	double sum = 0, weight = 0;

	for (int i = 0; i < TRAINING; i++) {
		int label = p->labels[i];
		sum += weights[label] * log(1 + exp((double)(logits[i][!label] - logits[i][label])));
		weight += weights[label];
	}
	return sum / weight;
}

TEST(training_weighs_classes_by_their_images)
{
	static struct problem p;
	static real logits[TRAINING][2];
	double counts[2] = { 0 };
	struct epoch_row row;
	struct score score;

	problem_open(&p, "sgd", 1e-30);
	net_read(&p.net, p.setup.training.shape, 2, "flatten; dense units=2");
	for (int i = 0; i < 60; i++)
		p.labels[i] = 0;
	for (int i = 0; i < TRAINING; i++)
		counts[p.labels[i]]++;
	p.recipe.batch = TRAINING;
	config_read(p.recipe.loss->kind.fields, p.loss_config, "class_balance=0.5");
	struct training *t = problem_start(&p);
	CHECK(training_epoch(t, &row));
	CHECK(training_predict(t, p.setup.training, &score, logits[0]));
	const double weights[2] = { sqrt(TRAINING / 2.0 / counts[0]), sqrt(TRAINING / 2.0 / counts[1]) };
	CHECK_CLOSE(row.training.loss, weighted_mean(&p, logits, weights), 1e-6);
	CHECK_CLOSE(score.loss, weighted_mean(&p, logits, (double[2]){ 1, 1 }), 1e-6);
	CHECK(fabs(row.training.loss - score.loss) > 1e-3);
	training_destroy(t);
}

/* exp(z / t) / sum of a lane's logits. */
static void teach(const real *logits, real *to, int classes, double t)
{
	for (int lane = 0; lane < LANES; lane++) {
		double sum = 0;
		for (int c = 0; c < classes; c++)
			sum += exp((double)logits[c * LANES + lane] / t);
		for (int c = 0; c < classes; c++)
			to[c * LANES + lane] = (real)(exp((double)logits[c * LANES + lane] / t) / sum);
	}
}

/* A student whose teachers say just what it says has nothing to learn, and with another temperature it has. */
TEST(model_learns_from_its_teachers_answers)
{
	for (int other = 0; other < 2; other++) {
		static struct model_run r;
		_Alignas(16) char config[NET_CONFIG];
		double largest = 0, loss = 0;

		model_run_open(&r, "conv channels=3 kernel=3; relu; flatten; dense units=4",
			(struct shape){ 1, 4, 4 }, 4);
		model_run_plan(&r, 20);
		model_plan_add_teacher(r.plan);
		model_run_create(&r, kernels_choose(NULL));
		model_run_fill(&r, 19, 5, 0);
		model_forward(r.model, &r.team, &r.batch, true);
		for (int group = 0; group < 2; group++)
			teach(model_logits(r.model) + group * 4 * LANES, model_teacher(r.model, group), 4,
				other ? 1 : 3);
		config_read(loss_types[1]->kind.fields, config, "temperature=3 label_share=0");
		model_run_fill(&r, 19, 5, 0);
		r.batch.loss = (struct batch_loss){ loss_types[1], config, NULL };
		model_forward(r.model, &r.team, &r.batch, false);
		model_backward(r.model, &r.team);
		struct model_memory m = model_memory(r.model);
		for (size_t i = 0; i < m.params_len; i++)
			largest = fmax(largest, fabs((double)m.gradients[i]));
		for (int i = 0; i < 19; i++)
			loss = fmax(loss, fabs(model_loss(r.model, i)));
		CHECK(other ? largest > 1e-2 && loss > 1e-2 : largest < 1e-5 && loss < 1e-5);
		model_run_close(&r);
	}
}

TEST(model_has_no_teacher_unless_it_is_planned)
{
	static struct model_run r;

	model_run_open(&r, "flatten; dense units=2", (struct shape){ 1, 2, 2 }, 2);
	model_run_plan(&r, 16);
	int64_t before = model_plan_cost(r.plan).memory_bytes;
	model_run_create(&r, kernels_choose(NULL));
	CHECK(model_teacher(r.model, 0) == NULL);
	model_destroy(r.model);
	model_plan_add_teacher(r.plan);
	CHECK_INT(model_plan_cost(r.plan).memory_bytes - before, 2 * LANES * (int)sizeof(real));
	model_run_create(&r, kernels_choose(NULL));
	CHECK(model_teacher(r.model, 0) != NULL);
	model_run_close(&r);
}
