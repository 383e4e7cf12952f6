/* Batch norm and a 1x1 convolution that alone reads it: batch norm goes into the weights, and its output is never
 * computed. Floor 2b.
 *
 * Batch norm is affine once its moments are known, y = scale x + shift per channel, and a 1x1 convolution is linear:
 *
 *   W y + b = W' x + b'      W' = W scale      b' = b + W shift
 *
 * Backward, with d the gradient with respect to the output, all that batch norm needs from the whole batch follows from
 * two sums over images and pixels that the weight gradient needs anyway, G = d x' and S = d (gain, slope, shift: see
 * nn/layer/batch_norm.h):
 *
 *   d_W = scale G + shift S      sum of d_y = W' S      sum of d_y (x - mean) = w' (g - mean S), for each channel
 *   d_x = gain W' d + slope (x - mean) + shift
 *
 * so d_x is one convolution of d, plus what is linear in x: 4 passes over arrays of x's size instead of 11. */
#include "nn/fused/fused.h"
#include "nn/kernel/conv_pack.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/conv.h"

enum { BLOCK = 4 * CHANNEL_BLOCK };     /* channels of a block: of the output forward, of the input backward */

static int blocks_of(int channels)
{
	return (channels + BLOCK - 1) / BLOCK;
}

static int inputs(const struct pass *p)
{
	return p->in[0].shape.c;
}

static int outputs(const struct pass *p)
{
	return p->out.shape.c;
}

/* The weights would be in pairs of channels for bfloat16. */
bool fused_norm_conv_pays(const struct match *m)
{
	return !m->bf16;
}

/* What a pass needs beside its arrays. */
struct memory {
	struct norm norm;
	real *scale, *shift;            /* batch norm once it is settled; [in] */
	real *packed, *bias;            /* W' in the kernels' order, b'; [out] */
	/* gain W', transposed, in the kernels' order; of x and of 1 in d_x; [in] */
	real *transposed, *slope, *constant;
	size_t group_len;
	real *sums;                     /* of each group: G, [out][in], and S, [out] */
	struct layout saved, shared;
};

static struct memory memory_of(const struct pass *p)
{
	size_t in = (size_t)inputs(p), out = (size_t)outputs(p);
	struct memory m = { .group_len = whole_lanes(out * in) + whole_lanes(out), .saved = { p->saved, 0 },
		.shared = { p->shared, 0 } };

	m.norm = norm_take(p, &p->members[0], &m.saved, &m.shared);
	m.scale = layout_take(&m.shared, in);
	m.shift = layout_take(&m.shared, in);
	m.packed = layout_take(&m.shared, conv_blocks((int)out) * in);
	m.bias = layout_take(&m.shared, out);
	m.transposed = layout_take(&m.shared, conv_blocks((int)in) * out);
	m.slope = layout_take(&m.shared, in);
	m.constant = layout_take(&m.shared, in);
	m.sums = layout_take(&m.shared, m.group_len * (size_t)p->groups);
	return m;
}

static void plan(const struct pass *p, struct operation_plan *out)
{
	struct conv_geometry g = conv_geometry(p->host);
	struct memory m = memory_of(p);

	out->saved_len = m.saved.len;
	out->shared_len = m.shared.len;
	out->scratch_len = conv_scratch_len(p, &g);
	out->needs_in = true;
}

static void measure(const struct pass *p, int group)
{
	struct memory at = memory_of(p);

	norm_measure(&at.norm, group);
}

static void settle(const struct pass *p, int index)
{
	struct memory at = memory_of(p);

	(void)index;
	norm_settle(&at.norm);
	norm_scales(&at.norm, at.scale, at.shift);
}

static int forward_blocks(const struct pass *p)
{
	return blocks_of(outputs(p));
}

/* W' and b' of one output channel. */
static void fold_channel(const struct pass *p, const struct memory *at, int o)
{
	size_t n = (size_t)inputs(p);
	const real *w = p->host->params + (size_t)o * n, *bias = member_bias(p->host);
	double sum = bias ? (double)bias[o] : 0;

	for (size_t i = 0; i < n; i++) {
		at->packed[packed_at(o, n, i)] = w[i] * at->scale[i];
		sum += (double)w[i] * (double)at->shift[i];
	}
	at->bias[o] = (real)sum;
}

static void fold(const struct pass *p, int block)
{
	struct memory at = memory_of(p);

	for (int o = block * BLOCK; o < (block + 1) * BLOCK && o < outputs(p); o++)
		fold_channel(p, &at, o);
}

static void forward(const struct pass *p, int group)
{
	struct memory at = memory_of(p);
	struct shape in = p->in[0].shape, out = p->out.shape;

	p->kernels->conv(&(struct conv_job){
		.in = group_at(p->in[0], group), .in_shape = in, .out = group_at(p->out, group), .out_shape = out,
		.rows = out.h, .columns = out.w, .out_step = 1, .kernel = { 1, 1 }, .stride = 1,
		.weights = at.packed, .bias = at.bias, .activation = p->activation, .stream = streams_past(p->out) });
}

/* G and S of one group. */
static real *products_of(const struct memory *at, int group)
{
	return at->sums + (size_t)group * at->group_len;
}

static real *sums_of(const struct pass *p, const struct memory *at, int group)
{
	return products_of(at, group) + whole_lanes((size_t)outputs(p) * (size_t)inputs(p));
}

static void measure_backward(const struct pass *p, int group)
{
	struct memory at = memory_of(p);
	const real *d_out = group_at(p->d_out, group);
	struct shape out = p->out.shape;

	p->kernels->conv_weights(&(struct conv_weights_job){
		.in = group_at(p->in[0], group), .in_shape = p->in[0].shape, .d_out = d_out, .out_shape = out,
		.kernel = { 1, 1 }, .stride = 1, .d_weights = products_of(&at, group), .scratch = p->scratch });
	p->kernels->channel_sums(d_out, out.c, image_len(out) / (size_t)out.c, sums_of(p, &at, group));
}

/* Some input channels, and their sums over the whole batch. */
struct columns {
	int first, count;
	double sums[BLOCK][2];          /* of d_y, and of d_y * (x - mean) */
};

/* Adds the share of output channel o. */
static void add_row(const struct pass *p, const struct memory *at, int o, struct columns *columns)
{
	size_t row = (size_t)o * (size_t)inputs(p) + (size_t)columns->first;
	const real *w = p->host->params + row, *mean = at->norm.mean + columns->first;
	const real *scale = at->scale + columns->first, *shift = at->shift + columns->first;
	double g[BLOCK], s;

	sum_groups(p, products_of(at, 0) + row, at->group_len, columns->count, g);
	sum_groups(p, sums_of(p, at, 0) + o, at->group_len, 1, &s);
	for (int k = 0; k < columns->count; k++) {
		p->host->d_params[row + (size_t)k] = (real)((double)scale[k] * g[k] + (double)shift[k] * s);
		columns->sums[k][0] += (double)w[k] * s;
		columns->sums[k][1] += (double)w[k] * (g[k] - (double)mean[k] * s);
	}
	if (columns->first == 0 && member_bias(p->host))
		member_d_bias(p->host, 0)[o] = (real)s;
}

/* Batch norm's gradients of input channel i, and its row of the transposed weights. */
static void settle_column(const struct pass *p, const struct memory *at, int i, const double sums[2])
{
	size_t n = (size_t)inputs(p), outs = (size_t)outputs(p);
	struct batch_norm_job line = norm_settle_channel_backward(&at->norm, i, sums);

	at->slope[i] = line.slope;
	at->constant[i] = line.shift - line.slope * line.mean;
	for (size_t o = 0; o < outs; o++)
		at->transposed[packed_at(i, outs, o)] = p->host->params[o * n + (size_t)i] * line.gain;
}

static int backward_blocks(const struct pass *p)
{
	return blocks_of(inputs(p));
}

static void settle_backward(const struct pass *p, int block)
{
	struct memory at = memory_of(p);
	struct columns columns = { .first = block * BLOCK, .count = inputs(p) - block * BLOCK };

	columns.count = columns.count < BLOCK ? columns.count : BLOCK;
	for (int o = 0; o < outputs(p); o++)
		add_row(p, &at, o, &columns);
	for (int k = 0; k < columns.count; k++)
		settle_column(p, &at, columns.first + k, columns.sums[k]);
}

static void apply_backward(const struct pass *p, int group)
{
	struct memory at = memory_of(p);
	struct shape in = p->in[0].shape, out = p->out.shape;

	if (!p->d_in[0].at)
		return;
	p->kernels->conv(&(struct conv_job){
		.in = group_at(p->d_out, group), .in_shape = out, .out = group_at(p->d_in[0], group), .out_shape = in,
		.rows = in.h, .columns = in.w, .out_step = 1, .kernel = { 1, 1 }, .stride = 1,
		.weights = at.transposed, .bias = at.constant, .slope = at.slope, .activation = ACTIVATION_IDENTITY,
		.mask_by = group_at(p->in[0], group), .mask_activation = p->mask ? *p->mask : ACTIVATION_IDENTITY,
		.stream = streams_past(p->d_in[0]) });
	clear_empty_lanes(p, group, group_at(p->d_in[0], group));
}

const struct operation_type fused_norm_conv = {
	.applies_activation = true, .masks = true, .plan = plan,
	.forward = {
		{ .run = measure, .moves = { .in = 1 }, .by_first = true },
		{ .run = settle, .scope = ONCE },
		{ .run = fold, .scope = EACH_BLOCK, .blocks = forward_blocks, .moves = { .params = 1 } },
		{ .run = forward, .moves = { .in = 1, .out = 1, .params = 1 } },
	},
	.backward = {
		{ .run = measure_backward, .moves = { .in = 1, .d_out = 1, .d_params = 1 } },
		{ .run = settle_backward, .scope = EACH_BLOCK, .blocks = backward_blocks,
			.moves = { .params = 1, .d_params = 1 } },
		{ .run = apply_backward, .data_moves = { .in = 1, .d_out = 1, .d_in = 1, .params = 1 } },
	},
};
