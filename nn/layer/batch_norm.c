/* Batch normalisation over images and pixels (Ioffe and Szegedy 2015, algorithms 1 and 2). Floor 2.
 *
 *   training:   y = gamma * (x - mean) / sqrt(variance + epsilon) + beta, with mean and variance of the batch
 *   inference:  the same with the moving mean and variance
 *
 * Moments are summed per lane group in double precision and added up in group order. Lanes without an image count
 * nowhere. */
#include "nn/layer/batch_norm.h"

#include <math.h>

struct batch_norm {
	double epsilon;
	double momentum;        /* share of the old moving statistics kept at each batch */
};

static const struct field fields[] = {
	{ "epsilon", FIELD_FLOAT, offsetof(struct batch_norm, epsilon), .fallback = 1e-3, .min = 1e-12, .max = 1,
	  .help = "number that is added to the variance before its root is taken" },
	{ "momentum", FIELD_FLOAT, offsetof(struct batch_norm, momentum), .fallback = 0.9, .min = 0, .max = 1,
	  .help = "share of the old moving mean and variance that each training batch keeps" },
	{ 0 }
};

static const char about[] =
	"Each channel is brought to mean 0 and variance 1, then multiplied by gamma and moved by beta, which are "
	"trained. In training, mean and variance are those of the batch, over its images and pixels; otherwise the "
	"moving mean and variance are used.\n"
	"The batch is normalised with its plain variance. The moving variance takes in the variance with Bessel's "
	"correction, n / (n - 1) for n = images * rows * columns, as PyTorch's does.\n"
	"`momentum` is the share that is kept, as in Keras (whose default is 0.99). PyTorch counts the other way: "
	"its momentum 0.1 is 0.9 here; its epsilon is 1e-5, Keras' 0.001 as here.";

static struct param_plan plan_array(const char *name, int channels, enum init init)
{
	return (struct param_plan){ .name = name, .len = (size_t)channels, .init = init,
		.axis_count = 1, .axes = { { AXIS_OUTPUT, channels } } };
}

/* params: gamma[c], beta[c]. state: moving mean[c], moving variance[c]. */
static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	(void)config;
	(void)err;
	out->out = in->in[0];
	out->params[0] = plan_array("gamma", in->in[0].c, INIT_ONE);
	out->params[1] = plan_array("beta", in->in[0].c, INIT_ZERO);
	out->param_count = 2;
	out->state[0] = plan_array("moving_mean", in->in[0].c, INIT_ZERO);
	out->state[1] = plan_array("moving_variance", in->in[0].c, INIT_ONE);
	out->state_count = 2;
	return true;
}

/* --- The algebra -------------------------------------------------------------------------------------------------- */

struct norm norm_take(const struct pass *p, const struct member *m, struct layout *saved, struct layout *shared)
{
	size_t channels = (size_t)m->in.c;
	struct norm n = { .pass = p, .member = m };

	n.mean = layout_take(saved, channels);
	n.inverse = layout_take(saved, channels);
	n.sums = layout_take_doubles(shared, 2 * channels * (size_t)(p->groups + 1));
	return n;
}

static int channels(const struct norm *n)
{
	return n->member->in.c;
}

double *norm_sums(const struct norm *n, int group, int c)
{
	return n->sums + 2 * ((size_t)group * (size_t)channels(n) + (size_t)c);
}

static void add_groups(const struct norm *n, int c, double total[2])
{
	sum_pairs(n->pass, norm_sums(n, 0, c), 2 * (size_t)channels(n), total);
}

void norm_measure(const struct norm *n, int group)
{
	const struct pass *p = n->pass;
	_Alignas(64) real mask[LANES];

	if (!p->training)
		return;
	lane_mask(p, group, mask);
	for (int c = 0; c < channels(n); c++)
		p->kernels->channel_moments(channel_at(p->in[0], group, c), pixels_of(n->member->in), mask,
			norm_sums(n, group, c));
}

void norm_settle_channel(const struct norm *n, int c, double mean, double variance)
{
	const struct batch_norm *b = n->member->config;
	real *moving_mean = n->member->state, *moving_variance = moving_mean + channels(n);
	double count = channel_len(n->pass, n->member->in);

	if (n->pass->training) {
		variance = fmax(variance, 0);
		double unbiased = count > 1 ? variance * count / (count - 1) : variance;
		moving_mean[c] = (real)(b->momentum * (double)moving_mean[c] + (1 - b->momentum) * mean);
		moving_variance[c] = (real)(b->momentum * (double)moving_variance[c] + (1 - b->momentum) * unbiased);
	} else {
		mean = (double)moving_mean[c];
		variance = (double)moving_variance[c];
	}
	n->mean[c] = (real)mean;
	n->inverse[c] = (real)(1 / sqrt(variance + b->epsilon));
}

void norm_settle(const struct norm *n)
{
	double count = channel_len(n->pass, n->member->in);

	for (int c = 0; c < channels(n); c++) {
		double total[2] = { 0 };
		if (n->pass->training)
			add_groups(n, c, total);
		double mean = total[0] / count;
		norm_settle_channel(n, c, mean, total[1] / count - mean * mean);
	}
}

struct affine norm_affine(const struct norm *n, int c)
{
	const real *gamma = n->member->params, *beta = gamma + channels(n);
	real scale = gamma[c] * n->inverse[c];

	return (struct affine){ scale, beta[c] - n->mean[c] * scale, n->member->activation, false };
}

void norm_scales(const struct norm *n, real *scale, real *shift)
{
	for (int c = 0; c < channels(n); c++) {
		struct affine affine = norm_affine(n, c);
		scale[c] = affine.scale;
		shift[c] = affine.shift;
	}
}

void norm_measure_backward(const struct norm *n, int group, int c, struct norm_gradient g)
{
	real *d_gamma = member_d_params(n->member, group), *d_beta = d_gamma + channels(n);
	double *sums = norm_sums(n, group, c);

	n->pass->kernels->channel_products(g.x, g.d_y, g.pixels, n->mean[c], sums);
	d_gamma[c] = (real)(sums[1] * (double)n->inverse[c]);
	d_beta[c] = (real)sums[0];
}

void norm_settle_backward(const struct norm *n)
{
	for (int c = 0; c < channels(n); c++)
		add_groups(n, c, norm_sums(n, n->pass->groups, c));
}

/* d_x = gamma / deviation * (d_y - mean(d_y) - (x - mean) / variance * mean(d_y * (x - mean))), but for where x and d_y
 * lie. */
struct batch_norm_job norm_job(const struct norm *n, int c)
{
	const double *sums = norm_sums(n, n->pass->groups, c);
	double inverse = (double)n->inverse[c], gain = (double)n->member->params[c] * inverse;
	double count = channel_len(n->pass, n->member->in);

	return (struct batch_norm_job){ .pixels = pixels_of(n->member->in), .mean = n->mean[c], .gain = (real)gain,
		.slope = (real)(-gain * inverse * inverse * sums[1] / count),
		.shift = (real)(-gain * sums[0] / count) };
}

struct batch_norm_job norm_settle_channel_backward(const struct norm *n, int c, const double sums[2])
{
	real *d_gamma = n->member->d_params, *d_beta = d_gamma + channels(n);
	double *total = norm_sums(n, n->pass->groups, c);

	total[0] = sums[0];
	total[1] = sums[1];
	d_gamma[c] = (real)(sums[1] * (double)n->inverse[c]);
	d_beta[c] = (real)sums[0];
	return norm_job(n, c);
}

/* --- The layer by itself ------------------------------------------------------------------------------------------ */

static struct norm norm_of(const struct pass *p, struct layout *saved, struct layout *shared)
{
	*saved = (struct layout){ p->saved, 0 };
	*shared = (struct layout){ p->shared, 0 };
	return norm_take(p, p->host, saved, shared);
}

static void plan_operation(const struct pass *p, struct operation_plan *out)
{
	struct layout saved, shared;

	norm_of(p, &saved, &shared);
	out->saved_len = saved.len;
	out->shared_len = shared.len;
	out->grouped_gradient[0] = true;
	out->needs_in = true;
}

static struct norm norm_alone(const struct pass *p)
{
	struct layout saved, shared;

	return norm_of(p, &saved, &shared);
}

static void measure(const struct pass *p, int group)
{
	struct norm n = norm_alone(p);

	norm_measure(&n, group);
}

static void settle(const struct pass *p, int index)
{
	struct norm n = norm_alone(p);

	(void)index;
	norm_settle(&n);
}

static void apply(const struct pass *p, int group)
{
	struct norm n = norm_alone(p);

	for (int c = 0; c < channels(&n); c++) {
		struct affine affine = norm_affine(&n, c);
		affine.stream = streams_past(p->out);
		p->kernels->scale_shift(channel_at(p->in[0], group, c), channel_at(p->out, group, c),
			pixels_of(p->in[0].shape), &affine);
	}
}

static void measure_backward(const struct pass *p, int group)
{
	struct norm n = norm_alone(p);

	for (int c = 0; c < channels(&n); c++)
		norm_measure_backward(&n, group, c, (struct norm_gradient){
			channel_at(p->in[0], group, c), channel_at(p->d_out, group, c), pixels_of(p->in[0].shape) });
}

static void settle_backward(const struct pass *p, int index)
{
	struct norm n = norm_alone(p);

	(void)index;
	norm_settle_backward(&n);
}

void norm_apply_backward(const struct norm *n, int group, struct tensor d_y)
{
	const struct pass *p = n->pass;
	_Alignas(64) real mask[LANES];

	if (!p->d_in[0].at)
		return;
	lane_mask(p, group, mask);
	for (int c = 0; c < channels(n); c++) {
		struct batch_norm_job job = norm_job(n, c);
		job.x = channel_at(p->in[0], group, c);
		job.d_y = channel_at(d_y, group, c);
		job.d_x = channel_at(p->d_in[0], group, c);
		job.lane_mask = mask;
		job.mask = p->mask;
		job.stream = streams_past(p->d_in[0]);
		p->kernels->batch_norm_backward(&job);
	}
}

static void apply_backward(const struct pass *p, int group)
{
	struct norm n = norm_alone(p);

	norm_apply_backward(&n, group, p->d_out);
}

const struct layer_type layer_batch_norm = {
	.kind = { "batch_norm", "batch normalisation of each channel", fields, sizeof(struct batch_norm),
	          about },
	.inputs = 1, .plan = plan,
	.alone = {
		.applies_activation = true, .masks = true, .plan = plan_operation,
		.forward = {
			{ .run = measure, .moves = { .in = 1 } },
			{ .run = settle, .scope = ONCE },
			{ .run = apply, .moves = { .in = 1, .out = 1, .params = 1 } },
		},
		.backward = {
			{ .run = measure_backward, .moves = { .in = 1, .d_out = 1, .d_params = 1 } },
			{ .run = settle_backward, .scope = ONCE },
			{ .run = apply_backward, .data_moves = { .in = 1, .d_out = 1, .d_in = 1, .params = 1 } },
		},
	},
};
