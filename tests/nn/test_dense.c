/* The dense layer, through the convolution kernels and through OpenBLAS: equal to the naive loops over whole
 * numbers. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/one_layer.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <stdio.h>

/* Features in and out, images. From 131,072 weights on it is OpenBLAS, in 8 blocks of 64 to 512 features; the kernels'
 * blocks are 32. */
static const struct { int in, out, images; bool bias; } cases[] = {
	{ 1, 1, 1, true }, { 3, 2, 5, true }, { 7, 33, 16, false }, { 33, 31, 17, true }, { 64, 10, 19, true },
	{ 5, 70, 37, true }, { 130, 100, 40, false },
	{ 512, 255, 17, true },        /* 130,560: the last of the small ones */
	{ 512, 256, 17, true }, { 190, 700, 17, false }, { 1030, 128, 5, true },
};

/* A dense layer is a convolution of one pixel. */
static void check_dense(size_t i, const struct kernels *k)
{
	struct shape in = { cases[i].in, 1, 1 }, out = { cases[i].out, 1, 1 };
	size_t ins = (size_t)(in.c * cases[i].images), outs = (size_t)(out.c * cases[i].images);
	size_t weights = (size_t)(in.c * out.c);
	struct rng rng = rng_seed(41, i);
	struct one_layer layer;
	char text[80], what[160];

	snprintf(text, sizeof text, "dense units=%d bias=%d", out.c, cases[i].bias);
	snprintf(what, sizeof what, "%s: %s of %d features, %d images", k->name, text, in.c, cases[i].images);
	one_layer_open(&layer, text, k);
	one_layer_shape(&layer, in, cases[i].images);
	CHECK_INT((long long)layer.params_len, (long long)(weights + (cases[i].bias ? (size_t)out.c : 0)));
	CHECK_INT(layer.plan.macs, (long long)weights);
	layer.params = take_integers(&rng, layer.params_len, 3);
	struct naive_conv n = { .images = cases[i].images, .groups = 1, .in_shape = in, .out_shape = out,
		.window = { { 1, 1 }, 1, 0, 0 }, .in = take_integers(&rng, ins, 3), .out = take_doubles(outs),
		.weight = layer.params, .bias = cases[i].bias ? layer.params + weights : NULL };

	naive_conv(&n);
	CHECK_EQUAL(what, one_layer_forward(&layer, n.in), n.out, outs);
	n.out = take_integers(&rng, outs, 3);
	double *d_in = one_layer_backward(&layer, n.out), *d_params = take_doubles(layer.params_len);
	struct naive_conv by_weight = n, by_data = n;
	by_weight.weight = d_params;
	by_weight.bias = n.bias ? d_params + weights : NULL;
	by_data.in = take_doubles(ins);
	naive_conv_weights(&by_weight);
	naive_conv_data(&by_data);
	CHECK_EQUAL(what, layer.d_params, d_params, layer.params_len);
	CHECK_EQUAL(what, d_in, by_data.in, ins);
}

TEST(dense_agrees_with_the_naive_loops)
{
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (EACH_SET(k)) {
			check_dense(i, *k);
			take_nothing();
		}
}

/* 2 -> 2, kernel rows (1 2), (3 4), bias 10 20, and a fused activation that clips at 0 and 6. Images (1 1), (-9 2):
 *   13, 27 -> 6, 6         5, 1 -> 5, 1         and (-9 -2): -3, -15 -> 0, 0 */
TEST(dense_by_hand_with_its_activation)
{
	double params[] = { 1, 2, 3, 4, 10, 20 }, in[] = { 1, 1, -9, 2, -9, -2 };
	static const double want[] = { 6, 6, 5, 1, 0, 0 };

	for (EACH_SET(k)) {
		struct one_layer layer;
		one_layer_open(&layer, "dense units=2", *k);
		one_layer_shape(&layer, (struct shape){ 2, 1, 1 }, 3);
		layer.pass.activation = (struct activation){ 0, 6 };
		layer.params = params;
		CHECK_EQUAL((*k)->name, one_layer_forward(&layer, in), want, 6);
		take_nothing();
	}
}

/* OpenBLAS' path adds bias and activation by itself: weights all 1, features all 1, so 512 + bias, cut at 514. */
/* Blocks of 32 outputs and a shorter last one use the same amount of scratch. */
TEST(dense_blocks_that_are_shorter_need_no_more_scratch)
{
	for (int in = 1; in < 4200; in++)
		for (int out = 1; out < 32; out++)
			if (conv_weights_scratch_len(in, out, 1, 1) > conv_weights_scratch_len(in, 32, 1, 1))
				test_fail(__FILE__, __LINE__, "of %d inputs, %d outputs need more than 32", in, out);
}

TEST(dense_through_blas_applies_its_activation)
{
	enum { IN = 512, OUT = 256 };

	for (EACH_SET(k)) {
		struct one_layer layer;
		double *in = take_doubles(IN), *want = take_doubles(OUT);
		one_layer_open(&layer, "dense units=256", *k);
		one_layer_shape(&layer, (struct shape){ IN, 1, 1 }, 1);
		layer.pass.activation = (struct activation){ 0, 514 };
		layer.params = take_doubles(IN * OUT + OUT);
		for (int i = 0; i < IN * OUT; i++)
			layer.params[i] = 1;
		for (int i = 0; i < IN; i++)
			in[i] = 1;
		for (int i = 0; i < OUT; i++) {
			layer.params[IN * OUT + i] = i - 514;
			want[i] = i - 2 < 0 ? 0 : i - 2 > 514 ? 514 : i - 2;
		}
		CHECK_EQUAL((*k)->name, one_layer_forward(&layer, in), want, OUT);
		take_nothing();
	}
}
