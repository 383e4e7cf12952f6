/* Every loss's gradient by the logits against central differences, with mixed targets, class weights, label smoothing
 * and teachers. A new loss needs a row. In double precision alone. */
#include "nn/base/rng.h"
#include "nn/loss/loss.h"
#include "tests/helpers/network.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { CLASSES = 5, IMAGES = 13 };

static const struct row {
	const char *loss, *fields;
	bool weights;
	double smoothing;
} rows[] = {
	{ "cross_entropy", "", false, 0 },
	{ "cross_entropy", "", true, 0.2 },
	{ "distillation", "", false, 0 },
	{ "distillation", "temperature=2 label_share=0.3", false, 0.1 },
	{ "distillation", "temperature=0.5 label_share=0", false, 0 },
	{ "distillation", "label_share=1", false, 0.1 },
};

struct subject {
	const struct loss_type *type;
	_Alignas(16) char config[NET_CONFIG];
	struct loss_job job;
	real logits[CLASSES * LANES], d_logits[CLASSES * LANES], teacher[CLASSES * LANES];
	struct target targets[LANES];
	double class_weights[CLASSES], losses[LANES];
	bool correct[LANES];
};

/* Shares that add up to 1. */
static void fill_teacher(struct subject *s, struct rng *rng, int lane)
{
	double sum = 0;

	for (int c = 0; c < CLASSES; c++)
		sum += s->teacher[c * LANES + lane] = rng_uniform(rng);
	for (int c = 0; c < CLASSES; c++)
		s->teacher[c * LANES + lane] /= sum;
}

static void fill(struct subject *s, const struct row *row)
{
	struct rng rng = rng_seed(17, 0);

	config_read(s->type->kind.fields, s->config, row->fields);
	s->job = (struct loss_job){ .logits = s->logits, .d_logits = s->d_logits, .classes = CLASSES,
		.targets = s->targets, .teacher = s->type->teacher_temperature ? s->teacher : NULL,
		.class_weights = row->weights ? s->class_weights : NULL, .lanes = IMAGES, .batch_images = IMAGES,
		.label_smoothing = row->smoothing, .losses = s->losses, .correct = s->correct };
	for (int c = 0; c < CLASSES; c++)
		s->class_weights[c] = 0.3 + rng_uniform(&rng);
	for (int i = 0; i < CLASSES * LANES; i++)
		s->logits[i] = 2 * rng_normal(&rng);
	for (int i = 0; i < LANES; i++) {
		s->targets[i] = (struct target){ (int)rng_below(&rng, CLASSES), (int)rng_below(&rng, CLASSES),
			rng_uniform(&rng) };
		fill_teacher(s, &rng, i);
	}
	for (int i = 0; i < IMAGES; i++)
		s->job.batch_weight += loss_weight(s->job.class_weights, s->targets[i]);
}

/* The batch's loss. */
static double loss_of(struct subject *s)
{
	double sum = 0;

	s->type->evaluate(s->config, &s->job);
	for (int i = 0; i < IMAGES; i++)
		sum += s->losses[i];
	return sum / IMAGES;
}

static double difference(struct subject *s, real *x)
{
	const real before = *x, h = 1e-5;

	*x = before + h;
	double above = loss_of(s);
	*x = before - h;
	double below = loss_of(s);
	*x = before;
	return (above - below) / (2 * h);
}

static void check_row(const struct row *row)
{
	static struct subject s;
	real want[CLASSES * LANES];

	s = (struct subject){ .job.classes = 0 };
	for (const struct loss_type *const *type = loss_types; *type; type++)
		if (!strcmp((*type)->kind.name, row->loss))
			s.type = *type;
	fill(&s, row);
	loss_of(&s);
	memcpy(want, s.d_logits, sizeof want);
	s.job.d_logits = NULL;
	for (int i = 0; i < CLASSES * LANES; i++)
		if (!(fabs(difference(&s, &s.logits[i]) - want[i]) <= 1e-9))
			test_fail(__FILE__, __LINE__, "%s %s: by logit %d: gradient %.10g, difference %.10g", row->loss,
			          row->fields, i, want[i], difference(&s, &s.logits[i]));
}

TEST(gradients_of_every_loss_are_its_differences)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		check_row(&rows[i]);
}

TEST(gradients_are_checked_of_every_registered_loss)
{
	for (const struct loss_type *const *type = loss_types; *type; type++) {
		bool found = false;
		for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
			found = found || !strcmp(rows[i].loss, (*type)->kind.name);
		if (!found)
			test_fail(__FILE__, __LINE__, "no row checks the gradients of %s", (*type)->kind.name);
	}
}
