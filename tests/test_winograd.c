/* Winograd's convolution: its kernel transform by hand, and the whole against the naive loops, with equality: whole numbers of this size
 * make halves and quarters on the way, which are exact. */
#include "nn/kernel/winograd.h"
#include "tests/draw.h"
#include "tests/lanes.h"
#include "tests/naive.h"
#include "tests/sets.h"
#include "tests/test.h"

#include <math.h>
#include <stdio.h>

/* G g Gt for g = 1 2 3 / 4 5 6 / 7 8 9: the columns become 1 2 3, 6 7.5 9, 2 2.5 3, 7 8 9; then the rows of that. */
TEST(winograd_kernel_by_hand)
{
	static const real kernel[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9 };
	static const double want[] = { 1, 3, 1, 3,  6, 11.25, 3.75, 9,  2, 3.75, 1.25, 3,  7, 12, 4, 9 };
	real points[WINOGRAD_POINTS];

	winograd_kernel(kernel, points);
	for (int i = 0; i < WINOGRAD_POINTS; i++)
		CHECK_CLOSE((double)points[i], want[i], 0);
}

TEST(winograd_is_for_many_channels)
{
	struct shape many = { 64, 6, 11 }, few = { 3, 6, 11 }, small = { 64, 5, 5 };

	CHECK(winograd_pays(many, many) && !winograd_pays(few, many) && !winograd_pays(many, few));
	CHECK(!winograd_pays(small, many) && !winograd_pays(many, small));      /* nine tiles cover 36 pixels for 25 */
	CHECK(winograd_stride(64) >= 64 * WINOGRAD_TILES * LANES && winograd_stride(64) % LANES == 0);
	CHECK_INT((long long)winograd_scratch_len(3, 4), (long long)(16 * (winograd_stride(3) + winograd_stride(4))));
}

static real *take_points(const struct naive_conv *c)
{
	int out = c->out_shape.c, in = c->in_shape.c, blocks = (out + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
	size_t each = (size_t)(blocks * CHANNEL_BLOCK * in);
	real *to = take_reals(WINOGRAD_POINTS * each), kernel[9], points[WINOGRAD_POINTS];

	for (int o = 0; o < out; o++)
		for (int i = 0; i < in; i++) {
			for (int k = 0; k < 9; k++)
				kernel[k] = (real)c->weight[(o * in + i) * 9 + k];
			winograd_kernel(kernel, points);
			for (size_t k = 0; k < WINOGRAD_POINTS; k++)
				to[k * each + packed_at(o, (size_t)in, (size_t)i)] = points[k];
		}
	return to;
}

static void random_case(int i, struct naive_conv *c)
{
	struct rng rng = rng_seed(83, (uint64_t)i);
	int bottom = draw_between(&rng, 0, 2), right = draw_between(&rng, 0, 2);

	*c = (struct naive_conv){ .images = LANES, .groups = 1,
		.window = { { 3, 3 }, 1, draw_between(&rng, 0, 2), draw_between(&rng, 0, 2) },
		.in_shape = { draw_between(&rng, 1, 9), draw_between(&rng, 3, 15), draw_between(&rng, 3, 15) } };
	c->out_shape = (struct shape){ draw_between(&rng, 1, 9), c->in_shape.h + c->window.top + bottom - 2,
	                               c->in_shape.w + c->window.left + right - 2 };
	c->in = take_integers(&rng, LANES * image_len(c->in_shape), 9);
	c->weight = take_integers(&rng, (size_t)(c->in_shape.c * c->out_shape.c * 9), 5);
	c->bias = take_integers(&rng, (size_t)c->out_shape.c, 9);
	c->out = take_doubles(LANES * image_len(c->out_shape));
	naive_conv(c);
}

static void check_case(const struct naive_conv *c, const struct kernels *k, bool gate)
{
	char what[120];
	size_t len = LANES * image_len(c->out_shape);
	double *want = take_doubles(len);
	struct conv_job job = {
		.in = take_lanes(c->in, c->in_shape, LANES, 0), .in_shape = c->in_shape, .out = take_reals(group_len(c->out_shape)),
		.out_shape = c->out_shape, .rows = c->out_shape.h, .columns = c->out_shape.w, .out_step = 1,
		.kernel = { 3, 3 }, .stride = 1,
		.top = c->window.top, .left = c->window.left, .weights = take_points(c), .bias = take_copy(c->bias, (size_t)c->out_shape.c),
		.activation = { gate ? 1 : (real)0.25, gate ? (real)INFINITY : 100 }, .winograd = true, .stream = gate,
		.scratch = take_reals(winograd_scratch_len(c->in_shape.c, c->out_shape.c)) };

	for (size_t i = 0; i < len; i++)
		want[i] = gate ? (i % 2 ? c->out[i] : c->out[i] * 0.5) : fmin(fmax(c->out[i], c->out[i] * 0.25), 100);
	if (gate) {
		double *outputs = take_doubles(len);
		for (size_t i = 0; i < len; i++)
			outputs[i] = i % 2 ? 1 : -1;
		job.gate = take_lanes(outputs, c->out_shape, LANES, 0);
		job.gate_activation = (struct activation){ 0.5, (real)INFINITY };
	}
	k->conv(&job);
	snprintf(what, sizeof what, "%s: %dx%dx%d to %d channels, top %d, left %d", k->name, c->in_shape.h, c->in_shape.w, c->in_shape.c,
	         c->out_shape.c, c->window.top, c->window.left);
	CHECK_EQUAL(what, take_plain(job.out, c->out_shape, LANES), want, len);
}

TEST(winograd_agrees_with_the_naive_loops)
{
	for (int i = 0; i < 60; i++, take_nothing()) {
		struct naive_conv c;
		random_case(i, &c);
		for (EACH_SET(k))
			check_case(&c, *k, i % 2);
	}
}
