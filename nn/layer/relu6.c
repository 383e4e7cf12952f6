/* y = min(max(x, 0), 6) (Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10"). Usually applied by the layer before it,
 * on the way out. Floor 2. */
#include "nn/layer/layer.h"

static struct activation activation(const void *config)
{
	(void)config;
	return (struct activation){ .slope = 0, .cap = 6 };
}

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	out->needs_out = true;
	return plan_same_shape(config, in, out, err);
}

static void forward(const struct pass *p, int group)
{
	p->kernels->activate(group_at(p->in[0], group), group_at(p->out, group), image_len(p->out.shape), activation(p->config));
}

static void backward(const struct pass *p, int group)
{
	p->kernels->activate_backward(group_at(p->out, group), group_at(p->d_out, group), group_at(p->d_in[0], group),
	                              image_len(p->out.shape), activation(p->config));
}

const struct layer_type layer_relu6 = {
	.kind = { "relu6", "capped rectifier: y = min(max(x, 0), 6)", NULL, 0 },
	.inputs = 1, .activation = activation, .plan = plan,
	.forward = { { forward, EACH_GROUP, NULL } }, .backward = { { backward, EACH_GROUP, NULL } },
};
