/* Batch norm, its activation and a 1x1 convolution, fused, of every set, against the naive loops one after the other:
 * over whole numbers, so that every comparison is for equality. Shapes are so large that pixels go in several bands,
 * and so odd that these end anywhere. */
#include "nn/kernel/active_norm_conv.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>

enum { CASES = 12 };

/* One case, as plain arrays of LANES images. */
struct bed {
	struct shape in, out;
	struct activation activation;
	double *x, *scale, *shift, *mean, *weights, *bias, *d_z;
	double *y, *z;                  /* behind the activation; the output */
	double *d, *sums, *d_weights;   /* what is looked for: see struct active_norm_conv_job */
};

static struct naive_conv conv_of(const struct bed *b, double *in, double *weights, double *out)
{
	return (struct naive_conv){ .images = LANES, .groups = 1, .in_shape = b->in, .out_shape = b->out,
		.window = { { 1, 1 }, 1, 0, 0 }, .in = in, .weight = weights, .out = out };
}

/* Of the i-th number of an array like x. */
static size_t channel_of(const struct bed *b, size_t i)
{
	return i / (size_t)(b->in.h * b->in.w) % (size_t)b->in.c;
}

static void compute(struct bed *b)
{
	struct naive_conv forward = conv_of(b, b->y, b->weights, b->z);
	struct naive_conv by_weights = conv_of(b, b->y, b->d_weights, b->d_z);
	struct naive_conv by_data = conv_of(b, b->d, b->weights, b->d_z);
	size_t len = LANES * image_len(b->in);

	for (size_t i = 0; i < len; i++) {
		size_t c = channel_of(b, i);
		b->y[i] = naive_activate(b->scale[c] * b->x[i] + b->shift[c], (double)b->activation.slope,
		                         (double)b->activation.cap);
	}
	forward.bias = b->bias;
	naive_conv(&forward);
	naive_conv_weights(&by_weights);
	naive_conv_data(&by_data);
	for (size_t i = 0; i < len; i++) {
		double *sums = b->sums + 2 * channel_of(b, i);
		b->d[i] = naive_activate_backward(b->d[i], b->y[i], (double)b->activation.slope,
		                                  (double)b->activation.cap);
		sums[0] += b->d[i];
		sums[1] += b->d[i] * (b->x[i] - b->mean[channel_of(b, i)]);
	}
}

static struct bed bed_of(struct rng *rng, struct shape in, int channels)
{
	static const struct activation activations[] = { { 1, INFINITY }, { 0, INFINITY }, { 0, 6 }, { (real)0.5, 4 } };
	struct bed b = { .in = in, .out = { channels, in.h, in.w }, .activation = activations[rng_below(rng, 4)] };
	size_t c = (size_t)channels, n = (size_t)in.c;

	b.x = take_integers(rng, LANES * image_len(in), 3);
	b.scale = take_integers(rng, n, 2);
	b.shift = take_integers(rng, n, 2);
	b.mean = take_integers(rng, n, 2);
	b.weights = take_integers(rng, c * n, 2);
	b.bias = rng_below(rng, 2) ? take_integers(rng, c, 4) : NULL;
	b.d_z = take_integers(rng, LANES * image_len(b.out), 2);
	b.y = take_doubles(LANES * image_len(in));
	b.z = take_doubles(LANES * image_len(b.out));
	b.d = take_doubles(LANES * image_len(in));
	b.sums = take_doubles(2 * n);
	b.d_weights = take_doubles(c * n);
	for (size_t i = 0; i < 2 * n; i++)
		b.sums[i] = 0;
	compute(&b);
	return b;
}

static struct active_norm_conv_job job_of(const struct bed *b)
{
	size_t n = (size_t)b->in.c, c = (size_t)b->out.c;
	struct packed packed = take_pointwise(b->weights, b->out.c, b->in.c);

	return (struct active_norm_conv_job){ .x = take_lanes(b->x, b->in, LANES, 0), .in_shape = b->in,
		.scale = take_copy(b->scale, n), .shift = take_copy(b->shift, n), .activation = b->activation,
		.channels = b->out.c, .scratch = take_reals(active_norm_conv_scratch_len(b->in, b->out.c)),
		.weights = packed.forward, .bias = b->bias ? take_copy(b->bias, c) : NULL,
		.out = take_reals(LANES * image_len(b->out)), .out_activation = ACTIVATION_IDENTITY,
		.d_out = take_lanes(b->d_z, b->out, LANES, 0), .transposed_weights = packed.turned,
		.mean = take_copy(b->mean, n), .d = take_reals(LANES * image_len(b->in)), .sums = take_doubles(2 * n),
		.d_weights = take_reals(c * n) };
}

static void check_case(int i, struct shape in, int channels)
{
	struct rng rng = rng_seed(101, (uint64_t)i);
	struct bed b = bed_of(&rng, in, channels);
	size_t weights = (size_t)(in.c * channels);

	for (EACH_SET(k)) {
		struct active_norm_conv_job job = job_of(&b);
		struct naive_conv shapes = conv_of(&b, NULL, NULL, NULL);
		const char *name = naive_conv_name(&shapes, (*k)->name);
		job.stream = i % 2;
		(*k)->active_norm_conv(&job);
		CHECK_EQUAL(name, take_plain(job.out, b.out, LANES), b.z, LANES * image_len(b.out));
		(*k)->active_norm_conv_backward(&job);
		CHECK_EQUAL(name, take_plain(job.d, in, LANES), b.d, LANES * image_len(in));
		CHECK_EQUAL(name, job.sums, b.sums, 2 * (size_t)in.c);
		CHECK_EQUAL(name, take_wide(job.d_weights, weights), b.d_weights, weights);
	}
	take_nothing();
}

TEST(active_norm_conv_agrees_with_the_naive_loops_one_after_the_other)
{
	for (int i = 0; i < CASES; i++) {
		struct rng rng = rng_seed(103, (uint64_t)i);
		struct shape in = { draw_between(&rng, 1, 50), draw_between(&rng, 1, 12), draw_between(&rng, 1, 14) };
		check_case(i, in, draw_between(&rng, 1, 40));
	}
	CHECK(active_norm_conv_pixels((struct shape){ 120, 11, 13 }) < 11 * 13 / 5);
	check_case(CASES, (struct shape){ 120, 11, 13 }, 30);   /* several bands; more inputs than outputs */
	check_case(CASES + 1, (struct shape){ 34, 13, 11 }, 53);        /* two bands; fewer */
	check_case(CASES + 2, (struct shape){ 500, 3, 5 }, 9);          /* a band of the fewest pixels */
}
