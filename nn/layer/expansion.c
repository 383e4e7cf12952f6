/* A 1x1 convolution, batch norm and a depthwise convolution in one go (see nn/kernel/conv_norm_depthwise.h): what batch norm needs of the
 * many channels x between the convolutions, without them. Floor 2. conv.c's depthwise type has these steps when it reads such a row.
 *
 * Channels are linear in the few inputs, x = W in + b, so all follows from sums over the inputs. With m and V, mean and covariance of the
 * inputs over all images and pixels, channel c has the mean w m + b and the variance w V w, w being row c of W. Batch norm is then affine,
 * and goes into the weights: y = activation(scale W in + shift).
 *
 * Back, with d the gradient by batch norm's output, its sums over images and pixels are those of d and of d in, and the gradient by x is
 * gain d + slope (x - mean) + shift (Ioffe and Szegedy 2015; gain, slope, shift: see batch_norm.c), where gain is known at once, slope and
 * shift when all images are. So what d says of the inputs, W' gain d, is added up while d is in cache, and the rest, which is linear in the
 * inputs, afterwards, by a small matrix:
 *
 *   d_in = W' gain d + M in + v      M = sum over channels of slope w' w      v = sum over channels of w' (shift - slope w m)
 *   d_W  = gain d in' + n (slope V w + shift m), summed over images and pixels, of which there are n
 *
 * So x and its gradient, the largest arrays of mobilenet-v2, are neither written nor read.
 *
 * Batch norm before all that, y = s z + t for each input z, which the first convolution alone reads, goes into its weights: with V = W s
 * and b + W t in the place of W and b the above is about z. Then d_W = s d_V, and since the gradient by x sums up to 0 over images and
 * pixels, the sum of d_y is 0 and that of d_y (z - mean) is w' d_V, of each input: all that batch norm asks. Its slope and shift go into M
 * and v. Six passes over arrays of the input's size less, and 2.8 % of mobilenet-v2's time. */
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/conv_norm_depthwise.h"
#include "nn/layer/layer.h"

#include <string.h>

enum { BAND = 128 };    /* pixels that are finished at a time */

/* What lies in shared memory behind the packed weights of the depthwise convolution. in, out: channels. */
struct places {
	double *mean, *covariance;      /* of the inputs: m, V; [in], [in][in] */
	double *moved;                  /* V w, [out][in] */
	double *matrix, *constant;      /* M, v; [in][in], [in] */
	double *totals;                 /* of one channel, over all groups: sums of d in, then that of d; [in + 1] */
	double *asked;                  /* by batch norm before the inputs: w' d_V; [in] */
	real *scale, *shift;            /* that batch norm as it is: s, t; [in] */
	real *inner;                    /* V, [out][in] */
	real *weights, *bias;           /* with batch norm in them; [out][in], [out] */
	real *packed, *turned;          /* these weights as the kernels want them, forward and by data */
	real *rounded, *correction, *offset;    /* M; M as the kernels want it; v */
	real *sums;                     /* of each group: products and sums of struct gram_job, then those of conv_norm_depthwise_job */
	size_t gram_len, group_len;
};

static double *cut_doubles(real **rest, size_t len)
{
	return (double *)(void *)cut(rest, len * DOUBLE_LEN);
}

static struct places places_at(real *shared, size_t in, size_t out)
{
	size_t columns = conv_norm_depthwise_columns((int)in);
	struct places at = { .gram_len = whole_lanes(in * in + in), .group_len = whole_lanes(in * in + in) + out * columns };

	at.mean = cut_doubles(&shared, in);
	at.covariance = cut_doubles(&shared, in * in);
	at.moved = cut_doubles(&shared, out * in);
	at.matrix = cut_doubles(&shared, in * in);
	at.constant = cut_doubles(&shared, in);
	at.totals = cut_doubles(&shared, in + 1);
	at.asked = cut_doubles(&shared, in);
	at.scale = cut(&shared, in);
	at.shift = cut(&shared, in);
	at.inner = cut(&shared, out * in);
	at.weights = cut(&shared, out * in);
	at.bias = cut(&shared, out);
	at.packed = cut(&shared, conv_blocks((int)out) * in);
	at.turned = cut(&shared, conv_blocks((int)in) * out);
	at.rounded = cut(&shared, in * in);
	at.correction = cut(&shared, conv_blocks((int)in) * in);
	at.offset = cut(&shared, in);
	at.sums = shared;
	return at;
}

static int inputs(const struct pass *p)
{
	return p->in[0].shape.c;
}

static int outputs(const struct pass *p)
{
	return p->expansion.conv->plan->out.c;
}

static struct places places(const struct pass *p)
{
	return places_at(p->shared + whole_lanes(p->plan->packed_len), (size_t)inputs(p), (size_t)outputs(p));
}

void expansion_plan(const struct plan_request *in, const struct window *window, struct layer_plan *out)
{
	static real nowhere[1];
	struct places at = places_at(nowhere, (size_t)in->in[0].c, (size_t)in->expanded);
	size_t expand = conv_norm_depthwise_scratch_len(in->in[0], in->expanded, window), finish = (size_t)in->in[0].c * BAND * LANES;

	out->shared_len = whole_lanes(out->packed_len) + (size_t)(at.sums - nowhere) + at.group_len * (size_t)in->groups;
	out->scratch_len = expand > finish ? expand : finish;
}

void expansion_measure(const struct pass *p, int group)
{
	struct places at = places(p);

	if (!p->training)
		return;
	clear_empty_lanes(p, group, group_at(p->in[0], group));
	real *products = at.sums + (size_t)group * at.group_len;
	p->kernels->channel_gram(&(struct gram_job){ .x = group_at(p->in[0], group), .channels = inputs(p),
		.height = p->in[0].shape.h, .width = p->in[0].shape.w, .products = products, .sums = products + inputs(p) * inputs(p),
		.scratch = p->scratch });
}

static void settle_inputs(const struct pass *p, const struct places *at)
{
	size_t n = (size_t)inputs(p);

	sum_groups(p, at->sums + n * n, at->group_len, (int)n, at->mean);
	for (size_t i = 0; i < n; i++)
		at->mean[i] /= channel_len(p);
	for (size_t i = 0; i < n; i++) {
		double *row = at->covariance + i * n;
		sum_groups(p, at->sums + i * n, at->group_len, (int)i + 1, row);
		for (size_t k = 0; k <= i; k++)
			row[k] = at->covariance[k * n + i] = row[k] / channel_len(p) - at->mean[i] * at->mean[k];
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
	return p->expansion.conv->params + (size_t)c * (size_t)inputs(p);
}

static double bias_of(const struct pass *p, int c)
{
	const real *bias = pointwise_bias(p->expansion.conv);

	return bias ? (double)bias[c] : 0;
}

/* Batch norm before the inputs, if there is such, is settled from their moments. */
static void settle_before(const struct pass *p, const struct places *at)
{
	int n = inputs(p);

	for (int i = 0; i < n; i++) {
		struct affine affine = { .scale = 1 };
		if (p->norm.pass) {
			p->norm.steps->settle(p->norm.pass, i, at->mean[i], at->covariance[i * n + i]);
			affine = p->norm.steps->affine(p->norm.pass, i);
		}
		at->scale[i] = affine.scale;
		at->shift[i] = affine.shift;
	}
}

/* V of channel c. */
static void scale_weights(const struct pass *p, const struct places *at, int c)
{
	int n = inputs(p);

	for (int i = 0; i < n; i++)
		at->inner[c * n + i] = weights_of(p, c)[i] * at->scale[i];
}

/* b + W t of channel c. */
static double inner_bias(const struct pass *p, const struct places *at, int c)
{
	double bias = bias_of(p, c);

	for (int i = 0; i < inputs(p); i++)
		bias += (double)weights_of(p, c)[i] * (double)at->shift[i];
	return bias;
}

/* Mean and variance of channel c. */
static void settle_channel(const struct pass *p, const struct places *at, int c, double bias)
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
	p->expansion.steps->settle(p->expansion.norm, c, mean, variance);
}

/* Batch norm goes into the weights. */
static void fold_channel(const struct pass *p, const struct places *at, int c, double bias)
{
	int n = inputs(p);
	struct affine affine = p->expansion.steps->affine(p->expansion.norm, c);

	for (int i = 0; i < n; i++)
		at->weights[c * n + i] = at->inner[c * n + i] * affine.scale;
	at->bias[c] = (real)bias * affine.scale + affine.shift;
}

void expansion_settle(const struct pass *p, int index)
{
	struct places at = places(p);
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
	conv_pack_flipped(&taps, at.turned);
}

struct conv_norm_depthwise_job conv_norm_depthwise_job(const struct pass *p, int group)
{
	struct places at = places(p);

	return (struct conv_norm_depthwise_job){ .in = group_at(p->in[0], group), .in_shape = p->in[0].shape, .channels = outputs(p),
		.weights = at.packed, .bias = at.bias, .activation = p->expansion.norm->activation, .scratch = p->scratch,
		.transposed_weights = at.turned, .d_in = p->d_in[0].at ? group_at(p->d_in[0], group) : NULL,
		.products = at.sums + (size_t)group * at.group_len + at.gram_len };
}

/* Adds what channel c gives to M and to v. */
static void add_to_matrix(const struct pass *p, const struct places *at, int c, const struct batch_norm_job *line)
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

/* The gradients by channel c's weights and bias: that by the bias is 0, since batch norm takes its mean away. */
static void write_gradients(const struct pass *p, const struct places *at, int c, const struct batch_norm_job *line)
{
	const struct pass *conv = p->expansion.conv;
	int n = inputs(p);
	const double *moved = at->moved + c * n;
	real *d_bias = pointwise_d_bias(conv, 0);

	for (int i = 0; i < n; i++) {
		double d = (double)line->gain * at->totals[i] +
			channel_len(p) * ((double)line->slope * moved[i] + (double)line->shift * at->mean[i]);
		conv->d_params[c * n + i] = (real)((double)at->scale[i] * d);
		at->asked[i] += (double)weights_of(p, c)[i] * d;
	}
	if (d_bias)
		d_bias[c] = 0;
}

static void add_up_products(const struct pass *p, const struct places *at, int c)
{
	int n = inputs(p);
	size_t row = at->gram_len + (size_t)c * conv_norm_depthwise_columns(n);

	sum_groups(p, at->sums + row, at->group_len, n + 1, at->totals);
}

/* What channel c's totals are to batch norm: the sums of d and of d * (x - mean). */
static struct batch_norm_job settle_norm(const struct pass *p, const struct places *at, int c)
{
	int n = inputs(p);
	double sums[2] = { at->totals[n], 0 };

	for (int i = 0; i < n; i++)
		sums[1] += (double)at->inner[c * n + i] * (at->totals[i] - sums[0] * at->mean[i]);
	return p->expansion.steps->settle_backward(p->expansion.norm, c, sums);
}

/* Batch norm before the inputs: what it adds to M and v. */
static void settle_before_backward(const struct pass *p, const struct places *at)
{
	int n = inputs(p);

	for (int i = 0; p->norm.pass && i < n; i++) {
		const double sums[2] = { 0, at->asked[i] };
		struct batch_norm_job line = p->norm.steps->settle_backward(p->norm.pass, i, sums);
		at->matrix[i * n + i] += (double)line.slope;
		at->constant[i] += (double)line.shift - (double)line.slope * at->mean[i];
	}
}

void expansion_settle_backward(const struct pass *p, int index)
{
	struct places at = places(p);
	int n = inputs(p);
	struct conv_taps taps = pointwise_taps(at.rounded, n, n);

	(void)index;
	memset(at.matrix, 0, (size_t)(n * n) * sizeof *at.matrix);
	memset(at.constant, 0, (size_t)n * sizeof *at.constant);
	memset(at.asked, 0, (size_t)n * sizeof *at.asked);
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

/* Pixels [first, first + count) of d_in: M in + v is added, and the sum taken on through the activation that the input came from. */
static void finish_pixels(const struct pass *p, int group, const struct places *at, int first, int count)
{
	struct shape in = p->in[0].shape;
	size_t before = (size_t)first * LANES;
	real *more = p->scratch;

	p->kernels->conv(&(struct conv_job){
		.in = group_at(p->in[0], group) + before, .in_shape = { in.c, 1, in.h * in.w },
		.out = more, .out_shape = { in.c, 1, count }, .rows = 1, .columns = count, .out_step = 1, .kernel = { 1, 1 }, .stride = 1,
		.weights = at->correction, .bias = at->offset, .activation = ACTIVATION_IDENTITY });
	for (int i = 0; i < in.c; i++, more += count * LANES) {
		real *d = channel_at(p->d_in[0], group, i) + before;
		p->kernels->add(d, more, d, (size_t)count);
		if (p->gate)
			p->kernels->activate_backward(channel_at(p->in[0], group, i) + before, d, d, (size_t)count, *p->gate);
	}
}

void expansion_finish(const struct pass *p, int group)
{
	struct places at = places(p);
	int all = p->in[0].shape.h * p->in[0].shape.w;

	if (!p->d_in[0].at)
		return;
	for (int first = 0; first < all; first += BAND)
		finish_pixels(p, group, &at, first, all - first < BAND ? all - first : BAND);
	clear_empty_lanes(p, group, group_at(p->d_in[0], group));
}
