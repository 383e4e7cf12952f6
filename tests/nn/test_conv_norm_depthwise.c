/* A 1x1 convolution, its activation and a depthwise convolution, fused, of every set, against the naive loops one after
 * the other: over whole numbers, so that every comparison is for equality. Shapes are so large that rows go in several
 * bands, and so odd that these end anywhere. */
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/conv_phase.h"
#include "nn/kernel/conv_norm_depthwise.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { TAPS = 9, CASES = 12 };

/* One case, as plain arrays of LANES images; what the kernels are to find among them. */
struct bed {
	struct shape in, middle, out;
	struct window window;
	struct activation activation;
	double *x, *weights, *bias, *taps, *out_bias;
	double *y;                      /* behind the activation */
	double *z;                      /* the output */
	double *d_z, *d_y, *d_x;        /* d_y: with respect to the activation's input */
	double *back;                   /* other weights, by which d_y goes back, [channels][inputs] */
	double *d_taps, *products, *sums;       /* products: [channels][inputs] */
};

static struct naive_conv pointwise(const struct bed *b, double *in, double *weights, double *out)
{
	return (struct naive_conv){ .images = LANES, .groups = 1, .in_shape = b->in, .out_shape = b->middle,
		.window = { { 1, 1 }, 1, 0, 0 }, .in = in, .weight = weights, .out = out };
}

static struct naive_conv depthwise(const struct bed *b, double *in, double *taps, double *out)
{
	return (struct naive_conv){ .images = LANES, .groups = b->middle.c, .in_shape = b->middle, .out_shape = b->out,
		.window = { { 3, 3 }, b->window.stride, b->window.top, b->window.left }, .in = in, .weight = taps,
		.out = out };
}

static void forward(struct bed *b)
{
	struct naive_conv dense = pointwise(b, b->x, b->weights, b->y), convolve = depthwise(b, b->y, b->taps, b->z);

	dense.bias = b->bias;
	convolve.bias = b->out_bias;
	naive_conv(&dense);
	for (size_t i = 0; i < LANES * image_len(b->middle); i++)
		b->y[i] = naive_activate(b->y[i], (double)b->activation.slope, (double)b->activation.cap);
	naive_conv(&convolve);
}

static void add_up(struct bed *b)
{
	size_t plane = (size_t)b->middle.h * (size_t)b->middle.w;

	memset(b->sums, 0, (size_t)b->middle.c * sizeof *b->sums);
	for (size_t i = 0; i < LANES * image_len(b->middle); i++)
		b->sums[i / plane % (size_t)b->middle.c] += b->d_y[i];
}

static void backward(struct bed *b)
{
	struct naive_conv by_taps = depthwise(b, b->y, b->d_taps, b->d_z);
	struct naive_conv by_data = depthwise(b, b->d_y, b->taps, b->d_z);
	struct naive_conv by_weights = pointwise(b, b->x, b->products, b->d_y);
	struct naive_conv to_input = pointwise(b, b->d_x, b->back, b->d_y);

	naive_conv_weights(&by_taps);
	naive_conv_data(&by_data);
	for (size_t i = 0; i < LANES * image_len(b->middle); i++)
		b->d_y[i] = naive_activate_backward(b->d_y[i], b->y[i], (double)b->activation.slope,
		                                    (double)b->activation.cap);
	naive_conv_weights(&by_weights);
	naive_conv_data(&to_input);
	add_up(b);
}

static struct bed bed_of(struct rng *rng, struct shape in, int channels)
{
	struct bed b = { .in = in, .middle = { channels, in.h, in.w },
		.window = { .kernel = { 3, 3 }, .stride = draw_between(rng, 1, 2) } };
	static const struct activation activations[] = { { 1, INFINITY }, { 0, INFINITY }, { 0, 6 },
		{ (real)0.5, 40 } };
	size_t c = (size_t)channels, n = (size_t)in.c;

	window_place(&b.window, b.middle, draw_padding(rng, 3), (struct mark){ 0 }, NULL);
	b.out = (struct shape){ channels, b.window.out_h, b.window.out_w };
	b.activation = activations[rng_below(rng, 4)];
	b.x = take_integers(rng, LANES * image_len(in), 2);
	b.weights = take_integers(rng, c * n, 1);
	b.back = take_integers(rng, c * n, 1);
	b.bias = take_integers(rng, c, 4);
	b.taps = take_integers(rng, c * TAPS, 2);
	b.out_bias = rng_below(rng, 2) ? take_integers(rng, c, 4) : NULL;
	b.d_z = take_integers(rng, LANES * image_len(b.out), 2);
	b.y = take_doubles(LANES * image_len(b.middle));
	b.d_y = take_doubles(LANES * image_len(b.middle));
	b.z = take_doubles(LANES * image_len(b.out));
	b.d_x = take_doubles(LANES * image_len(in));
	b.d_taps = take_doubles(c * TAPS);
	b.products = take_doubles(c * n);
	b.sums = take_doubles(c);
	forward(&b);
	backward(&b);
	return b;
}

/* Each channel's taps forward, and those of all phases back. */
static void pack_taps(const struct bed *b, real *forward_to, real *back_to)
{
	const real *kernel = take_copy(b->taps, (size_t)(b->middle.c * TAPS));
	const struct window *w = &b->window;

	for (int c = 0; c < b->middle.c; c++, forward_to += TAPS * CHANNEL_BLOCK) {
		struct conv_taps t = { .kernel = kernel + c * TAPS, .out_each = 1, .in_each = 1, .size = { 3, 3 },
			.count = { 3, 3 }, .step = 1 };
		conv_pack(&t, forward_to);
		t.step = w->stride;
		for (int i = 0; i < w->stride * w->stride; i++) {
			struct conv_phase y = conv_phase(i / w->stride, w->stride, w->top, 3);
			struct conv_phase x = conv_phase(i % w->stride, w->stride, w->left, 3);
			t.first = (struct pair){ y.first, x.first };
			t.count = (struct pair){ y.count, x.count };
			conv_pack_flipped(&t, back_to);
			back_to += y.count * x.count * CHANNEL_BLOCK;
		}
	}
}

static struct conv_norm_depthwise_job job_of(const struct bed *b)
{
	int channels = b->middle.c;
	struct packed there = take_pointwise(b->weights, channels, b->in.c);
	struct packed back = take_pointwise(b->back, channels, b->in.c);
	size_t taps_len = (size_t)(channels * TAPS * CHANNEL_BLOCK);
	real *taps = take_reals(taps_len), *flipped_taps = take_reals(taps_len);

	pack_taps(b, taps, flipped_taps);
	return (struct conv_norm_depthwise_job){ .in = take_lanes(b->x, b->in, LANES, 0), .in_shape = b->in,
		.channels = channels, .weights = there.forward, .bias = take_copy(b->bias, (size_t)channels),
		.activation = b->activation, .window = &b->window, .taps = taps,
		.scratch = take_reals(conv_norm_depthwise_scratch_len(b->in, channels, &b->window)),
		.out = take_reals(LANES * image_len(b->out)),
		.out_bias = b->out_bias ? take_copy(b->out_bias, (size_t)channels) : NULL,
		.out_activation = ACTIVATION_IDENTITY, .d_out = take_lanes(b->d_z, b->out, LANES, 0),
		.flipped_taps = flipped_taps, .transposed_weights = back.turned,
		.d_in = take_reals(LANES * image_len(b->in)), .d_taps = take_reals((size_t)(channels * TAPS)),
		.products = take_reals((size_t)channels * conv_norm_depthwise_columns(b->in.c)) };
}

/* Column `from` and those after it of rows that are conv_norm_depthwise_columns() long. */
static double *columns_of(const struct bed *b, const real *products, int from, int count)
{
	double *to = take_doubles((size_t)(b->middle.c * count));

	for (int c = 0; c < b->middle.c; c++)
		for (int i = 0; i < count; i++)
			to[c * count + i] = (double)products[(size_t)c * conv_norm_depthwise_columns(b->in.c) +
			                                     (size_t)(from + i)];
	return to;
}

static const char *name_of(const struct bed *b, const struct kernels *k)
{
	struct naive_conv c = depthwise(b, NULL, NULL, NULL);

	return naive_conv_name(&c, k->name);
}

static void check_backward(const struct bed *b, const struct kernels *k, struct conv_norm_depthwise_job *job)
{
	size_t channels = (size_t)b->middle.c;

	k->conv_norm_depthwise_backward(job);
	CHECK_EQUAL(name_of(b, k), take_wide(job->d_taps, channels * TAPS), b->d_taps, channels * TAPS);
	CHECK_EQUAL(name_of(b, k), columns_of(b, job->products, 0, b->in.c), b->products, channels * (size_t)b->in.c);
	CHECK_EQUAL(name_of(b, k), columns_of(b, job->products, b->in.c, 1), b->sums, channels);
	if (job->d_in)
		CHECK_EQUAL(name_of(b, k), take_plain(job->d_in, b->in, LANES), b->d_x, LANES * image_len(b->in));
}

static void check_case(int i, struct shape in, int channels)
{
	struct rng rng = rng_seed(83, (uint64_t)i);
	struct bed b = bed_of(&rng, in, channels);

	for (EACH_SET(k)) {
		struct conv_norm_depthwise_job job = job_of(&b);
		job.stream = i % 2;
		(*k)->conv_norm_depthwise(&job);
		CHECK_EQUAL(name_of(&b, *k), take_plain(job.out, b.out, LANES), b.z, LANES * image_len(b.out));
		check_backward(&b, *k, &job);
		job.d_in = NULL;
		check_backward(&b, *k, &job);
	}
	take_nothing();
}

TEST(conv_norm_depthwise_agrees_with_the_naive_loops_one_after_the_other)
{
	for (int i = 0; i < CASES; i++) {
		struct rng rng = rng_seed(89, (uint64_t)i);
		struct shape in = { draw_between(&rng, 1, 9), draw_between(&rng, 3, 12), draw_between(&rng, 3, 14) };
		check_case(i, in, draw_between(&rng, 1, 40));
	}
	check_case(CASES, (struct shape){ 16, 5, 20 }, 210);    /* inputs fill their lanes, sums have their own */
	check_case(CASES + 1, (struct shape){ 13, 9, 23 }, 130);
	check_case(CASES + 2, (struct shape){ 70, 25, 7 }, 37); /* several bands forward */
}

TEST(channel_gram_agrees_with_the_naive_loops)
{
	static const struct shape shapes[] = { { 1, 3, 5 }, { 4, 8, 9 }, { 15, 7, 3 }, { 30, 12, 12 }, { 91, 4, 5 } };

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++, take_nothing()) {
		struct rng rng = rng_seed(97, i);
		struct shape shape = shapes[i];
		size_t n = (size_t)shape.c, plane = (size_t)(shape.h * shape.w);
		double *x = take_integers(&rng, LANES * image_len(shape), 3), *want = take_doubles(n * n);
		double *sums = take_doubles(n);
		naive_conv_weights(&(struct naive_conv){ .images = LANES, .groups = 1, .in_shape = shape,
			.out_shape = shape, .window = { { 1, 1 }, 1, 0, 0 }, .in = x, .out = x, .weight = want });
		memset(sums, 0, n * sizeof *sums);
		for (size_t k = 0; k < LANES * image_len(shape); k++)
			sums[k / plane % n] += x[k];
		for (EACH_SET(k)) {
			struct gram_job job = { .x = take_lanes(x, shape, LANES, 0), .channels = shape.c,
				.height = shape.h, .width = shape.w, .products = take_reals(n * n),
				.sums = take_reals(n),
				.scratch = take_reals(conv_weights_scratch_len(shape.c, shape.c, 1, 1)) };
			(*k)->channel_gram(&job);
			CHECK_EQUAL((*k)->name, take_wide(job.products, n * n), want, n * n);
			CHECK_EQUAL((*k)->name, take_wide(job.sums, n), sums, n);
		}
	}
}
