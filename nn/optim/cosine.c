/* Half a cosine from 1 down to `floor` (Loshchilov and Hutter 2017, without restarts). Floor 2. */
#include "nn/optim/optimizer.h"

#include <math.h>

struct cosine { double floor; };

static const struct field fields[] = {
	{ "floor", FIELD_FLOAT, offsetof(struct cosine, floor),
	  .fallback = 0, .min = 0, .max = 1, .help = "the factor at the end" },
	{ 0 }
};

static double factor(const void *config, const struct moment *at)
{
	const struct cosine *c = config;

	return c->floor + (1 - c->floor) * (1 + cos(M_PI * at->progress)) / 2;
}

const struct schedule_type schedule_cosine = {
	.kind = { .name = "cosine", .help = "down along half a cosine", .fields = fields,
	          .config_size = sizeof(struct cosine) },
	.factor = factor,
};
