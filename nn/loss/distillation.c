/* Distillation (Hinton, Vinyals and Dean 2015): the student learns the teachers' answers, softened by a temperature,
 * and a share of the labels. Floor 2.
 *
 *   loss = label_share * cross-entropy + (1 - label_share) * T^2 * KL(teacher || student)
 *   KL = sum of p log(p / q), q = softmax(z / T), p likewise of the teachers
 *   its gradient by z is (q - p) / T; T^2 keeps its size when T changes (section 2) */
#include "nn/loss/loss.h"

#include <assert.h>
#include <math.h>

struct distillation { double temperature, label_share; };

static const struct field fields[] = {
	{ "temperature", FIELD_FLOAT, offsetof(struct distillation, temperature),
	  .fallback = 4, .min = 0.1, .max = 100,
	  .help = "what logits of teachers and student are divided by before the softmax; higher is softer" },
	{ "label_share", FIELD_FLOAT, offsetof(struct distillation, label_share),
	  .fallback = 0.1, .min = 0, .max = 1,
	  .help = "share of the loss that is cross-entropy with the labels; the rest learns from the teachers" },
	{ 0 }
};

static const char about[] =
	"It reads the mean softmax, at `temperature`, of the recipe's `teachers` on the very view of each image that "
	"the student sees. The teachers' part is T^2 times the Kullback-Leibler divergence from them to the student "
	"(Hinton et al. 2015). `label_smoothing` concerns the labels' part alone.";

static double temperature(const void *config)
{
	return ((const struct distillation *)config)->temperature;
}

/* Of one class: p log(p / q), and 0 where the teachers exclude it. */
static double divergence(double p, double log_q)
{
	return p > 0 ? p * (log(p) - log_q) : 0;
}

static double of_lane(const void *config, const struct loss_job *job, const struct softmax *s)
{
	const struct distillation *d = config;
	const double labels = d->label_share, teachers = 1 - d->label_share, t = d->temperature;
	struct softmax soft = softmax_of(job, s->lane, (real)t);
	double entropy = log(s->sum), apart = 0;

	for (int c = 0; c < job->classes; c++) {
		double p = (double)job->teacher[c * LANES + s->lane], target = target_share(job, s->lane, c);
		entropy -= (double)softmax_exponent(s, job, c) * target;
		apart += divergence(p, (double)softmax_exponent(&soft, job, c) - log(soft.sum));
		if (job->d_logits)
			job->d_logits[c * LANES + s->lane] =
				(real)((labels * (softmax_share(s, job, c) - target) +
				        teachers * t * (softmax_share(&soft, job, c) - p)) / job->batch_weight);
	}
	return labels * entropy + teachers * t * t * apart;
}

static void evaluate(const void *config, const struct loss_job *job)
{
	assert(job->teacher);
	loss_of_lanes(config, job, of_lane);
}

const struct loss_type loss_distillation = {
	.kind = { .name = "distillation", .help = "learns the softened answers of teachers, and a share of the labels",
	          .fields = fields, .config_size = sizeof(struct distillation), .about = about },
	.teacher_temperature = temperature, .evaluate = evaluate,
};
