/* Adam and AdamW: steps from running means of gradients and of their squares. Floor 2.
 *
 *   g = gradient + weight_decay * p (Adam)         p = p - rate * weight_decay * p (AdamW)
 *   m = beta1 * m + (1 - beta1) * g                v = beta2 * v + (1 - beta2) * g * g
 *   p = p - rate * (m / (1 - beta1^step)) / (sqrt(v / (1 - beta2^step)) + epsilon)
 *
 * Adam (Kingma and Ba 2015): weight decay is part of the gradient and goes through the running means. AdamW (Loshchilov
 * and Hutter 2019) subtracts it from the weights directly, so that it is not divided by the gradients' size. Defaults
 * are PyTorch's. Keras has epsilon 1e-7, in the same place but before the squares' mean is corrected, and weight decay
 * 0.004 in AdamW. */
#include "nn/optim/optimizer.h"

#include <tgmath.h>     /* sqrt of a real is a real */

#define MEAN_FIELDS \
	{ "beta1", FIELD_FLOAT, offsetof(struct adam, beta1), \
	  .fallback = 0.9, .min = 0, .max = 0.99999, \
	  .help = "share of the gradients' running mean that each step keeps" }, \
	{ "beta2", FIELD_FLOAT, offsetof(struct adam, beta2), \
	  .fallback = 0.999, .min = 0, .max = 0.99999, \
	  .help = "share of the running mean of the squared gradients that each step keeps" }, \
	{ "epsilon", FIELD_FLOAT, offsetof(struct adam, epsilon), \
	  .fallback = 1e-8, .min = 1e-12, .max = 1, \
	  .help = "number added to the root of the squares' mean, against division by 0" }

static const struct field adam_fields[] = {
	MEAN_FIELDS,
	{ "weight_decay", FIELD_FLOAT, offsetof(struct adam, weight_decay),
	  .fallback = 0, .min = 0, .max = 1,
	  .help = "share of each weight that is added to its gradient; see above what it leaves alone" },
	{ 0 }
};

static const char adam_about[] =
	"Defaults and formula are PyTorch's. Keras has epsilon 1e-7, and adds it before the squares' mean is "
	"corrected for the first steps. Weight decay passes through the running means like any other part of the "
	"gradient; see `adamw`.";

static const struct field adamw_fields[] = {
	MEAN_FIELDS,
	{ "weight_decay", FIELD_FLOAT, offsetof(struct adam, weight_decay),
	  .fallback = 0.01, .min = 0, .max = 1,
	  .help = "share of each weight that a step takes off, times the learning rate" },
	{ 0 }
};

static const char adamw_about[] =
	"As `adam`, but weight decay is taken off the weights directly, so that it is not divided by the gradients' "
	"size (Loshchilov and Hutter 2019). Defaults are PyTorch's; Keras' weight decay is 0.004.";

/* What is the same for all parameters is computed once, in double. `added` is the share of p that is added to its
 * gradient, `kept` the share of p that remains before the step. */
static void step(const struct adam *c, const struct update *u, real added, real kept)
{
	const real rate = (real)(u->learning_rate / (1 - pow(c->beta1, (double)u->step)));
	const real unbias = (real)(1 / sqrt(1 - pow(c->beta2, (double)u->step)));
	const real keep_mean = (real)c->beta1, take_mean = (real)(1 - c->beta1);
	const real keep_square = (real)c->beta2, take_square = (real)(1 - c->beta2);
	const real epsilon = (real)c->epsilon;
	const real *restrict gradients = u->gradients;
	real *restrict params = u->params, *restrict mean = u->slots[0], *restrict square = u->slots[1];

	for (size_t i = 0; i < u->len; i++) {
		real g = gradients[i] + added * params[i];
		mean[i] = keep_mean * mean[i] + take_mean * g;
		square[i] = keep_square * square[i] + take_square * g * g;
		params[i] = kept * params[i] - rate * mean[i] / (sqrt(square[i]) * unbias + epsilon);
	}
}

static void adam(const void *config, const struct update *u)
{
	const struct adam *c = config;

	step(c, u, (real)(u->decays ? c->weight_decay : 0), 1);
}

void adamw_update(const void *config, const struct update *u)
{
	const struct adam *c = config;

	step(c, u, 0, (real)(1 - (u->decays ? u->learning_rate * c->weight_decay : 0)));
}

const struct optimizer_type optimizer_adam = {
	.kind = { .name = "adam", .help = "steps of even length from running means of gradients and their squares",
	          .fields = adam_fields, .config_size = sizeof(struct adam), .about = adam_about },
	.slots = 2, .learning_rate = 0.001, .update = adam,
};

const struct optimizer_type optimizer_adamw = {
	.kind = { .name = "adamw", .help = "Adam with weight decay apart from the gradients",
	          .fields = adamw_fields, .config_size = sizeof(struct adam), .about = adamw_about },
	.slots = 2, .learning_rate = 0.001, .update = adamw_update,
};
