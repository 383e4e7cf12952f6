/* A 1x1 convolution, its activation, batch norm's moments and gradient, and a max pooling, fused, of every set, against
 * the naive loops one after the other: over whole numbers, so that every comparison is for equality, and so few of them
 * that windows have many equal ones. Shapes are so large that rows go in several bands, and windows overlap, tile,
 * leave rows out, and hang over the edges. */
#include "nn/kernel/conv_norm_pool.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>

enum { CASES = 24, EMPTY = 3 /* lanes of the last group without an image */ };

/* One case, as plain arrays of LANES images. */
struct bed {
	struct shape in, x_shape, out;
	struct window window;
	struct activation activation, mask_by;
	double *in_at, *weights, *bias, *gamma, *mean, *gain, *slope, *shift, *d_out;
	double *x, *x_at_argmax, *sums;                     /* what is looked for: see struct conv_norm_pool_job */
	double *d, *d_in, *d_weights, *d_bias;
};

static size_t plane(struct shape s)
{
	return (size_t)(s.h * s.w);
}

/* Of the i-th number of an array of some shape: its channel, and 0 in an empty lane. */
static size_t channel_of(struct shape s, size_t i)
{
	return i / plane(s) % (size_t)s.c;
}

static double mask_of(struct shape s, size_t i)
{
	return i / image_len(s) < LANES - EMPTY;
}

static void compute_x(struct bed *b)
{
	naive_conv(&(struct naive_conv){ .images = LANES, .groups = 1, .in_shape = b->in, .out_shape = b->x_shape,
		.window = { { 1, 1 }, 1, 0, 0 }, .in = b->in_at, .weight = b->weights, .bias = b->bias, .out = b->x });
	for (size_t i = 0; i < LANES * image_len(b->x_shape); i++) {
		double *sums = b->sums + 2 * channel_of(b->x_shape, i), mask = mask_of(b->x_shape, i);
		b->x[i] = naive_activate(b->x[i], (double)b->activation.slope, (double)b->activation.cap);
		sums[0] += mask * b->x[i];
		sums[1] += mask * b->x[i] * b->x[i];
	}
}

/* Of each window the x that maximizes gamma * x, gamma being 1 or -1, and d_out at its argmax. */
static void compute_argmax(struct bed *b, double *d_argmax)
{
	size_t len = LANES * image_len(b->x_shape);
	double *seen = take_doubles(len);
	const struct window *w = &b->window;

	for (size_t i = 0; i < len; i++)
		seen[i] = b->gamma[channel_of(b->x_shape, i)] * b->x[i];
	naive_max_pool(&(struct naive_pool){ .images = LANES, .in_shape = b->x_shape, .out_shape = b->out,
		.window = { w->kernel, w->stride, w->top, w->left }, .in = seen, .out = b->x_at_argmax,
		.d_out = b->d_out, .d_in = d_argmax });
	for (size_t i = 0; i < LANES * image_len(b->out); i++)
		b->x_at_argmax[i] /= b->gamma[channel_of(b->out, i)];
}

static void compute_gradients(struct bed *b, const double *d_argmax)
{
	struct naive_conv conv = { .images = LANES, .groups = 1, .in_shape = b->in, .out_shape = b->x_shape,
		.window = { { 1, 1 }, 1, 0, 0 }, .in = b->in_at, .weight = b->d_weights, .bias = b->d_bias,
		.out = b->d };

	for (size_t i = 0; i < LANES * image_len(b->x_shape); i++) {
		size_t c = channel_of(b->x_shape, i);
		double d = d_argmax[i] * b->gain[c] + (b->x[i] - b->mean[c]) * b->slope[c] + b->shift[c];
		b->d[i] = mask_of(b->x_shape, i) * naive_activate_backward(d, b->x[i], (double)b->activation.slope,
		                                                           (double)b->activation.cap);
	}
	naive_conv_weights(&conv);
	conv.weight = b->weights;
	conv.in = b->d_in;
	naive_conv_data(&conv);
	for (size_t i = 0; i < LANES * image_len(b->in); i++)
		b->d_in[i] = naive_activate_backward(b->d_in[i], b->in_at[i], (double)b->mask_by.slope,
		                                     (double)b->mask_by.cap);
}

static struct bed bed_of(struct rng *rng, struct shape in, int channels, const struct window *window)
{
	static const struct activation activations[] = { { 1, INFINITY }, { 0, INFINITY }, { 0, 6 }, { (real)0.5, 4 } };
	struct bed b = { .in = in, .x_shape = { channels, in.h, in.w },
		.out = { channels, window->out_h, window->out_w }, .window = *window,
		.activation = activations[rng_below(rng, 4)], .mask_by = activations[rng_below(rng, 4)] };
	size_t c = (size_t)channels, n = (size_t)in.c, len = LANES * image_len(b.x_shape);
	double *d_argmax = take_doubles(len);

	b.in_at = take_integers(rng, LANES * image_len(in), 2);
	b.weights = take_integers(rng, c * n, 1);
	b.bias = take_integers(rng, c, 2);
	b.gamma = take_doubles(c);
	b.mean = take_integers(rng, c, 2);
	b.gain = take_integers(rng, c, 2);
	b.slope = take_integers(rng, c, 2);
	b.shift = take_integers(rng, c, 2);
	b.d_out = take_integers(rng, LANES * image_len(b.out), 2);
	b.x = take_doubles(len);
	b.x_at_argmax = take_doubles(LANES * image_len(b.out));
	b.sums = take_doubles(2 * c);
	b.d = take_doubles(len);
	b.d_in = take_doubles(LANES * image_len(in));
	b.d_weights = take_doubles(c * n);
	b.d_bias = take_doubles(c);
	for (size_t i = 0; i < c; i++)
		b.gamma[i] = rng_below(rng, 2) ? 1 : -1;
	for (size_t i = 0; i < 2 * c; i++)
		b.sums[i] = 0;
	compute_x(&b);
	compute_argmax(&b, d_argmax);
	compute_gradients(&b, d_argmax);
	return b;
}

static struct conv_norm_pool_job job_of(const struct bed *b, const real *mask)
{
	size_t n = (size_t)b->in.c, c = (size_t)b->out.c;
	struct packed packed = take_pointwise(b->weights, b->out.c, b->in.c);

	return (struct conv_norm_pool_job){ .in = take_lanes(b->in_at, b->in, LANES, 0), .in_shape = b->in,
		.channels = b->out.c, .weights = packed.forward, .bias = take_copy(b->bias, c),
		.activation = b->activation, .windows = &b->window, .gamma = take_copy(b->gamma, c),
		.x_at_argmax = take_reals(LANES * image_len(b->out)), .lane_mask = mask,
		.scratch = take_reals(conv_norm_pool_scratch_len(b->in, b->out.c, &b->window)),
		.sums = take_doubles(2 * c), .mean = take_copy(b->mean, c), .gain = take_copy(b->gain, c),
		.slope = take_copy(b->slope, c), .shift = take_copy(b->shift, c),
		.d_out = take_lanes(b->d_out, b->out, LANES, 0), .transposed_weights = packed.turned,
		.d_weights = take_reals(c * n), .d_bias = take_reals(c), .d_in = take_reals(LANES * image_len(b->in)),
		.mask = &b->mask_by };
}

static const char *name_of(const struct bed *b, const char *set)
{
	static char text[160];
	const struct window *w = &b->window;

	snprintf(text, sizeof text, "%s: %dx%dx%d to %d channels, windows %dx%d, stride %d, top %d, left %d", set,
	         b->in.c, b->in.h, b->in.w, b->out.c, w->kernel.h, w->kernel.w, w->stride, w->top, w->left);
	return text;
}

static void check_kernels(const struct bed *b, const struct kernels *k, bool stream)
{
	_Alignas(64) real mask[LANES];
	const char *name = name_of(b, k->name);
	size_t c = (size_t)b->out.c, weights = c * (size_t)b->in.c;

	for (int lane = 0; lane < LANES; lane++)
		mask[lane] = lane < LANES - EMPTY;
	struct conv_norm_pool_job job = job_of(b, mask);
	job.stream = stream;
	k->conv_norm_pool(&job);
	CHECK_EQUAL(name, take_plain(job.x_at_argmax, b->out, LANES), b->x_at_argmax, LANES * image_len(b->out));
	CHECK_EQUAL(name, job.sums, b->sums, 2 * c);
	k->conv_norm_pool_backward(&job);
	CHECK_EQUAL(name, take_plain(job.d_in, b->in, LANES), b->d_in, LANES * image_len(b->in));
	CHECK_EQUAL(name, take_wide(job.d_weights, weights), b->d_weights, weights);
	CHECK_EQUAL(name, take_wide(job.d_bias, c), b->d_bias, c);
}

static void check_case(struct rng *rng, struct shape in, int channels, const struct window *window)
{
	struct bed b = bed_of(rng, in, channels, window);

	for (EACH_SET(k))
		check_kernels(&b, *k, rng_below(rng, 2));
	take_nothing();
}

/* False where the layer would refuse such windows: they do not fit, or one lies wholly outside. */
static bool draw_window(struct rng *rng, struct shape in, struct window *w)
{
	*w = (struct window){ .kernel = { draw_between(rng, 1, 4), draw_between(rng, 1, 4) },
		.stride = draw_between(rng, 1, 5) };
	return window_place(w, in, draw_padding(rng, 2), (struct mark){ 0 }, NULL) && w->top < w->kernel.h &&
	       w->left < w->kernel.w && (w->out_h - 1) * w->stride - w->top < in.h &&
	       (w->out_w - 1) * w->stride - w->left < in.w;
}

TEST(conv_norm_pool_agrees_with_the_naive_loops_one_after_the_other)
{
	int several = 0;

	for (int i = 0; i < CASES; i++) {
		struct rng rng = rng_seed(107, (uint64_t)i);
		struct shape in = { draw_between(&rng, 1, 9), draw_between(&rng, 10, 40), draw_between(&rng, 10, 40) };
		int channels = draw_between(&rng, 1, 60);
		struct window w;
		if (!draw_window(&rng, in, &w))
			continue;
		several += conv_norm_pool_windows(in, channels, &w) < w.out_h;
		check_case(&rng, in, channels, &w);
	}
	CHECK(several > CASES / 4);
}

/* Those of real networks; and one whose weight gradient is a product. */
TEST(conv_norm_pool_of_usual_windows_agrees_with_the_naive_loops)
{
	static const struct { struct shape in; int channels, kernel, stride; } cases[] = {
		{ { 12, 48, 48 }, 24, 3, 2 }, { { 7, 28, 28 }, 33, 2, 2 }, { { 40, 9, 21 }, 80, 3, 2 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct rng rng = rng_seed(109, i);
		struct window w = { .kernel = { cases[i].kernel, cases[i].kernel }, .stride = cases[i].stride };
		CHECK(window_place(&w, cases[i].in, (struct padding){ .rule = PADDING_VALID }, (struct mark){ 0 },
		                   NULL));
		CHECK(product_sides(cases[i].in.c, cases[i].channels).pays == (i == 2));
		check_case(&rng, cases[i].in, cases[i].channels, &w);
	}
}

/* Nothing between two windows is larger or smaller under a gamma of 0: the first pixel inside each wins. And without
 * moments, as in inference, without a bias, or d_in. */
TEST(conv_norm_pool_with_less_than_all)
{
	struct rng rng = rng_seed(113, 0);
	struct shape in = { 5, 30, 20 }, one = { 1, 30, 20 };
	struct window w = { .kernel = { 3, 3 }, .stride = 2 };
	window_place(&w, in, (struct padding){ .rule = PADDING_EXPLICIT, 1, 1, 1, 1 }, (struct mark){ 0 }, NULL);
	struct bed b = bed_of(&rng, in, 40, &w);
	_Alignas(64) real mask[LANES] = { 1 };

	for (EACH_SET(k)) {
		struct conv_norm_pool_job job = job_of(&b, mask);
		real *gamma = take_copy(b.gamma, 40);
		gamma[3] = 0;
		job.gamma = gamma;
		job.sums = NULL;
		(*k)->conv_norm_pool(&job);
		const double *got = take_plain(job.x_at_argmax, b.out, LANES);
		for (size_t y = 0; y < (size_t)w.out_h; y++)
			for (size_t x = 0; x < (size_t)w.out_w; x++)
				CHECK_CLOSE(got[3 * plane(b.out) + y * (size_t)w.out_w + x],
				            b.x[3 * plane(one) + (y ? 2 * y - 1 : 0) * 20 + (x ? 2 * x - 1 : 0)], 0);
		CHECK_EQUAL("others", got, b.x_at_argmax, 3 * plane(b.out));
		job = job_of(&b, mask);
		job.d_in = NULL;
		job.d_bias = NULL;
		for (int lane = 0; lane < LANES - EMPTY; lane++)
			mask[lane] = 1;
		(*k)->conv_norm_pool(&job);
		(*k)->conv_norm_pool_backward(&job);
		CHECK_EQUAL("weights", take_wide(job.d_weights, 200), b.d_weights, 200);
	}
	take_nothing();
}
