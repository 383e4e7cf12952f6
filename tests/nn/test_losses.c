/* Losses of a whole batch, with mixed targets, weights and teachers, against numbers that PyTorch 2.13 computed in
 * double precision: functional.cross_entropy(z, y, weight=w, label_smoothing=s), with y as classes and as
 * probabilities, and functional.kl_div(log_softmax(z / T), softmax(t / T), reduction="batchmean"). */
#include "nn/loss/loss.h"
#include "tests/helpers/network.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { CLASSES = 3, IMAGES = 4 };

static const double logits[IMAGES][CLASSES] = { { 1, -2, 0.5 }, { 0.25, 0.75, -1 }, { 2, 1, 0 }, { -0.5, 0.5, 1.5 } };
static const double weights[CLASSES] = { 0.5, 2, 1.25 };
static const struct target plain[IMAGES] = { { 0, 0, 1 }, { 1, 1, 1 }, { 2, 2, 1 }, { 1, 1, 1 } };
static const struct target mixed[IMAGES] = { { 0, 0, 1 }, { 1, 0, 0.75 }, { 2, 1, 0.5 }, { 1, 2, 0.25 } };

struct question {
	const char *loss, *fields;
	const struct target *targets;
	const double *weights;
	double smoothing;
	const double (*teachers)[CLASSES];      /* [IMAGES], logits; NULL: none */
	double temperature;
	double scale;           /* on what is wanted */
	double loss_wanted, gradient[IMAGES][CLASSES];
};

static const struct loss_type *loss_named(const char *name)
{
	for (const struct loss_type *const *type = loss_types; *type; type++)
		if (!strcmp((*type)->kind.name, name))
			return *type;
	test_fail(__FILE__, __LINE__, "no loss is called %s", name);
	return loss_types[0];
}

struct numbers { real logits[CLASSES * LANES], d_logits[CLASSES * LANES], teacher[CLASSES * LANES]; };

static void fill_teacher(const struct question *q, struct numbers *to)
{
	for (int i = 0; i < IMAGES && q->teachers; i++) {
		double sum = 0;
		for (int c = 0; c < CLASSES; c++)
			sum += exp(q->teachers[i][c] / q->temperature);
		for (int c = 0; c < CLASSES; c++)
			to->teacher[c * LANES + i] = (real)(exp(q->teachers[i][c] / q->temperature) / sum);
	}
}

static void check_loss(const struct question *q)
{
	const struct loss_type *type = loss_named(q->loss);
	struct numbers n = { .logits = { 0 } };
	double losses[LANES], weight = 0, sum = 0;
	bool correct[LANES];
	_Alignas(16) char config[NET_CONFIG];

	config_read(type->kind.fields, config, q->fields);
	for (int i = 0; i < IMAGES; i++) {
		weight += loss_weight(q->weights, q->targets[i]);
		for (int c = 0; c < CLASSES; c++)
			n.logits[c * LANES + i] = (real)logits[i][c];
	}
	fill_teacher(q, &n);
	type->evaluate(config, &(struct loss_job){ .logits = n.logits, .d_logits = n.d_logits, .classes = CLASSES,
		.targets = q->targets, .teacher = q->teachers ? n.teacher : NULL, .class_weights = q->weights,
		.lanes = IMAGES, .batch_images = IMAGES, .batch_weight = weight, .label_smoothing = q->smoothing,
		.losses = losses, .correct = correct });
	for (int i = 0; i < IMAGES; i++) {
		sum += losses[i];
		CHECK_INT(correct[i], i < 2);
		for (int c = 0; c < CLASSES; c++)
			CHECK_CLOSE((double)n.d_logits[c * LANES + i], q->gradient[i][c] * q->scale, 2e-7);
	}
	CHECK_CLOSE(sum / IMAGES, q->loss_wanted * q->scale, 1e-6);
}

TEST(losses_weigh_classes_as_pytorch_does)
{
	check_loss(&(struct question){ "cross_entropy", "", plain, weights, 0, NULL, 1, 1, 1.2574933540326687, {
		{ -0.0344566177, 0.00261381631, 0.0318428014 }, { 0.118500613, -0.152451606, 0.0339509939 },
		{ 0.144617599, 0.0532018415, -0.197819441 }, { 0.031314982, -0.262703141, 0.231388159 } } });
	check_loss(&(struct question){ "cross_entropy", "", plain, weights, 0.2, NULL, 1, 1, 1.2804842472667413, {
		{ -0.00711244362, -0.0197904446, 0.0269028882 }, { 0.103815965, -0.120727881, 0.0169119158 },
		{ 0.138820498, 0.0300134357, -0.168833933 }, { 0.0231692569, -0.22271055, 0.199541293 } } });
}

TEST(losses_of_mixed_images_are_pytorchs_of_probabilities)
{
	check_loss(&(struct question){ "cross_entropy", "", mixed, NULL, 0, NULL, 1, 1, 0.9428983265668195, {
		{ -0.099062776, 0.00751472189, 0.0915480541 }, { 0.0226723153, -0.0470745921, 0.0244022769 },
		{ 0.166310239, -0.0638178822, -0.102492357 }, { 0.0225076433, -0.00131788224, -0.0211897611 } } });
	check_loss(&(struct question){ "cross_entropy", "", mixed, NULL, 0.2, NULL, 1, 1, 1.0449816599001527, {
		{ -0.0657294426, -0.00915194477, 0.0748813874 }, { 0.0185056486, -0.0262412588, 0.00773561022 },
		{ 0.149643572, -0.0554845489, -0.0941590234 },
		{ 0.00584097663, -0.0054845489, -0.000356427723 } } });
}

/* PyTorch divides by the 4 images, this one by their weights, 5.1875 in all. */
TEST(losses_of_mixed_images_have_their_weights_in_the_divisor)
{
	check_loss(&(struct question){ "cross_entropy", "", mixed, weights, 0, NULL, 1, 4 / 5.1875,
		1.312591622303984, {
		{ -0.049531388, 0.00375736095, 0.045774027 }, { 0.107155012, -0.146808712, 0.0396536999 },
		{ 0.270254138, -0.150579059, -0.11967508 }, { 0.0323547372, -0.0370507057, 0.00469596848 } } });
	check_loss(&(struct question){ "cross_entropy", "", mixed, weights, 0.2, NULL, 1, 4 / 5.1875,
		1.4446520461515586, {
		{ -0.0102241377, -0.0284487641, 0.0386729018 }, { 0.0986837553, -0.115673951, 0.0169901958 },
		{ 0.249447537, -0.138501051, -0.110946486 }, { 0.0231773673, -0.0476783685, 0.0245010012 } } });
}

static const double teachers[IMAGES][CLASSES] = { { 0.2, -1, 3 }, { 1, 1, -2 }, { 0, 4, 0.5 }, { -1, 0, 2 } };

TEST(losses_distil_as_pytorch_does)
{
	check_loss(&(struct question){ "distillation", "", plain, NULL, 0, teachers, 4, 1, 0.9220903787530889, {
		{ 0.13257367, 0.00370427078, -0.136277941 }, { -0.041344465, -0.0189889721, 0.060333437 },
		{ 0.208424778, -0.204310256, -0.00411452249 }, { 0.0266006599, 0.0123840966, -0.0389847566 } } });
	check_loss(&(struct question){ "distillation", "temperature=2.5 label_share=0.4", plain, NULL, 0.2, teachers,
		2.5, 1, 1.0192528856066634, {
		{ 0.0705353036, 7.48917182e-05, -0.0706101953 }, { -0.00295093888, -0.0314904412, 0.0344413801 },
		{ 0.184504589, -0.122493093, -0.0620114958 }, { 0.0173075835, -0.0398594243, 0.0225518408 } } });
	check_loss(&(struct question){ "distillation", "temperature=1 label_share=0", plain, NULL, 0, teachers, 1, 1,
		0.5180222525230124, {
		{ 0.136849416, 0.00327155567, -0.140120972 }, { -0.0367915725, 0.0184615201, 0.0183300525 },
		{ 0.161943188, -0.177250782, 0.0153075936 }, { 0.0120051268, 0.0326333179, -0.0446384447 } } });
}

/* What the teachers exclude costs nothing, whatever the student says of it. */
TEST(losses_distil_from_teachers_that_are_certain)
{
	static const double certain[IMAGES][CLASSES] =
		{ { 200, 0, 0 }, { 0, 200, 0 }, { 0, 0, 200 }, { 0, 200, 0 } };
	struct question q = { "distillation", "temperature=1 label_share=0", plain, NULL, 0, certain, 1, 1, 0,
		{ { 0 } } };

	for (int i = 0; i < IMAGES; i++) {
		double sum = 0;
		for (int c = 0; c < CLASSES; c++)
			sum += exp(logits[i][c]);
		for (int c = 0; c < CLASSES; c++)
			q.gradient[i][c] = (exp(logits[i][c]) / sum - (c == plain[i].label)) / IMAGES;
		q.loss_wanted += (log(sum) - logits[i][plain[i].label]) / IMAGES;
	}
	check_loss(&q);
}

/* 16 images of three classes, and none of a fourth: weights 16 / (3 n), as scikit-learn balances. */
TEST(losses_balance_classes)
{
	static const int64_t counts[] = { 8, 2, 0, 6 };
	double balanced[4], root[4], none[4];

	loss_balance(counts, 4, 1, balanced);
	loss_balance(counts, 4, 0.5, root);
	loss_balance(counts, 4, 0, none);
	CHECK_CLOSE(balanced[0], 2.0 / 3, 1e-15);
	CHECK_CLOSE(balanced[1], 8.0 / 3, 1e-15);
	CHECK_CLOSE(balanced[3], 8.0 / 9, 1e-15);
	CHECK_CLOSE((8 * balanced[0] + 2 * balanced[1] + 6 * balanced[3]) / 16, 1, 1e-15);
	for (int c = 0; c < 4; c++) {
		CHECK_CLOSE(root[c], sqrt(balanced[c]), 1e-15);
		CHECK(c == 2 ? none[c] == 0 && balanced[c] == 0 : none[c] == 1);
	}
}
