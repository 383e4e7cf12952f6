/* RMSprop: gradients divided by their recent size (Tieleman and Hinton 2012, lecture 6.5; centered: Graves 2013, eq. 38
 * to 45). Floor 2.
 *
 *   g = gradient + weight_decay * p                v = alpha * v + (1 - alpha) * g * g
 *   m = alpha * m + (1 - alpha) * g                v' = v - m * m with centered, else v
 *   b = momentum * b + g / (sqrt(v') + epsilon)    p = p - rate * b
 *
 * Fields and epsilon's place are PyTorch's, whose rate is 0.01; the lecture's and Keras' is 0.001, as here. Keras calls
 * alpha rho, 0.9, adds epsilon, 1e-7, below the root, and multiplies by the rate before the momentum, which differs
 * once the rate changes. v - m * m, a variance, may round to below zero; it then counts as 0. */
#include "nn/optim/optimizer.h"

#include <tgmath.h>     /* sqrt of a real is a real */

struct rmsprop {
	double alpha, epsilon, momentum, weight_decay;
	bool centered;
};

static const struct field fields[] = {
	{ "alpha", FIELD_FLOAT, offsetof(struct rmsprop, alpha),
	  .fallback = 0.99, .min = 0, .max = 0.99999, .help = "share of the running means that each step keeps" },
	{ "epsilon", FIELD_FLOAT, offsetof(struct rmsprop, epsilon),
	  .fallback = 1e-8, .min = 1e-12, .max = 1,
	  .help = "number added to the root of the squares' mean, against division by 0" },
	{ "momentum", FIELD_FLOAT, offsetof(struct rmsprop, momentum),
	  .fallback = 0, .min = 0, .max = 0.99999, .help = "share of the last step that the next one repeats" },
	{ "centered", FIELD_BOOL, offsetof(struct rmsprop, centered),
	  .fallback = false, .help = "divide by the gradients' standard deviation instead of their size" },
	{ "weight_decay", FIELD_FLOAT, offsetof(struct rmsprop, weight_decay),
	  .fallback = 0, .min = 0, .max = 1,
	  .help = "share of each weight that is added to its gradient; see above what it leaves alone" },
	{ 0 }
};

static const char about[] =
	"Fields and formula are PyTorch's, whose rate is 0.01; Tieleman and Hinton's lecture and Keras have 0.001, "
	"as here. Keras calls `alpha` rho, with 0.9, adds epsilon, 1e-7, below the root, and multiplies by the rate "
	"before the momentum, which differs once a schedule changes the rate.";

static void update(const void *config, const struct update *u)
{
	const struct rmsprop *c = config;
	const real rate = (real)u->learning_rate, keep = (real)c->alpha, take = (real)(1 - c->alpha);
	const real momentum = (real)c->momentum, centered = c->centered;
	const real epsilon = (real)c->epsilon, decay = (real)(u->decays ? c->weight_decay : 0);
	const real *restrict gradients = u->gradients;
	real *restrict params = u->params, *restrict square = u->slots[0], *restrict mean = u->slots[1],
		*restrict velocity = u->slots[2];

	for (size_t i = 0; i < u->len; i++) {
		real g = gradients[i] + decay * params[i];
		square[i] = keep * square[i] + take * g * g;
		mean[i] = keep * mean[i] + take * g;
		real variance = square[i] - centered * mean[i] * mean[i];
		velocity[i] = momentum * velocity[i] + g / (sqrt(variance > 0 ? variance : 0) + epsilon);
		params[i] -= rate * velocity[i];
	}
}

const struct optimizer_type optimizer_rmsprop = {
	.kind = { .name = "rmsprop", .help = "gradients divided by their recent size, with momentum",
	          .fields = fields, .config_size = sizeof(struct rmsprop), .about = about },
	.slots = 3, .learning_rate = 0.001, .update = update,
};
