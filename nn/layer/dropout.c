/* Dropout: while training, each number is kept with probability 1 - rate and divided by it, or set to 0; otherwise nothing happens
 * (Srivastava et al. 2014). The mask is a function of the pass's noise and the lane group, so backward makes it again instead of
 * keeping it. Floor 2. */
#include "nn/base/rng.h"
#include "nn/layer/layer.h"

#include <string.h>

struct dropout { double rate; };

static const struct field fields[] = {
	{ "rate", FIELD_FLOAT, offsetof(struct dropout, rate), .min = 0, .max = 0.99, .required = 1, .help = "share of numbers set to 0" },
	{ 0 }
};

static void drop(const struct pass *p, int group, const real *from, real *to)
{
	const struct dropout *d = p->config;
	size_t vectors = image_len(p->out.shape);

	if (p->training && !p->without_dropout && d->rate > 0)
		p->kernels->dropout(from, to, vectors, (real)(1 - d->rate), rng_mix(p->noise, (uint64_t)group));
	else
		memcpy(to, from, vectors * LANES * sizeof *to);
}

static void forward(const struct pass *p, int group)
{
	drop(p, group, group_at(p->in[0], group), group_at(p->out, group));
}

static void backward(const struct pass *p, int group)
{
	drop(p, group, group_at(p->d_out, group), group_at(p->d_in[0], group));
}

const struct layer_type layer_dropout = {
	.kind = { "dropout", "random zeros while training", fields, sizeof(struct dropout) },
	.inputs = 1, .plan = plan_same_shape,
	.forward = { { forward, EACH_GROUP, NULL, { .in = 1, .out = 1 }, { 0 } } },
	.backward = { { backward, EACH_GROUP, NULL, { .d_out = 1, .d_in = 1 }, { 0 } } },
};
