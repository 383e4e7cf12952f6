/* Leaky ReLU: y = x where x > 0, slope * x elsewhere (Maas et al. 2013). Usually applied by the layer before it,
 * on the way out. Floor 2. */
#include "nn/layer/layer.h"

struct leaky_relu { double slope; };

static const struct field fields[] = {
	{ "slope", FIELD_FLOAT, offsetof(struct leaky_relu, slope), .fallback = 0.01, .min = 0, .max = 1, .help = "gain below zero" },
	{ 0 }
};

static struct activation activation(const void *config)
{
	const struct leaky_relu *c = config;

	return (struct activation){ .slope = (real)c->slope, .cap = (real)INFINITY };
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

const struct layer_type layer_leaky_relu = {
	.kind = { "leaky_relu", "leaky rectifier: y = x above zero, slope * x below", fields, sizeof(struct leaky_relu) },
	.inputs = 1, .activation = activation, .plan = plan,
	.forward = { { forward, EACH_GROUP, NULL } }, .backward = { { backward, EACH_GROUP, NULL } },
};
