/* The sum of two tensors of one shape: a residual shortcut (He et al. 2015). Floor 2. */
#include "nn/layer/layer.h"

#include <string.h>

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	struct shape a = in->in[0], b = in->in[1];

	(void)config;
	if (a.c != b.c || a.h != b.h || a.w != b.w)
		return fail_at(err, in->at, "add: %dx%dx%d and %dx%dx%d (height x width x channels) cannot be added",
		               a.h, a.w, a.c, b.h, b.w, b.c);
	out->out = a;
	return true;
}

static void forward(const struct pass *p, int group)
{
	p->kernels->add(group_at(p->in[0], group), group_at(p->in[1], group), group_at(p->out, group),
		image_len(p->out.shape));
}

static void backward(const struct pass *p, int group)
{
	for (int i = 0; i < 2; i++)
		if (p->d_in[i].at)
			memcpy(group_at(p->d_in[i], group), group_at(p->d_out, group),
				group_len(p->out.shape) * sizeof(real));
}

static const char about[] =
	"One input is the layer above (or `from`), the other one is named by `with`, which is required. Both must "
	"have the same height, width and channels. A block's shortcut is `add: {with: block_input}`.";

const struct layer_type layer_add = {
	.kind = { "add", "the sum of two layers' outputs, for shortcuts", NULL, 0, about },
	.inputs = 2, .plan = plan,
	.alone = {
		.forward = { { .run = forward, .moves = { .in = 1, .out = 1 } } },
		.backward = { { .run = backward, .moves = { .d_out = 1, .d_in = 1 } } },
	},
};
