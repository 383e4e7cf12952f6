/* Half a cosine from 1 down to `floor` (Loshchilov and Hutter 2017, without restarts). Floor 2. */
#include "nn/optim/optimizer.h"

#include <math.h>

struct cosine { double floor; };

static const struct field fields[] = {
	{ "floor", FIELD_FLOAT, offsetof(struct cosine, floor),
	  .fallback = 0, .min = 0, .max = 1, .help = "factor at the end" },
	{ 0 }
};

static const char about[] =
	"The rate changes at every update and never restarts (Loshchilov and Hutter 2017). PyTorch's "
	"CosineAnnealingLR is usually stepped once an epoch, and its eta_min is a rate where `floor` is a share of "
	"the rate, like alpha in Keras' CosineDecay.";

static double factor(const void *config, const struct moment *at)
{
	const struct cosine *c = config;

	return c->floor + (1 - c->floor) * (1 + cos(M_PI * at->progress)) / 2;
}

const struct schedule_type schedule_cosine = {
	.kind = { .name = "cosine", .help = "down along half a cosine over all epochs",
	          .fields = fields, .config_size = sizeof(struct cosine), .about = about },
	.factor = factor,
};
