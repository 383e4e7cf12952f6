/* A layer whose work a neighbour does, against the same layer on its own: a training step computes the same, or where
 * the order of sums differs nearly the same. */
#include "nn/model/plan.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

static const struct shape SMALL_INPUT = { 2, 6, 5 }, LARGER_INPUT = { 2, 12, 11 };

/* One step of both networks, with the same weights in both, every second one of the other sign. */
static void run_both(const char *const texts[2], struct shape input, struct model_run runs[2],
	struct outcome outcomes[2])
{
	for (int i = 0; i < 2; i++) {
		model_run_open(&runs[i], texts[i], input, 3);
		model_run_plan(&runs[i], 20);
		model_run_create(&runs[i], kernels_choose(NULL));
	}
	struct model_memory from = model_memory(runs[0].model), to = model_memory(runs[1].model);
	CHECK_INT((long long)to.params_len, (long long)from.params_len);
	for (size_t i = 0; i < from.params_len; i += 2)
		from.params[i] *= -1;
	memcpy(to.params, from.params, from.params_len * sizeof *from.params);
	for (int i = 0; i < 2; i++) {
		model_run_fill(&runs[i], 20, 5, 0);
		model_run_train(&runs[i]);
		outcomes[i] = model_run_outcome(&runs[i]);
	}
}

static void close_both(struct model_run runs[2])
{
	model_run_close(&runs[0]);
	model_run_close(&runs[1]);
	take_nothing();
}

/* A dropout of 0 between producer and activation changes no number but forbids folding. */
static void check_folding(const char *folded, const char *unfolded)
{
	struct model_run runs[2];
	struct outcome outcomes[2];

	run_both((const char *const[]){ folded, unfolded }, SMALL_INPUT, runs, outcomes);
	CHECK_SAME_OUTCOME(folded, outcomes[0], outcomes[1]);
	close_both(runs);
}

/* Likewise where the folded layer computes in another order. */
static void check_near(const char *folded, const char *unfolded, struct shape input)
{
	struct model_run runs[2];
	struct outcome both[2];
	double largest = 0, apart = 0;

	run_both((const char *const[]){ folded, unfolded }, input, runs, both);
	CHECK_INT((long long)both[0].len, (long long)both[1].len);
	for (size_t i = 0; i < both[0].len && i < both[1].len; i++) {
		largest = fmax(largest, fabs(both[0].at[i]));
		apart = fmax(apart, fabs(both[0].at[i] - both[1].at[i]));
	}
	CHECK(largest > 0 && apart < 1e-5 * largest);
	close_both(runs);
}

TEST(model_folded_activations_compute_the_same)
{
	check_folding("conv channels=4 kernel=3; relu; flatten; dense units=3",
	              "conv channels=4 kernel=3; dropout rate=0; relu; flatten; dense units=3");
	check_folding("depthwise kernel=3 multiplier=3; relu6; flatten; dense units=3",
	              "depthwise kernel=3 multiplier=3; dropout rate=0; relu6; flatten; dense units=3");
	check_folding("batch_norm; leaky_relu slope=0.3; flatten; dense units=3",
	              "batch_norm; dropout rate=0; leaky_relu slope=0.3; flatten; dense units=3");
	check_folding("flatten; dense units=9; relu; dense units=3; relu6",
	              "flatten; dense units=9; dropout rate=0; relu; dense units=3; dropout rate=0; relu6");
}

/* Likewise for gradients, which the reader of an activation takes through it; a dropout of 0 in front of the reader
 * does not. The last one's channels are so many that they are written past the caches. */
TEST(model_folded_gates_compute_the_same)
{
	check_folding("conv channels=4 kernel=3; relu; conv channels=5 kernel=3; flatten; dense units=3",
	              "conv channels=4 kernel=3; relu; dropout rate=0; conv channels=5 kernel=3; flatten; "
	              "dense units=3");
	check_folding("conv channels=4 kernel=3; leaky_relu slope=0.1; depthwise kernel=3 stride=2 multiplier=3; "
	              "flatten; dense units=3",
	              "conv channels=4 kernel=3; leaky_relu slope=0.1; dropout rate=0; "
	              "depthwise kernel=3 stride=2 multiplier=3; flatten;dense units=3");
	check_folding("conv channels=4 kernel=3; relu6; batch_norm; flatten; dense units=3",
	              "conv channels=4 kernel=3; relu6; dropout rate=0; batch_norm; flatten; dense units=3");
	check_folding("conv channels=4 kernel=3; leaky_relu slope=0.3; max_pool window=2; flatten; dense units=3",
	              "conv channels=4 kernel=3; leaky_relu slope=0.3; dropout rate=0; max_pool window=2; flatten; "
	              "dense units=3");
	check_folding("conv channels=820 kernel=1; relu; batch_norm; relu; conv channels=820 kernel=1 stride=2; "
	              "flatten; dense units=3",
	              "conv channels=820 kernel=1; relu; dropout rate=0; batch_norm; relu; dropout rate=0;"
	              "conv channels=820 kernel=1 stride=2; flatten; dense units=3");
}

/* Likewise for layers that a depthwise convolution takes its input through; spatial dropout is no such layer. */
TEST(model_layers_on_the_way_compute_the_same)
{
	check_folding("conv channels=5 kernel=3; relu; batch_norm; relu6; depthwise kernel=3 stride=2 multiplier=2; "
	              "flatten;dense units=3",
	              "conv channels=5 kernel=3; relu; batch_norm; relu6; spatial_dropout rate=0; "
	              "depthwise kernel=3 stride=2 multiplier=2;flatten; dense units=3");
	check_folding("conv channels=5 kernel=3; relu; batch_norm; dropout rate=0.3; dropout rate=0.2; "
	              "depthwise kernel=3x2; relu;batch_norm; batch_norm; leaky_relu slope=0.2; depthwise kernel=2; "
	              "flatten; dense units=3",
	              "conv channels=5 kernel=3; relu; batch_norm; dropout rate=0.3; dropout rate=0.2; "
	              "spatial_dropout rate=0;depthwise kernel=3x2; relu; batch_norm; batch_norm; "
	              "leaky_relu slope=0.2; spatial_dropout rate=0;depthwise kernel=2; flatten; dense units=3");
	check_folding("conv channels=820 kernel=1; batch_norm; relu; depthwise kernel=3; flatten; dense units=3",
	              "conv channels=820 kernel=1; batch_norm; relu; spatial_dropout rate=0; depthwise kernel=3; "
	              "flatten; dense units=3");
}

/* Likewise for a max pooling that batch norm does: where gamma is negative, the smallest number wins. */
TEST(model_folded_poolings_compute_the_same)
{
	check_near("conv channels=4 kernel=3; relu; batch_norm; leaky_relu slope=0.3; "
	           "max_pool window=3 stride=2 padding=same; flatten;dense units=3",
	           "conv channels=4 kernel=3; relu; batch_norm; leaky_relu slope=0.3; dropout rate=0;"
	           "max_pool window=3 stride=2 padding=same; flatten; dense units=3", SMALL_INPUT);
	check_near("batch_norm; max_pool window=2x1 stride=2; flatten; dense units=3",
	           "batch_norm; dropout rate=0; max_pool window=2x1 stride=2; flatten; dense units=3", SMALL_INPUT);
}

/* Likewise for an expansion: of an input that others read, or behind an activation, whose gradient the expansion then
 * takes through it. */
TEST(model_expansions_compute_the_same)
{
	check_near("conv channels=20 kernel=3; leaky_relu slope=0.2; conv channels=190 kernel=1; batch_norm; relu6; "
	           "depthwise kernel=3;flatten; dense units=3",
	           "conv channels=20 kernel=3; leaky_relu slope=0.2; conv channels=190 kernel=1; batch_norm; relu6;"
	           "spatial_dropout rate=0; depthwise kernel=3; flatten; dense units=3", LARGER_INPUT);
	check_near("conv channels=31 kernel=3; conv channels=95 kernel=1 bias=0; batch_norm; "
	           "depthwise kernel=3 stride=2 padding=1;global_average_pool; dense units=31; "
	           "global_average_pool from=0; add from=5,6; dense units=3",
	           "conv channels=31 kernel=3; conv channels=95 kernel=1 bias=0; batch_norm; spatial_dropout rate=0;"
	           "depthwise kernel=3 stride=2 padding=1; global_average_pool; dense units=31; "
	           "global_average_pool from=0;add from=6,7; dense units=3", LARGER_INPUT);
}

/* And one that begins with batch norm, behind an activation, or of the network's own input. */
TEST(model_expansions_with_batch_norm_before_them_compute_the_same)
{
	check_near("conv channels=20 kernel=3; leaky_relu slope=0.2; batch_norm; conv channels=190 kernel=1; "
	           "batch_norm; relu6;depthwise kernel=3; flatten; dense units=3",
	           "conv channels=20 kernel=3; leaky_relu slope=0.2; batch_norm; dropout rate=0; "
	           "conv channels=190 kernel=1; batch_norm;relu6; depthwise kernel=3; flatten; dense units=3",
	           LARGER_INPUT);
	check_near("batch_norm; conv channels=60 kernel=1 bias=0; batch_norm; relu; depthwise kernel=3 stride=2; "
	           "flatten; dense units=3",
	           "batch_norm; dropout rate=0; conv channels=60 kernel=1 bias=0; batch_norm; relu; "
	           "depthwise kernel=3 stride=2; flatten;dense units=3", (struct shape){ 13, 23, 22 });
}

/* Likewise for batch norm that a 1x1 convolution does with its weights, which a dropout of 0 between them forbids: with
 * and without bias, activations before and behind, of one channel, of an input that others read, and of so many that
 * the weight gradient is a product and arrays are written past the caches. */
TEST(model_norms_in_weights_compute_the_same)
{
	check_near("conv channels=5 kernel=3; leaky_relu slope=0.2; batch_norm; conv channels=7 kernel=1; relu6; "
	           "flatten; dense units=3",
	           "conv channels=5 kernel=3; leaky_relu slope=0.2; batch_norm; dropout rate=0; "
	           "conv channels=7 kernel=1; relu6; flatten;dense units=3", SMALL_INPUT);
	check_near("batch_norm; conv channels=1 kernel=1 bias=0; batch_norm; conv channels=2 kernel=1 bias=0; flatten; "
	           "dense units=3",
	           "batch_norm; dropout rate=0; conv channels=1 kernel=1 bias=0; batch_norm; dropout rate=0;"
	           "conv channels=2 kernel=1 bias=0; flatten; dense units=3", SMALL_INPUT);
	check_near("conv channels=5 kernel=3; relu; batch_norm; conv channels=5 kernel=1; add from=3,1; flatten; "
	           "dense units=3",
	           "conv channels=5 kernel=3; relu; batch_norm; dropout rate=0; conv channels=5 kernel=1; "
	           "add from=4,1; flatten;dense units=3", SMALL_INPUT);
	check_near("conv channels=820 kernel=1; relu; batch_norm; conv channels=40 kernel=1; flatten; dense units=3",
	           "conv channels=820 kernel=1; relu; batch_norm; dropout rate=0; conv channels=40 kernel=1; flatten; "
	           "dense units=3",
	           SMALL_INPUT);
}

/* Likewise for a 1x1 convolution that does the work of batch norm and max pooling behind it: with and without bias and
 * activations before and behind, windows that overlap, tile, leave rows out and hang over, of an input that others
 * read, and a weight gradient that is a product. */
TEST(model_transitions_compute_the_same)
{
	check_near("conv channels=5 kernel=3; leaky_relu slope=0.2; conv channels=70 kernel=1; relu; batch_norm;"
	           "max_pool window=3 stride=2; relu; flatten; dense units=3",
	           "conv channels=5 kernel=3; leaky_relu slope=0.2; conv channels=70 kernel=1; relu; dropout rate=0; "
	           "batch_norm;max_pool window=3 stride=2; relu; flatten; dense units=3", (struct shape){ 2, 21, 19 });
	check_near("conv channels=67 kernel=1 bias=0; batch_norm; max_pool window=2x3 stride=4 padding=1; flatten; "
	           "dense units=3",
	           "conv channels=67 kernel=1 bias=0; dropout rate=0; batch_norm; "
	           "max_pool window=2x3 stride=4 padding=1; flatten;dense units=3", (struct shape){ 3, 22, 18 });
	check_near("conv channels=36 kernel=3; relu6; conv channels=70 kernel=1; leaky_relu slope=0.1; batch_norm; "
	           "max_pool window=2;global_average_pool; dense units=36; global_average_pool from=1; add from=7,8; "
	           "dense units=3",
	           "conv channels=36 kernel=3; relu6; conv channels=70 kernel=1; leaky_relu slope=0.1; dropout rate=0; "
	           "batch_norm;max_pool window=2; global_average_pool; dense units=36; global_average_pool from=1; "
	           "add from=8,9; dense units=3",
	           (struct shape){ 2, 20, 20 });
}

/* Likewise with an activation between, whose gradient a depthwise convolution before them may finish: with and without
 * bias, of one channel, with and without activations before and behind, of an input that others read, of arrays that
 * are written past the caches. */
TEST(model_projections_compute_the_same)
{
	check_near("depthwise kernel=3 multiplier=3; leaky_relu slope=0.2; batch_norm; relu; conv channels=7 kernel=1; "
	           "relu6; flatten;dense units=3",
	           "depthwise kernel=3 multiplier=3; leaky_relu slope=0.2; batch_norm; relu; dropout rate=0; "
	           "conv channels=7 kernel=1;relu6; flatten; dense units=3", SMALL_INPUT);
	check_near("conv channels=1 kernel=3; batch_norm; relu6; conv channels=1 kernel=1 bias=0; batch_norm; "
	           "leaky_relu slope=0.1;conv channels=2 kernel=1 bias=0; flatten; dense units=3",
	           "conv channels=1 kernel=3; batch_norm; relu6; dropout rate=0; conv channels=1 kernel=1 bias=0; "
	           "batch_norm;leaky_relu slope=0.1; dropout rate=0; conv channels=2 kernel=1 bias=0; flatten; "
	           "dense units=3", SMALL_INPUT);
	check_near("depthwise kernel=3; batch_norm; relu; conv channels=2 kernel=1; add from=3,0; flatten; "
	           "dense units=3",
	           "depthwise kernel=3; batch_norm; relu; dropout rate=0; conv channels=2 kernel=1; add from=4,0; "
	           "flatten; dense units=3",
	           SMALL_INPUT);
	check_near("depthwise kernel=3 multiplier=410; batch_norm; relu; conv channels=820 kernel=1; flatten; "
	           "dense units=3",
	           "depthwise kernel=3 multiplier=410; batch_norm; relu; dropout rate=0; conv channels=820 kernel=1; "
	           "flatten;dense units=3", SMALL_INPUT);
}
