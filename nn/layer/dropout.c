/* Dropout: while training, each number is kept with probability 1 - rate and divided by it, or set to 0; otherwise nothing happens
 * (Srivastava et al. 2014). The mask is a function of the pass's noise and the lane group, so backward makes it again instead of
 * keeping it. Floor 2. */
#include "nn/base/rng.h"
#include "nn/layer/layer.h"

#include <string.h>

struct dropout { double rate; };

static const struct field fields[] = {
	{ "rate", FIELD_FLOAT, offsetof(struct dropout, rate), .min = 0, .max = 0.99, .required = 1,
	  .help = "share of all numbers that are set to 0" },
	{ 0 }
};

static const char about[] =
	"In training each number is set to 0 with probability `rate`, and the others are divided by 1 - rate. In "
	"evaluation nothing happens.";

/* Numbers of one group that begin `first` pixels from the group's beginning, all channels counted through. */
struct stretch { int group; size_t first, pixels; };

static void drop(const struct pass *p, struct stretch s, const real *from, real *to)
{
	const struct dropout *d = p->config;

	if (p->training && !p->without_dropout && d->rate > 0)
		p->kernels->dropout(from, to, s.first, s.pixels, (real)(1 - d->rate), rng_mix(p->noise, (uint64_t)s.group));
	else if (from != to)
		memcpy(to, from, s.pixels * LANES * sizeof *to);
}

static struct stretch whole(const struct pass *p, int group)
{
	return (struct stretch){ group, 0, image_len(p->in[0].shape) };
}

static void forward(const struct pass *p, int group)
{
	drop(p, whole(p, group), group_at(p->in[0], group), group_at(p->out, group));
}

static void backward(const struct pass *p, int group)
{
	drop(p, whole(p, group), group_at(p->d_out, group), group_at(p->d_in[0], group));
}

static struct stretch channel_of(const struct pass *p, int group, int channel)
{
	size_t plane = (size_t)p->in[0].shape.h * (size_t)p->in[0].shape.w;

	return (struct stretch){ group, (size_t)channel * plane, plane };
}

static void channel_forward(const struct pass *p, int group, int channel, const real *in, real *out)
{
	drop(p, channel_of(p, group, channel), in, out);
}

static void channel_backward(const struct pass *p, int group, int channel, real *d)
{
	drop(p, channel_of(p, group, channel), d, d);
}

static const struct channel_steps channel_steps = { channel_forward, channel_backward };

const struct layer_type layer_dropout = {
	.kind = { "dropout", "random zeros while training", fields, sizeof(struct dropout), about },
	.inputs = 1, .plan = plan_same_shape, .channel_steps = &channel_steps,
	.forward = { { forward, EACH_GROUP, NULL, { .in = 1, .out = 1 }, { 0 } } },
	.backward = { { backward, EACH_GROUP, NULL, { .d_out = 1, .d_in = 1 }, { 0 } } },
};
