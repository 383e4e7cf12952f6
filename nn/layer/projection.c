/* A 1x1 convolution that alone reads batch norm and the activation behind it, all in one go: see nn/kernel/active_norm_conv.h. Floor 2.
 * conv.c's `with_active_norm`.
 *
 * Forward, batch norm has only measured. Back, the convolution's own gradients and what batch norm asks of all images, the sums of d and of
 * d * (x - mean) where d is the gradient by what the activation reads, come from one walk through x and the gradient by the output; then d,
 * which has the gradient by x's place, becomes it (see batch_norm.c). */
#include "nn/kernel/active_norm_conv.h"
#include "nn/layer/layer.h"

/* What lies in shared memory behind the packed weights; each but the last [in]. */
struct places {
	real *scale, *shift, *mean;     /* batch norm as it is, and its mean */
	real *gain, *slope, *constant;  /* of d, of x - mean and of 1 in the gradient by x */
	double *sums;                   /* of each group: [in][2], see struct active_norm_conv_job */
};

static int inputs(const struct pass *p)
{
	return p->in[0].shape.c;
}

static struct places places_at(real *shared, size_t in)
{
	struct places at;

	at.scale = cut(&shared, in);
	at.shift = cut(&shared, in);
	at.mean = cut(&shared, in);
	at.gain = cut(&shared, in);
	at.slope = cut(&shared, in);
	at.constant = cut(&shared, in);
	at.sums = (double *)(void *)shared;
	return at;
}

static struct places places(const struct pass *p)
{
	return places_at(p->shared + whole_lanes(p->plan->packed_len), (size_t)inputs(p));
}

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	size_t channels = (size_t)in->in[0].c;

	if (!layer_conv.plan(config, in, out, err))
		return false;
	out->shared_len = whole_lanes(out->packed_len) + 6 * whole_lanes(channels) + (size_t)in->groups * 2 * channels * DOUBLE_LEN;
	out->scratch_len = active_norm_conv_scratch_len(in->in[0], out->out.c);
	return true;
}

static void settle(const struct pass *p, int index)
{
	struct places at = places(p);

	(void)index;
	norm_settled(p, at.scale, at.shift, at.mean);
}

static void prepare(const struct pass *p)
{
	layer_conv.prepare(p);
}

/* What forward and backward have in common. */
static struct active_norm_conv_job job_of(const struct pass *p, int group)
{
	struct places at = places(p);

	return (struct active_norm_conv_job){ .x = group_at(p->in[0], group), .in_shape = p->in[0].shape, .scale = at.scale,
		.shift = at.shift, .activation = p->norm.pass->activation, .channels = p->out.shape.c, .scratch = p->scratch };
}

static void forward(const struct pass *p, int group)
{
	struct active_norm_conv_job job = job_of(p, group);

	job.weights = p->shared;
	job.bias = pointwise_bias(p);
	job.out = group_at(p->out, group);
	job.out_activation = p->activation;
	job.stream = streams_past(p->out);
	p->kernels->active_norm_conv(&job);
}

static double *sums_of(const struct pass *p, int group)
{
	return places(p).sums + (size_t)group * 2 * (size_t)inputs(p);
}

static void backward(const struct pass *p, int group)
{
	struct active_norm_conv_job job = job_of(p, group);
	struct shape out = p->out.shape;
	real *d_bias = pointwise_d_bias(p, group);

	job.d_out = group_at(p->d_out, group);
	job.transposed_weights = pointwise_turned(p);
	job.mean = places(p).mean;
	job.d = group_at(p->d_in[0], group);
	job.sums = sums_of(p, group);
	job.d_weights = p->d_params + (size_t)group * p->d_params_stride;
	p->kernels->active_norm_conv_backward(&job);
	if (d_bias)
		p->kernels->channel_sums(job.d_out, out.c, image_len(out) / (size_t)out.c, d_bias);
}

static void settle_backward(const struct pass *p, int index)
{
	struct places at = places(p);

	(void)index;
	for (int i = 0; i < inputs(p); i++) {
		double totals[2];
		sum_pairs(p, sums_of(p, 0) + 2 * i, 2 * (size_t)inputs(p), totals);
		struct batch_norm_job line = p->norm.steps->settle_backward(p->norm.pass, i, totals);
		at.gain[i] = line.gain;
		at.slope[i] = line.slope;
		at.constant[i] = line.shift;
	}
}

static void finish(const struct pass *p, int group, int channel, real *to)
{
	struct places at = places(p);
	struct shape in = p->in[0].shape;
	_Alignas(64) real mask[LANES];

	lane_mask(p, group, mask);
	p->kernels->batch_norm_backward(&(struct batch_norm_job){
		.x = channel_at(p->in[0], group, channel), .d_y = channel_at(p->d_in[0], group, channel), .d_x = to,
		.pixels = (size_t)in.h * (size_t)in.w, .lane_mask = mask, .mean = at.mean[channel], .gain = at.gain[channel],
		.slope = at.slope[channel], .shift = at.constant[channel], .mask_by = p->gate });
}

static void finish_all(const struct pass *p, int group)
{
	for (int i = 0; i < inputs(p); i++)
		finish(p, group, i, channel_at(p->d_in[0], group, i));
}

const struct layer_type layer_projection = {
	.inputs = 1, .applies_activation = true, .gates = true, .plan = plan, .prepare = prepare, .finish = finish,
	.forward = {
		{ settle, ONCE, NULL, { 0 }, { 0 } },
		{ forward, EACH_GROUP, NULL, { .in = 1, .out = 1, .params = 1 }, { 0 } },
	},
	.backward = {
		{ backward, EACH_GROUP, NULL, { .in = 1, .d_out = 1, .d_in = 1, .d_params = 1, .params = 1 }, { 0 } },
		{ settle_backward, ONCE, NULL, { 0 }, { 0 } },
		{ finish_all, EACH_GROUP, NULL, { .in = 1, .d_in = 2 }, { 0 } },
	},
};
