/* What an update costs by the plan, worked out by hand; and the observer, who must hear of every piece of work and
 * change none. */
#include "nn/model/plan.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <stdlib.h>
#include <string.h>

enum { NUMBER = sizeof(real), LANE = LANES * NUMBER };  /* bytes of one number, and of one for each lane */

static void check_stage(const struct model_plan *plan, int layer, enum stage stage, struct stage_cost want)
{
	struct stage_cost got = model_plan_stage(plan, stage, layer);

	if (got.macs != want.macs || got.bytes != want.bytes)
		test_fail(__FILE__, __LINE__, "layer %d, stage %d: got %lld and %lld, want %lld and %lld", layer, stage,
		          (long long)got.macs, (long long)got.bytes, (long long)want.macs, (long long)want.bytes);
}

/* 1x4x4 in; convolution to 2x4x4 with 20 parameters; pool to 2x2x2, which takes gradients through the relu as well;
 * dense 8 to 3 with 27. Packed weights come in blocks of 4 channels: 4 * 9 forward, 4 * 2 * 9 turned; 4 * 8 and 8 * 3,
 * rounded up to whole lanes. */
static void check_small(const struct model_plan *plan, bool input_gradient)
{
	const int conv = 0, pool = 2, flatten = 3, dense = 4;
	int64_t more = input_gradient ? 16 * LANE + 20 * NUMBER : 0;

	check_stage(plan, NETWORK_INPUT, STAGE_LOADING, (struct stage_cost){ 0, 16 * 16 + 16 * LANE });
	check_stage(plan, conv, STAGE_PACKING, (struct stage_cost){ 0, (18 + 36 + 72) * NUMBER });
	check_stage(plan, conv, STAGE_FORWARD, (struct stage_cost){ 16 * 288, (16 + 32) * LANE + 20 * NUMBER });
	check_stage(plan, conv, STAGE_BACKWARD, (struct stage_cost){ 16 * 288 * (input_gradient ? 2 : 1),
	            (16 + 32) * LANE + 20 * NUMBER + more });
	check_stage(plan, conv, STAGE_SUMMING, (struct stage_cost){ 0, 2 * 20 * NUMBER });
	check_stage(plan, conv, STAGE_UPDATE, (struct stage_cost){ 0, 5 * 20 * NUMBER });
	check_stage(plan, pool, STAGE_FORWARD, (struct stage_cost){ 0, (32 + 8) * LANE });
	check_stage(plan, pool, STAGE_BACKWARD, (struct stage_cost){ 0, 2 * (32 + 8) * LANE });
	for (int stage = 0; stage < STAGES; stage++)
		check_stage(plan, flatten, (enum stage)stage, (struct stage_cost){ 0, 0 });
	check_stage(plan, dense, STAGE_PACKING, (struct stage_cost){ 0, (24 + 64) * NUMBER });
	check_stage(plan, dense, STAGE_FORWARD, (struct stage_cost){ 16 * 24, (3 * 8 + 3 * 3) * LANE + 27 * NUMBER });
	check_stage(plan, dense, STAGE_LOSS, (struct stage_cost){ 0, 2 * 3 * LANE });
	check_stage(plan, dense, STAGE_BACKWARD, (struct stage_cost){ 16 * 48,
		(4 * 3 + 4 * 8) * LANE + 2 * 27 * NUMBER });
	check_stage(plan, dense, STAGE_SUMMING, (struct stage_cost){ 0, 0 });
	check_stage(plan, dense, STAGE_UPDATE, (struct stage_cost){ 0, 5 * 27 * NUMBER });
}

TEST(plan_cost_of_an_update_by_hand)
{
	for (int input_gradient = 0; input_gradient < 2; input_gradient++) {
		struct model_run r;

		model_run_open(&r, "conv channels=2 kernel=3; relu; max_pool window=2; flatten; dense units=3",
		               (struct shape){ 1, 4, 4 }, 3);
		r.net.network.input_gradient = input_gradient;
		model_run_plan(&r, 16);
		check_small(r.plan, input_gradient);
		CHECK(model_plan_computes(r.plan, 0) && !model_plan_computes(r.plan, 1) &&
			!model_plan_computes(r.plan, 3));
		CHECK_INT(model_plan_update(r.plan).macs, 16 * (288 * (2 + input_gradient) + 3 * 24));
		model_run_close(&r);
	}
}

/* 20 images are two lane groups: arrays are as long as two, the parameters' gradients come twice, multiply-adds are
 * those of images. */
TEST(plan_cost_of_a_batch_with_empty_lanes)
{
	struct model_run r;

	model_run_open(&r, "batch_norm; conv channels=3 kernel=4 padding=valid", (struct shape){ 1, 4, 4 }, 3);
	r.net.network.input_gradient = false;
	model_run_plan(&r, 20);
	check_stage(r.plan, NETWORK_INPUT, STAGE_LOADING, (struct stage_cost){ 0, 16 * 20 + 2 * 16 * LANE });
	check_stage(r.plan, 0, STAGE_FORWARD, (struct stage_cost){ 0, 3 * 2 * 16 * LANE + 2 * NUMBER });
	check_stage(r.plan, 0, STAGE_BACKWARD, (struct stage_cost){ 0, 2 * 2 * 16 * LANE + 2 * 2 * NUMBER });
	check_stage(r.plan, 0, STAGE_SUMMING, (struct stage_cost){ 0, 3 * 2 * NUMBER });
	check_stage(r.plan, 1, STAGE_BACKWARD, (struct stage_cost){ 20 * 2 * 48,
	            2 * (16 + 3) * LANE + 2 * 51 * NUMBER + 2 * 16 * LANE + 51 * NUMBER });
	model_run_close(&r);
}

/* The input is read twice: relu writes its gradient aside, and it is added to the one that add wrote in place. */
TEST(plan_cost_of_gradients_that_are_added_up)
{
	struct model_run r;

	model_run_open(&r, "relu; add from=-1,0; dense units=2", (struct shape){ 6, 1, 1 }, 2);
	model_run_plan(&r, 16);
	check_stage(r.plan, 0, STAGE_BACKWARD, (struct stage_cost){ 0, (3 + 3) * 6 * LANE });
	check_stage(r.plan, 1, STAGE_FORWARD, (struct stage_cost){ 0, 3 * 6 * LANE });
	check_stage(r.plan, 1, STAGE_BACKWARD, (struct stage_cost){ 0, 3 * 6 * LANE });
	model_run_close(&r);
}

/* All three layers' multiply-adds are those of the last one, each counted once although some are done twice; gradients
 * with respect to parameters come once a batch. d_in is written, finished, and added to the shortcut's. */
TEST(plan_cost_counts_an_expansion_where_it_is_done)
{
	const int conv = 2, norm = 3, depthwise = 5;
	const int64_t expands = 13 * 250 * 99, convolves = 9 * 250 * 99, in = 2 * 13 * 99 * LANE,
		out = 2 * 250 * 99 * LANE;
	struct model_run r;

	model_run_open(&r, expansions_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 32);
	CHECK(!model_plan_computes(r.plan, conv) && !model_plan_computes(r.plan, norm) &&
		model_plan_computes(r.plan, depthwise));
	check_stage(r.plan, conv, STAGE_PACKING, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_FORWARD, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_BACKWARD, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_SUMMING, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_UPDATE, (struct stage_cost){ 0, 5 * 14 * 250 * NUMBER });
	check_stage(r.plan, norm, STAGE_SUMMING, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, depthwise, STAGE_FORWARD, (struct stage_cost){ 32 * (expands + convolves),
		2 * in + out + 2500 * NUMBER });
	check_stage(r.plan, depthwise, STAGE_BACKWARD, (struct stage_cost){ 2 * 32 * (expands + convolves),
	            in + out + 2 * 2500 * NUMBER + in + 2500 * NUMBER + (3 + 3) * in });
	CHECK_INT(model_plan_update(r.plan).macs, 3 * 32 * model_plan_cost(r.plan).macs);
	model_run_close(&r);
}

/* Batch norm reads its input for the moments. The convolution reads that input and writes its own output; back it reads
 * input and gradient twice, and writes d_in once. */
TEST(plan_cost_of_batch_norm_in_weights)
{
	const int norm = 2, conv = 3;
	const int64_t in = 2 * 6 * 99 * LANE, out = 2 * 9 * 99 * LANE, macs = 32 * 6 * 9 * 99;
	struct model_run r;

	model_run_open(&r, norms_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 32);
	check_stage(r.plan, norm, STAGE_FORWARD, (struct stage_cost){ 0, in });
	check_stage(r.plan, norm, STAGE_BACKWARD, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, norm, STAGE_SUMMING, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_PACKING, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_FORWARD, (struct stage_cost){ macs, in + out + 2 * 63 * NUMBER });
	check_stage(r.plan, conv, STAGE_BACKWARD, (struct stage_cost){ 2 * macs,
		2 * (in + out) + in + 4 * 63 * NUMBER });
	check_stage(r.plan, conv, STAGE_SUMMING, (struct stage_cost){ 0, 0 });
	model_run_close(&r);
}

/* A projection reads what batch norm reads, and back writes d_x of that, which the depthwise convolution
 * finishes; for that it reads its own output besides what it always does: its input, and the gradients by both. */
TEST(plan_cost_of_a_projection)
{
	const int depthwise = 2, norm = 4, conv = 6;
	const int64_t first = 2 * 6 * 99 * LANE, in = 2 * first, out = 2 * 9 * 99 * LANE, macs = 32 * 12 * 9 * 99;
	const int64_t packed = 12 * 12 + 12 * 9;
	struct model_run r;

	model_run_open(&r, projections_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 32);
	check_stage(r.plan, norm, STAGE_FORWARD, (struct stage_cost){ 0, in });
	check_stage(r.plan, norm, STAGE_BACKWARD, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_PACKING, (struct stage_cost){ 0, (12 * 9 + packed) * NUMBER });
	check_stage(r.plan, conv, STAGE_FORWARD, (struct stage_cost){ macs, in + out + 117 * NUMBER });
	check_stage(r.plan, conv, STAGE_BACKWARD, (struct stage_cost){ 2 * macs, in + out + in + 3 * 117 * NUMBER });
	check_stage(r.plan, conv, STAGE_SUMMING, (struct stage_cost){ 0, 3 * 117 * NUMBER });
	check_stage(r.plan, depthwise, STAGE_BACKWARD, (struct stage_cost){ 2 * 32 * 12 * 9 * 99,
	            in + first + in + first + 3 * (12 * 9 + 12) * NUMBER });
	model_run_close(&r);
}

/* A transition reads its input, and writes winners and then its output; back it reads winners, gradients by the output
 * and its input, and writes its d_in. Batch norm and what lies between are nowhere. */
TEST(plan_cost_of_a_transition)
{
	const int conv = 2, norm = 4, pool = 5;
	const int64_t in = 2 * 6 * 99 * LANE, out = 2 * 250 * 80 * LANE, macs = 32 * 6 * 250 * 99, params = 7 * 250;
	const int64_t packed = 6 * 252 + 8 * 250;
	struct model_run r;

	model_run_open(&r, transitions_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 32);
	CHECK(model_plan_computes(r.plan, conv) && !model_plan_computes(r.plan, norm) &&
		!model_plan_computes(r.plan, pool));
	check_stage(r.plan, norm, STAGE_FORWARD, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, norm, STAGE_BACKWARD, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, norm, STAGE_SUMMING, (struct stage_cost){ 0, 0 });
	check_stage(r.plan, conv, STAGE_PACKING, (struct stage_cost){ 0, (6 * 250 + packed) * NUMBER });
	check_stage(r.plan, conv, STAGE_FORWARD, (struct stage_cost){ macs, in + out + params * NUMBER + 2 * out });
	check_stage(r.plan, conv, STAGE_BACKWARD, (struct stage_cost){ 2 * macs,
		2 * out + in + 2 * out + 3 * params * NUMBER + in });
	check_stage(r.plan, conv, STAGE_SUMMING, (struct stage_cost){ 0, 3 * params * NUMBER });
	model_run_close(&r);
}

/* Whether a layer is the host of an operation that packs weights. */
static bool packs(const struct model_plan *plan, int layer)
{
	int i = plan->nodes[layer].operation;

	return i >= 0 && plan->operations[i].host == layer && plan->operations[i].type->prepare;
}

/* A layer that forgot to say what its steps move would look free. */
TEST(plan_cost_of_every_layer_type_is_stated)
{
	struct model_run r;

	model_run_open(&r, every_layer_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 16);
	for (int i = 0; i < r.net.network.layer_count; i++) {
		bool computes = model_plan_computes(r.plan, i);
		CHECK((model_plan_stage(r.plan, STAGE_FORWARD, i).bytes > 0) == computes);
		CHECK((model_plan_stage(r.plan, STAGE_BACKWARD, i).bytes > 0) == computes);
		CHECK((model_plan_stage(r.plan, STAGE_PACKING, i).bytes > 0) == packs(r.plan, i));
	}
	model_run_close(&r);
}

/* --- The observer ------------------------------------------------------------------------------------------------- */

enum { MOST_LAYERS = 40 };

struct heard {
	bool inside, nested;
	int count[STAGES][MOST_LAYERS + 1];     /* one place ahead: [0] is the network's input */
};

static void hear_begin(void *about)
{
	struct heard *h = about;

	h->nested = h->nested || h->inside;
	h->inside = true;
}

static void hear_end(void *about, enum stage stage, int layer)
{
	struct heard *h = about;

	CHECK(h->inside);
	h->inside = false;
	h->count[stage][layer + 1]++;
}

static struct outcome train(struct heard *heard)
{
	struct observer observer = { hear_begin, hear_end, heard };
	struct model_run r;

	model_run_open(&r, every_layer_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 40);
	model_run_create(&r, *next_set(kernels_all));
	if (heard)
		model_observe(r.model, &observer);
	for (int i = 0; i < 2; i++) {
		model_run_fill(&r, 40, 7 + (uint64_t)i, 0);
		model_run_train(&r);
	}
	struct outcome o = model_run_outcome(&r);
	model_run_close(&r);
	return o;
}

/* Two updates of three lane groups. Loading belongs to the training loop. */
TEST(observer_hears_of_every_piece_of_work_and_changes_nothing)
{
	static struct heard heard;
	struct model_run r;
	struct outcome watched = train(&heard), alone = train(NULL);

	CHECK_SAME_OUTCOME("watched and alone", watched, alone);
	CHECK(!heard.inside && !heard.nested);
	model_run_open(&r, every_layer_text, (struct shape){ 3, 9, 11 }, 4);
	model_run_plan(&r, 40);
	for (int i = 0; i < r.net.network.layer_count; i++) {
		bool computes = model_plan_computes(r.plan, i),
			has_params = model_plan_layer(r.plan, i)->param_count > 0;
		const int *last = &heard.count[STAGE_LOSS][i + 1];
		CHECK((heard.count[STAGE_FORWARD][i + 1] > 0) == computes);
		CHECK((heard.count[STAGE_BACKWARD][i + 1] > 0) == computes);
		CHECK_INT(heard.count[STAGE_UPDATE][i + 1], has_params ? 2 * model_plan_layer(r.plan, i)->param_count
			: 0);
		CHECK_INT(heard.count[STAGE_SUMMING][i + 1],
		          r.plan->nodes[i].grouped ? 2 * model_plan_layer(r.plan, i)->param_count : 0);
		CHECK_INT(heard.count[STAGE_PACKING][i + 1], packs(r.plan, i) ? 2 : 0);
		CHECK_INT(*last, i + 1 == r.net.network.layer_count ? 2 * 3 : 0);
	}
	CHECK_INT(heard.count[STAGE_LOADING][0], 0);
	CHECK_INT(heard.count[STAGE_FORWARD][0 + 1], 2 * 3);    /* a convolution: one step, once for each group */
	model_run_close(&r);
}
