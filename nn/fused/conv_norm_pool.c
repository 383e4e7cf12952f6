/* A 1x1 convolution and its activation, batch norm behind it, and a max pooling: what ends a stage of a convolutional
 * network. Floor 2b.
 *
 * As in norm_pool.c the moments and the x of each window that becomes its maximum come from one walk over x, here the
 * convolution's output, and batch norm is applied to the picked x alone; backward, batch norm's sums are over picked x
 * and their gradients. But x is never an array: the kernel computes it a few rows at a time while it walks, and again
 * for the gradients (see nn/kernel/conv_norm_pool.h). */
#include "nn/fused/fused.h"
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/conv_norm_pool.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/conv.h"
#include "nn/layer/pool.h"

bool fused_conv_norm_pool_pays(const struct match *m)
{
	return !m->bf16 && conv_norm_pool_pays(m->members[0].in, m->members[0].plan->out.c);
}

static int channels(const struct pass *p)
{
	return p->out.shape.c;
}

/* What a pass needs beside its arrays. */
struct memory {
	struct conv_geometry conv;              /* its packed weights come first in shared memory */
	struct window windows;
	struct norm norm;
	struct tensor picked;                   /* of each window the x that becomes its maximum; like the output */
	/* of the gradient with respect to x, see struct batch_norm_job; [channels] */
	real *mean, *gain, *slope, *shift;
	double *sums;                           /* of each group: [channels][2], forward of x, then of d */
	struct layout saved, shared;
};

static struct memory memory_of(const struct pass *p)
{
	struct memory m = { .conv = conv_geometry(p->host), .windows = pool_windows(&p->members[2]),
		.saved = { p->saved, 0 }, .shared = { p->shared, 0 } };
	size_t count = (size_t)channels(p), groups = (size_t)p->groups;

	layout_take(&m.shared, conv_packed_len(&m.conv));
	m.norm = norm_take(p, &p->members[1], &m.saved, &m.shared);
	m.picked = tensor_at(p->out.shape, layout_take(&m.saved, group_len(p->out.shape) * groups));
	m.mean = layout_take(&m.shared, count);
	m.gain = layout_take(&m.shared, count);
	m.slope = layout_take(&m.shared, count);
	m.shift = layout_take(&m.shared, count);
	m.sums = layout_take_doubles(&m.shared, groups * 2 * count);
	return m;
}

static void plan(const struct pass *p, struct operation_plan *out)
{
	struct memory m = memory_of(p);

	out->packed_len = conv_packed_len(&m.conv);
	out->saved_len = m.saved.len;
	out->shared_len = m.shared.len;
	out->scratch_len = conv_norm_pool_scratch_len(p->in[0].shape, channels(p), &m.windows);
	out->grouped_gradient[0] = true;
	out->needs_in = true;
}

static double *sums_of(const struct memory *m, int group, int c)
{
	return m->sums + 2 * ((size_t)group * (size_t)channels(m->norm.pass) + (size_t)c);
}

/* What forward and backward have in common; mask: [LANES], to be filled. gamma are batch norm's first parameters. */
static struct conv_norm_pool_job job_of(const struct memory *m, int group, real *mask)
{
	const struct pass *p = m->norm.pass;

	lane_mask(p, group, mask);
	return (struct conv_norm_pool_job){ .in = group_at(p->in[0], group), .in_shape = p->in[0].shape,
		.channels = channels(p),
		.weights = conv_packed(p, &m->conv, 0), .bias = member_bias(p->host), .activation = p->host->activation,
		.windows = &m->windows, .gamma = m->norm.member->params, .x_at_argmax = group_at(m->picked, group),
		.lane_mask = mask,
		.scratch = p->scratch };
}

static void measure(const struct pass *p, int group)
{
	_Alignas(64) real mask[LANES];
	struct memory m = memory_of(p);
	struct conv_norm_pool_job job = job_of(&m, group, mask);

	job.sums = p->training ? sums_of(&m, group, 0) : NULL;
	p->kernels->conv_norm_pool(&job);
}

/* The two sums of channel c over all groups. */
static void add_groups(const struct memory *m, int c, double totals[2])
{
	const struct pass *p = m->norm.pass;

	sum_pairs(p, sums_of(m, 0, c), 2 * (size_t)channels(p), totals);
}

static void settle(const struct pass *p, int index)
{
	struct memory m = memory_of(p);
	double count = channel_len(p, m.norm.member->in);

	(void)index;
	for (int c = 0; c < channels(p); c++) {
		double totals[2] = { 0 };
		if (p->training)
			add_groups(&m, c, totals);
		double mean = totals[0] / count;
		norm_settle_channel(&m.norm, c, mean, totals[1] / count - mean * mean);
	}
}

static void apply(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	for (int c = 0; c < channels(p); c++) {
		struct affine affine = norm_affine(&m.norm, c);
		affine.stream = streams_past(p->out);
		p->kernels->scale_shift(channel_at(m.picked, group, c), channel_at(p->out, group, c),
			pixels_of(p->out.shape), &affine);
	}
}

static void measure_backward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	for (int c = 0; c < channels(p); c++)
		p->kernels->channel_products(channel_at(m.picked, group, c), channel_at(p->d_out, group, c),
			pixels_of(p->out.shape),
		                             m.norm.mean[c], sums_of(&m, group, c));
}

static void settle_backward(const struct pass *p, int index)
{
	struct memory m = memory_of(p);

	(void)index;
	for (int c = 0; c < channels(p); c++) {
		double totals[2];
		add_groups(&m, c, totals);
		struct batch_norm_job line = norm_settle_channel_backward(&m.norm, c, totals);
		m.mean[c] = line.mean;
		m.gain[c] = line.gain;
		m.slope[c] = line.slope;
		m.shift[c] = line.shift;
	}
}

static void apply_backward(const struct pass *p, int group)
{
	_Alignas(64) real mask[LANES];
	struct memory m = memory_of(p);
	struct conv_norm_pool_job job = job_of(&m, group, mask);

	job.mean = m.mean;
	job.gain = m.gain;
	job.slope = m.slope;
	job.shift = m.shift;
	job.d_out = group_at(p->d_out, group);
	job.transposed_weights = conv_flipped(p, &m.conv, 0);
	job.d_weights = member_d_params(p->host, group);
	job.d_bias = member_d_bias(p->host, group);
	job.d_in = p->d_in[0].at ? group_at(p->d_in[0], group) : NULL;
	job.mask = p->mask;
	job.stream = streams_past(p->d_in[0]);
	p->kernels->conv_norm_pool_backward(&job);
}

/* The picked x move as often as outputs. */
const struct operation_type fused_conv_norm_pool = {
	.masks = true, .plan = plan, .prepare = conv_prepare,
	.forward = {
		{ .run = measure, .moves = { .in = 1, .out = 1, .params = 1 } },
		{ .run = settle, .scope = ONCE },
		{ .run = apply, .moves = { .out = 2 } },
	},
	.backward = {
		{ .run = measure_backward, .moves = { .out = 1, .d_out = 1 } },
		{ .run = settle_backward, .scope = ONCE },
		{ .run = apply_backward, .moves = { .in = 1, .out = 1, .d_out = 1, .params = 1, .d_params = 1 },
		  .data_moves = { .d_in = 1 } },
	},
};
