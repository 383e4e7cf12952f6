/* The mean of each channel's plane: c x h x w becomes c x 1 x 1 (Lin et al. 2013, "Network in network"). Floor 2. */
#include "nn/layer/layer.h"

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	(void)config;
	(void)err;
	out->out = (struct shape){ in->in[0].c, 1, 1 };
	return true;
}

static struct pool_job job(const struct pass *p, int group)
{
	struct shape in = p->in[0].shape;

	return (struct pool_job){
		.in = group_at(p->in[0], group), .in_shape = in, .out = group_at(p->out, group),
			.out_shape = p->out.shape,
		.window = { in.h, in.w }, .stride = 1,
	};
}

static void forward(const struct pass *p, int group)
{
	struct pool_job j = job(p, group);
	p->kernels->average_pool(&j);
}

static void backward(const struct pass *p, int group)
{
	struct pool_job j = job(p, group);

	j.d_out = group_at(p->d_out, group);
	j.d_in = group_at(p->d_in[0], group);
	p->kernels->average_pool_backward(&j);
}

const struct layer_type layer_global_average_pool = {
	.kind = { "global_average_pool", "the mean of each channel over all its pixels", NULL, 0, NULL },
	.inputs = 1, .plan = plan,
	.alone = {
		.forward = { { .run = forward, .moves = { .in = 1, .out = 1 } } },
		.backward = { { .run = backward, .moves = { .d_out = 1, .d_in = 1 } } },
	},
};
