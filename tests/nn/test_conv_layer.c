/* The convolution and depthwise layers, plain, in groups, with all paddings and strides, forward and backward: equal to
 * the naive loops over whole numbers, on every set of kernels, in float and in bfloat16, which holds such numbers. */
#include "nn/kernel/window.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/naive.h"
#include "tests/helpers/one_layer.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <stdio.h>

enum { RANDOM_CASES = 160 };

/* A layer by its text, its input, and where the naive loops find its window. */
struct conv_case {
	char text[160];
	struct shape in;
	struct window window;
	struct padding padding;
	int images, groups, outputs;
};

static void write_padding(char to[40], struct padding p)
{
	if (p.rule == PADDING_EXPLICIT)
		snprintf(to, 40, "%d,%d,%d,%d", p.top, p.bottom, p.left, p.right);
	else
		snprintf(to, 40, "%s", p.rule == PADDING_SAME ? "same" : "valid");
}

/* Every third case is depthwise, every third in groups. */
static bool random_case(int i, struct conv_case *c)
{
	struct rng rng = rng_seed(5, (uint64_t)i);
	int in_each = draw_between(&rng, 1, 7), out_each = draw_between(&rng, 1, 7);
	char padding[40];

	*c = (struct conv_case){ .images = draw_between(&rng, 1, 36), .groups = i % 3 ? draw_between(&rng, 1, 5) : 1,
		.window.kernel = { draw_between(&rng, 1, 5), draw_between(&rng, 1, 5) },
			.window.stride = draw_between(&rng, 1, 4) };
	if (i % 3 == 1)
		in_each = 1;
	if (i % 4 == 0)
		c->window.kernel = (struct pair){ 1, 1 };
	if (i % 8 == 0)
		c->window.stride = 1;
	c->in = (struct shape){ in_each * c->groups, draw_between(&rng, 1, 12), draw_between(&rng, 1, 12) };
	c->outputs = out_each * c->groups;
	c->padding = i % 16 ? draw_padding(&rng, 6) : (struct padding){ .rule = PADDING_SAME };
	write_padding(padding, c->padding);
	int used = i % 3 == 1 ? snprintf(c->text, sizeof c->text, "depthwise multiplier=%d", out_each)
	                      : snprintf(c->text, sizeof c->text, "conv channels=%d groups=%d", c->outputs, c->groups);
	snprintf(c->text + used, sizeof c->text - (size_t)used, " kernel=%dx%d stride=%d padding=%s bias=%d",
	         c->window.kernel.h, c->window.kernel.w, c->window.stride, padding, i % 5 != 0);
	return window_place(&c->window, c->in, c->padding, (struct mark){ 0 }, NULL);
}

/* Returns whether the layer did it in bfloat16. */
static bool check_case(const struct conv_case *c, const struct kernels *k, uint64_t seed, bool bf16)
{
	struct one_layer layer;
	struct rng rng = rng_seed(6, seed);
	char what[240];

	snprintf(what, sizeof what, "%s%s: %s over %dx%dx%d, %d images", k->name, bf16 ? ", bf16" : "", c->text,
	         c->in.c, c->in.h, c->in.w, c->images);
	one_layer_open(&layer, c->text, k);
	layer.bf16 = bf16;
	one_layer_shape(&layer, c->in, c->images);
	struct shape out = layer.plan.out;
	size_t ins = image_len(c->in) * (size_t)c->images, outs = image_len(out) * (size_t)c->images;
	size_t weights = layer.plan.params[0].len;
	bool bias = layer.plan.param_count == 2;
	struct naive_conv n = { .images = c->images, .groups = c->groups, .in_shape = c->in, .out_shape = out,
		.window = { c->window.kernel, c->window.stride, c->window.top, c->window.left },
		.in = take_integers(&rng, ins, 3), .out = take_doubles(outs),
		.weight = take_integers(&rng, layer.params_len, 3) };
	layer.params = n.weight;
	n.bias = bias ? n.weight + weights : NULL;
	CHECK_INT(out.c, c->outputs);
	CHECK_INT(out.h, c->window.out_h);
	CHECK_INT(out.w, c->window.out_w);
	CHECK_INT(layer.plan.macs, (long long)(weights * (size_t)out.h * (size_t)out.w));

	naive_conv(&n);
	CHECK_EQUAL(what, one_layer_forward(&layer, n.in), n.out, outs);
	n.out = take_integers(&rng, outs, 3);
	double *d_in = one_layer_backward(&layer, n.out), *d_weight = take_doubles(layer.params_len);
	struct naive_conv by_weight = n, by_data = n;
	by_weight.weight = d_weight;
	by_weight.bias = bias ? d_weight + weights : NULL;
	by_data.in = take_doubles(ins);
	naive_conv_weights(&by_weight);
	naive_conv_data(&by_data);
	CHECK_EQUAL(what, layer.d_params, d_weight, layer.params_len);
	CHECK_EQUAL(what, d_in, by_data.in, ins);
	return layer.plan.bf16;
}

TEST(conv_layers_agree_with_the_naive_loops)
{
	struct conv_case c;
	int cases = 0, sets = 0, in_bf16 = 0;

	for (int i = 0; i < RANDOM_CASES; i++) {
		if (!random_case(i, &c))
			continue;
		cases++;
		for (EACH_SET(k)) {
			sets++;
			CHECK(!check_case(&c, *k, (uint64_t)i, false));
			take_nothing();
			in_bf16 += check_case(&c, *k, (uint64_t)i, true);
			take_nothing();
		}
	}
	CHECK(cases > RANDOM_CASES / 2);
	CHECK(in_bf16 > sets / 8);      /* a good part of them, with as many kernel sets as there are */
}

/* TensorFlow's "same" with stride 2. 4 columns: one column of zeros, on the right; windows of 3 begin at 0 and 2.
 *   in 1 2 3 4, kernel 1 10 100: 1 + 20 + 300 = 321, 3 + 40 + 0 = 43.
 * 5 columns: one on each side; windows begin at -1, 1, 3.
 *   in 1 2 3 4 5: 0 + 10 + 200 = 210, 2 + 30 + 400 = 432, 4 + 50 + 0 = 54. */
TEST(conv_same_with_stride_2_pads_like_tensorflow)
{
	double in[] = { 1, 2, 3, 4, 5 }, kernel[] = { 1, 10, 100 };
	static const double want[2][3] = { { 321, 43 }, { 210, 432, 54 } };

	for (int odd = 0; odd < 2; odd++)
		for (EACH_SET(k)) {
			struct one_layer layer;
			one_layer_open(&layer, "conv channels=1 kernel=1x3 stride=2 bias=0", *k);
			one_layer_shape(&layer, (struct shape){ 1, 1, 4 + odd }, 1);
			layer.params = kernel;
			CHECK_INT(layer.plan.out.w, 2 + odd);
			CHECK_EQUAL(odd ? "5 columns" : "4 columns", one_layer_forward(&layer, in), want[odd],
			            (size_t)(2 + odd));
			take_nothing();
		}
}

/* Weights may be packed in inference and used for training afterwards. */
TEST(conv_packed_in_inference_serves_training)
{
	double in[] = { 1, 2, 3 }, kernel[] = { 1, 10, 100 }, d_out[] = { 1, 0, 0 };
	static const double want[] = { 10, 100, 0 };

	for (EACH_SET(k)) {
		struct one_layer layer;
		one_layer_open(&layer, "conv channels=1 kernel=1x3 bias=0", *k);
		one_layer_shape(&layer, (struct shape){ 1, 1, 3 }, 1);
		layer.params = kernel;
		layer.pass.training = false;
		one_layer_forward(&layer, in);
		layer.pass.training = true;
		CHECK_EQUAL((*k)->name, one_layer_backward(&layer, d_out), want, 3);
		take_nothing();
	}
}
