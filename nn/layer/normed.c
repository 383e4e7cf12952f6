/* A 1x1 convolution that reads batch norm alone: batch norm's work is done with the weights, and what it would write is never an array.
 * Floor 2. conv.c's `with_norm`.
 *
 * Batch norm is affine once its moments are known, y = scale x + shift for each channel, and a 1x1 convolution is linear and pads nothing:
 *
 *   W y + b = W' x + b'      W' = W scale      b' = b + W shift
 *
 * Back, with d the gradient by the output. All that batch norm asks of all images follows from two sums over images and pixels, G = d x'
 * and S = d, which the weight gradient needs anyway:
 *
 *   d_W = scale G + shift S                        sum of d_y = W' S      sum of d_y (x - mean) = w' (g - mean S), of each channel
 *   d_x = gain W' d + slope (x - mean) + shift     (gain, slope, shift of the gradient: see batch_norm.c)
 *
 * so the gradient by x is one convolution by data, whose ending adds what is linear in x. 4 passes over arrays of x's size in place of 11.
 * mobilenet-v1 trains 5 % faster. */
#include "nn/kernel/conv_pack.h"
#include "nn/layer/layer.h"

enum { BLOCK = 4 * CHANNEL_BLOCK };     /* channels of a block: of the output forward, of the input backward */

static int inputs(const struct pass *p)
{
	return p->in[0].shape.c;
}

static int outputs(const struct pass *p)
{
	return p->out.shape.c;
}

static int blocks_of(int channels)
{
	return (channels + BLOCK - 1) / BLOCK;
}

/* What lies in shared memory. in, out: channels. */
struct places {
	real *scale, *shift, *mean;     /* batch norm as it is, and its mean; [in] */
	real *packed, *bias;            /* W' as the kernels want it, b'; [out] */
	real *turned, *slope, *constant;        /* gain W' as they want it by data; of x and of 1 in d_x; [in] */
	real *sums;                     /* of each group: G, [out][in], and S, [out] */
	size_t group_len;
};

static struct places places_at(real *shared, size_t in, size_t out)
{
	struct places at = { .group_len = whole_lanes(out * in) + whole_lanes(out) };

	at.scale = shared;
	at.shift = at.scale + whole_lanes(in);
	at.mean = at.shift + whole_lanes(in);
	at.packed = at.mean + whole_lanes(in);
	at.bias = at.packed + conv_blocks((int)out) * whole_lanes(in);
	at.turned = at.bias + whole_lanes(out);
	at.slope = at.turned + conv_blocks((int)in) * whole_lanes(out);
	at.constant = at.slope + whole_lanes(in);
	at.sums = at.constant + whole_lanes(in);
	return at;
}

static struct places places(const struct pass *p)
{
	return places_at(p->shared, (size_t)inputs(p), (size_t)outputs(p));
}

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	static real nowhere[1];

	if (!layer_conv.plan(config, in, out, err))
		return false;
	struct places at = places_at(nowhere, (size_t)in->in[0].c, (size_t)out->out.c);
	out->packed_len = 0;
	out->shared_len = (size_t)(at.sums - nowhere) + at.group_len * (size_t)in->groups;
	out->grouped_gradient = false;
	return true;
}

static void settle(const struct pass *p, int index)
{
	struct places at = places(p);

	(void)index;
	norm_settled(p, at.scale, at.shift, at.mean);
}

static int forward_blocks(const struct pass *p)
{
	return blocks_of(outputs(p));
}

/* W' and b' of one output channel. */
static void fold_channel(const struct pass *p, const struct places *at, int o)
{
	size_t n = (size_t)inputs(p);
	const real *w = p->params + (size_t)o * n, *bias = pointwise_bias(p);
	double sum = bias ? (double)bias[o] : 0;

	for (size_t i = 0; i < n; i++) {
		at->packed[packed_at(o, n, i)] = w[i] * at->scale[i];
		sum += (double)w[i] * (double)at->shift[i];
	}
	at->bias[o] = (real)sum;
}

static void fold(const struct pass *p, int block)
{
	struct places at = places(p);

	for (int o = block * BLOCK; o < (block + 1) * BLOCK && o < outputs(p); o++)
		fold_channel(p, &at, o);
}

static void forward(const struct pass *p, int group)
{
	struct places at = places(p);
	struct shape in = p->in[0].shape, out = p->out.shape;

	p->kernels->conv(&(struct conv_job){
		.in = group_at(p->in[0], group), .in_shape = in, .out = group_at(p->out, group), .out_shape = out,
		.rows = out.h, .columns = out.w, .out_step = 1, .kernel = { 1, 1 }, .stride = 1,
		.weights = at.packed, .bias = at.bias, .activation = p->activation, .stream = streams_past(p->out) });
}

/* G and S of one group. */
static real *products_of(const struct places *at, int group)
{
	return at->sums + (size_t)group * at->group_len;
}

static real *sums_of(const struct pass *p, const struct places *at, int group)
{
	return products_of(at, group) + whole_lanes((size_t)outputs(p) * (size_t)inputs(p));
}

static void measure_backward(const struct pass *p, int group)
{
	struct places at = places(p);
	const real *d_out = group_at(p->d_out, group);
	struct shape out = p->out.shape;

	p->kernels->conv_weights(&(struct conv_weights_job){
		.in = group_at(p->in[0], group), .in_shape = p->in[0].shape, .d_out = d_out, .out_shape = out,
		.kernel = { 1, 1 }, .stride = 1, .d_weights = products_of(&at, group), .scratch = p->scratch });
	p->kernels->channel_sums(d_out, out.c, image_len(out) / (size_t)out.c, sums_of(p, &at, group));
}

/* Some input channels: first, and how many; what becomes of them, summed over all groups. */
struct columns {
	int first, count;
	double sums[BLOCK][2];          /* of d_y, and of d_y * (x - mean) */
};

/* What output channel o says of the columns. */
static void add_row(const struct pass *p, const struct places *at, int o, struct columns *columns)
{
	size_t row = (size_t)o * (size_t)inputs(p) + (size_t)columns->first;
	const real *w = p->params + row, *mean = at->mean + columns->first;
	const real *scale = at->scale + columns->first, *shift = at->shift + columns->first;
	double g[BLOCK], s;

	sum_groups(p, products_of(at, 0) + row, at->group_len, columns->count, g);
	sum_groups(p, sums_of(p, at, 0) + o, at->group_len, 1, &s);
	for (int k = 0; k < columns->count; k++) {
		p->d_params[row + (size_t)k] = (real)((double)scale[k] * g[k] + (double)shift[k] * s);
		columns->sums[k][0] += (double)w[k] * s;
		columns->sums[k][1] += (double)w[k] * (g[k] - (double)mean[k] * s);
	}
	if (columns->first == 0 && pointwise_bias(p))
		p->d_params[p->plan->params[0].len + (size_t)o] = (real)s;
}

/* Batch norm's gradients of input channel i, and the weights by which d goes back to it. */
static void settle_column(const struct pass *p, const struct places *at, int i, const double sums[2])
{
	size_t n = (size_t)inputs(p), outs = (size_t)outputs(p);
	struct batch_norm_job line = p->norm.steps->settle_backward(p->norm.pass, i, sums);

	at->slope[i] = line.slope;
	at->constant[i] = line.shift - line.slope * line.mean;
	for (size_t o = 0; o < outs; o++)
		at->turned[packed_at(i, outs, o)] = p->params[o * n + (size_t)i] * line.gain;
}

static int backward_blocks(const struct pass *p)
{
	return blocks_of(inputs(p));
}

static void settle_backward(const struct pass *p, int block)
{
	struct places at = places(p);
	struct columns columns = { .first = block * BLOCK, .count = inputs(p) - block * BLOCK };

	columns.count = columns.count < BLOCK ? columns.count : BLOCK;
	for (int o = 0; o < outputs(p); o++)
		add_row(p, &at, o, &columns);
	for (int k = 0; k < columns.count; k++)
		settle_column(p, &at, columns.first + k, columns.sums[k]);
}

static void apply_backward(const struct pass *p, int group)
{
	struct places at = places(p);
	struct shape in = p->in[0].shape, out = p->out.shape;

	if (!p->d_in[0].at)
		return;
	p->kernels->conv(&(struct conv_job){
		.in = group_at(p->d_out, group), .in_shape = out, .out = group_at(p->d_in[0], group), .out_shape = in,
		.rows = in.h, .columns = in.w, .out_step = 1, .kernel = { 1, 1 }, .stride = 1,
		.weights = at.turned, .bias = at.constant, .slope = at.slope, .activation = ACTIVATION_IDENTITY,
		.mask_by = group_at(p->in[0], group), .mask_activation = p->gate ? *p->gate : ACTIVATION_IDENTITY,
		.stream = streams_past(p->d_in[0]) });
	clear_empty_lanes(p, group, group_at(p->d_in[0], group));
}

const struct layer_type layer_conv_with_norm = {
	.inputs = 1, .applies_activation = true, .gates = true, .plan = plan,
	.forward = {
		{ settle, ONCE, NULL, { 0 }, { 0 } },
		{ fold, EACH_BLOCK, forward_blocks, { .params = 1 }, { 0 } },
		{ forward, EACH_GROUP, NULL, { .in = 1, .out = 1, .params = 1 }, { 0 } },
	},
	.backward = {
		{ measure_backward, EACH_GROUP, NULL, { .in = 1, .d_out = 1, .d_params = 1 }, { 0 } },
		{ settle_backward, EACH_BLOCK, backward_blocks, { .params = 1, .d_params = 1 }, { 0 } },
		{ apply_backward, EACH_GROUP, NULL, { 0 }, { .in = 1, .d_out = 1, .d_in = 1, .params = 1 } },
	},
};
