/* Batch normalisation over images and pixels (Ioffe and Szegedy 2015, algorithms 1 and 2). Floor 2.
 *
 *   training:   y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of the batch
 *   inference:  the same with the moving mean and variance
 *
 * A max pooling that alone reads the output is done on the way (layer_batch_norm's with_max_pool): the output itself and the gradient by it
 * are then never written, and each window's winner is remembered instead. Who wins is settled while the moments are summed, so that
 * forward reads its input once: 3 passes over the input's size, backward included, instead of 12. Images/s by the second of these alone:
 * plain 6 +9 %, plain 12 +4 %, conv1x1 6 +10 %, conv1x1 12 +5 %.
 *
 * Tried: the last step left to a 1x1 convolution before it, whose backward pass computes the gradient by its output band by band, in half
 * of L2, instead of reading it: a third fewer bytes for an expansion of mobilenet-v2, and no gain (41.6 to 40.4 us an image for the first
 * one, 3,320 to 3,317 images/s in all), nor with 384 or 256 KiB, with the next channels' or the next band's pixels asked for ahead, or
 * both: what it saves lay in L3, and what is left comes from memory in short pieces.
 *
 * Tried: a convolution that takes its input through batch norm before it, all channels into working memory, instead of from an array. That
 * array is then neither written to memory nor read from it; mobilenet-v2's passes gain 1 %, since what is made anew takes as long.
 *
 * Tried: one channel of all groups at a time, so that the second pass over it finds it in L2. No gain for conv1x1 12 and mobilenet-v1, a
 * loss of 2 to 8 % for mobilenet-v2, whose neighbouring layers no longer find a group in their thread's cache.
 *
 * Moments are summed per lane group in double precision and added up in group order. Lanes without an image count nowhere. */
#include "nn/layer/layer.h"

#include <math.h>

struct batch_norm {
	double epsilon;
	double momentum;        /* share of the old moving statistics kept at each batch */
};

static const struct field fields[] = {
	{ "epsilon", FIELD_FLOAT, offsetof(struct batch_norm, epsilon), .fallback = 1e-3, .min = 1e-12, .max = 1,
	  .help = "added to the variance" },
	{ "momentum", FIELD_FLOAT, offsetof(struct batch_norm, momentum), .fallback = 0.9, .min = 0, .max = 1,
	  .help = "share of the old moving statistics kept at each batch" },
	{ 0 }
};

static struct param_plan plan_array(const char *name, int channels, enum init init)
{
	return (struct param_plan){ .name = name, .len = (size_t)channels, .init = init,
		.axis_count = 1, .axes = { { AXIS_OUTPUT, channels } } };
}

static size_t winners_at(int channels)
{
	return whole_lanes(2 * (size_t)channels);
}

/* params: gamma[c], beta[c]. state: moving mean[c], moving variance[c]. saved: mean[c], 1 / deviation[c], and with a max pooling, from the
 * next whole lane on, winners like the output.
 * shared, as doubles: two sums per channel of each group, then the two of the whole batch. */
static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	size_t channels = (size_t)in->in[0].c;

	(void)config;
	(void)err;
	out->out = in->in[0];
	out->params[0] = plan_array("gamma", in->in[0].c, INIT_ONE);
	out->params[1] = plan_array("beta", in->in[0].c, INIT_ZERO);
	out->param_count = 2;
	out->state[0] = plan_array("moving_mean", in->in[0].c, INIT_ZERO);
	out->state[1] = plan_array("moving_variance", in->in[0].c, INIT_ONE);
	out->state_count = 2;
	out->saved_len = 2 * channels;
	if (in->pooling) {
		struct shape winners = { in->in[0].c, in->pooling->out_h, in->pooling->out_w };
		out->saved_len = winners_at(in->in[0].c) + group_len(winners) * (size_t)in->groups;
	}
	out->shared_len = 2 * channels * (size_t)(in->groups + 1) * DOUBLE_LEN;
	out->grouped_gradient = !in->made;
	out->needs_in = true;
	return true;
}

static int channels(const struct pass *p)
{
	return p->in[0].shape.c;
}

static size_t plane(const struct pass *p)
{
	return (size_t)p->in[0].shape.h * (size_t)p->in[0].shape.w;
}

/* The two sums of one channel; group p->groups is the whole batch. */
static double *sums_of(const struct pass *p, int group, int c)
{
	return (double *)(void *)p->shared + 2 * ((size_t)group * (size_t)channels(p) + (size_t)c);
}

static void add_groups(const struct pass *p, int c, double total[2])
{
	sum_pairs(p, sums_of(p, 0, c), 2 * (size_t)channels(p), total);
}

static void settle_channel(const struct pass *p, int c, double mean, double variance)
{
	const struct batch_norm *b = p->config;
	int n = channels(p);

	if (p->training) {
		variance = fmax(variance, 0);
		double unbiased = channel_len(p) > 1 ? variance * channel_len(p) / (channel_len(p) - 1) : variance;
		p->state[c] = (real)(b->momentum * (double)p->state[c] + (1 - b->momentum) * mean);
		p->state[n + c] = (real)(b->momentum * (double)p->state[n + c] + (1 - b->momentum) * unbiased);
	} else {
		mean = (double)p->state[c];
		variance = (double)p->state[n + c];
	}
	p->saved[c] = (real)mean;
	p->saved[n + c] = (real)(1 / sqrt(variance + b->epsilon));
}

static void settle(const struct pass *p, int index)
{
	(void)index;
	for (int c = 0; c < channels(p); c++) {
		double total[2] = { 0 };
		if (p->training)
			add_groups(p, c, total);
		double mean = total[0] / channel_len(p);
		settle_channel(p, c, mean, total[1] / channel_len(p) - mean * mean);
	}
}

static struct affine affine_of(const struct pass *p, int c)
{
	int n = channels(p);
	real scale = p->params[c] * p->saved[n + c];

	return (struct affine){ scale, p->params[n + c] - p->saved[c] * scale, p->activation, streams_past(p->out) };
}

static real mean_of(const struct pass *p, int c)
{
	return p->saved[c];
}

static void apply_on_the_way(const struct pass *p, int group, int c, const real *x, real *y)
{
	struct affine affine = affine_of(p, c);

	(void)group;
	affine.stream = false;
	p->kernels->scale_shift(x, y, plane(p), &affine);
}

/* Of each window, the x that becomes its maximum. */
static struct tensor winners(const struct pass *p)
{
	return tensor_at(p->out.shape, p->saved + winners_at(channels(p)));
}

/* Channel c of one group. */
static struct pool_job pool_job(const struct pass *p, int group, int c)
{
	const struct window *w = p->pooling;
	struct shape in = p->in[0].shape, out = p->out.shape;

	return (struct pool_job){
		.in = channel_at(p->in[0], group, c), .in_shape = { 1, in.h, in.w },
		.out = channel_at(winners(p), group, c), .out_shape = { 1, out.h, out.w },
		.window = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top, .left = w->left,
		.choice = pool_choice_under(p->params[c]),
	};
}

static void pool_channel(const struct pass *p, int group, int c)
{
	struct pool_job job = pool_job(p, group, c);

	p->kernels->max_pool(&job);
}

/* Who wins a window does not depend on the moments, so both need one pass over x. */
static void measure(const struct pass *p, int group)
{
	_Alignas(64) real mask[LANES];

	lane_mask(p, group, mask);
	for (int c = 0; c < channels(p); c++) {
		if (p->training)
			p->kernels->channel_moments(channel_at(p->in[0], group, c), plane(p), mask, sums_of(p, group, c));
		if (p->pooling)
			pool_channel(p, group, c);
	}
}

static void apply(const struct pass *p, int group)
{
	struct tensor x = p->pooling ? winners(p) : p->in[0];
	size_t pixels = (size_t)p->out.shape.h * (size_t)p->out.shape.w;

	for (int c = 0; c < channels(p); c++) {
		struct affine affine = affine_of(p, c);
		p->kernels->scale_shift(channel_at(x, group, c), channel_at(p->out, group, c), pixels, &affine);
	}
}

/* Sums over x and d, the gradient by the output; with a max pooling over the winners and theirs, the only places where the gradient is
 * not 0. */
static void measure_channel_backward(const struct pass *p, int group, int c, real *d)
{
	int n = channels(p);
	real *d_gamma = p->d_params + (size_t)group * p->d_params_stride, *d_beta = d_gamma + n;
	struct tensor x = p->pooling ? winners(p) : p->in[0];
	double *sums = sums_of(p, group, c);

	p->kernels->channel_products(channel_at(x, group, c), d, image_len(x.shape) / (size_t)n, p->saved[c], sums);
	d_gamma[c] = (real)(sums[1] * (double)p->saved[n + c]);
	d_beta[c] = (real)sums[0];
}

static void measure_backward(const struct pass *p, int group)
{
	for (int c = 0; c < channels(p); c++)
		measure_channel_backward(p, group, c, channel_at(p->d_out, group, c));
}

static void settle_backward(const struct pass *p, int index)
{
	(void)index;
	for (int c = 0; c < channels(p); c++)
		add_groups(p, c, sums_of(p, p->groups, c));
}

/* d_x = gamma / deviation * (d_y - mean(d_y) - (x - mean) / variance * mean(d_y * (x - mean))), but for where x and d_y lie. */
static struct batch_norm_job norm_job(const struct pass *p, int c, const real mask[LANES])
{
	int n = channels(p);
	const double *sums = sums_of(p, p->groups, c);
	double inverse = (double)p->saved[n + c], gain = (double)p->params[c] * inverse;

	return (struct batch_norm_job){ .pixels = plane(p), .lane_mask = mask, .mean = p->saved[c],
		.gain = (real)gain, .slope = (real)(-gain * inverse * inverse * sums[1] / channel_len(p)),
		.shift = (real)(-gain * sums[0] / channel_len(p)), .mask_by = p->gate, .stream = streams_past(p->d_in[0]) };
}

/* One gradient for the whole batch. */
static struct batch_norm_job settle_channel_backward(const struct pass *p, int c, const double sums[2])
{
	double *total = sums_of(p, p->groups, c);

	total[0] = sums[0];
	total[1] = sums[1];
	p->d_params[c] = (real)(sums[1] * (double)p->saved[channels(p) + c]);
	p->d_params[channels(p) + c] = (real)sums[0];
	return norm_job(p, c, NULL);
}

static void run_backward(const struct pass *p, int group, int c, struct batch_norm_job job)
{
	job.x = channel_at(p->in[0], group, c);
	job.d_y = channel_at(p->d_out, group, c);
	job.d_x = channel_at(p->d_in[0], group, c);
	p->kernels->batch_norm_backward(&job);
}

static void run_backward_pooled(const struct pass *p, int group, int c, struct batch_norm_job norm)
{
	struct norm_pool_job job = { .pool = pool_job(p, group, c), .norm = norm };

	job.pool.d_out = channel_at(p->d_out, group, c);
	job.pool.d_in = channel_at(p->d_in[0], group, c);
	job.pool.mask_by = p->gate;
	p->kernels->norm_max_pool_backward(&job);
}

static void apply_backward(const struct pass *p, int group)
{
	_Alignas(64) real mask[LANES];

	if (!p->d_in[0].at)
		return;
	lane_mask(p, group, mask);
	for (int c = 0; c < channels(p); c++)
		(p->pooling ? run_backward_pooled : run_backward)(p, group, c, norm_job(p, c, mask));
}

static const struct norm_steps norm_steps = { settle_channel, affine_of, mean_of, settle_channel_backward };

#define BATCH_NORM \
	.kind = { "batch_norm", "batch normalisation", fields, sizeof(struct batch_norm) }, \
	.inputs = 1, .applies_activation = true, .gates = true, .norm_steps = &norm_steps, .plan = plan

/* Winners move as often as outputs of that length. */
static const struct layer_type with_max_pool = {
	BATCH_NORM,
	.forward = {
		{ measure, EACH_GROUP, NULL, { .in = 1, .out = 1 }, { 0 } },
		{ settle, ONCE, NULL, { 0 }, { 0 } },
		{ apply, EACH_GROUP, NULL, { .out = 2, .params = 1 }, { 0 } },
	},
	.backward = {
		{ measure_backward, EACH_GROUP, NULL, { .out = 1, .d_out = 1, .d_params = 1 }, { 0 } },
		{ settle_backward, ONCE, NULL, { 0 }, { 0 } },
		{ apply_backward, EACH_GROUP, NULL, { 0 }, { .in = 1, .out = 1, .d_out = 1, .d_in = 1, .params = 1 } },
	},
};

/* When its reader applies it on the way and measures the gradient. */
static const struct layer_type when_read = {
	BATCH_NORM,
	.forward = {
		{ measure, EACH_GROUP, NULL, { .in = 1 }, { 0 } },
		{ settle, ONCE, NULL, { 0 }, { 0 } },
	},
	.backward = {
		{ settle_backward, ONCE, NULL, { 0 }, { 0 } },
		{ apply_backward, EACH_GROUP, NULL, { .d_params = 1 }, { .in = 1, .d_out = 1, .d_in = 1, .params = 1 } },
	},
};

/* When its reader does all else with its weights. */
static const struct layer_type moments_alone = {
	BATCH_NORM,
	.forward = {
		{ measure, EACH_GROUP, NULL, { .in = 1 }, { 0 } },
		{ settle, ONCE, NULL, { 0 }, { 0 } },
	},
};

static const struct channel_steps channel_steps = { apply_on_the_way, measure_channel_backward };

const struct layer_type layer_batch_norm = {
	BATCH_NORM, .with_max_pool = &with_max_pool, .when_read = &when_read, .channel_steps = &channel_steps,
	.moments_alone = &moments_alone,
	.forward = {
		{ measure, EACH_GROUP, NULL, { .in = 1 }, { 0 } },
		{ settle, ONCE, NULL, { 0 }, { 0 } },
		{ apply, EACH_GROUP, NULL, { .in = 1, .out = 1, .params = 1 }, { 0 } },
	},
	.backward = {
		{ measure_backward, EACH_GROUP, NULL, { .in = 1, .d_out = 1, .d_params = 1 }, { 0 } },
		{ settle_backward, ONCE, NULL, { 0 }, { 0 } },
		{ apply_backward, EACH_GROUP, NULL, { 0 }, { .in = 1, .d_out = 1, .d_in = 1, .params = 1 } },
	},
};
