/* A 1x1 convolution to many channels, batch norm, its activation and a 3x3 depthwise convolution: what an inverted
 * residual begins with (nn/kernel/conv_norm_depthwise.h). x, the many channels, and its gradient are never arrays.
 * Floor 2b.
 *
 * x = W in + b is linear in the few inputs. With m and V, their mean and covariance, channel c has the mean w m + b and
 * the variance w V w, w being row c of W, so batch norm goes into the weights. Backward, with d the gradient with
 * respect to batch norm's output, d_x = gain d + slope (x - mean) + shift (nn/layer/batch_norm.h), and so
 *
 *   d_in = W' gain d + M in + v     M = sum over c of slope w' w     v = sum over c of w' (shift - slope w m)
 *   d_W  = gain d in' + n (slope V w + shift m), summed over images and pixels, of which there are n
 *
 * where gain is known at once, slope and shift after all groups. Batch norm before all that, y = s z + t, goes into the
 * weights as well: with V = W s and b + W t in place of W and b, the above is about z. Then d_W = s d_V; the sum of d_y
 * is 0, and that of d_y (z - mean) is w' d_V. */
#include "nn/fused/fused.h"
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/conv_norm_depthwise.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/conv.h"

#include <string.h>

enum { BAND = 128 };    /* pixels that are finished at a time */

/* The chain's members, counted from its end: batch norm before it may be missing. */
static const struct member *pointwise(const struct pass *p)
{
	return p->host - 2;
}

static int inputs(const struct pass *p)
{
	return p->in[0].shape.c;
}

static int outputs(const struct pass *p)
{
	return p->host->in.c;
}

bool fused_conv_norm_depthwise_pays(const struct match *m)
{
	const struct member *depthwise = &m->members[m->count - 1], *conv = depthwise - 2;
	struct conv_geometry g = conv_geometry(depthwise);

	return !m->bf16 && conv_norm_depthwise_fits(&g.window, g.out_each) &&
		conv_norm_depthwise_pays(conv->in, depthwise->in.c, g.window.stride);
}

/* What a pass needs beside its arrays. in, out: channels of the input and of x. */
struct memory {
	/* of the depthwise convolution; its packed weights come first in shared memory */
	struct conv_geometry conv;
	struct norm norm, before;       /* before.member NULL: none */
	double *mean, *covariance;      /* of the inputs: m, V; [in], [in][in] */
	double *moved;                  /* V w, [out][in] */
	double *matrix, *constant;      /* M, v; [in][in], [in] */
	double *totals;                 /* of one channel, over all groups: sums of d in, then that of d; [in + 1] */
	double *before_sums;            /* for batch norm before the inputs: w' d_V; [in] */
	real *scale, *shift;            /* that batch norm once it is settled: s, t; [in] */
	real *inner;                    /* V, [out][in] */
	real *weights, *bias;           /* with batch norm in them; [out][in], [out] */
	real *packed, *transposed;      /* these weights in the kernels' order, and transposed */
	real *rounded, *correction, *offset;    /* M; M in the kernels' order; v */
	size_t gram_len, group_len;
	/* of each group: products and sums of struct gram_job, then products of struct conv_norm_depthwise_job */
	real *sums;
	struct layout saved, shared;
};

static void take_doubles(struct memory *m, size_t in, size_t out)
{
	m->mean = layout_take_doubles(&m->shared, in);
	m->covariance = layout_take_doubles(&m->shared, in * in);
	m->moved = layout_take_doubles(&m->shared, out * in);
	m->matrix = layout_take_doubles(&m->shared, in * in);
	m->constant = layout_take_doubles(&m->shared, in);
	m->totals = layout_take_doubles(&m->shared, in + 1);
	m->before_sums = layout_take_doubles(&m->shared, in);
}

static void take_reals(struct memory *m, size_t in, size_t out)
{
	m->scale = layout_take(&m->shared, in);
	m->shift = layout_take(&m->shared, in);
	m->inner = layout_take(&m->shared, out * in);
	m->weights = layout_take(&m->shared, out * in);
	m->bias = layout_take(&m->shared, out);
	m->packed = layout_take(&m->shared, conv_blocks((int)out) * in);
	m->transposed = layout_take(&m->shared, conv_blocks((int)in) * out);
	m->rounded = layout_take(&m->shared, in * in);
	m->correction = layout_take(&m->shared, conv_blocks((int)in) * in);
	m->offset = layout_take(&m->shared, in);
}

static struct memory memory_of(const struct pass *p)
{
	size_t in = (size_t)inputs(p), out = (size_t)outputs(p);
	struct memory m = { .conv = conv_geometry(p->host), .saved = { p->saved, 0 }, .shared = { p->shared, 0 },
		.gram_len = whole_lanes(in * in + in) };

	m.group_len = m.gram_len + out * conv_norm_depthwise_columns((int)in);
	layout_take(&m.shared, conv_packed_len(&m.conv));
	m.norm = norm_take(p, p->host - 1, &m.saved, &m.shared);
	if (p->member_count == 4)
		m.before = norm_take(p, &p->members[0], &m.saved, &m.shared);
	take_doubles(&m, in, out);
	take_reals(&m, in, out);
	m.sums = layout_take(&m.shared, m.group_len * (size_t)p->groups);
	return m;
}

static void plan(const struct pass *p, struct operation_plan *out)
{
	struct memory m = memory_of(p);
	size_t expand = conv_norm_depthwise_scratch_len(p->in[0].shape, outputs(p), &m.conv.window),
		finish = (size_t)inputs(p) * BAND * LANES;

	out->packed_len = conv_packed_len(&m.conv);
	out->saved_len = m.saved.len;
	out->shared_len = m.shared.len;
	out->scratch_len = expand > finish ? expand : finish;
	out->grouped_gradient[p->member_count - 1] = true;
	out->needs_in = true;
}

static void measure(const struct pass *p, int group)
{
	struct memory at = memory_of(p);

	if (!p->training)
		return;
	clear_empty_lanes(p, group, group_at(p->in[0], group));
	real *products = at.sums + (size_t)group * at.group_len;
	p->kernels->channel_gram(&(struct gram_job){ .x = group_at(p->in[0], group), .channels = inputs(p),
		.height = p->in[0].shape.h, .width = p->in[0].shape.w, .products = products,
		.sums = products + inputs(p) * inputs(p),
		.scratch = p->scratch });
}

static void settle_inputs(const struct pass *p, const struct memory *at)
{
	size_t n = (size_t)inputs(p);

	sum_groups(p, at->sums + n * n, at->group_len, (int)n, at->mean);
	for (size_t i = 0; i < n; i++)
		at->mean[i] /= channel_len(p, p->in[0].shape);
	for (size_t i = 0; i < n; i++) {
		double *row = at->covariance + i * n;
		sum_groups(p, at->sums + i * n, at->group_len, (int)i + 1, row);
		for (size_t k = 0; k <= i; k++)
			row[k] = at->covariance[k * n + i] = row[k] / channel_len(p, p->in[0].shape) -
				at->mean[i] * at->mean[k];
	}
}

static double dot(const real *a, const double *b, int n)
{
	double sum = 0;

	for (int i = 0; i < n; i++)
		sum += (double)a[i] * b[i];
	return sum;
}

static const real *weights_of(const struct pass *p, int c)
{
	return pointwise(p)->params + (size_t)c * (size_t)inputs(p);
}

static double bias_of(const struct pass *p, int c)
{
	const real *bias = member_bias(pointwise(p));

	return bias ? (double)bias[c] : 0;
}

/* Batch norm before the inputs, if there is such, is settled from their moments. */
static void settle_before(const struct pass *p, const struct memory *at)
{
	int n = inputs(p);

	for (int i = 0; i < n; i++) {
		struct affine affine = { .scale = 1 };
		if (at->before.member) {
			norm_settle_channel(&at->before, i, at->mean[i], at->covariance[i * n + i]);
			affine = norm_affine(&at->before, i);
		}
		at->scale[i] = affine.scale;
		at->shift[i] = affine.shift;
	}
}

/* V of channel c. */
static void scale_weights(const struct pass *p, const struct memory *at, int c)
{
	int n = inputs(p);

	for (int i = 0; i < n; i++)
		at->inner[c * n + i] = weights_of(p, c)[i] * at->scale[i];
}

/* b + W t of channel c. */
static double inner_bias(const struct pass *p, const struct memory *at, int c)
{
	double bias = bias_of(p, c);

	for (int i = 0; i < inputs(p); i++)
		bias += (double)weights_of(p, c)[i] * (double)at->shift[i];
	return bias;
}

/* Mean and variance of channel c. */
static void settle_channel(const struct pass *p, const struct memory *at, int c, double bias)
{
	int n = inputs(p);
	const real *w = at->inner + c * n;
	double *moved = at->moved + (size_t)c * (size_t)n;
	double mean = 0, variance = 0;

	if (p->training) {
		memset(moved, 0, (size_t)n * sizeof *moved);
		for (int i = 0; i < n; i++)
			for (int k = 0; k < n; k++)
				moved[k] += (double)w[i] * at->covariance[i * n + k];
		mean = dot(w, at->mean, n) + bias;
		variance = dot(w, moved, n);
	}
	norm_settle_channel(&at->norm, c, mean, variance);
}

/* Batch norm goes into the weights. */
static void fold_channel(const struct pass *p, const struct memory *at, int c, double bias)
{
	int n = inputs(p);
	struct affine affine = norm_affine(&at->norm, c);

	for (int i = 0; i < n; i++)
		at->weights[c * n + i] = at->inner[c * n + i] * affine.scale;
	at->bias[c] = (real)bias * affine.scale + affine.shift;
}

static void settle(const struct pass *p, int index)
{
	struct memory at = memory_of(p);
	struct conv_taps taps = pointwise_taps(at.weights, outputs(p), inputs(p));

	(void)index;
	if (p->training)
		settle_inputs(p, &at);
	settle_before(p, &at);
	for (int c = 0; c < outputs(p); c++) {
		scale_weights(p, &at, c);
		double bias = inner_bias(p, &at, c);
		settle_channel(p, &at, c, bias);
		fold_channel(p, &at, c, bias);
	}
	conv_pack(&taps, at.packed);
	conv_pack_flipped(&taps, at.transposed);
}

/* What forward and backward have in common. */
static struct conv_norm_depthwise_job job_of(const struct memory *at, int group)
{
	const struct pass *p = at->norm.pass;

	return (struct conv_norm_depthwise_job){ .in = group_at(p->in[0], group), .in_shape = p->in[0].shape,
		.channels = outputs(p),
		.weights = at->packed, .bias = at->bias, .activation = at->norm.member->activation,
		.window = &at->conv.window,
		.scratch = p->scratch };
}

static void forward(const struct pass *p, int group)
{
	struct memory at = memory_of(p);
	struct conv_norm_depthwise_job job = job_of(&at, group);

	job.taps = conv_packed(p, &at.conv, 0);
	job.out = group_at(p->out, group);
	job.out_bias = member_bias(p->host);
	job.out_activation = p->activation;
	job.stream = streams_past(p->out);
	p->kernels->conv_norm_depthwise(&job);
}

static void backward(const struct pass *p, int group)
{
	struct memory at = memory_of(p);
	struct conv_norm_depthwise_job job = job_of(&at, group);
	real *d_bias = member_d_bias(p->host, group);

	job.d_out = group_at(p->d_out, group);
	job.flipped_taps = conv_flipped(p, &at.conv, 0);
	job.transposed_weights = at.transposed;
	job.d_in = p->d_in[0].at ? group_at(p->d_in[0], group) : NULL;
	job.products = at.sums + (size_t)group * at.group_len + at.gram_len;
	job.d_taps = member_d_params(p->host, group);
	p->kernels->conv_norm_depthwise_backward(&job);
	if (d_bias)
		p->kernels->channel_sums(job.d_out, p->out.shape.c, pixels_of(p->out.shape), d_bias);
}

/* Adds what channel c gives to M and to v. */
static void add_to_matrix(const struct pass *p, const struct memory *at, int c, const struct batch_norm_job *line)
{
	int n = inputs(p);
	const real *w = at->inner + c * n;
	double shift = (double)line->shift - (double)line->slope * dot(w, at->mean, n);

	for (int i = 0; i < n; i++) {
		double slope = (double)line->slope * (double)w[i];
		for (int k = 0; k < n; k++)
			at->matrix[i * n + k] += slope * (double)w[k];
		at->constant[i] += shift * (double)w[i];
	}
}

/* The gradients with respect to channel c's weights and bias; the latter is 0, since batch norm subtracts the mean. */
static void write_gradients(const struct pass *p, const struct memory *at, int c, const struct batch_norm_job *line)
{
	const struct member *conv = pointwise(p);
	int n = inputs(p);
	const double *moved = at->moved + c * n;
	real *d_bias = member_d_bias(conv, 0);

	for (int i = 0; i < n; i++) {
		double d = (double)line->gain * at->totals[i] +
			channel_len(p, p->in[0].shape) * ((double)line->slope * moved[i] +
			(double)line->shift * at->mean[i]);
		conv->d_params[c * n + i] = (real)((double)at->scale[i] * d);
		at->before_sums[i] += (double)weights_of(p, c)[i] * d;
	}
	if (d_bias)
		d_bias[c] = 0;
}

static void add_up_products(const struct pass *p, const struct memory *at, int c)
{
	int n = inputs(p);
	size_t row = at->gram_len + (size_t)c * conv_norm_depthwise_columns(n);

	sum_groups(p, at->sums + row, at->group_len, n + 1, at->totals);
}

/* Settles batch norm of channel c backward from its totals: the sums of d and of d * (x - mean). */
static struct batch_norm_job settle_norm(const struct pass *p, const struct memory *at, int c)
{
	int n = inputs(p);
	double sums[2] = { at->totals[n], 0 };

	for (int i = 0; i < n; i++)
		sums[1] += (double)at->inner[c * n + i] * (at->totals[i] - sums[0] * at->mean[i]);
	return norm_settle_channel_backward(&at->norm, c, sums);
}

/* Batch norm before the inputs: what it adds to M and v. */
static void settle_before_backward(const struct pass *p, const struct memory *at)
{
	int n = inputs(p);

	for (int i = 0; at->before.member && i < n; i++) {
		const double sums[2] = { 0, at->before_sums[i] };
		struct batch_norm_job line = norm_settle_channel_backward(&at->before, i, sums);
		at->matrix[i * n + i] += (double)line.slope;
		at->constant[i] += (double)line.shift - (double)line.slope * at->mean[i];
	}
}

static void settle_backward(const struct pass *p, int index)
{
	struct memory at = memory_of(p);
	int n = inputs(p);
	struct conv_taps taps = pointwise_taps(at.rounded, n, n);

	(void)index;
	memset(at.matrix, 0, (size_t)(n * n) * sizeof *at.matrix);
	memset(at.constant, 0, (size_t)n * sizeof *at.constant);
	memset(at.before_sums, 0, (size_t)n * sizeof *at.before_sums);
	for (int c = 0; c < outputs(p); c++) {
		add_up_products(p, &at, c);
		struct batch_norm_job line = settle_norm(p, &at, c);
		write_gradients(p, &at, c, &line);
		add_to_matrix(p, &at, c, &line);
	}
	settle_before_backward(p, &at);
	for (int i = 0; i < n * n; i++)
		at.rounded[i] = (real)at.matrix[i];
	for (int i = 0; i < n; i++)
		at.offset[i] = (real)at.constant[i];
	conv_pack(&taps, at.correction);
}

/* Pixels [first, first + count) of d_in: M in + v is added, and the sum taken on through the activation that the input
 * came from. */
static void finish_pixels(const struct pass *p, int group, const struct memory *at, int first, int count)
{
	struct shape in = p->in[0].shape;
	size_t before = (size_t)first * LANES;
	real *more = p->scratch;

	p->kernels->conv(&(struct conv_job){
		.in = group_at(p->in[0], group) + before, .in_shape = { in.c, 1, in.h * in.w },
		.out = more, .out_shape = { in.c, 1, count }, .rows = 1, .columns = count, .out_step = 1,
		.kernel = { 1, 1 }, .stride = 1,
		.weights = at->correction, .bias = at->offset, .activation = ACTIVATION_IDENTITY });
	for (int i = 0; i < in.c; i++, more += count * LANES) {
		real *d = channel_at(p->d_in[0], group, i) + before;
		p->kernels->add(d, more, d, (size_t)count);
		if (p->mask)
			p->kernels->activate_backward(channel_at(p->in[0], group, i) + before, d, d, (size_t)count,
				*p->mask);
	}
}

static void finish(const struct pass *p, int group)
{
	struct memory at = memory_of(p);
	int all = p->in[0].shape.h * p->in[0].shape.w;

	if (!p->d_in[0].at)
		return;
	for (int first = 0; first < all; first += BAND)
		finish_pixels(p, group, &at, first, all - first < BAND ? all - first : BAND);
	clear_empty_lanes(p, group, group_at(p->d_in[0], group));
}

const struct operation_type fused_conv_norm_depthwise = {
	.applies_activation = true, .masks = true, .plan = plan, .prepare = conv_prepare,
	.forward = {
		{ .run = measure, .moves = { .in = 1 } },
		{ .run = settle, .scope = ONCE },
		{ .run = forward, .moves = { .in = 1, .out = 1, .params = 1 } },
	},
	.backward = {
		{ .run = backward, .moves = { .in = 1, .d_out = 1, .d_params = 1 },
			.data_moves = { .d_in = 1, .params = 1 } },
		{ .run = settle_backward, .scope = ONCE },
		{ .run = finish, .data_moves = { .in = 1, .d_in = 2 } },
	},
};
