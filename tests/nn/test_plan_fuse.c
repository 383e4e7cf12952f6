/* Which layers of a network become one operation, and which do not. See nn/fused/patterns.c and
 * nn/model/plan_fuse.c. */
#include "nn/model/plan.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <string.h>

/* The operation that does a layer's work; NULL: none does. */
static const struct operation *operation_of(const struct model_plan *plan, int layer)
{
	int i = plan->nodes[layer].operation;

	return i < 0 ? NULL : &plan->operations[i];
}

/* Whether that is of such a type, and the layer its host. */
static bool hosts(const struct model_plan *plan, int layer, const struct operation_type *type)
{
	const struct operation *op = operation_of(plan, layer);

	return op && op->type == type && op->host == layer;
}

/* How many operations are of such a type. */
static int count_fused(const struct model_plan *plan, const struct operation_type *type)
{
	int count = 0;

	for (int i = 0; i < plan->operation_count; i++)
		count += plan->operations[i].type == type;
	return count;
}

static bool runs(const char *text, int layer)
{
	struct model_run r;

	model_run_open(&r, text, (struct shape){ 2, 5, 5 }, 3);
	model_run_plan(&r, 16);
	bool does = model_plan_computes(r.plan, layer);
	model_run_close(&r);
	return does;
}

TEST(plan_folds_an_activation_into_its_only_producer)
{
	CHECK(!runs("conv channels=3 kernel=5 padding=valid; relu", 1));
	CHECK(!runs("depthwise kernel=3; leaky_relu; flatten; dense units=3", 1));
	CHECK(!runs("batch_norm; relu6; flatten; dense units=3", 1));
	CHECK(!runs("flatten; dense units=3; relu", 2));
	/* nobody produces the input */
	CHECK(runs("relu; flatten; dense units=3", 0));
	/* pooling applies none */
	CHECK(runs("max_pool window=2; relu; flatten; dense units=3", 1));
	CHECK(runs("conv channels=3 kernel=3; relu; relu6; flatten; dense units=3", 2));        /* the second one */
	/* another reader before it */
	CHECK(runs("conv channels=3 kernel=3; relu; add from=0,1; flatten; dense units=3", 1));
	/* a view between them */
	CHECK(runs("conv channels=3 kernel=5 padding=valid; flatten; relu", 2));
}

/* Each row of the table, and a network that it must take part in: a row without a case here fails. */
static const struct { const char *pattern, *text; } fused_by[] = {
	{ "norm_conv_norm_depthwise",
		"relu; batch_norm; conv channels=400 kernel=1; batch_norm; relu6; depthwise kernel=3;" },
	{ "conv_norm_depthwise", "conv channels=400 kernel=1; batch_norm; relu6; depthwise kernel=3;" },
	{ "norm_depthwise", "conv channels=4 kernel=3; batch_norm; relu; depthwise kernel=3;" },
	{ "norm_dropout_depthwise", "conv channels=4 kernel=3; batch_norm; dropout rate=0.1; depthwise kernel=3;" },
	{ "norm_2_dropouts_depthwise",
	  "conv channels=4 kernel=3; batch_norm; dropout rate=0.1; dropout rate=0.1; depthwise kernel=3;" },
	{ "norm_conv", "relu; batch_norm; conv channels=4 kernel=1;" },
	{ "active_norm_conv", "conv channels=4 kernel=3; batch_norm; relu; conv channels=4 kernel=1;" },
	{ "conv_norm_pool", "conv channels=4 kernel=3; conv channels=400 kernel=1; relu; batch_norm; max_pool "
	  "window=2;" },
	{ "norm_pool", "batch_norm; relu; max_pool window=2;" },
};

static bool is_fused_by(const char *text, const struct pattern *pattern)
{
	struct model_run r;
	char whole[256];
	bool found = false;

	snprintf(whole, sizeof whole, "%s global_average_pool; dense units=4", text);
	model_run_open(&r, whole, (struct shape){ 16, 8, 8 }, 4);
	model_run_plan(&r, 16);
	for (int i = 0; i < r.plan->operation_count; i++)
		found = found || r.plan->operations[i].pattern == pattern;
	model_run_close(&r);
	return found;
}

TEST(plan_fuses_by_every_pattern_of_the_table)
{
	for (const struct pattern *pattern = patterns; pattern->name; pattern++) {
		bool tried = false;
		for (size_t i = 0; i < sizeof fused_by / sizeof *fused_by; i++) {
			if (strcmp(fused_by[i].pattern, pattern->name))
				continue;
			tried = true;
			if (!is_fused_by(fused_by[i].text, pattern))
				test_fail(__FILE__, __LINE__, "%s: not fused: %s", pattern->name, fused_by[i].text);
		}
		if (!tried)
			test_fail(__FILE__, __LINE__, "%s: no network here is fused by it", pattern->name);
	}
}

/* Every layer is the work of one operation or a view, and every member knows its operation. */
TEST(plan_gives_every_layer_to_one_operation)
{
	struct model_run r;

	model_run_open(&r, every_layer_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 16);
	int members = 0, views = 0, activations = 0;
	for (int i = 0; i < r.plan->operation_count; i++)
		for (int k = 0; k < r.plan->operations[i].member_count; k++, members++)
			CHECK_INT(r.plan->nodes[r.plan->operations[i].members[k]].operation, i);
	for (int i = 0; i < r.net.network.layer_count; i++) {
		views += r.plan->nodes[i].plan.view;
		activations += r.plan->nodes[i].applied;
		CHECK((r.plan->nodes[i].operation < 0) == r.plan->nodes[i].plan.view);
	}
	CHECK_INT(members + views + activations, r.net.network.layer_count);
	model_run_close(&r);
}

/* Four layers before a depthwise convolution, as one string: p for batch norm that the convolution is fused with, which
 * has steps of its own, w for others without; then the number of layers that the convolution is fused with. */
static void check_norm_depthwise(const char *text, const char *want)
{
	struct model_run r;
	char got[8] = { 0 };

	model_run_open(&r, text, (struct shape){ 2, 5, 5 }, 4);
	model_run_plan(&r, 16);
	for (int i = 0; i < 4; i++) {
		bool fused = operation_of(r.plan, i)->type == &fused_norm_depthwise;
		got[i] = !model_plan_computes(r.plan, i) ? 'w' : fused ? 'p' : '.';
	}
	const struct operation *depthwise = operation_of(r.plan, 4);
	got[4] = (char)('0' + (depthwise->type == &fused_norm_depthwise ? depthwise->member_count - 1 : 0));
	CHECK_TEXT(got, want);
	model_run_close(&r);
}

TEST(plan_fuses_depthwise_convolutions_with_layers_before_them)
{
	const char *rest = "depthwise kernel=3; global_average_pool; dense units=4";
	static const struct { const char *before, *want; } cases[] = {
		{ "conv channels=4 kernel=1; relu; batch_norm; relu;", ".wpw1" },
		{ "conv channels=4 kernel=1; relu; batch_norm; dropout rate=0.1;", ".wpw2" },
		{ "conv channels=4 kernel=1; batch_norm; dropout rate=0.1; dropout rate=0.1;", ".pww3" },
		/* each must see all groups */
		{ "conv channels=4 kernel=1; batch_norm; batch_norm; dropout rate=0.1;", "..pw2" },
		/* the dropout would hide the relu */
		{ "conv channels=4 kernel=1; batch_norm; relu; dropout rate=0.1;", "..w.0" },
		{ "conv channels=4 kernel=1; relu; batch_norm; max_pool window=2;", ".w.w0" },
		/* none with steps of its own */
		{ "conv channels=4 kernel=1; relu; relu6; dropout rate=0.1;", ".w..0" },
		/* of the network's own input */
		{ "batch_norm; dropout rate=0; dropout rate=0.1; dropout rate=0.1;", "....0" },
		/* others read as well */
		{ "conv channels=2 kernel=1; batch_norm; add from=0,1; dropout rate=0.1;", "....0" },
		{ "conv channels=4 kernel=1; batch_norm; conv channels=4 kernel=1; dropout rate=0.1;", "....0" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s%s", cases[i].before, rest);
		check_norm_depthwise(text, cases[i].want);
	}
}

/* Whether layers 0 .. 3 have batch norm's work in their weights. */
static void check_norms(const char *text, bool bf16, const char *want)
{
	struct model_run r;
	char got[5] = "";

	model_run_open(&r, text, (struct shape){ 2, 5, 5 }, 4);
	r.net.network.bf16 = bf16;
	model_run_plan(&r, 16);
	for (int i = 0; i < 4; i++) {
		const struct operation *op = operation_of(r.plan, i);
		bool fused = op->type == &fused_norm_conv || op->type == &fused_active_norm_conv;
		got[i] = fused && op->host == i ? 'n' : fused && op->members[0] == i ? 'm' : '.';
	}
	if (strcmp(got, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s, not %s", text, got, want);
	model_run_close(&r);
}

TEST(plan_takes_batch_norm_into_the_weights_that_read_it)
{
	static const struct { const char *text; bool bf16; const char *want; } cases[] = {
		{ "relu; batch_norm; conv channels=4 kernel=1; relu;", false, ".mn." },
		{ "batch_norm; conv channels=4 kernel=1; batch_norm; conv channels=4 kernel=1;", false, "mnmn" },
		{ "relu; batch_norm; conv channels=4 kernel=1; relu;", true, "...." },
		/* not into the weights: a projection */
		{ "relu; batch_norm; relu; conv channels=4 kernel=1;", false, ".m.n" },
		/* pads with zeros that are not shifted */
		{ "relu; batch_norm; conv channels=4 kernel=3; relu;", false, "...." },
		{ "relu; batch_norm; conv channels=4 kernel=1 padding=1; relu;", false, "...." },
		{ "relu; batch_norm; conv channels=4 kernel=1 stride=2; relu;", false, "...." },
		{ "relu; batch_norm; conv channels=4 kernel=1 groups=2; relu;", false, "...." },
		/* another reads it too */
		{ "relu; batch_norm; conv channels=2 kernel=1; add from=1,2;", false, "...." },
		{ "relu; batch_norm; max_pool window=2; conv channels=4 kernel=1;", false, "...." },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s global_average_pool; dense units=4", cases[i].text);
		check_norms(text, cases[i].bf16, cases[i].want);
	}
}

/* Which of layers 0 .. 4 are projections, and which finish their reader's gradients. */
static void check_projections(const char *text, bool input_gradient, bool bf16, const char *want)
{
	struct model_run r;
	char got[6] = "";

	model_run_open(&r, text, (struct shape){ 2, 5, 5 }, 4);
	r.net.network.input_gradient = input_gradient;
	r.net.network.bf16 = bf16;
	model_run_plan(&r, 16);
	for (int i = 0; i < 5; i++) {
		const struct operation *op = operation_of(r.plan, i);
		bool finishes = op->finishes >= 0 && op->host == i;
		got[i] = hosts(r.plan, i, &fused_active_norm_conv) ? 'p' : finishes ? 'f' : '.';
		CHECK(!finishes || r.plan->operations[op->finishes].deferred);
	}
	if (strcmp(got, want) != 0)
		test_fail(__FILE__, __LINE__, "%s: %s, not %s", text, got, want);
	model_run_close(&r);
}

TEST(plan_makes_projections_and_finishes_their_gradients)
{
	static const struct { const char *text; bool input_gradient, bf16; const char *want; } cases[] = {
		{ "depthwise kernel=3; batch_norm; relu6; conv channels=4 kernel=1; relu;", false, false, "f..p." },
		{ "depthwise kernel=3; batch_norm; relu6; conv channels=4 kernel=1; relu;", false, true, "....." },
		{ "depthwise kernel=3; relu; batch_norm; relu; conv channels=4 kernel=1;", false, false, "f...p" },
		{ "conv kernel=3 channels=2; batch_norm; relu6; conv channels=4 kernel=1; relu;", false, false,
			"...p." },
		/* nobody wants the gradient */
		{ "batch_norm; relu; conv channels=4 kernel=1; relu; relu;", false, false, "....." },
		{ "batch_norm; relu; conv channels=4 kernel=1; relu; relu;", true, false, "..p.." },
		{ "depthwise kernel=3; batch_norm; relu; conv channels=2 kernel=1; add from=0,3;", false, false,
			"...p." },
		{ "depthwise kernel=3; batch_norm; relu; conv channels=2 kernel=1; add from=1,3;", false, false,
			"....." },
		{ "depthwise kernel=3; batch_norm; relu; conv channels=2 kernel=1; add from=2,3;", false, false,
			"....." },
		{ "depthwise kernel=3; batch_norm; relu; conv channels=2 kernel=3; relu;", false, false, "....." },
		{ "depthwise kernel=3; batch_norm; relu; conv channels=2 kernel=1 stride=2; relu;", false, false,
			"....." },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s global_average_pool; dense units=4", cases[i].text);
		check_projections(text, cases[i].input_gradient, cases[i].bf16, cases[i].want);
	}
}

/* How many transitions a network has. */
static void check_transitions(const char *text, struct shape input, bool bf16, int want)
{
	struct model_run r;

	model_run_open(&r, text, input, 4);
	r.net.network.bf16 = bf16;
	model_run_plan(&r, 16);
	int got = count_fused(r.plan, &fused_conv_norm_pool);
	if (got != want)
		test_fail(__FILE__, __LINE__, "%s: %d transitions, not %d", text, got, want);
	model_run_close(&r);
}

TEST(plan_makes_a_transition_of_large_arrays_that_nobody_else_reads)
{
	static const struct { const char *text; int want; } cases[] = {
		{ "conv channels=400 kernel=1; relu; batch_norm; max_pool window=2;", 1 },
		{ "conv channels=400 kernel=1 bias=0; batch_norm; max_pool window=3 stride=2;", 1 },
		/* too small to pay */
		{ "conv channels=380 kernel=1; relu; batch_norm; max_pool window=2;", 0 },
		{ "conv channels=400 kernel=3; relu; batch_norm; max_pool window=2;", 0 },
		{ "conv channels=400 kernel=1 stride=2; relu; batch_norm; max_pool window=2;", 0 },
		{ "conv channels=400 kernel=1 groups=2; relu; batch_norm; max_pool window=2;", 0 },
		{ "conv channels=400 kernel=1; relu; batch_norm; relu; max_pool window=2;", 0 },
		/* by itself */
		{ "conv channels=400 kernel=1; relu; batch_norm; max_pool window=2; relu;", 1 },
		{ "conv channels=400 kernel=1; relu; batch_norm; average_pool window=2;", 0 },
		{ "conv channels=400 kernel=1; relu; dropout rate=0.1; batch_norm; max_pool window=2;", 0 },
		{ "conv channels=400 kernel=1; relu; max_pool window=2; batch_norm;", 0 },
		/* has another before */
		{ "batch_norm; conv channels=400 kernel=1; batch_norm; max_pool window=2;", 0 },
		/* others read */
		{ "conv channels=400 kernel=1; batch_norm; max_pool window=1; add from=2,0;", 0 },
		{ "conv channels=400 kernel=1; relu; batch_norm; max_pool window=1; add from=3,1;", 0 },
		{ "conv channels=400 kernel=1; batch_norm; max_pool window=1; add from=2,1;", 0 },
		/* of too many */
		{ "conv channels=65 kernel=1; conv channels=400 kernel=1; batch_norm; max_pool window=2;", 0 },
		/* sums have no room */
		{ "conv channels=20 kernel=1; conv channels=400 kernel=1; batch_norm; max_pool window=2;", 0 },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s global_average_pool; dense units=4", cases[i].text);
		check_transitions(text, (struct shape){ 4, 8, 8 }, false, cases[i].want);
		check_transitions(text, (struct shape){ 4, 8, 8 }, true, 0);
	}
	check_transitions(transitions_text, (struct shape){ 3, 9, 11 }, false, 2);
}

/* Whether the network has an expansion. */
static void check_expansion(const char *text, bool bf16, bool want)
{
	struct model_run r;

	model_run_open(&r, text, (struct shape){ 16, 8, 8 }, 4);
	r.net.network.bf16 = bf16;
	model_run_plan(&r, 16);
	bool got = count_fused(r.plan, &fused_conv_norm_depthwise) > 0;
	if (got != want)
		test_fail(__FILE__, __LINE__, "%s: %s", text, got ? "expands" : "does not");
	model_run_close(&r);
}

/* Batch norm before an expansion goes with it where nobody else reads it. */
TEST(plan_takes_batch_norm_into_the_expansion_behind_it)
{
	static const struct { const char *text; bool want; } cases[] = {
		{ "relu; batch_norm; conv channels=400 kernel=1; batch_norm; relu6; depthwise kernel=3;", true },
		{ "batch_norm; relu; conv channels=400 kernel=1; batch_norm; relu6; depthwise kernel=3;", false },
		{ "relu; batch_norm; conv channels=400 kernel=1; batch_norm; relu6; depthwise kernel=3; "
		  "global_average_pool;dense units=16; global_average_pool from=1; add from=7,8;", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		struct model_run r;
		bool got = false;
		snprintf(text, sizeof text, "%s global_average_pool; dense units=4", cases[i].text);
		model_run_open(&r, text, (struct shape){ 16, 8, 8 }, 4);
		model_run_plan(&r, 16);
		for (int k = 0; k < r.plan->operation_count; k++)
			got = got || (r.plan->operations[k].type == &fused_conv_norm_depthwise &&
				r.plan->operations[k].member_count == 4);
		if (got != cases[i].want)
			test_fail(__FILE__, __LINE__, "%s: %s", text, got ? "taken" : "not taken");
		model_run_close(&r);
	}
}

/* What other tests train must have what they are about. */
TEST(plan_makes_two_expansions_of_that_network)
{
	struct model_run r;

	model_run_open(&r, expansions_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 16);
	CHECK_INT(count_fused(r.plan, &fused_conv_norm_depthwise), 2);
	model_run_close(&r);
}

TEST(plan_makes_an_expansion_of_large_arrays_that_nobody_else_reads)
{
	static const struct { const char *text; bool want; } cases[] = {
		{ "conv channels=400 kernel=1; batch_norm; relu6; depthwise kernel=3;", true },
		{ "conv channels=400 kernel=1 bias=0; batch_norm; depthwise kernel=3 bias=0; relu;", true },
		{ "conv channels=200 kernel=1; batch_norm; relu; depthwise kernel=3 stride=2;", true },
		/* too small to pay */
		{ "conv channels=200 kernel=1; batch_norm; relu; depthwise kernel=3;", false },
		/* of too few */
		{ "conv channels=4 kernel=1; conv channels=400 kernel=1; batch_norm; depthwise kernel=3;", false },
		/* of too many */
		{ "conv channels=17 kernel=1; conv channels=400 kernel=1; batch_norm; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=3; batch_norm; relu6; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=1 groups=2; batch_norm; relu6; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=1 stride=2; batch_norm; relu6; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=1 padding=4; batch_norm; relu6; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=1; relu; batch_norm; relu6; depthwise kernel=3;", false },  /* not linear */
		{ "conv channels=400 kernel=1; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=1; batch_norm; dropout rate=0.1; depthwise kernel=3;", false },
		{ "conv channels=400 kernel=1; batch_norm; depthwise kernel=5;", false },
		{ "conv channels=400 kernel=1; batch_norm; depthwise kernel=3 multiplier=2;", false },
		{ "conv channels=400 kernel=1; batch_norm; depthwise kernel=3 stride=3;", false },
		{ "conv channels=400 kernel=1; batch_norm; depthwise kernel=3; add from=1,2;", false },
		{ "conv channels=400 kernel=1; batch_norm; depthwise kernel=3; add from=0,2;", false },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char text[256];
		snprintf(text, sizeof text, "%s global_average_pool; dense units=4", cases[i].text);
		check_expansion(text, false, cases[i].want);
		check_expansion(text, true, false);
	}
}
