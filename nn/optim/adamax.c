/* Adamax (Kingma and Ba 2015, section 7.1): Adam with the largest recent gradient in place of the squares' mean. Floor
 * 2.
 *
 *   g = gradient + weight_decay * p
 *   m = beta1 * m + (1 - beta1) * g                n = max(beta2 * n, |g| + epsilon)
 *   p = p - rate / (1 - beta1^step) * m / n
 *
 * Defaults and epsilon's place are PyTorch's. Keras adds epsilon, 1e-7, to n where it divides, and has rate 0.001; the
 * paper has no epsilon. */
#include "nn/optim/optimizer.h"

#include <tgmath.h>     /* fabs of a real is a real */

struct adamax { double beta1, beta2, epsilon, weight_decay; };

static const struct field fields[] = {
	{ "beta1", FIELD_FLOAT, offsetof(struct adamax, beta1),
	  .fallback = 0.9, .min = 0, .max = 0.99999,
	  .help = "share of the gradients' running mean that each step keeps" },
	{ "beta2", FIELD_FLOAT, offsetof(struct adamax, beta2),
	  .fallback = 0.999, .min = 0, .max = 0.99999, .help = "share of the largest gradient that each step keeps" },
	{ "epsilon", FIELD_FLOAT, offsetof(struct adamax, epsilon),
	  .fallback = 1e-8, .min = 1e-12, .max = 1,
	  .help = "number added to each gradient's size, against division by 0" },
	{ "weight_decay", FIELD_FLOAT, offsetof(struct adamax, weight_decay),
	  .fallback = 0, .min = 0, .max = 1,
	  .help = "share of each weight that is added to its gradient; see above what it leaves alone" },
	{ 0 }
};

static const char about[] =
	"Each number's step is divided by the largest gradient that it has seen lately (Kingma and Ba 2015, section "
	"7.1). Defaults and formula are PyTorch's. Keras has rate 0.001, and adds epsilon, 1e-7, where it divides.";

static void update(const void *config, const struct update *u)
{
	const struct adamax *c = config;
	const real rate = (real)(u->learning_rate / (1 - pow(c->beta1, (double)u->step)));
	const real keep_mean = (real)c->beta1, take_mean = (real)(1 - c->beta1), keep_largest = (real)c->beta2;
	const real epsilon = (real)c->epsilon, decay = (real)(u->decays ? c->weight_decay : 0);
	const real *restrict gradients = u->gradients;
	real *restrict params = u->params, *restrict mean = u->slots[0], *restrict largest = u->slots[1];

	for (size_t i = 0; i < u->len; i++) {
		real g = gradients[i] + decay * params[i];
		real size = fabs(g) + epsilon, before = keep_largest * largest[i];
		mean[i] = keep_mean * mean[i] + take_mean * g;
		largest[i] = before > size ? before : size;     /* a NaN gradient stays visible */
		params[i] -= rate * mean[i] / largest[i];
	}
}

const struct optimizer_type optimizer_adamax = {
	.kind = { .name = "adamax", .help = "Adam with the largest recent gradient in place of the squares' mean",
	          .fields = fields, .config_size = sizeof(struct adamax), .about = about },
	.slots = 2, .learning_rate = 0.002, .update = update,
};
