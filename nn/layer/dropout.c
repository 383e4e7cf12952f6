/* Dropout: while training, each number is kept with probability 1 - rate and divided by it, or set to 0; otherwise
 * nothing happens (Srivastava et al. 2014). The mask is a function of the pass's noise and the lane group, so backward
 * makes it again instead of keeping it. Floor 2. */
#include "nn/layer/dropout.h"
#include "nn/base/rng.h"

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

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	return plan_dropout(((const struct dropout *)config)->rate, in, out, err);
}

static void resolve(void *config, const struct plan_request *in)
{
	((struct dropout *)config)->rate *= in->dropout;
}

/* Pixels of one group, all channels counted through from its beginning; and where they are read and written. */
struct stretch { int group; size_t first, pixels; };
struct copy { const real *from; real *to; };

static void drop(const struct pass *p, const struct member *m, struct stretch s, struct copy copy)
{
	const double rate = m->plan->dropout;

	if (p->training && !p->without_dropout && rate > 0)
		p->kernels->dropout(copy.from, copy.to, s.first, s.pixels, (real)(1 - rate),
			rng_mix(m->noise, (uint64_t)s.group));
	else if (copy.from != copy.to)
		memcpy(copy.to, copy.from, s.pixels * LANES * sizeof *copy.to);
}

static struct stretch whole(const struct pass *p, int group)
{
	return (struct stretch){ group, 0, image_len(p->in[0].shape) };
}

static void forward(const struct pass *p, int group)
{
	drop(p, p->host, whole(p, group), (struct copy){ group_at(p->in[0], group), group_at(p->out, group) });
}

static void backward(const struct pass *p, int group)
{
	drop(p, p->host, whole(p, group), (struct copy){ group_at(p->d_out, group), group_at(p->d_in[0], group) });
}

void dropout_channel(const struct pass *p, const struct member *m, int group, struct dropout_plane plane)
{
	size_t pixels = pixels_of(m->in);

	drop(p, m, (struct stretch){ group, (size_t)plane.channel * pixels, pixels },
		(struct copy){ plane.from, plane.to });
}

const struct layer_type layer_dropout = {
	.kind = { "dropout", "random zeros while training", fields, sizeof(struct dropout), about },
	.inputs = 1, .plan = plan, .resolve = resolve,
	.alone = {
		.forward = { { .run = forward, .moves = { .in = 1, .out = 1 } } },
		.backward = { { .run = backward, .moves = { .d_out = 1, .d_in = 1 } } },
	},
};
