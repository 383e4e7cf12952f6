/* c x h x w becomes (c * h * w) x 1 x 1, in that order. In a lane group's memory nothing moves. Floor 2. */
#include "nn/layer/layer.h"

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	struct shape s = in->in[0];

	(void)config;
	(void)err;
	out->out = (struct shape){ s.c * s.h * s.w, 1, 1 };
	out->view = true;
	return true;
}

const struct layer_type layer_flatten = {
	.kind = { "flatten", "all pixels of all channels as one list, for a dense layer", NULL, 0, NULL },
	.inputs = 1, .plan = plan,
};
