/* Batch norm alone: numbers from paper, the textbook's loops in double (Ioffe and Szegedy 2015, algorithm 1), moving
 * statistics. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/one_layer.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>

/* One channel of 2 images of 2 pixels: 1 3, 5 7. Mean 4, variance (9 + 1 + 1 + 9) / 4 = 5, unbiased 20 / 3. Epsilon 4
 * makes the deviation 3. gamma 6, beta 10: y = 2 (x - 4) + 10. Moving mean 0.75 * 8 + 0.25 * 4 = 7, moving variance
 * 0.75 * 4 + 0.25 * 20 / 3 = 14 / 3.
 *
 * Backward, d_y = 1 0 0 3: d_beta 4, d_gamma = (-3 * 1 + 3 * 3) / 3 = 2;
 * d_x = 6 / 3 * (d_y - 4 / 4 - (x - 4) / 9 * 6 / 4) = 2 d_y - 2 - (x - 4) / 3 = 1, -5/3, -7/3, 3. */
TEST(batch_norm_by_hand)
{
	double params[] = { 6, 10 }, in[] = { 1, 3, 5, 7 }, d_out[] = { 1, 0, 0, 3 };
	static const double want[] = { 4, 8, 12, 16 }, d_params[] = { 2, 4 }, d_in[] = { 1, -5 / 3.0, -7 / 3.0, 3 };
	static const double moving[] = { 7, 14 / 3.0 };

	for (EACH_SET(k)) {
		struct one_layer layer;
		one_layer_open(&layer, "batch_norm epsilon=4 momentum=0.75", *k);
		one_layer_shape(&layer, (struct shape){ 1, 1, 2 }, 2);
		layer.params = params;
		layer.member.state[0] = 8;
		layer.member.state[1] = 4;
		CHECK_NEAR((*k)->name, one_layer_forward(&layer, in), want, 4, 1e-7);
		CHECK_NEAR((*k)->name, take_wide(layer.member.state, 2), moving, 2, 1e-7);
		CHECK_NEAR((*k)->name, one_layer_backward(&layer, d_out), d_in, 4, 1e-7);
		CHECK_NEAR((*k)->name, layer.d_params, d_params, 2, 1e-7);
		take_nothing();
	}
}

/* Moving mean 8, variance 5 and epsilon 4: y = 6 * (x - 8) / 3 + 10 = 2 x - 6, for any batch; nothing moves. */
TEST(batch_norm_in_inference_uses_moving_statistics)
{
	double params[] = { 6, 10 }, in[] = { 1, 3, 5, 7 };
	static const double want[] = { -4, 0, 4, 8 }, moving[] = { 8, 5 };

	for (EACH_SET(k)) {
		struct one_layer layer;
		one_layer_open(&layer, "batch_norm epsilon=4 momentum=0.75", *k);
		one_layer_shape(&layer, (struct shape){ 1, 1, 2 }, 2);
		layer.params = params;
		layer.pass.training = false;
		layer.member.state[0] = 8;
		layer.member.state[1] = 5;
		CHECK_NEAR((*k)->name, one_layer_forward(&layer, in), want, 4, 1e-7);
		CHECK_EQUAL((*k)->name, take_wide(layer.member.state, 2), moving, 2);
		take_nothing();
	}
}

/* The textbook's forward and backward for one channel, over [image][c][pixel]. */
struct textbook {
	int images, channels, pixels, c;
	const double *in, *d_out;
	double gamma, beta, *out, *d_in, mean, variance, d_gamma, d_beta;
};

static size_t place(const struct textbook *t, int n, int i)
{
	return ((size_t)n * (size_t)t->channels + (size_t)t->c) * (size_t)t->pixels + (size_t)i;
}

static void normalise(struct textbook *t, double epsilon)
{
	double count = (double)t->images * t->pixels, d_variance = 0, d_mean = 0;

	t->mean = t->variance = t->d_gamma = t->d_beta = 0;
	for (int k = 0; k < t->images * t->pixels; k++)
		t->mean += t->in[place(t, k / t->pixels, k % t->pixels)] / count;
	for (int k = 0; k < t->images * t->pixels; k++)
		t->variance += pow(t->in[place(t, k / t->pixels, k % t->pixels)] - t->mean, 2) / count;
	double inverse = 1 / sqrt(t->variance + epsilon);
	for (int k = 0; k < t->images * t->pixels; k++) {
		size_t at = place(t, k / t->pixels, k % t->pixels);
		double x = (t->in[at] - t->mean) * inverse;
		t->out[at] = t->gamma * x + t->beta;
		t->d_gamma += t->d_out[at] * x;
		t->d_beta += t->d_out[at];
		d_variance += t->d_out[at] * t->gamma * (t->in[at] - t->mean) * -0.5 * pow(inverse, 3);
		d_mean += t->d_out[at] * t->gamma * -inverse;
	}
	for (int k = 0; k < t->images * t->pixels; k++) {
		size_t at = place(t, k / t->pixels, k % t->pixels);
		t->d_in[at] = t->d_out[at] * t->gamma * inverse + d_variance * 2 * (t->in[at] - t->mean) / count +
			d_mean / count;
	}
}

static void check_shape(struct shape shape, int images, const struct kernels *k)
{
	size_t len = image_len(shape) * (size_t)images, channels = (size_t)shape.c;
	struct rng rng = rng_seed(51, (uint64_t)(images + shape.h));
	double *in = take_fractions(&rng, len), *d_out = take_fractions(&rng, len), *out = take_doubles(len);
	double *d_in = take_doubles(len), *d_params = take_doubles(2 * channels), *state = take_doubles(2 * channels);
	double count = (double)(images * shape.h * shape.w);
	struct one_layer layer;
	char what[80];

	snprintf(what, sizeof what, "%s: %d images of %dx%dx%d", k->name, images, shape.c, shape.h, shape.w);
	one_layer_open(&layer, "batch_norm epsilon=0.01 momentum=0", k);
	one_layer_shape(&layer, shape, images);
	layer.params = take_fractions(&rng, 2 * channels);
	for (int c = 0; c < shape.c; c++) {
		struct textbook t = { images, shape.c, shape.h * shape.w, c, in, d_out, .gamma = layer.params[c],
		                      .beta = layer.params[shape.c + c], .out = out, .d_in = d_in };
		normalise(&t, 0.01);
		d_params[c] = t.d_gamma;
		d_params[shape.c + c] = t.d_beta;
		state[c] = t.mean;
		state[shape.c + c] = t.variance * count / (count - 1);
		layer.member.state[c] = layer.member.state[shape.c + c] = 1;
	}
	CHECK_NEAR(what, one_layer_forward(&layer, in), out, len, 2e-6);
	CHECK_NEAR(what, take_wide(layer.member.state, 2 * channels), state, 2 * channels, 1e-6);
	CHECK_NEAR(what, one_layer_backward(&layer, d_out), d_in, len, 2e-6);
	CHECK_NEAR(what, layer.d_params, d_params, 2 * channels, 2e-6);
}

TEST(batch_norm_agrees_with_the_textbook)
{
	static const int images[] = { 2, 5, 16, 19, 37 };

	for (size_t i = 0; i < sizeof images / sizeof *images; i++)
		for (EACH_SET(k)) {
			check_shape((struct shape){ 3, 1, 1 }, images[i], *k);
			check_shape((struct shape){ 5, 7, 11 }, images[i], *k);
			take_nothing();
		}
}

/* One image of one pixel: variance 0, nothing to divide the unbiased one by. y = beta; moving variance 0.5 * 1 + 0.5 *
 * 0. */
TEST(batch_norm_of_a_single_number_is_beta)
{
	double params[] = { 6, 10 }, in[] = { 3 }, d_out[] = { 1 };
	static const double want[] = { 10 }, moving[] = { 1.5, 0.5 }, d_in[] = { 0 };

	for (EACH_SET(k)) {
		struct one_layer layer;
		one_layer_open(&layer, "batch_norm momentum=0.5", *k);
		one_layer_shape(&layer, (struct shape){ 1, 1, 1 }, 1);
		layer.params = params;
		layer.member.state[0] = 0;
		layer.member.state[1] = 1;
		CHECK_NEAR((*k)->name, one_layer_forward(&layer, in), want, 1, 1e-5);
		CHECK_NEAR((*k)->name, take_wide(layer.member.state, 2), moving, 2, 1e-6);
		CHECK_NEAR((*k)->name, one_layer_backward(&layer, d_out), d_in, 1, 1e-5);
		take_nothing();
	}
}
