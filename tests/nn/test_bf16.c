/* Convolutions in bfloat16: the rounding by its definition, and every kernel against the naive loops. Whole numbers
 * below 256 are bfloat16 numbers, so that comparisons over them are for equality; others are rounded for the naive
 * loops too. */
#include "nn/kernel/window.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>

enum { RANDOM_CASES = 250 };

static real value_of(real_bits half)
{
	real_bits bits = half << HALF_BITS;
	real x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

/* One part in 128 is a last digit: 1 + 1/256 and 1 + 3/256 lie in the middle of two numbers. */
TEST(bf16_rounds_to_the_nearest_and_of_two_to_the_even_one)
{
	static const struct { double x, want; } cases[] = {
		{ 0, 0 }, { 1, 1 }, { -3, -3 }, { 255, 255 }, { 257, 256 }, { 259, 260 },
		{ 1 + 1. / 256, 1 }, { 1 + 3. / 256, 1 + 4. / 256 }, { 1 + 1. / 256 + 1e-6, 1 + 2. / 256 },
		{ -1 - 3. / 256 + 1e-6, -1 - 2. / 256 }, { 3.4e38, INFINITY }, { -INFINITY, -INFINITY },
		{ 1.1754944e-38, 1.1754944e-38 }, { 1e-38, 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		double got = (double)value_of(bf16_half((real)cases[i].x));
		CHECK(got == (double)(real)cases[i].want);
	}
	CHECK(signbit(value_of(bf16_half((real)-1e-40))));
	CHECK(isnan(value_of(bf16_half((real)NAN))) && isnan(value_of(bf16_half((real)-NAN))));
}

/* Every number with a half's bits comes back from a pair, whichever side it is on. */
TEST(bf16_keeps_what_is_one_already)
{
	for (real_bits half = 0; half < 65536; half++) {
		real_bits pair = bf16_pair(value_of(half), value_of(65535 - half)), low = pair & 65535;
		real_bits high = pair >> HALF_BITS;
		bool normal = (half & 0x7f80) && (half & 0x7fff) <= 0x7f80;
		bool other = (~half & 0x7f80) && (~half & 0x7fff) <= 0x7f80;
		if (normal)
			CHECK_INT((long long)low, (long long)half);
		if (other)
			CHECK_INT((long long)high, (long long)(65535 - half));
	}
}

static void round_all(double *x, size_t len)
{
	for (size_t i = 0; i < len; i++)
		x[i] = (double)value_of(bf16_half((real)x[i]));
}

/* Either whole numbers, or such that are rounded: then both sides round the same, and only the sums' last digits
 * differ. */
static double *take_factors(struct rng *rng, size_t len, bool whole)
{
	double *x = whole ? take_integers(rng, len, 4) : take_fractions(rng, len);

	round_all(x, len);
	return x;
}

static int channels_of(struct rng *rng)
{
	int c = draw_between(rng, 1, 10);

	return c == 10 ? 29 : c == 9 ? 80 : c;
}

/* Every eighth a 1x1 kernel over whole planes, every ninth an image so wide that it goes in several pieces. */
static bool random_case(int i, struct naive_conv *c)
{
	struct rng rng = rng_seed(171, (uint64_t)i);
	bool pointwise = i % 8 == 7, wide = i % 9 == 8;
	int most = pointwise ? 1 : 5;
	struct window w = { .kernel = { draw_between(&rng, 1, most), draw_between(&rng, 1, most) },
	                    .stride = pointwise ? 1 : draw_between(&rng, 1, 4) };
	struct padding padding = pointwise ? (struct padding){ .rule = PADDING_SAME } : draw_padding(&rng, 6);

	*c = (struct naive_conv){ .images = LANES, .groups = 1,
		.in_shape = { wide ? 80 : channels_of(&rng), draw_between(&rng, 1, 14),
		wide ? 60 : draw_between(&rng, 1, 14) } };
	if (!window_place(&w, c->in_shape, padding, (struct mark){ 0 }, NULL))
		return false;
	c->out_shape = (struct shape){ wide ? 3 : channels_of(&rng), w.out_h, w.out_w };
	c->window = (struct naive_window){ w.kernel, w.stride, w.top, w.left };
	c->in = take_factors(&rng, LANES * image_len(c->in_shape), i % 2);
	c->weight = take_factors(&rng, (size_t)(c->out_shape.c * c->in_shape.c * w.kernel.h * w.kernel.w), i % 2);
	c->bias = take_integers(&rng, (size_t)c->out_shape.c, 4);
	c->out = take_factors(&rng, LANES * image_len(c->out_shape), i % 2);
	return true;
}

static double tolerance(int i)
{
	return i % 2 ? 0 : 2e-6;
}

/* [blocks of o][pair of i][ky][kx][CHANNEL_BLOCK]; what lies past the last channel is NaN. */
static real *take_packed(const struct naive_conv *c)
{
	int in = c->in_shape.c, taps = c->window.kernel.h * c->window.kernel.w, each = bf16_pairs(in) * taps;
	real *to = take_reals((size_t)((c->out_shape.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK * each));

	for (int o = 0; o < c->out_shape.c; o++)
		for (int k = 0; k < each; k++) {
			const double *at = c->weight + (o * in + k / taps * 2) * taps + k % taps;
			real_bits pair = bf16_pair((real)at[0], k / taps * 2 + 1 < in ? (real)at[taps] : 0);
			memcpy(to + packed_at(o, (size_t)each, (size_t)k), &pair, sizeof pair);
		}
	return to;
}

static struct conv_job job_of(const struct naive_conv *c)
{
	struct conv_job job = { .in = take_lanes(c->in, c->in_shape, LANES, 0), .in_shape = c->in_shape,
		.out_shape = c->out_shape, .rows = c->out_shape.h, .columns = c->out_shape.w, .out_step = 1,
		.stride = c->window.stride, .kernel = { c->window.kernel.h, c->window.kernel.w }, .top = c->window.top,
		.left = c->window.left, .weights = take_packed(c), .bias = take_copy(c->bias, (size_t)c->out_shape.c),
		.activation = ACTIVATION_IDENTITY, .bf16 = true };

	job.scratch = take_reals(bf16_scratch_len(&job));
	return job;
}

TEST(bf16_convolution_agrees_with_the_naive_loops)
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
			job.out = take_reals(group_len(c.out_shape));
			job.stream = i % 3 == 0;
			(*k)->conv(&job);
			double *got = take_plain(job.out, c.out_shape, LANES);
			CHECK_NEAR(naive_conv_name(&c, (*k)->name), got, c.out, LANES * image_len(c.out_shape),
			           tolerance(i));
		}
	}
	CHECK(cases > RANDOM_CASES * 3 / 4);
}

/* As the gradient with respect to the input writes it: every step-th pixel, through an activation mask, and no other
 * pixel. */
static void check_spread(const struct naive_conv *c, const struct kernels *k, int step)
{
	struct shape out = c->out_shape, wide = { out.c, out.h * step + 1, out.w * step };
	size_t len = LANES * image_len(wide);
	double *want = take_doubles(len), *mask_by = take_doubles(len);
	struct conv_job job = job_of(c);

	for (size_t i = 0; i < len; i++) {
		want[i] = -77;
		mask_by[i] = i % 3 ? 1 : -1;
	}
	job.out = take_lanes(want, wide, LANES, 0);
	job.out_shape = wide;
	job.out_step = step;
	job.out_row = 1;
	job.mask_by = take_lanes(mask_by, wide, LANES, 0);
	job.mask_activation = (struct activation){ 0.5, (real)INFINITY };
	k->conv(&job);
	for (int i = 0; i < LANES * out.c; i++)
		for (int y = 0; y < out.h; y++)
			for (int x = 0; x < out.w; x++) {
				int at = (i * wide.h + y * step + 1) * wide.w + x * step;
				want[at] = c->out[(i * out.h + y) * out.w + x] * (mask_by[at] > 0 ? 1 : 0.5);
			}
	CHECK_EQUAL(naive_conv_name(c, k->name), take_plain(job.out, wide, LANES), want, len);
}

TEST(bf16_convolution_writes_every_step_th_pixel_masked)
{
	struct naive_conv c;

	for (int i = 1; i < 120; i += 2, take_nothing()) {
		if (!random_case(i, &c))
			continue;
		naive_conv(&c);
		for (EACH_SET(k))
			check_spread(&c, *k, 1 + i % 4);
	}
}

/* Whatever lies outside is zeros, however far: nothing is read or written there. And a kernel without taps gives the
 * bias. */
TEST(bf16_convolution_of_what_lies_outside_is_the_bias)
{
	double bias[5] = { 1, -2, 3, 4, 5 };
	static const struct pair kernels[] = { { 0, 2 }, { 1, 0 }, { 2, 0 }, { 3, 3 } };
	static const int places[] = { -40, -5, -1, 0, 1, 40 };

	for (size_t i = 0; i < 4 * 6; i++)
		for (EACH_SET(k)) {
			int place = kernels[i / 6].h == 3 ? (places[i % 6] < 0 ? -40 : 40) : places[i % 6];
			double *none = take_doubles(5 * 6 * 9);
			struct naive_conv c = { .images = LANES, .in_shape = { 6, 4, 5 }, .out_shape = { 5, 6, 7 },
				.in = take_doubles(LANES * 120), .weight = none, .bias = bias,
				.window = { kernels[i / 6], 1, place, place } };
			for (int n = 0; n < 5 * 6 * 9; n++)
				none[n] = 1;
			for (int n = 0; n < LANES * 120; n++)
				c.in[n] = 7;
			struct conv_job job = job_of(&c);
			job.out = take_reals(group_len(c.out_shape));
			(*k)->conv(&job);
			double *got = take_plain(job.out, c.out_shape, 1);
			for (size_t n = 0; n < image_len(c.out_shape); n++)
				CHECK_CLOSE(got[n], bias[n / 42], 0);
			take_nothing();
		}
}

TEST(bf16_weight_gradients_agree_with_the_naive_loops)
{
	struct naive_conv c;

	for (int i = 0; i < RANDOM_CASES; i++, take_nothing()) {
		if (!random_case(i, &c))
			continue;
		size_t len = (size_t)(c.out_shape.c * c.in_shape.c * c.window.kernel.h * c.window.kernel.w);
		naive_conv_weights(&c);
		for (EACH_SET(k)) {
			struct conv_weights_job job = { .in = take_lanes(c.in, c.in_shape, LANES, 0),
				.in_shape = c.in_shape, .d_out = take_lanes(c.out, c.out_shape, LANES, 0),
				.out_shape = c.out_shape, .stride = c.window.stride,
				.kernel = { c.window.kernel.h, c.window.kernel.w }, .top = c.window.top,
				.left = c.window.left, .d_weights = take_reals(len), .bf16 = true };
			job.scratch = take_reals(bf16_layout(&job).len);
			(*k)->conv_weights(&job);
			CHECK_NEAR(naive_conv_name(&c, (*k)->name), take_wide(job.d_weights, len), c.weight, len,
			           tolerance(i));
		}
	}
}

/* Sums that do not all have room: several bands of rows, several turns over the output channels. */
TEST(bf16_weight_gradients_of_large_planes_agree_with_the_naive_loops)
{
	static const struct { struct shape in; int channels, kernel, stride; } cases[] = {
		{ { 6, 37, 41 }, 9, 3, 1 }, { { 70, 14, 30 }, 50, 3, 1 }, { { 13, 40, 39 }, 5, 5, 2 },
			{ { 30, 19, 19 }, 61, 1, 1 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++, take_nothing()) {
		struct rng rng = rng_seed(172, i);
		struct window w = { .kernel = { cases[i].kernel, cases[i].kernel }, .stride = cases[i].stride };
		window_place(&w, cases[i].in, (struct padding){ .rule = PADDING_SAME }, (struct mark){ 0 }, NULL);
		struct shape in = cases[i].in, out = { cases[i].channels, w.out_h, w.out_w };
		size_t len = (size_t)(out.c * in.c * w.kernel.h * w.kernel.w);
		struct naive_conv c = { .images = LANES, .groups = 1, .in_shape = in, .out_shape = out,
			.window = { w.kernel, w.stride, w.top, w.left },
			.in = take_integers(&rng, LANES * image_len(in), 4), .weight = take_doubles(len),
			.bias = take_doubles((size_t)out.c), .out = take_integers(&rng, LANES * image_len(out), 4) };
		naive_conv_weights(&c);
		for (EACH_SET(k)) {
			struct conv_weights_job job = { .in = take_lanes(c.in, in, LANES, 0), .in_shape = in,
				.d_out = take_lanes(c.out, out, LANES, 0), .out_shape = out, .stride = w.stride,
				.kernel = { w.kernel.h, w.kernel.w }, .top = w.top, .left = w.left,
				.d_weights = take_reals(len), .d_bias = take_reals((size_t)out.c), .bf16 = true };
			CHECK(!bf16_layout(&job).whole);
			job.scratch = take_reals(bf16_layout(&job).len);
			(*k)->conv_weights(&job);
			CHECK_EQUAL(naive_conv_name(&c, (*k)->name), take_wide(job.d_weights, len), c.weight, len);
			CHECK_EQUAL(naive_conv_name(&c, (*k)->name), take_wide(job.d_bias, (size_t)out.c), c.bias,
			            (size_t)out.c);
		}
	}
}

TEST(bf16_is_for_several_channels)
{
	CHECK(bf16_pays(4, 4) && !bf16_pays(3, 100) && !bf16_pays(100, 3));
}
