/* The pooling kernels of every set, forward and backward: by numbers from paper, and equal to the naive loops over odd
 * shapes. */
#include "nn/kernel/window.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>

enum { RANDOM_CASES = 150 };

/* What one set makes of a case: out and d_in, plain. */
struct pooled { double *out, *d_in; };

static struct pooled pool(const struct naive_pool *p, const struct kernels *k, bool max)
{
	const struct naive_window *w = &p->window;
	real *out = take_reals(group_len(p->out_shape)), *d_in = take_reals(group_len(p->in_shape));
	struct pool_job job = { .in = take_lanes(p->in, p->in_shape, p->images, 9), .in_shape = p->in_shape,
		.out = out, .out_shape = p->out_shape, .window = { w->kernel.h, w->kernel.w }, .stride = w->stride,
		.top = w->top, .left = w->left };

	(max ? k->max_pool : k->average_pool)(&job);
	job.d_out = take_lanes(p->d_out, p->out_shape, p->images, 0);
	job.d_in = d_in;
	(max ? k->max_pool_backward : k->average_pool_backward)(&job);
	return (struct pooled){ take_plain(out, p->out_shape, p->images), take_plain(d_in, p->in_shape, p->images) };
}

/* What 3x3 numbers and the gradients of 2x2 outputs must become. */
struct pools { const double *max, *max_d_in, *mean, *mean_d_in; };

static void check_pools(const struct naive_pool *p, const struct pools *want)
{
	for (EACH_SET(k)) {
		struct pooled got = pool(p, *k, true);
		CHECK_EQUAL((*k)->name, got.out, want->max, 4);
		CHECK_EQUAL((*k)->name, got.d_in, want->max_d_in, 9);
		got = pool(p, *k, false);
		CHECK_EQUAL((*k)->name, got.out, want->mean, 4);
		CHECK_EQUAL((*k)->name, got.d_in, want->mean_d_in, 9);
		take_nothing();
	}
}

/* Rows 1 5 2 / 7 3 3 / 0 6 6, windows of 2, stride 1. Maxima 7 5 / 7 6; of the two sixes the left one takes the
 * gradient. Means 16 / 4, 13 / 4, 16 / 4, 18 / 4; the pixel in the middle lies in all four windows. */
TEST(pool_by_hand)
{
	static const double in[] = { 1, 5, 2, 7, 3, 3, 0, 6, 6 }, d_out[] = { 1, 10, 100, 1000 };
	static const double max[] = { 7, 5, 7, 6 }, max_d_in[] = { 0, 10, 0, 101, 0, 0, 0, 1000, 0 };
	static const double mean[] = { 4, 3.25, 4, 4.5 };
	static const double mean_d_in[] = { 0.25, 2.75, 2.5, 25.25, 277.75, 252.5, 25, 275, 250 };
	struct naive_pool p = { .images = 1, .in_shape = { 1, 3, 3 }, .out_shape = { 1, 2, 2 },
		.window = { { 2, 2 }, 1, 0, 0 },
	                        .in = in, .d_out = d_out };

	check_pools(&p, &(struct pools){ max, max_d_in, mean, mean_d_in });
}

/* Windows of 3, stride 2, "same" over 3x3: windows begin at -1 and 1, so each sees a 2x2 corner. All numbers are below
 * zero: padding wins no maximum. Means are over four taps, not nine. */
TEST(pool_same_counts_only_taps_inside)
{
	static const double in[] = { -1, -2, -3, -4, -8, -6, -7, -9, -5 }, d_out[] = { 4, 8, 12, 16 };
	static const double max[] = { -1, -2, -4, -5 }, max_d_in[] = { 4, 8, 0, 12, 0, 0, 0, 0, 16 };
	static const double mean[] = { -3.75, -4.75, -7, -7 }, mean_d_in[] = { 1, 3, 2, 4, 10, 6, 3, 7, 4 };
	struct naive_pool p = { .images = 1, .in_shape = { 1, 3, 3 }, .out_shape = { 1, 2, 2 },
		.window = { { 3, 3 }, 2, 1, 1 },
	                        .in = in, .d_out = d_out };

	check_pools(&p, &(struct pools){ max, max_d_in, mean, mean_d_in });
}

TEST(max_pool_gives_a_tie_to_the_first_in_reading_order)
{
	static const double in[] = { 2, 2, 2, 2, 0, 3, 3, 0, 3 }, d_out[] = { 5 };
	static const double want[] = { 0, 0, 0, 0, 0, 5, 0, 0, 0 };
	struct naive_pool p = { .images = 1, .in_shape = { 1, 3, 3 }, .out_shape = { 1, 1, 1 },
		.window = { { 3, 3 }, 1, 0, 0 },
	                        .in = in, .d_out = d_out };

	for (EACH_SET(k)) {
		CHECK_EQUAL((*k)->name, pool(&p, *k, true).d_in, want, 9);
		take_nothing();
	}
}

/* A number that is not one never hides one that is larger than the others. */
TEST(max_pool_keeps_the_maximum_beside_nan)
{
	static const double in[] = { 5, NAN, 3, 1 }, d_out[] = { 1 };
	struct naive_pool p = { .images = 1, .in_shape = { 1, 2, 2 }, .out_shape = { 1, 1, 1 },
		.window = { { 2, 2 }, 1, 0, 0 },
	                        .in = in, .d_out = d_out };

	for (EACH_SET(k)) {
		double got = pool(&p, *k, true).out[0];
		if (!isnan(got) && got != 5)
			test_fail(__FILE__, __LINE__, "%s: the maximum of 5, NaN, 3, 1 is %g", (*k)->name, got);
		take_nothing();
	}
}

/* False where the window does not fit, or lies wholly outside somewhere: the layer refuses both. In every fifth case
 * windows tile the image. */
static bool random_case(int i, struct naive_pool *p)
{
	struct rng rng = rng_seed(31, (uint64_t)i);
	struct window w = { .kernel = { draw_between(&rng, 1, 5), draw_between(&rng, 1, 5) },
		.stride = draw_between(&rng, 1, 4) };
	struct shape in = { draw_between(&rng, 1, 5), draw_between(&rng, 1, 14), draw_between(&rng, 1, 14) };

	struct padding padding = draw_padding(&rng, 2);

	if (i % 5 == 4) {
		w.kernel = (struct pair){ w.stride, w.stride };
		in.h = w.stride * draw_between(&rng, 1, 4);
		in.w = w.stride * draw_between(&rng, 1, 4);
		padding = (struct padding){ .rule = PADDING_VALID };
	}
	*p = (struct naive_pool){ .images = LANES, .in_shape = in };
	if (!window_place(&w, in, padding, (struct mark){ 0 }, NULL) || w.top >= w.kernel.h || w.left >= w.kernel.w ||
	    (w.out_h - 1) * w.stride - w.top >= in.h || (w.out_w - 1) * w.stride - w.left >= in.w)
		return false;
	p->out_shape = (struct shape){ in.c, w.out_h, w.out_w };
	p->window = (struct naive_window){ w.kernel, w.stride, w.top, w.left };
	p->in = take_integers(&rng, LANES * image_len(in), 3);         /* few values: many ties */
	p->d_out = take_integers(&rng, LANES * image_len(p->out_shape), 9);
	p->out = take_doubles(LANES * image_len(p->out_shape));
	p->d_in = take_doubles(LANES * image_len(in));
	return true;
}

static void check_case(const struct naive_pool *p, const struct kernels *k, bool max)
{
	char what[160];
	struct pooled got = pool(p, k, max);
	struct shape in = p->in_shape;
	const struct naive_window *w = &p->window;

	snprintf(what, sizeof what, "%s: %s of %dx%dx%d, window %dx%d, stride %d, top %d, left %d",
	         k->name, max ? "maximum" : "mean", in.c, in.h, in.w, w->kernel.h, w->kernel.w, w->stride, w->top,
	         w->left);
	CHECK_NEAR(what, got.out, p->out, LANES * image_len(p->out_shape), max ? 0 : 1e-6);
	CHECK_NEAR(what, got.d_in, p->d_in, LANES * image_len(p->in_shape), max ? 0 : 1e-6);
}

TEST(pool_agrees_with_the_naive_loops)
{
	struct naive_pool p;
	int cases = 0;

	for (int i = 0; i < RANDOM_CASES * 2; i++, take_nothing()) {
		if (!random_case(i / 2, &p))
			continue;
		cases++;
		(i % 2 ? naive_max_pool : naive_average_pool)(&p);
		for (EACH_SET(k))
			check_case(&p, *k, i % 2);
	}
	CHECK(cases > RANDOM_CASES);
}

/* --- Batch norm and a max pooling, fused --- */

/* y = scale * x + shift, whole numbers and halves: exact in any order. */
static const struct affine rules[] = {
	{ 1.5, 0.5, { 1, (real)INFINITY }, false }, { -1.5, 2, { 0, (real)INFINITY }, false },
	{ 2, -1, { 0.25, 6 }, true },
	{ 0, 1, { 0, 6 }, false },
};

/* The activations that x may have come from; the last one is none. */
static const struct activation masks[] = { { 0.25, (real)INFINITY }, { 0, (real)INFINITY }, { 0.25, 2 },
	{ 1, (real)INFINITY } };

/* Naive pooling of y, and back to x by batch norm's formula with mean 0.5, gain 2, slope 0.25, shift 1, and through an
 * activation mask. */
static void expect_norm(struct naive_pool *p, const struct affine *rule, const struct activation *mask_by,
                        const real *mask)
{
	size_t in_len = LANES * image_len(p->in_shape), out_len = LANES * image_len(p->out_shape);
	double *y = take_doubles(in_len);
	const double *x = p->in;

	for (size_t i = 0; i < in_len; i++)
		y[i] = x[i] * (double)rule->scale + (double)rule->shift;
	p->in = y;
	naive_max_pool(p);
	p->in = x;
	for (size_t i = 0; i < out_len; i++)
		p->out[i] = fmin(fmax(p->out[i], p->out[i] * (double)rule->activation.slope),
		                 (double)rule->activation.cap);
	for (size_t i = 0; i < in_len; i++) {
		double d = (double)mask[i / image_len(p->in_shape)] * (p->d_in[i] * 2 + (x[i] - 0.5) * 0.25 + 1);
		p->d_in[i] = x[i] >= (double)mask_by->cap ? 0 : x[i] > 0 ? d : d * (double)mask_by->slope;
	}
}

static void check_norm(const struct naive_pool *p, const struct affine *rule, const struct activation *mask_by,
                       const real *mask, const struct kernels *k)
{
	const struct naive_window *w = &p->window;
	real *out = take_reals(group_len(p->out_shape)), *d_in = take_reals(group_len(p->in_shape));
	struct norm_pool_job job = { .pool = { .in = take_lanes(p->in, p->in_shape, LANES, 0), .in_shape = p->in_shape,
		.out = take_reals(group_len(p->out_shape)), .out_shape = p->out_shape,
		.window = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top, .left = w->left,
		.choice = rule->scale > 0 ? CHOOSE_LARGEST : rule->scale < 0 ? CHOOSE_SMALLEST : CHOOSE_FIRST } };

	k->max_pool(&job.pool);
	k->scale_shift(job.pool.out, out, image_len(p->out_shape), rule);
	job.pool.d_out = take_lanes(p->d_out, p->out_shape, LANES, 0);
	job.pool.d_in = d_in;
	job.pool.mask = is_identity(*mask_by) ? NULL : mask_by;
	job.norm = (struct batch_norm_job){ .lane_mask = mask, .mean = 0.5, .gain = 2, .slope = 0.25, .shift = 1 };
	k->norm_max_pool_backward(&job);
	CHECK_EQUAL(k->name, take_plain(out, p->out_shape, LANES), p->out, LANES * image_len(p->out_shape));
	CHECK_EQUAL(k->name, take_plain(d_in, p->in_shape, LANES), p->d_in, LANES * image_len(p->in_shape));
}

TEST(norm_max_pool_is_batch_norm_then_activation_then_pool)
{
	struct naive_pool p;
	int cases = 0;

	for (int i = 0; i < RANDOM_CASES * 4; i++, take_nothing()) {
		if (!random_case(i, &p) || p.in_shape.c > 1)
			continue;
		real *mask = take_reals(LANES);
		for (int n = 0; n < LANES; n++)
			mask[n] = n < 13;
		const struct affine *rule = &rules[i % 4];
		const struct activation *mask_by = &masks[i / 4 % 4];
		expect_norm(&p, rule, mask_by, mask);
		for (EACH_SET(k))
			check_norm(&p, rule, mask_by, mask, *k);
		cases++;
	}
	CHECK(cases > 30);
}
