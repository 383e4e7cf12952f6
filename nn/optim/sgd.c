/* Stochastic gradient descent with momentum, after Polyak or after Nesterov (in the form of Sutskever et al. 2013).
 * Floor 2.
 *
 *   g = gradient + weight_decay * p                b = momentum * b + g
 *   p = p - rate * b                               p = p - rate * (g + momentum * b) with nesterov */
#include "nn/optim/optimizer.h"

struct sgd {
	double momentum, weight_decay;
	bool nesterov;
};

static const struct field fields[] = {
	{ "momentum", FIELD_FLOAT, offsetof(struct sgd, momentum),
	  .fallback = 0.9, .min = 0, .max = 0.99999, .help = "share of the last step that the next one repeats" },
	{ "nesterov", FIELD_BOOL, offsetof(struct sgd, nesterov),
	  .fallback = false,
	  .help = "Nesterov's momentum: the gradient is taken as if the momentum's step were already done" },
	{ "weight_decay", FIELD_FLOAT, offsetof(struct sgd, weight_decay),
	  .fallback = 0, .min = 0, .max = 1,
	  .help = "share of each weight that is added to its gradient; see above what it leaves alone" },
	{ 0 }
};

static const char about[] =
	"PyTorch's formula, in which momentum adds up gradients and the rate multiplies the sum. Keras multiplies "
	"first, which differs once a schedule changes the rate. Both have momentum 0 by default.";

static void update(const void *config, const struct update *u)
{
	const struct sgd *c = config;
	const real rate = (real)u->learning_rate, momentum = (real)c->momentum;
	const real decay = (real)(u->decays ? c->weight_decay : 0);
	const bool nesterov = c->nesterov;
	const real *restrict gradients = u->gradients;
	real *restrict params = u->params, *restrict velocity = u->slots[0];

	for (size_t i = 0; i < u->len; i++) {
		real g = gradients[i] + decay * params[i];
		velocity[i] = momentum * velocity[i] + g;
		params[i] -= rate * (nesterov ? g + momentum * velocity[i] : velocity[i]);
	}
}

const struct optimizer_type optimizer_sgd = {
	.kind = { .name = "sgd", .help = "stochastic gradient descent with momentum",
	          .fields = fields, .config_size = sizeof(struct sgd), .about = about },
	.slots = 1, .learning_rate = 0.01, .update = update,
};
