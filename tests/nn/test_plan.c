/* Plans: every error by its text, counts of a small network from paper, folding, and memory whose lifetimes never
 * collide. */
#include "nn/model/plan.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <stdio.h>

/* --- Errors --- */

static const struct { struct shape input; int classes; const char *text, *want; } refused[] = {
	/* Windows. */
	{ { 1, 3, 3 }, 2, "relu; conv channels=2 kernel=5 padding=valid",
	  "net:2:1: kernel: 5x5 is larger than its input of 3x3" },
	{ { 1, 3, 3 }, 2, "conv channels=2 kernel=2x6 padding=0,0,1,1",
	  "net:1:1: kernel: 2x6 is larger than its input of 3x5 (padded)" },
	{ { 1, 8, 8 }, 2, "max_pool window=9x2 stride=1",
	  "net:1:1: kernel: 9x2 is larger than its input of 8x8" },
	{ { 1, 8, 8 }, 2, "max_pool window=2x3",
	  "net:1:1: stride: missing, and the window 2x3 is not square" },
	{ { 1, 8, 8 }, 2, "average_pool window=2 padding=2,0,0,0",
	  "net:1:1: padding: a window lies wholly outside the input" },
	{ { 1, 8, 8 }, 2, "max_pool window=2 stride=1 padding=0,0,0,2",
	  "net:1:1: padding: a window lies wholly outside the input" },
	/* Groups. */
	{ { 6, 4, 4 }, 2, "conv channels=8 kernel=1 groups=4",
	  "net:1:1: groups: 4 does not divide the 6 input channels" },
	{ { 6, 4, 4 }, 2, "conv channels=8 kernel=1 groups=3",
	  "net:1:1: groups: 3 does not divide the 8 output channels" },
	/* Shapes. */
	{ { 1, 8, 8 }, 2, "conv channels=4 kernel=3; dense units=2",
	  "net:2:1: dense: its input is 8x8x4 (height x width x channels); flatten or pool it first" },
	{ { 2, 8, 6 }, 2, "conv channels=3 kernel=3 stride=2; relu; add from=-1,1",
	  "net:3:1: add: 8x6x2 and 4x3x3 (height x width x channels) cannot be added" },
	{ { 1, 8, 8 }, 4, "flatten; dense units=3",
	  "net:2:1: the last layer's output is 1x1x3 (height x width x channels), not 1x1x4 as 4 classes need" },
	{ { 1, 8, 7 }, 3, "conv channels=3 kernel=3",
	  "net:1:1: the last layer's output is 8x7x3 (height x width x channels), not 1x1x3 as 3 classes need" },
	{ { 1, 8, 8 }, 3, "flatten; relu; dense units=3 from=0",
	  "net:2:1: relu: nothing reads its output" },
	/* Sizes. */
	{ { 1, 4096, 4096 }, 3, "conv channels=5 kernel=1",
	  "net:1:1: conv: its output of 4096x4096x5 (height x width x channels) is larger than 67108864 numbers" },
	{ { 1024, 1, 1 }, 3, "conv channels=65536 kernel=17",
	  "net:1:1: kernel: 19394461696 weights are more than the 1073741824 that a layer may have" },
	{ { 2048, 1, 1 }, 3, "dense units=1048576",
	  "net:1:1: units: 2147483648 weights are more than the 1073741824 that a layer may have" },
	/* 2^22 channels times 1,024 are 0 in an int. */
	{ { 1 << 22, 1, 1 }, 3, "depthwise kernel=1 multiplier=1024",
	  "net:1:1: kernel: 4294967296 weights are more than the 1073741824 that a layer may have" },
	{ { 1 << 10, 1 << 10, 1 << 12 }, 3, "flatten; dense units=3",
	  "the input of 1024x4096x1024 (height x width x channels) is larger than 67108864 numbers" },
};

TEST(plan_errors_name_the_layer_and_the_reason)
{
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		struct net net;
		struct error err = { "" };
		net_read(&net, refused[i].input, refused[i].classes, refused[i].text);
		struct model_plan *plan = model_plan_create(&net.network, 16, 1, &err);
		CHECK(!plan);
		CHECK_TEXT(err.text, refused[i].want);
		model_plan_destroy(plan);
	}
}

TEST(plan_of_nothing_is_an_error)
{
	struct network network = { .input = { 1, 1, 1 }, .classes = 2 };
	struct error err = { "" };

	CHECK(!model_plan_create(&network, 16, 1, &err));
	CHECK_TEXT(err.text, "a network without layers");
}

/* --- Counts --- */

/* 1x6x6. Kernel 2 * 9 and bias 2; 6 * 6 * 18 multiply-adds. Batch norm 2 * 2, moving 2 * 2. Depthwise 2 * 2 * 9 without
 * bias, 3x3 out: 9 * 36 multiply-adds. Grouped: 6 outputs of 4 / 2 inputs of 2x2, bias 6, valid 2x2 out: 4 * 48. Dense
 * 24 * 3 + 3, 72. */
TEST(plan_counts_by_hand)
{
	struct net net;
	struct error err = { "" };

	net_read(&net, (struct shape){ 1, 6, 6 }, 3,
	         "conv channels=2 kernel=3; batch_norm; relu; depthwise kernel=3 multiplier=2 stride=2 bias=0;"
	         "conv channels=6 kernel=2 groups=2 padding=valid; flatten; dense units=3");
	struct model_plan *plan = model_plan_create(&net.network, 16, 2, &err);
	CHECK_TEXT(err.text, "");
	struct cost cost = model_plan_cost(plan);
	static const long long params[] = { 20, 4, 0, 36, 54, 0, 75 }, macs[] = { 648, 0, 0, 324, 192, 0, 72 };
	for (int i = 0; i < 7; i++) {
		const struct layer_plan *layer = model_plan_layer(plan, i);
		CHECK_INT((long long)(layer->params[0].len + layer->params[1].len), params[i]);
		CHECK_INT(layer->macs, macs[i]);
	}
	CHECK_INT(cost.trainable, 20 + 4 + 36 + 54 + 75);
	CHECK_INT(cost.total, 20 + 4 + 36 + 54 + 75 + 4);
	CHECK_INT(cost.macs, 648 + 324 + 192 + 72);
	CHECK_INT(model_plan_layer(plan, 4)->kernel.h, 2);
	CHECK_INT(model_plan_layer(plan, 4)->out.c, 6);
	CHECK_INT(model_plan_layer(plan, 4)->out.h, 2);
	CHECK(cost.memory_bytes > cost.activation_bytes + 4 * cost.trainable * (int64_t)sizeof(real));
	model_plan_destroy(plan);
}

/* --- Gradients --- */

/* Where nobody needs the gradient with respect to the input, nothing flows back to layers before the first weights. */
TEST(plan_computes_no_gradient_that_nobody_needs)
{
	struct model_run r;

	model_run_open(&r, "max_pool window=2; conv channels=3 kernel=2 padding=valid; flatten",
		(struct shape){ 2, 4, 4 }, 3);
	r.net.network.input_gradient = false;
	model_run_plan(&r, 16);
	CHECK(!r.plan->operations[0].runs_backward);
	CHECK(r.plan->operations[1].runs_backward);
	CHECK_INT((long long)r.plan->values[0].gradient.len, 0);
	CHECK_INT((long long)r.plan->values[r.plan->operations[0].output].gradient.len, 0);
	model_run_close(&r);
}

/* --- Memory --- */

enum { MAX_SLOTS = 200 };

static int gather(const struct model_plan *plan, const struct slot *to[MAX_SLOTS])
{
	int count = 0;

	for (int i = 0; i < plan->value_count; i++) {
		to[count++] = &plan->values[i].data;
		to[count++] = &plan->values[i].gradient;
	}
	for (int i = 0; i < plan->operation_count; i++)
		for (int k = 0; k < MAX_INPUTS; k++)
			to[count++] = &plan->operations[i].side[k];
	return count;
}

static void check_apart(const struct slot *a, const struct slot *b)
{
	bool meet = a->len && b->len && a->local == b->local && a->first <= b->last && b->first <= a->last;

	if (meet && a->at < b->at + b->len && b->at < a->at + a->len)
		test_fail(__FILE__, __LINE__, "%zu numbers at %zu live in segments %d..%d, %zu at %zu in %d..%d",
		          a->len, a->at, a->first, a->last, b->len, b->at, b->first, b->last);
}

static void check_memory_of(const char *text, struct shape input, int classes, int batch)
{
	struct model_run r;
	const struct slot *slots[MAX_SLOTS];
	size_t sum = 0;
	int locals = 0;

	model_run_open(&r, text, input, classes);
	model_run_plan(&r, batch);
	int count = gather(r.plan, slots);
	for (int i = 0; i < count; i++) {
		sum += slots[i]->len;
		CHECK(slots[i]->at % LANES == 0);
		CHECK(slots[i]->at + slots[i]->len <= (slots[i]->local ? r.plan->local_len : r.plan->activations_len));
		locals += slots[i]->local;
		for (int k = 0; k < i; k++)
			check_apart(slots[i], slots[k]);
	}
	size_t len = r.plan->activations_len + r.plan->local_len * (size_t)plan_threads(r.plan);
	CHECK_INT(model_plan_cost(r.plan).activation_bytes, (long long)(len * sizeof(real)));
	CHECK(r.plan->activations_len + r.plan->local_len < sum);
	CHECK(locals > 0 || r.net.network.layer_count < 15);    /* short ones may have none */
	model_run_close(&r);
}

/* Of one lane group, where slots may be as short as LANES, and of three. */
static void check_memory(const char *text, struct shape input, int classes)
{
	check_memory_of(text, input, classes, 16);
	check_memory_of(text, input, classes, 40);
}

TEST(plan_places_nothing_on_what_lives_at_the_same_time)
{
	check_memory(every_layer_text, (struct shape){ 3, 9, 11 }, 4);
	check_memory(expansions_text, (struct shape){ 3, 9, 11 }, 4);
	check_memory(norms_text, (struct shape){ 3, 9, 11 }, 4);
	check_memory(projections_text, (struct shape){ 3, 9, 11 }, 4);
	check_memory(transitions_text, (struct shape){ 3, 9, 11 }, 4);
	check_memory("conv channels=4 kernel=3; add from=0,0; conv channels=4 kernel=3; add from=2,1; relu; "
	             "add from=4,1;add from=5,0; global_average_pool; dense units=3", (struct shape){ 2, 5, 5 }, 3);
	check_memory("conv channels=8 kernel=3; relu; max_pool window=2; conv channels=16 kernel=3; batch_norm; relu;"
	             "max_pool window=2; flatten; dense units=20; relu; dense units=10", (struct shape){ 1, 12, 12 },
	             10);
	check_memory("dense units=2; batch_norm; dense units=1; batch_norm; dense units=1; relu; dense units=2; "
	             "dense units=1;dense units=2", (struct shape){ 1, 1, 1 }, 2);
}

/* Five convolutions, each with batch norm, over tensors of one size. At the loss all values live: the input, ten more,
 * and of the rest only single numbers. Going back, a batch norm and the convolution before it need three gradients at a
 * time, not ten. */
TEST(plan_reuses_the_memory_of_gradients)
{
	struct model_run r;

	model_run_open(&r, "conv channels=1 kernel=3; batch_norm; conv channels=1 kernel=3; batch_norm; "
	                   "conv channels=1 kernel=3;batch_norm; conv channels=1 kernel=3; batch_norm; "
	                   "conv channels=1 kernel=3; batch_norm; max_pool window=8;flatten",
	               (struct shape){ 1, 8, 8 }, 1);
	r.net.network.input_gradient = false;
	model_run_plan(&r, 16);
	size_t tensors = r.plan->activations_len / (64 * LANES);
	CHECK(tensors >= 11 && tensors <= 14);
	model_run_close(&r);
}
