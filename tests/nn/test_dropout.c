/* The recipe's factor on dropout: rates are multiplied by it, and with 0 a network is planned and computed as if its
 * dropout layers were not there. */
#include "nn/model/plan.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <string.h>

enum { IMAGES = 37, CLASSES = 4, STEPS = 3 };

static const struct shape INPUT = { 3, 9, 11 };

/* The text without its dropout layers, none of which is named in a `from`. */
static const char *strip(const char *text)
{
	static char to[2000];
	size_t len = 0;

	for (const char *layer = text; *layer;) {
		size_t end = strcspn(layer, ";");
		const char *name = layer + strspn(layer, " ");
		if (strncmp(name, "dropout", 7) && strncmp(name, "spatial_dropout", 15)) {
			memcpy(to + len, layer, end);
			len += end;
			to[len++] = ';';
		}
		layer += end + (layer[end] == ';');
	}
	to[len - 1] = '\0';
	return to;
}

static void open_with(struct model_run *r, const char *text, double factor)
{
	model_run_open(r, text, INPUT, CLASSES);
	r->net.network.dropout = factor;
	model_run_plan(r, IMAGES);
	model_run_create(r, kernels_choose(NULL));
}

static struct outcome train(struct model_run *r)
{
	for (int step = 1; step <= STEPS; step++) {
		model_run_fill(r, IMAGES, (uint64_t)step, 0);
		model_run_train(r);
	}
	return model_run_outcome(r);
}

/* The same operations, bytes to move and memory; and, from the same weights, the same bytes. */
static void check_without(const char *text)
{
	static struct model_run off, without;

	open_with(&off, text, 0);
	open_with(&without, strip(text), 1);
	CHECK_INT(off.plan->operation_count, without.plan->operation_count);
	for (int i = 0; i < off.plan->operation_count && i < without.plan->operation_count; i++)
		CHECK(off.plan->operations[i].type == without.plan->operations[i].type);
	CHECK_INT(model_plan_update(off.plan).bytes, model_plan_update(without.plan).bytes);
	CHECK_INT(model_plan_cost(off.plan).memory_bytes, model_plan_cost(without.plan).memory_bytes);
	struct model_memory from = model_memory(without.model), to = model_memory(off.model);
	memcpy(to.params, from.params, from.params_len * sizeof *to.params);
	CHECK_SAME_OUTCOME(text, train(&off), train(&without));
	model_run_close(&off);
	model_run_close(&without);
	take_nothing();
}

TEST(dropout_0_is_no_dropout)
{
	check_without("conv channels=4 kernel=3; dropout rate=0.5; relu; dropout rate=0.3; flatten; dropout rate=0.2;"
	              "dense units=4");
	check_without("dropout rate=0.5; batch_norm; dropout rate=0.2; spatial_dropout rate=0.1; relu; "
	              "conv channels=5 kernel=1; dropout rate=0.3; batch_norm; dropout rate=0.3; max_pool window=2; "
	              "flatten; dense units=4; dropout rate=0.5");
	check_without("conv channels=5 kernel=3; leaky_relu slope=0.2; batch_norm; dropout rate=0.4; "
	              "depthwise kernel=3; spatial_dropout rate=0.4; batch_norm; dropout rate=0.1; "
	              "conv channels=6 kernel=1 bias=0; dropout rate=0.2; global_average_pool; dense units=4");
	check_without("conv channels=13 kernel=1; relu; dropout rate=0.4; conv channels=260 kernel=1; "
	              "dropout rate=0.4; batch_norm; dropout rate=0.4; leaky_relu slope=0.2; dropout rate=0.4; "
	              "depthwise kernel=3; global_average_pool; dense units=4");
}

/* Readers of a dropout that is not there read what is before it: two of them, and one that joins. */
TEST(dropout_0_has_its_readers_read_what_is_before_it)
{
	static struct model_run off, without;

	open_with(&off, "conv channels=4 kernel=3; dropout rate=0.5; relu; depthwise kernel=3 from=1; add from=2,3; "
	          "batch_norm; dropout rate=0.2; add from=6,1; flatten; dense units=4", 0);
	open_with(&without, "conv channels=4 kernel=3; relu; depthwise kernel=3 from=0; add from=1,2; batch_norm; "
	          "add from=4,0; flatten; dense units=4", 1);
	struct model_memory from = model_memory(without.model), to = model_memory(off.model);
	memcpy(to.params, from.params, from.params_len * sizeof *to.params);
	CHECK_INT(off.plan->operation_count, without.plan->operation_count);
	CHECK_SAME_OUTCOME("two readers", train(&off), train(&without));
	model_run_close(&off);
	model_run_close(&without);
	take_nothing();
}

TEST(dropout_factor_multiplies_rates)
{
	static struct model_run factor, plain;

	open_with(&factor, "conv channels=4 kernel=3; batch_norm; dropout rate=0.5; depthwise kernel=3; relu; "
	          "spatial_dropout rate=0.5; flatten; dropout rate=0.125; dense units=4", 0.5);
	open_with(&plain, "conv channels=4 kernel=3; batch_norm; dropout rate=0.25; depthwise kernel=3; relu; "
	          "spatial_dropout rate=0.25; flatten; dropout rate=0.0625; dense units=4", 1);
	CHECK_SAME_OUTCOME("half the rates", train(&factor), train(&plain));
	model_run_close(&factor);
	model_run_close(&plain);
	take_nothing();
}

/* Nothing would write the logits. */
TEST(networks_that_compute_nothing_are_refused)
{
	for (int off = 0; off < 2; off++) {
		struct net net;
		struct error err = { "" };

		net_read(&net, (struct shape){ 2, 1, 1 }, 2, off ? "dropout rate=0.5" : "flatten; flatten");
		net.network.dropout = !off;
		CHECK(model_plan_create(&net.network, 16, 0, &err) == NULL);
		CHECK_TEXT(err.text, "net:1:1: the layers compute nothing");
	}
}

TEST(dropout_of_everything_is_refused)
{
	struct net net;
	struct error err = { "" };

	net_read(&net, (struct shape){ 2, 1, 1 }, 2, "dense units=2; spatial_dropout rate=0.5");
	net.network.dropout = 1.99;
	CHECK(model_plan_create(&net.network, 16, 0, &err) == NULL);
	CHECK_TEXT(err.text, "net:2:1: rate: 0.5 times the recipe's dropout of 1.99 is 0.995; accepted: 0..0.99");
}
