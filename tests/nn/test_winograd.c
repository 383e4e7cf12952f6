/* Winograd's convolution: its kernel transforms by hand, and the whole against the naive loops. With equality for
 * F(2x2, 3x3): whole numbers of this size make halves and quarters on the way, which are exact. Thirds and fifteenths
 * of the other two are not. */
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/winograd.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>

#define F2_3 ((struct winograd_form){ 3, 2 })
#define F2_5 ((struct winograd_form){ 5, 2 })
#define F4_3 ((struct winograd_form){ 3, 4 })

/* The points of one kernel, alone in its block. */
static void check_points(struct winograd_form form, const real *kernel, const double *want, double tolerance)
{
	real points[WINOGRAD_POINTS * CHANNEL_BLOCK];

	winograd_pack(&(struct winograd_pack){ .form = form, .kernels = kernel, .read = 1, .written = 1 }, points);
	for (int i = 0; i < winograd_points(form) * CHANNEL_BLOCK; i++)
		CHECK_CLOSE((double)points[i], i % CHANNEL_BLOCK ? 0 : want[i / CHANNEL_BLOCK], tolerance);
}

/* G g Gt for g = 1 2 3 / 4 5 6 / 7 8 9: the columns become 1 2 3, 6 7.5 9, 2 2.5 3, 7 8 9; then the rows of that. */
TEST(winograd_pack_by_hand)
{
	static const real kernel[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const double want[] = { 1, 3, 1, 3,  6, 11.25, 3.75, 9,  2, 3.75, 1.25, 3,  7, 12, 4, 9 };

	CHECK_INT(winograd_points(F2_3), 16);
	check_points(F2_3, kernel, want, 0);
}

/* A kernel y[row] * x[column] becomes the product of G y, `rows`, and G x with x = 0 1 0 ...: 0, -1/3, -1/3, 2/15,
 * 8/15, 0. */
static void check_six_points(struct winograd_form form, const real *kernel, const double rows[6])
{
	static const double columns[] = { 0, -1. / 3, -1. / 3, 2. / 15, 8. / 15, 0 };
	double want[36];

	CHECK_INT(winograd_points(form), 36);
	for (int i = 0; i < 36; i++)
		want[i] = rows[i / 6] * columns[i % 6];
	check_points(form, kernel, want, 1e-6);
}

/* y = 1 0 0 0 2: 1, -1, 1, 33/15, -18/15, 2. */
TEST(winograd_pack_of_five_by_hand)
{
	check_six_points(F2_5, (const real[25]){ [1] = 1, [21] = 2 }, (const double[]){ 1, -1, 1, 2.2, -1.2, 2 });
}

/* y = 1 0 2: 1, -(1 + 2)/3, (1 + 2)/3, (1 + 8)/15, -(16 + 8)/15, 2. */
TEST(winograd_pack_of_large_tiles_by_hand)
{
	check_six_points(F4_3, (const real[9]){ [1] = 1, [7] = 2 }, (const double[]){ 1, -1, 1, 0.6, -1.6, 2 });
}

/* 6x11 takes 18 tiles of 2x2, 288 products, or 6 of 4x4, 216; 8x6 12 and 192, or 4 and 144; 6x6 as many either way.
 * Nine tiles cover 36 pixels for 5x5. */
TEST(winograd_is_for_many_channels)
{
	struct shape many = { 64, 6, 11 }, some = { 16, 8, 6 }, few = { 3, 6, 11 }, square = { 64, 6, 6 };
	struct shape small = { 64, 5, 5 };
	int (*const ways[])(int, struct shape, struct shape) = { winograd_outputs, winograd_weights_outputs };

	for (int i = 0; i < 2; i++) {
		CHECK_INT(ways[i](3, many, many), 4);
		CHECK_INT(ways[i](3, some, some), 4);
		CHECK_INT(ways[i](3, square, square), 2);
		CHECK_INT(ways[i](5, many, many), 2);
		CHECK_INT(ways[i](5, some, some), 0);
		CHECK_INT(ways[i](1, many, many), 0);
		CHECK_INT(ways[i](7, many, many), 0);
		CHECK_INT(ways[i](3, few, many), 0);
		CHECK_INT(ways[i](3, many, few), 0);
		CHECK_INT(ways[i](3, many, small), 0);
	}
	CHECK_INT(winograd_outputs(3, small, many), 0);
	CHECK_INT(winograd_outputs(3, (struct shape){ 96, 6, 11 }, many), 4);
	CHECK_INT(winograd_outputs(3, (struct shape){ 97, 6, 11 }, many), 2);
	CHECK_INT(winograd_weights_outputs(3, (struct shape){ 97, 6, 11 }, many), 4);
	CHECK_INT(winograd_outputs(3, square, many), 2);
	CHECK_INT(winograd_weights_outputs(3, small, many), 4);         /* tiles are of outputs */
}

TEST(winograd_scratch)
{
	struct winograd few = { F2_3, 3, 4 }, many = { F2_5, 512, 512 };
	struct winograd_layout l = winograd_layout(&few);

	CHECK_INT(winograd_tiles(&few), WINOGRAD_TILES);
	CHECK_INT(winograd_tiles(&many), 3);
	CHECK_INT(winograd_layout(&many).tiles, 2);
	CHECK(winograd_stride(64, 6) >= 64 * 6 * LANES && winograd_stride(64, 6) % LANES == 0);
	CHECK_INT((long long)winograd_scratch_len(&few),
	          (long long)(16 * (winograd_stride(3, 6) + winograd_stride(4, 6))));
	CHECK_INT(l.rows, 4);
	CHECK_INT(l.columns, LANES);
	CHECK_INT((long long)l.len,
	          (long long)(16 * (l.inputs_stride + l.gradients_stride + 4 * LANES + LANES * LANES)));
}

static real *take_points(const struct naive_conv *c, struct winograd_form form)
{
	int out = c->out_shape.c, in = c->in_shape.c;
	size_t taps = (size_t)(form.kernel * form.kernel), blocks = conv_blocks(out);
	real *to = take_reals((size_t)winograd_points(form) * blocks * (size_t)in);

	winograd_pack(&(struct winograd_pack){ .form = form, .kernels = take_copy(c->weight, (size_t)(out * in) * taps),
		.read = in,
	              .written = out, .read_step = taps, .written_step = (size_t)in * taps }, to);
	return to;
}

static struct winograd_form form_of(int i)
{
	static const struct winograd_form forms[] = { { 3, 2 }, { 5, 2 }, { 3, 4 } };

	return forms[i % 3];
}

static void random_case(int i, struct naive_conv *c)
{
	struct rng rng = rng_seed(83, (uint64_t)i);
	int size = form_of(i).kernel, pad = size - 1, bottom = draw_between(&rng, 0, pad);
	int right = draw_between(&rng, 0, pad);

	*c = (struct naive_conv){ .images = LANES, .groups = 1,
		.window = { { size, size }, 1, draw_between(&rng, 0, pad), draw_between(&rng, 0, pad) },
		.in_shape = { draw_between(&rng, 1, 19), draw_between(&rng, size, 15), draw_between(&rng, size, 15) } };
	c->out_shape = (struct shape){ draw_between(&rng, 1, 21), c->in_shape.h + c->window.top + bottom - pad,
	                               c->in_shape.w + c->window.left + right - pad };
	c->in = take_integers(&rng, LANES * image_len(c->in_shape), 3);
	c->weight = take_integers(&rng, (size_t)(c->in_shape.c * c->out_shape.c * size * size), 5);
	c->bias = take_integers(&rng, (size_t)c->out_shape.c, 9);
	c->out = take_integers(&rng, LANES * image_len(c->out_shape), 3);
}

static double tolerance(struct winograd_form form)
{
	return winograd_points(form) == 16 ? 0 : 5e-6;
}

static const char *describe(const struct naive_conv *c, struct winograd_form form, const struct kernels *k)
{
	static char what[160];

	snprintf(what, sizeof what, "%s: %dx%d kernel, tiles of %d, %dx%dx%d to %d channels, top %d, left %d", k->name,
	         form.kernel, form.kernel, form.outputs, c->in_shape.h, c->in_shape.w, c->in_shape.c, c->out_shape.c,
	         c->window.top, c->window.left);
	return what;
}

static void check_outputs(const struct naive_conv *c, struct winograd_form form, const struct kernels *k, bool mask_by)
{
	struct winograd w = { form, c->in_shape.c, c->out_shape.c };
	size_t len = LANES * image_len(c->out_shape);
	double *want = take_doubles(len);
	struct conv_job job = {
		.in = take_lanes(c->in, c->in_shape, LANES, 0), .in_shape = c->in_shape,
		.out = take_reals(group_len(c->out_shape)), .out_shape = c->out_shape, .rows = c->out_shape.h,
		.columns = c->out_shape.w, .out_step = 1, .kernel = { form.kernel, form.kernel }, .stride = 1,
		.top = c->window.top, .left = c->window.left, .weights = take_points(c, form),
		.bias = take_copy(c->bias, (size_t)c->out_shape.c),
		.activation = { mask_by ? 1 : (real)0.25, mask_by ? (real)INFINITY : 100 }, .winograd = form.outputs,
		.stream = mask_by, .scratch = take_reals(winograd_scratch_len(&w)) };

	for (size_t i = 0; i < len; i++)
		want[i] = mask_by ? (i % 2 ? c->out[i] : c->out[i] * 0.5) :
			fmin(fmax(c->out[i], c->out[i] * 0.25), 100);
	if (mask_by) {
		double *outputs = take_doubles(len);
		for (size_t i = 0; i < len; i++)
			outputs[i] = i % 2 ? 1 : -1;
		job.mask_by = take_lanes(outputs, c->out_shape, LANES, 0);
		job.mask_activation = (struct activation){ 0.5, (real)INFINITY };
	}
	k->conv(&job);
	CHECK_NEAR(describe(c, form, k), take_plain(job.out, c->out_shape, LANES), want, len, tolerance(form));
}

TEST(winograd_agrees_with_the_naive_loops)
{
	for (int i = 0; i < 90; i++, take_nothing()) {
		struct naive_conv c;
		random_case(i, &c);
		naive_conv(&c);
		for (EACH_SET(k))
			check_outputs(&c, form_of(i), *k, i / 3 % 2);
	}
}

static void check_weights(const struct naive_conv *c, struct winograd_form form, const struct kernels *k)
{
	struct winograd w = { form, c->in_shape.c, c->out_shape.c };
	size_t len = (size_t)(w.in_channels * w.out_channels * form.kernel * form.kernel);
	struct conv_weights_job job = {
		.in = take_lanes(c->in, c->in_shape, LANES, 0), .in_shape = c->in_shape,
		.d_out = take_lanes(c->out, c->out_shape, LANES, 0), .out_shape = c->out_shape,
		.kernel = { form.kernel, form.kernel }, .stride = 1,
		.top = c->window.top, .left = c->window.left, .d_weights = take_reals(len), .winograd = form.outputs,
		.scratch = take_reals(winograd_layout(&w).len) };

	k->conv_weights(&job);
	CHECK_NEAR(describe(c, form, k), take_wide(job.d_weights, len), c->weight, len, tolerance(form));
}

TEST(winograd_weight_gradients_agree_with_the_naive_loops)
{
	for (int i = 0; i < 90; i++, take_nothing()) {
		struct naive_conv c;
		random_case(i, &c);
		naive_conv_weights(&c);
		for (EACH_SET(k))
			check_weights(&c, form_of(i), *k);
	}
}
