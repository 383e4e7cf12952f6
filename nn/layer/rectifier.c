/* Rectifiers: relu, relu6 and leaky relu, three cases of y = min(max(x, slope * x), cap). Usually applied by the layer
 * before, as it writes its output; the steps here are for where that cannot be. Floor 2. */
#include "nn/layer/layer.h"

struct leaky_relu { double slope; };

static const struct field leaky_relu_fields[] = {
	{ "slope", FIELD_FLOAT, offsetof(struct leaky_relu, slope), .fallback = 0.01, .min = 0, .max = 1,
	  .help = "what negative numbers are multiplied by; Keras' default is 0.3" },
	{ 0 }
};

/* y = max(x, 0) (Nair and Hinton 2010). */
static struct activation relu(const void *config)
{
	(void)config;
	return (struct activation){ .slope = 0, .cap = (real)INFINITY };
}

/* y = min(max(x, 0), 6) (Krizhevsky 2010, "Convolutional deep belief networks on CIFAR-10"). */
static struct activation relu6(const void *config)
{
	(void)config;
	return (struct activation){ .slope = 0, .cap = 6 };
}

/* y = x where x > 0, slope * x elsewhere (Maas et al. 2013). */
static struct activation leaky_relu(const void *config)
{
	const struct leaky_relu *c = config;

	return (struct activation){ .slope = (real)c->slope, .cap = (real)INFINITY };
}

static void plan_operation(const struct pass *p, struct operation_plan *out)
{
	(void)p;
	out->needs_out = true;
}

static void forward(const struct pass *p, int group)
{
	p->kernels->activate(group_at(p->in[0], group), group_at(p->out, group), image_len(p->out.shape),
	                     p->host->activation);
}

static void backward(const struct pass *p, int group)
{
	p->kernels->activate_backward(group_at(p->out, group), group_at(p->d_out, group), group_at(p->d_in[0], group),
	                              image_len(p->out.shape), p->host->activation);
}

#define RECTIFIER .inputs = 1, .plan = plan_same_shape, .alone = { .plan = plan_operation, \
	.forward = { { .run = forward, .moves = { .in = 1, .out = 1 } } }, \
	.backward = { { .run = backward, .moves = { .out = 1, .d_out = 1, .d_in = 1 } } } }

const struct layer_type layer_relu = {
	.kind = { "relu", "the rectifier, y = max(x, 0)", NULL, 0, NULL }, .activation = relu, RECTIFIER,
};

const struct layer_type layer_relu6 = {
	.kind = { "relu6", "the capped rectifier, y = min(max(x, 0), 6)", NULL, 0, NULL },
	.activation = relu6, RECTIFIER,
};

const struct layer_type layer_leaky_relu = {
	.kind = { "leaky_relu", "the leaky rectifier, y = x above 0 and slope * x below", leaky_relu_fields,
	          sizeof(struct leaky_relu), NULL },
	.activation = leaky_relu, RECTIFIER,
};
