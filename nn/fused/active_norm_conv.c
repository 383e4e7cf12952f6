/* Batch norm, its activation, and a 1x1 convolution that alone reads them: an inverted residual ends like that. Floor
 * 2b.
 *
 * The activation keeps batch norm out of the weights. Forward, the kernel computes what lies between a few pixels at a
 * time, in cache (see nn/kernel/active_norm_conv.h). Backward, it computes that again, and one walk over x and the
 * gradient with respect to the output gives the convolution's own gradients, d, the gradient with respect to what the
 * activation reads, and batch norm's sums, of d and of d * (x - mean). Once these are known for the whole batch, d,
 * which lies in d_in[0], becomes the gradient with respect to x. That last step goes channel by channel, so a producer
 * may do it instead. */
#include "nn/fused/fused.h"
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/active_norm_conv.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/conv.h"

/* d needs the place of the gradient with respect to x. */
bool fused_active_norm_conv_pays(const struct match *m)
{
	return !m->bf16 && m->wants_gradient;
}

static int inputs(const struct pass *p)
{
	return p->in[0].shape.c;
}

/* What a pass needs beside its arrays. */
struct memory {
	struct conv_geometry conv;      /* its packed weights come first in shared memory */
	struct norm norm;
	real *scale, *shift;            /* batch norm once it is settled; [in] */
	real *gain, *slope, *constant;  /* of d, of x - mean and of 1 in d_x; [in] */
	double *sums;                   /* of each group: [in][2], see struct active_norm_conv_job */
	struct layout saved, shared;
};

static struct memory memory_of(const struct pass *p)
{
	struct memory m = { .conv = conv_geometry(p->host), .saved = { p->saved, 0 }, .shared = { p->shared, 0 } };
	size_t in = (size_t)inputs(p);

	layout_take(&m.shared, conv_packed_len(&m.conv));
	m.norm = norm_take(p, &p->members[0], &m.saved, &m.shared);
	m.scale = layout_take(&m.shared, in);
	m.shift = layout_take(&m.shared, in);
	m.gain = layout_take(&m.shared, in);
	m.slope = layout_take(&m.shared, in);
	m.constant = layout_take(&m.shared, in);
	m.sums = layout_take_doubles(&m.shared, (size_t)p->groups * 2 * in);
	return m;
}

static void plan(const struct pass *p, struct operation_plan *out)
{
	struct memory m = memory_of(p);

	out->packed_len = conv_packed_len(&m.conv);
	out->saved_len = m.saved.len;
	out->shared_len = m.shared.len;
	out->scratch_len = active_norm_conv_scratch_len(p->in[0].shape, p->out.shape.c);
	out->grouped_gradient[1] = true;
	out->needs_in = true;
}

static void measure(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	norm_measure(&m.norm, group);
}

static void settle(const struct pass *p, int index)
{
	struct memory m = memory_of(p);

	(void)index;
	norm_settle(&m.norm);
	norm_scales(&m.norm, m.scale, m.shift);
}

/* What forward and backward have in common. */
static struct active_norm_conv_job job_of(const struct memory *m, int group)
{
	const struct pass *p = m->norm.pass;

	return (struct active_norm_conv_job){ .x = group_at(p->in[0], group), .in_shape = p->in[0].shape,
		.scale = m->scale,
		.shift = m->shift,
		.activation = m->norm.member->activation, .channels = p->out.shape.c, .scratch = p->scratch };
}

static void forward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);
	struct active_norm_conv_job job = job_of(&m, group);

	job.weights = conv_packed(p, &m.conv, 0);
	job.bias = member_bias(p->host);
	job.out = group_at(p->out, group);
	job.out_activation = p->activation;
	job.stream = streams_past(p->out);
	p->kernels->active_norm_conv(&job);
}

static void backward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);
	struct active_norm_conv_job job = job_of(&m, group);
	struct shape out = p->out.shape;
	real *d_bias = member_d_bias(p->host, group);

	job.d_out = group_at(p->d_out, group);
	job.transposed_weights = conv_flipped(p, &m.conv, 0);
	job.mean = m.norm.mean;
	job.d = group_at(p->d_in[0], group);
	job.sums = m.sums + (size_t)group * 2 * (size_t)inputs(p);
	job.d_weights = member_d_params(p->host, group);
	p->kernels->active_norm_conv_backward(&job);
	if (d_bias)
		p->kernels->channel_sums(job.d_out, out.c, pixels_of(out), d_bias);
}

static void settle_backward(const struct pass *p, int index)
{
	struct memory m = memory_of(p);

	(void)index;
	for (int i = 0; i < inputs(p); i++) {
		double totals[2];
		sum_pairs(p, m.sums + 2 * i, 2 * (size_t)inputs(p), totals);
		struct batch_norm_job line = norm_settle_channel_backward(&m.norm, i, totals);
		m.gain[i] = line.gain;
		m.slope[i] = line.slope;
		m.constant[i] = line.shift;
	}
}

static void finish(const struct pass *p, int group, int channel, real *to)
{
	struct memory m = memory_of(p);
	struct shape in = p->in[0].shape;
	_Alignas(64) real mask[LANES];

	lane_mask(p, group, mask);
	p->kernels->batch_norm_backward(&(struct batch_norm_job){
		.x = channel_at(p->in[0], group, channel), .d_y = channel_at(p->d_in[0], group, channel), .d_x = to,
		.pixels = pixels_of(in), .lane_mask = mask, .mean = m.norm.mean[channel], .gain = m.gain[channel],
		.slope = m.slope[channel], .shift = m.constant[channel], .mask = p->mask });
}

static void finish_all(const struct pass *p, int group)
{
	for (int i = 0; i < inputs(p); i++)
		finish(p, group, i, channel_at(p->d_in[0], group, i));
}

const struct operation_type fused_active_norm_conv = {
	.applies_activation = true, .masks = true, .plan = plan, .prepare = conv_prepare, .finish = finish,
	.forward = {
		{ .run = measure, .moves = { .in = 1 }, .by_first = true },
		{ .run = settle, .scope = ONCE },
		{ .run = forward, .moves = { .in = 1, .out = 1, .params = 1 } },
	},
	.backward = {
		{ .run = backward, .moves = { .in = 1, .d_out = 1, .d_in = 1, .d_params = 1, .params = 1 } },
		{ .run = settle_backward, .scope = ONCE },
		{ .run = finish_all, .moves = { .in = 1, .d_in = 2 } },
	},
};
