/* The convolution kernels of every set against numbers from paper, and against the naive loops over hundreds of odd
 * shapes.
 *
 * Inputs are whole numbers, so sums are exact in any order and every comparison is for equality. */
#include "nn/kernel/window.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RANDOM_CASES = 250 };

/* [blocks of o][i][ky][kx][CHANNEL_BLOCK]. What lies past the last channel is NaN: no kernel may let it through. */
static real *take_packed(const double *weight, int outputs, int each)
{
	int blocks = (outputs + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
	real *to = take_reals((size_t)(blocks * CHANNEL_BLOCK * each));

	for (int o = 0; o < outputs; o++)
		for (int k = 0; k < each; k++)
			to[(o / CHANNEL_BLOCK * each + k) * CHANNEL_BLOCK + o % CHANNEL_BLOCK] =
				(real)weight[o * each + k];
	return to;
}

static struct conv_job job_of(const struct naive_conv *c)
{
	const struct naive_window *w = &c->window;

	return (struct conv_job){
		.in_shape = c->in_shape, .out_shape = c->out_shape,
		.rows = c->out_shape.h, .columns = c->out_shape.w, .out_step = 1,
		.kernel = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top, .left = w->left,
		.weights = take_packed(c->weight, c->out_shape.c, c->in_shape.c * w->kernel.h * w->kernel.w),
		.bias = c->bias ? take_copy(c->bias, (size_t)c->out_shape.c) : NULL, .activation = ACTIVATION_IDENTITY,
	};
}

/* --- From paper --- */

static const struct { const char *name; enum padding_rule rule; int size, stride, out; double want[16]; } ones[] = {
	/* "same" over 4x4: a window of ones counts its taps inside the image, 9 in the middle, 6 on an edge, 4 in a
	 * corner. */
	{ "same 4x4", PADDING_SAME, 4, 1, 4, { 4, 6, 6, 4,  6, 9, 9, 6,  6, 9, 9, 6,  4, 6, 6, 4 } },
	{ "valid 4x4", PADDING_VALID, 4, 1, 2, { 9, 9,  9, 9 } },
	/* TensorFlow, 4 rows, stride 2: 2 rows out, (2 - 1) * 2 + 3 - 4 = 1 row of zeros, below. Windows begin at 0 and
	 * 2: they see 3 and 2 rows. */
	{ "same 4x4 stride 2", PADDING_SAME, 4, 2, 2, { 9, 6,  6, 4 } },
	/* 5 rows, stride 2: 3 rows out, (3 - 1) * 2 + 3 - 5 = 2 rows of zeros, one on each side. Windows begin at -1,
	 * 1, 3: they see 2, 3 and 2 rows. */
	{ "same 5x5 stride 2", PADDING_SAME, 5, 2, 3, { 4, 6, 4,  6, 9, 6,  4, 6, 4 } },
	/* 7 rows, stride 3: 3 rows out, (3 - 1) * 3 + 3 - 7 = 2 rows of zeros. Windows begin at -1, 2, 5: they see
	 * 2, 3 and 2 rows. */
	{ "same 7x7 stride 3", PADDING_SAME, 7, 3, 3, { 4, 6, 4,  6, 9, 6,  4, 6, 4 } },
};

TEST(conv_of_ones_counts_the_taps_inside)
{
	for (size_t i = 0; i < sizeof ones / sizeof *ones; i++) {
		struct window window = { .kernel = { 3, 3 }, .stride = ones[i].stride };
		struct shape in = { 1, ones[i].size, ones[i].size }, out = { 1, ones[i].out, ones[i].out };
		CHECK(window_place(&window, in, (struct padding){ .rule = ones[i].rule }, (struct mark){ 0 }, NULL));
		CHECK_INT(window.out_h, ones[i].out);
		CHECK_INT(window.out_w, ones[i].out);
		double one[64];
		for (int k = 0; k < 64; k++)
			one[k] = 1;
		struct naive_conv c = { .images = 1, .in_shape = in, .out_shape = out, .weight = one,
		                        .window = { window.kernel, window.stride, window.top, window.left } };
		for (EACH_SET(k)) {
			struct conv_job job = job_of(&c);
			real *result = take_reals(group_len(out));
			job.in = take_lanes(one, in, 1, 0);
			job.out = result;
			(*k)->conv(&job);
			CHECK_EQUAL(ones[i].name, take_plain(result, out, 1), ones[i].want, image_len(out));
			take_nothing();
		}
	}
}

/* 1 2 3   times  1 10    : a correlation, the kernel is not flipped: 1 + 2*10 + 4*100 + 5*1000 = 5421, and so on.
 * 4 5 6        100 1000
 * 7 8 9 */
TEST(conv_does_not_turn_the_kernel)
{
	double in[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 }, weight[] = { 1, 10, 100, 1000 }, bias[] = { 0.5 };
	static const double want[] = { 5421.5, 6532.5, 8754.5, 9865.5 };
	struct naive_conv c = { .images = 1, .in_shape = { 1, 3, 3 }, .out_shape = { 1, 2, 2 }, .weight = weight,
		.bias = bias,
	                        .window = { { 2, 2 }, 1, 0, 0 } };

	for (EACH_SET(k)) {
		struct conv_job job = job_of(&c);
		job.in = take_lanes(in, c.in_shape, 1, 0);
		job.out = take_reals(group_len(c.out_shape));
		(*k)->conv(&job);
		CHECK_EQUAL((*k)->name, take_plain(job.out, c.out_shape, 1), want, 4);
		take_nothing();
	}
}

/* --- Against the naive loops --- */

/* Sometimes so many that their sums do not all fit in a weight gradient's scratch at once. */
static int channels_of(struct rng *rng)
{
	int c = draw_between(rng, 1, 10);

	return c == 10 ? 29 : c;
}

/* Case number i: shapes, window and numbers; false where the kernel does not fit. All memory is taken. Every eighth is
 * a 1x1 kernel over so many channels that its blocks have another form. */
static bool random_case(int i, struct naive_conv *c)
{
	struct rng rng = rng_seed(17, (uint64_t)i);
	bool many = i % 8 == 7;
	int most = many ? 1 : 5;
	struct window w = { .kernel = { draw_between(&rng, 1, most), draw_between(&rng, 1, most) },
	                    .stride = draw_between(&rng, 1, many ? 2 : 4) };

	*c = (struct naive_conv){ .images = LANES, .groups = 1,
		.in_shape = { many ? draw_between(&rng, 30, 40) : channels_of(&rng),
		              draw_between(&rng, 1, 14), draw_between(&rng, 1, 14) } };
	struct padding padding = many ? (struct padding){ .rule = PADDING_SAME } : draw_padding(&rng, 6);
	if (!window_place(&w, c->in_shape, padding, (struct mark){ 0 }, NULL))
		return false;
	c->out_shape = (struct shape){ many ? draw_between(&rng, 1, 30) : channels_of(&rng), w.out_h, w.out_w };
	c->window = (struct naive_window){ w.kernel, w.stride, w.top, w.left };
	c->in = take_integers(&rng, LANES * image_len(c->in_shape), 4);
	c->weight = take_integers(&rng, (size_t)(c->out_shape.c * c->in_shape.c * w.kernel.h * w.kernel.w), 4);
	c->bias = rng_below(&rng, 2) ? take_integers(&rng, (size_t)c->out_shape.c, 4) : NULL;
	c->out = take_doubles(LANES * image_len(c->out_shape));
	return true;
}

TEST(conv_agrees_with_the_naive_loops)
{
	struct naive_conv c;
	int cases = 0;

	for (int i = 0; i < RANDOM_CASES; i++, take_nothing()) {
		if (!random_case(i, &c))
			continue;
		cases++;
		naive_conv(&c);
		for (EACH_SET(k)) {
			struct conv_job job = job_of(&c);
			job.in = take_lanes(c.in, c.in_shape, LANES, 0);
			job.out = take_reals(group_len(c.out_shape));
			(*k)->conv(&job);
			double *got = take_plain(job.out, c.out_shape, LANES);
			CHECK_EQUAL(naive_conv_name(&c, (*k)->name), got, c.out, LANES * image_len(c.out_shape));
		}
	}
	CHECK(cases > RANDOM_CASES * 3 / 4);
}

TEST(conv_weights_agree_with_the_naive_loops)
{
	struct naive_conv c;

	for (int i = 0; i < RANDOM_CASES; i++, take_nothing()) {
		struct rng rng = rng_seed(18, (uint64_t)i);
		if (!random_case(i, &c))
			continue;
		size_t outputs = LANES * image_len(c.out_shape), weights = (size_t)(c.out_shape.c * c.in_shape.c) *
		                 (size_t)(c.window.kernel.h * c.window.kernel.w);
		c.out = take_integers(&rng, outputs, 4);
		naive_conv_weights(&c);
		for (EACH_SET(k)) {
			real *got = take_reals(weights), *bias = take_reals((size_t)c.out_shape.c);
			(*k)->conv_weights(&(struct conv_weights_job){
				.in = take_lanes(c.in, c.in_shape, LANES, 0), .in_shape = c.in_shape,
				.d_out = take_lanes(c.out, c.out_shape, LANES, 0), .out_shape = c.out_shape,
				.kernel = { c.window.kernel.h, c.window.kernel.w }, .stride = c.window.stride,
				.top = c.window.top, .left = c.window.left, .d_weights = got,
				.d_bias = c.bias ? bias : NULL,
				.scratch = take_reals(conv_weights_scratch_len(c.in_shape.c, c.out_shape.c,
				                                               c.window.kernel.h, c.window.kernel.w)),
			});
			CHECK_EQUAL(naive_conv_name(&c, (*k)->name), take_wide(got, weights), c.weight, weights);
			if (c.bias)
				CHECK_EQUAL(naive_conv_name(&c, (*k)->name), take_wide(bias, (size_t)c.out_shape.c),
				            c.bias, (size_t)c.out_shape.c);
		}
	}
}

/* 1x1 kernels with enough channels for a matrix product, in several stretches of pixels where there are many. */
TEST(conv_weights_under_many_channels_agree_with_the_naive_loops)
{
	static const struct { struct shape in; int channels; bool outputs; } cases[] = {
		{ { 32, 3, 4 }, 48, false }, { { 45, 5, 3 }, 97, false }, { { 64, 9, 9 }, 96, false },
		{ { 30, 11, 13 }, 123, false }, { { 257, 3, 3 }, 59, true }, { { 100, 11, 5 }, 30, true },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, take_nothing()) {
		struct rng rng = rng_seed(19, i);
		struct shape in = cases[i].in, out = { cases[i].channels, in.h, in.w };
		size_t weights = (size_t)(in.c * out.c);
		struct naive_conv c = { .images = LANES, .groups = 1, .in_shape = in, .out_shape = out,
			.window = { { 1, 1 }, 1, 0, 0 }, .in = take_integers(&rng, LANES * image_len(in), 4),
			.weight = take_doubles(weights), .bias = take_doubles((size_t)out.c),
			.out = take_integers(&rng, LANES * image_len(out), 4) };
		naive_conv_weights(&c);
		for (EACH_SET(k)) {
			struct conv_weights_job job = { .in = take_lanes(c.in, in, LANES, 0), .in_shape = in,
				.d_out = take_lanes(c.out, out, LANES, 0), .out_shape = out, .kernel = { 1, 1 },
				.stride = 1, .d_weights = take_reals(weights), .d_bias = take_reals((size_t)out.c),
				.scratch = take_reals(conv_weights_scratch_len(in.c, out.c, 1, 1)) };
			CHECK(conv_weights_is_product(&job) && product_sides(in.c, out.c).outputs == cases[i].outputs);
			(*k)->conv_weights(&job);
			CHECK_EQUAL(naive_conv_name(&c, (*k)->name), take_wide(job.d_weights, weights), c.weight,
			            weights);
			CHECK_EQUAL(naive_conv_name(&c, (*k)->name), take_wide(job.d_bias, (size_t)out.c), c.bias,
			            (size_t)out.c);
			job.top = 1;
			CHECK(!conv_weights_is_product(&job));
		}
	}
}

/* The output of a job may be every step-th pixel of a larger array, from (row, column) on; all the others stay as they
 * are. */
static void check_spread(const struct naive_conv *c, const struct kernels *k, int step, struct pair from)
{
	struct shape out = c->out_shape;
	struct shape wide = { out.c, (out.h - 1) * step + from.h + 2, (out.w - 1) * step + from.w + 1 };
	double *want = take_doubles(LANES * image_len(wide));
	struct conv_job job = job_of(c);

	for (size_t i = 0; i < LANES * image_len(wide); i++)
		want[i] = -77;
	real *got = take_lanes(want, wide, LANES, 0);
	for (int i = 0; i < LANES * out.c; i++)
		for (int y = 0; y < out.h; y++)
			for (int x = 0; x < out.w; x++)
				want[(i * wide.h + y * step + from.h) * wide.w + x * step + from.w] =
					c->out[(i * out.h + y) * out.w + x];
	job.in = take_lanes(c->in, c->in_shape, LANES, 0);
	job.out = got;
	job.out_shape = wide;
	job.out_step = step;
	job.out_row = from.h;
	job.out_column = from.w;
	k->conv(&job);
	CHECK_EQUAL(naive_conv_name(c, k->name), take_plain(got, wide, LANES), want, LANES * image_len(wide));
}

TEST(conv_writes_every_step_th_pixel_and_no_other)
{
	struct naive_conv c;

	for (int i = 0; i < 60; i++, take_nothing()) {
		if (!random_case(i, &c))
			continue;
		naive_conv(&c);
		for (EACH_SET(k))
			check_spread(&c, *k, 1 + i % 4, (struct pair){ i % 3, i / 3 % 3 });
	}
}

/* What a phase without taps is: zeros (or the bias) everywhere, no input read. */
TEST(conv_with_an_empty_kernel_writes_the_bias)
{
	double bias[5] = { 1, -2, 3, 4, 5 };

	for (int h = 0; h < 3; h++)
		for (EACH_SET(k)) {
			struct naive_conv c = { .images = LANES, .in_shape = { 3, 4, 5 }, .out_shape = { 5, 6, 7 },
			                        .weight = bias, .bias = bias,
			                        .window = { { h, h ? 0 : 2 }, 1, -1, -1 } };
			struct conv_job job = job_of(&c);
			job.in = take_reals(group_len(c.in_shape));
			job.out = take_reals(group_len(c.out_shape));
			(*k)->conv(&job);
			double *got = take_plain(job.out, c.out_shape, 1);
			for (size_t i = 0; i < image_len(c.out_shape); i++)
				CHECK_CLOSE(got[i], bias[i / 42], 0);
			take_nothing();
		}
}

/* Outputs -1, 0, 3, 6 of a relu6, of a relu and of a leaky relu let gradients 10, 20, 30, 40 through where they were
 * not clipped. */
TEST(conv_masks_gradients_by_an_activation)
{
	double in[] = { 10, 20, 30, 40 }, one[] = { 1 }, mask_by[] = { -1, 0, 3, 6 };
	static const struct { struct activation a; double want[4]; } rules[] = {
		{ { 0, 6 }, { 0, 0, 30, 0 } }, { { 0, (real)INFINITY }, { 0, 0, 30, 40 } },
		{ { 0.25, (real)INFINITY }, { 2.5, 5, 30, 40 } },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		for (EACH_SET(k)) {
			struct naive_conv c = { .images = 1, .in_shape = { 1, 1, 4 }, .out_shape = { 1, 1, 4 },
			                        .weight = one, .window = { { 1, 1 }, 1, 0, 0 } };
			struct conv_job job = job_of(&c);
			job.in = take_lanes(in, c.in_shape, 1, 0);
			job.out = take_reals(group_len(c.out_shape));
			job.mask_by = take_lanes(mask_by, c.out_shape, 1, 0);
			job.mask_activation = rules[i].a;
			(*k)->conv(&job);
			CHECK_EQUAL((*k)->name, take_plain(job.out, c.out_shape, 1), rules[i].want, 4);
			take_nothing();
		}
}

/* Likewise, and slope 2 times the outputs comes in before: 10 - 2, 20 + 0, 30 + 6, 40 + 12, each let through or not.
 * One channel to one, and four to ten, which are blocks of both kinds. */
TEST(conv_adds_a_slope_before_the_mask)
{
	double in[4 * 4] = { 10, 20, 30, 40 }, weight[10 * 4], mask_by[10 * 4], slope[10], want[10 * 4];
	static const double masks[] = { -1, 0, 3, 6 };
	static const struct { struct activation a; double want[4]; } rules[] = {
		{ ACTIVATION_IDENTITY, { 8, 20, 36, 52 } }, { { 0.25, 6 }, { 2, 5, 36, 0 } },
	};

	for (int i = 0; i < 10 * 4; i++) {
		weight[i] = i % 4 == 0;
		mask_by[i] = masks[i % 4];
		slope[i / 4] = 2 + i / 4;
	}
	for (int many = 0; many < 4; many++)
		for (EACH_SET(k)) {
			struct shape from = { many % 2 ? 4 : 1, 1, 4 }, to = { many % 2 ? 10 : 1, 1, 4 };
			struct naive_conv c = { .images = 1, .in_shape = from, .out_shape = to,
			                        .weight = weight, .window = { { 1, 1 }, 1, 0, 0 } };
			struct conv_job job = job_of(&c);
			job.in = take_lanes(in, from, 1, 0);
			job.out = take_reals(group_len(to));
			job.mask_by = take_lanes(mask_by, to, 1, 0);
			job.mask_activation = rules[many / 2].a;
			job.slope = take_copy(slope, (size_t)to.c);
			for (int i = 0; i < to.c * 4; i++) {
				double y = masks[i % 4], sum = in[i % 4] + slope[i / 4] * y;
				want[i] = y >= (double)job.mask_activation.cap ? 0 : y > 0 ? sum :
					sum * (double)job.mask_activation.slope;
			}
			CHECK_EQUAL("channel 0", want, rules[many / 2].want, 4);
			(*k)->conv(&job);
			CHECK_EQUAL((*k)->name, take_plain(job.out, to, 1), want, (size_t)to.c * 4);
			take_nothing();
		}
}

/* Bias 7, weight 1: inputs -8, -7, -1, 0, NaN give -1, 0, 6, 7, NaN before the activation. */
TEST(conv_applies_its_activation)
{
	double in[] = { -8, -7, -1, 0, NAN }, one[] = { 1 }, bias[] = { 7 };
	static const struct { struct activation a; double want[4]; } rules[] = {
		{ { 1, (real)INFINITY }, { -1, 0, 6, 7 } }, { { 0, (real)INFINITY }, { 0, 0, 6, 7 } },
		{ { 0, 6 }, { 0, 0, 6, 6 } }, { { 0.25, (real)INFINITY }, { -0.25, 0, 6, 7 } },
	};

	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
		for (EACH_SET(k)) {
			struct naive_conv c = { .images = 1, .in_shape = { 1, 1, 5 }, .out_shape = { 1, 1, 5 },
			                        .weight = one, .bias = bias, .window = { { 1, 1 }, 1, 0, 0 } };
			struct conv_job job = job_of(&c);
			job.in = take_lanes(in, c.in_shape, 1, 0);
			job.out = take_reals(group_len(c.out_shape));
			job.activation = rules[i].a;
			(*k)->conv(&job);
			double *got = take_plain(job.out, c.out_shape, 1);
			CHECK_EQUAL((*k)->name, got, rules[i].want, 4);
			CHECK(isnan(got[4]));
			take_nothing();
		}
}

/* --- Both gradients --- */

/* Large enough that bands of rows pay: 1.6 MB a group. One after the other gives the same bytes. */
static void check_backward(const struct kernels *k, struct shape in, int channels, struct pair kernel)
{
	struct window w = { .kernel = kernel, .stride = 1 };
	struct rng rng = rng_seed(77, (uint64_t)(in.c * 100 + kernel.h * 10 + kernel.w));
	window_place(&w, in, (struct padding){ .rule = PADDING_SAME }, (struct mark){ 0 }, NULL);
	struct shape out = { channels, w.out_h, w.out_w };
	int taps = kernel.h * kernel.w;
	size_t weights_len = (size_t)(channels * in.c * taps), packed = (size_t)((in.c + 3) / 4 * 4 * channels * taps);
	size_t scratch = conv_weights_scratch_len(in.c, channels, kernel.h, kernel.w), in_len = group_len(in);
	size_t out_len = group_len(out);
	real *x = take_copy(take_fractions(&rng, in_len), in_len);
	real *d_out = take_copy(take_fractions(&rng, out_len), out_len);
	real *weights[2] = { take_reals(weights_len), take_reals(weights_len) };
	real *d_in[2] = { take_reals(in_len), take_reals(in_len) };
	real *bias[2] = { take_reals((size_t)channels), take_reals((size_t)channels) };
	const real *flipped = take_copy(take_fractions(&rng, packed), packed);

	for (int i = 0; i < 2; i++) {
		struct conv_weights_job by_weights = { .in = x, .in_shape = in, .d_out = d_out, .out_shape = out,
			.kernel = { kernel.h, kernel.w }, .stride = 1, .top = w.top, .left = w.left,
			.d_weights = weights[i], .d_bias = bias[i], .scratch = take_reals(scratch) };
		struct conv_job by_data = { .in = d_out, .in_shape = out, .out = d_in[i], .out_shape = in, .rows = in.h,
			.columns = in.w, .out_step = 1, .kernel = { kernel.h, kernel.w }, .stride = 1,
			.top = kernel.h - 1 - w.top, .left = kernel.w - 1 - w.left, .weights = flipped,
			.activation = ACTIVATION_IDENTITY, .mask_by = x, .mask_activation = { (real)0.1, 1 },
			.stream = true };
		if (i) {
			k->conv_backward(&by_weights, &by_data);
		} else {
			k->conv_weights(&by_weights);
			k->conv(&by_data);
		}
	}
	CHECK(streams(out));
	CHECK(!memcmp(weights[0], weights[1], weights_len * sizeof(real)));
	CHECK(!memcmp(bias[0], bias[1], (size_t)channels * sizeof(real)));
	CHECK(!memcmp(d_in[0], d_in[1], in_len * sizeof(real)));
	take_nothing();
}

TEST(conv_backward_is_both_gradients)
{
	for (EACH_SET(k)) {
		check_backward(*k, (struct shape){ 3, 50, 47 }, 13, (struct pair){ 3, 3 });
		check_backward(*k, (struct shape){ 5, 41, 44 }, 15, (struct pair){ 1, 1 });
		check_backward(*k, (struct shape){ 4, 70, 20 }, 19, (struct pair){ 4, 2 });
		check_backward(*k, (struct shape){ 32, 23, 24 }, 50, (struct pair){ 1, 1 });  /* a matrix product */
		check_backward(*k, (struct shape){ 9, 9, 9 }, 320, (struct pair){ 5, 5 });  /* too many sums at once */
	}
}
