/* Adadelta (Zeiler 2012): steps scaled by the ratio of recent steps to recent gradients, without a learning rate. Floor
 * 2.
 *
 *   g = gradient + weight_decay * p
 *   v = rho * v + (1 - rho) * g * g                d = sqrt(s + epsilon) / sqrt(v + epsilon) * g
 *   s = rho * s + (1 - rho) * d * d                p = p - rate * d
 *
 * The paper has no rate, which means rate 1. Defaults are PyTorch's. Keras has rho 0.95, epsilon 1e-7 in the same
 * places, and rate 0.001, with which a network hardly learns. */
#include "nn/optim/optimizer.h"

#include <tgmath.h>     /* sqrt of a real is a real */

struct adadelta { double rho, epsilon, weight_decay; };

static const struct field fields[] = {
	{ "rho", FIELD_FLOAT, offsetof(struct adadelta, rho),
	  .fallback = 0.9, .min = 0, .max = 0.99999,
	  .help = "share of the squares' running means that each step keeps" },
	{ "epsilon", FIELD_FLOAT, offsetof(struct adadelta, epsilon),
	  .fallback = 1e-6, .min = 1e-12, .max = 1,
	  .help = "number added to both running means; its root is the size of the first steps" },
	{ "weight_decay", FIELD_FLOAT, offsetof(struct adadelta, weight_decay),
	  .fallback = 0, .min = 0, .max = 1,
	  .help = "share of each weight that is added to its gradient; see above what it leaves alone" },
	{ 0 }
};

static const char about[] =
	"It needs no learning rate: the paper (Zeiler 2012) has none, which is rate 1. Defaults are PyTorch's. Keras "
	"has rho 0.95, epsilon 1e-7, and rate 0.001, with which hardly anything is learnt.";

static void update(const void *config, const struct update *u)
{
	const struct adadelta *c = config;
	const real rate = (real)u->learning_rate, keep = (real)c->rho, take = (real)(1 - c->rho);
	const real epsilon = (real)c->epsilon, decay = (real)(u->decays ? c->weight_decay : 0);
	const real *restrict gradients = u->gradients;
	real *restrict params = u->params, *restrict square = u->slots[0], *restrict step_square = u->slots[1];

	for (size_t i = 0; i < u->len; i++) {
		real g = gradients[i] + decay * params[i];
		square[i] = keep * square[i] + take * g * g;
		real step = sqrt(step_square[i] + epsilon) / sqrt(square[i] + epsilon) * g;
		step_square[i] = keep * step_square[i] + take * step * step;
		params[i] -= rate * step;
	}
}

const struct optimizer_type optimizer_adadelta = {
	.kind = { .name = "adadelta", .help = "steps in the ratio of recent steps to recent gradients",
	          .fields = fields, .config_size = sizeof(struct adadelta), .about = about },
	.slots = 2, .learning_rate = 1, .update = update,
};
