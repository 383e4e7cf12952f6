/* A 1x1 convolution behind which come batch norm and a max pooling that alone read it, all in one go: see nn/kernel/conv_norm_pool.h. Floor
 * 2. conv.c's `with_pooled_norm`.
 *
 * As in batch_norm.c with a max pooling, the moments and the winners of all windows come from one walk through x, the convolution's output,
 * and batch norm is applied to the winners; back, what it asks of all images are sums over winners and their gradients. What is new: x is
 * made while it is walked through, and made again for the gradients, instead of being read. */
#include "nn/kernel/conv_norm_pool.h"
#include "nn/layer/layer.h"

/* What lies in shared memory behind the packed weights; [channels] of x each. */
struct places {
	real *mean, *gain, *slope, *shift;      /* of the gradient by x, see struct batch_norm_job */
	double *sums;                           /* of each group: [channels][2], forward of x, then of d */
};

static int channels(const struct pass *p)
{
	return p->out.shape.c;
}

static struct places places(const struct pass *p)
{
	real *shared = p->shared + whole_lanes(p->plan->packed_len);
	size_t count = (size_t)channels(p);
	struct places at;

	at.mean = cut(&shared, count);
	at.gain = cut(&shared, count);
	at.slope = cut(&shared, count);
	at.shift = cut(&shared, count);
	at.sums = (double *)(void *)shared;
	return at;
}

/* saved: the winners. */
static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	if (!layer_conv.plan(config, in, out, err))
		return false;
	size_t count = (size_t)out->out.c, groups = (size_t)in->groups;
	struct shape winners = { out->out.c, in->pooling->out_h, in->pooling->out_w };

	out->saved_len = group_len(winners) * groups;
	out->shared_len = whole_lanes(out->packed_len) + 4 * whole_lanes(count) + groups * 2 * count * DOUBLE_LEN;
	out->scratch_len = conv_norm_pool_scratch_len(in->in[0], out->out.c, in->pooling);
	return true;
}

static void prepare(const struct pass *p)
{
	layer_conv.prepare(p);
}

static struct tensor winners(const struct pass *p)
{
	return tensor_at(p->out.shape, p->saved);
}

static double *sums_of(const struct pass *p, int group)
{
	return places(p).sums + (size_t)group * 2 * (size_t)channels(p);
}

/* What forward and backward have in common; mask: [LANES], to be filled. gamma are batch norm's first parameters. */
static struct conv_norm_pool_job job_of(const struct pass *p, int group, real *mask)
{
	lane_mask(p, group, mask);
	return (struct conv_norm_pool_job){ .in = group_at(p->in[0], group), .in_shape = p->in[0].shape, .channels = channels(p),
		.weights = p->shared, .bias = pointwise_bias(p), .activation = p->activation,
		.windows = p->pooling, .gamma = p->norm.pass->params, .x_at_argmax = group_at(winners(p), group), .lane_mask = mask,
		.scratch = p->scratch };
}

static void measure(const struct pass *p, int group)
{
	_Alignas(64) real mask[LANES];
	struct conv_norm_pool_job job = job_of(p, group, mask);

	job.sums = p->training ? sums_of(p, group) : NULL;
	p->kernels->conv_norm_pool(&job);
}

/* The two sums of channel c over all groups. */
static void add_groups(const struct pass *p, int c, double totals[2])
{
	sum_pairs(p, sums_of(p, 0) + 2 * c, 2 * (size_t)channels(p), totals);
}

static void settle(const struct pass *p, int index)
{
	(void)index;
	for (int c = 0; c < channels(p); c++) {
		double totals[2] = { 0 }, count = channel_len(p->norm.pass);
		if (p->training)
			add_groups(p, c, totals);
		double mean = totals[0] / count;
		p->norm.steps->settle(p->norm.pass, c, mean, totals[1] / count - mean * mean);
	}
}

static size_t out_pixels(const struct pass *p)
{
	return (size_t)p->out.shape.h * (size_t)p->out.shape.w;
}

static void apply(const struct pass *p, int group)
{
	for (int c = 0; c < channels(p); c++) {
		struct affine affine = p->norm.steps->affine(p->norm.pass, c);
		p->kernels->scale_shift(channel_at(winners(p), group, c), channel_at(p->out, group, c), out_pixels(p), &affine);
	}
}

static void measure_backward(const struct pass *p, int group)
{
	for (int c = 0; c < channels(p); c++)
		p->kernels->channel_products(channel_at(winners(p), group, c), channel_at(p->d_out, group, c), out_pixels(p),
		                             p->norm.steps->mean(p->norm.pass, c), sums_of(p, group) + 2 * c);
}

static void settle_backward(const struct pass *p, int index)
{
	struct places at = places(p);

	(void)index;
	for (int c = 0; c < channels(p); c++) {
		double totals[2];
		add_groups(p, c, totals);
		struct batch_norm_job line = p->norm.steps->settle_backward(p->norm.pass, c, totals);
		at.mean[c] = line.mean;
		at.gain[c] = line.gain;
		at.slope[c] = line.slope;
		at.shift[c] = line.shift;
	}
}

static void apply_backward(const struct pass *p, int group)
{
	_Alignas(64) real mask[LANES];
	struct conv_norm_pool_job job = job_of(p, group, mask);
	struct places at = places(p);

	job.mean = at.mean;
	job.gain = at.gain;
	job.slope = at.slope;
	job.shift = at.shift;
	job.d_out = group_at(p->d_out, group);
	job.transposed_weights = pointwise_turned(p);
	job.d_weights = p->d_params + (size_t)group * p->d_params_stride;
	job.d_bias = pointwise_d_bias(p, group);
	job.d_in = p->d_in[0].at ? group_at(p->d_in[0], group) : NULL;
	job.mask_by = p->gate;
	job.stream = streams_past(p->d_in[0]);
	p->kernels->conv_norm_pool_backward(&job);
}

/* Winners move as often as outputs. */
const struct layer_type layer_transition = {
	.inputs = 1, .applies_activation = true, .gates = true, .plan = plan, .prepare = prepare,
	.forward = {
		{ measure, EACH_GROUP, NULL, { .in = 1, .out = 1, .params = 1 }, { 0 } },
		{ settle, ONCE, NULL, { 0 }, { 0 } },
		{ apply, EACH_GROUP, NULL, { .out = 2 }, { 0 } },
	},
	.backward = {
		{ measure_backward, EACH_GROUP, NULL, { .out = 1, .d_out = 1 }, { 0 } },
		{ settle_backward, ONCE, NULL, { 0 }, { 0 } },
		{ apply_backward, EACH_GROUP, NULL, { .in = 1, .out = 1, .d_out = 1, .params = 1, .d_params = 1 }, { .d_in = 1 } },
	},
};
