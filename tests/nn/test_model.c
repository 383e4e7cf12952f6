/* Training steps of whole small networks: threads, empty lanes, the planned batch, memory reuse and the instruction set
 * change no byte. test_folding.c: layers whose work others do. */
#include "nn/model/plan.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

static const struct shape EVERY_INPUT = { 3, 9, 11 };
enum { EVERY_CLASSES = 4, STEPS = 4 };

static const struct kernels *best(void)
{
	return kernels_choose(NULL);
}

/* Networks that together have all layers and all fusions. */
static const char *const *const networks[] = { &every_layer_text, &expansions_text, &norms_text,
	&projections_text, &transitions_text };
enum { NETWORKS = sizeof networks / sizeof *networks };

static void open_network(struct model_run *r, const char *text, int batch, const struct kernels *k)
{
	model_run_open(r, text, EVERY_INPUT, EVERY_CLASSES);
	model_run_plan(r, batch);
	model_run_create(r, k);
}

/* STEPS steps, the last one over a partial batch. */
static struct outcome train(struct model_run *r, int images, double junk)
{
	for (int step = 0; step < STEPS; step++) {
		model_run_fill(r, step == STEPS - 1 ? images - 14 : images, (uint64_t)step, junk);
		model_run_train(r);
	}
	return model_run_outcome(r);
}

/* What is trained, and on how. */
struct training { const char *text; int batch, images; double junk; const struct kernels *kernels; };

static struct outcome train_network(const struct training *t)
{
	struct model_run r;

	open_network(&r, t->text, t->batch, t->kernels);
	struct outcome o = train(&r, t->images, t->junk);
	model_run_close(&r);
	return o;
}

#define TRAINED(...) train_network(&(struct training){ __VA_ARGS__ })

TEST(model_every_layer_has_every_registered_type)
{
	struct net net;

	net_read(&net, EVERY_INPUT, EVERY_CLASSES, every_layer_text);
	for (const struct layer_type *const *type = layer_types; *type; type++) {
		bool met = false;
		for (int i = 0; i < net.network.layer_count; i++)
			met = met || net.layers[i].type == *type;
		if (!met)
			test_fail(__FILE__, __LINE__, "every_layer_text has no %s", (*type)->kind.name);
	}
}

/* Something is learnt, and nothing is NaN: otherwise the comparisons below would compare little. */
TEST(model_training_steps_lower_the_loss)
{
	struct model_run r;
	double first = 0, last = 0;

	open_network(&r, every_layer_text, 37, best());
	for (int step = 0; step < 30; step++) {
		model_run_fill(&r, 37, 3, 0);
		model_run_train(&r);
		last = 0;
		for (int i = 0; i < 37; i++)
			last += model_loss(r.model, i) / 37;
		first = step == 0 ? last : first;
	}
	CHECK(isfinite(first) && last < first / 2);
	model_run_close(&r);
}

/* --- Threads --- */

static void *help(void *team)
{
	static const atomic_int stay;

	team_help(team, &stay);
	return NULL;
}

static void start_helpers(struct team *team, int helpers, pthread_t threads[])
{
	for (int i = 0; i < helpers; i++)
		pthread_create(&threads[i], NULL, help, team);
	while (atomic_load(&team->helpers) < helpers)
		sched_yield();
}

static void stop_helpers(struct team *team, int helpers, const pthread_t threads[])
{
	team_close(team);
	for (int i = 0; i < helpers; i++)
		pthread_join(threads[i], NULL);
}

static struct outcome train_helped(struct model_run *r, int helpers)
{
	pthread_t threads[3];

	start_helpers(&r->team, helpers, threads);
	struct outcome o = train(r, 101, 0);
	stop_helpers(&r->team, helpers, threads);
	return o;
}

static struct outcome train_with_helpers(const char *text, int helpers)
{
	struct model_run r;

	open_network(&r, text, 101, best());
	struct outcome o = train_helped(&r, helpers);
	model_run_close(&r);
	return o;
}

TEST(model_training_is_the_same_with_1_2_3_and_4_threads)
{
	for (int i = 0; i < NETWORKS; i++, take_nothing()) {
		struct outcome alone = train_with_helpers(*networks[i], 0);
		for (int helpers = 1; helpers < 4; helpers++) {
			char what[40];
			snprintf(what, sizeof what, "network %d, 1 and %d threads", i, helpers + 1);
			CHECK_SAME_OUTCOME(what, alone, train_with_helpers(*networks[i], helpers));
		}
	}
}

/* The scratch that weight gradients of convolutions use: both groups of a layer wait for each other here. */
static struct {
	struct kernels kernels;
	const struct kernels *real;
	struct { const real *from, *to; } calls[8];
	atomic_int count;
} spy;

static void spy_on_conv_weights(const struct conv_weights_job *job)
{
	size_t len = conv_weights_scratch_len(job->in_shape.c, job->out_shape.c, job->kernel.h, job->kernel.w);

	if (job->in_shape.h > 1) {      /* not the dense layer's */
		int call = atomic_fetch_add(&spy.count, 1);
		spy.calls[call].from = job->scratch;
		spy.calls[call].to = job->scratch + len;
		while (atomic_load(&spy.count) < call / 2 * 2 + 2)
			sched_yield();
	}
	spy.real->conv_weights(job);
}

static void spy_on_conv_backward(const struct conv_weights_job *weights, const struct conv_job *data)
{
	spy_on_conv_weights(weights);
	spy.real->conv(data);
}

/* Two threads run a chain of layers, one group each: their scratch is separate at any time, and a thread has the same
 * memory in the next layer. */
TEST(model_threads_share_no_working_memory)
{
	struct model_run r;
	pthread_t thread;

	spy.real = best();
	spy.kernels = *spy.real;
	spy.kernels.conv_weights = spy_on_conv_weights;
	spy.kernels.conv_backward = spy_on_conv_backward;
	model_run_open(&r, "conv channels=2 kernel=3; conv channels=7 kernel=3; conv channels=1 kernel=1; flatten; "
	                   "dense units=3",
	               (struct shape){ 5, 4, 4 }, 3);
	model_run_plan(&r, 32);
	model_run_create(&r, &spy.kernels);
	model_run_fill(&r, 32, 1, 0);
	start_helpers(&r.team, 1, &thread);
	model_forward(r.model, &r.team, &r.batch, true);
	model_backward(r.model, &r.team);
	stop_helpers(&r.team, 1, &thread);
	CHECK_INT(atomic_load(&spy.count), 6);
	for (int call = 0; call < 6; call++) {
		bool first = spy.calls[call].from == spy.calls[0].from;
		CHECK(spy.calls[call].to <= spy.calls[call ^ 1].from || spy.calls[call ^ 1].to <= spy.calls[call].from);
		CHECK(first || spy.calls[call].from == spy.calls[1].from);
	}
	model_run_close(&r);
}

/* --- Lanes and batches --- */

TEST(model_sees_nothing_in_empty_lanes)
{
	for (EACH_SET(k))
		for (int i = 0; i < NETWORKS; i++, take_nothing())
			CHECK_SAME_OUTCOME((*k)->name, TRAINED(*networks[i], 37, 37, 0, *k),
			                   TRAINED(*networks[i], 37, 37, -4321.5, *k));
}

TEST(model_planned_for_more_images_computes_the_same)
{
	for (int i = 0; i < NETWORKS; i++, take_nothing()) {
		struct outcome want = TRAINED(*networks[i], 19, 19, 0, best());
		CHECK_SAME_OUTCOME("planned for 19 and 32", want, TRAINED(*networks[i], 32, 19, 0, best()));
		CHECK_SAME_OUTCOME("planned for 19 and 80", want, TRAINED(*networks[i], 80, 19, 0, best()));
	}
}

/* A smaller batch after a larger one, in the memory that the larger one has left. */
static void check_forgets(const char *text)
{
	struct model_run a, b;

	open_network(&a, text, 64, best());
	open_network(&b, text, 64, best());
	model_run_fill(&a, 64, 7, 3);
	model_forward(a.model, &a.team, &a.batch, true);
	model_backward(a.model, &a.team);
	memcpy(model_memory(a.model).state, model_memory(b.model).state,
	       model_memory(b.model).state_len * sizeof(real));
	model_run_fill(&a, 21, 8, 0);
	model_run_fill(&b, 21, 8, 0);
	model_run_train(&a);
	model_run_train(&b);
	CHECK_SAME_OUTCOME("after a larger batch, and fresh", model_run_outcome(&a), model_run_outcome(&b));
	model_run_close(&a);
	model_run_close(&b);
	take_nothing();
}

TEST(model_forgets_the_batch_before)
{
	for (int i = 0; i < NETWORKS; i++)
		check_forgets(*networks[i]);
}

/* --- Memory, instruction sets --- */

static struct slot *next_slot(struct model_plan *plan, int *i)
{
	int values = plan->value_count * 2, sides = plan->operation_count * MAX_INPUTS;

	for (; *i < values + sides; ++*i) {
		int side = *i - values;
		struct slot *slot = *i < values ? (*i % 2 ? &plan->values[*i / 2].gradient : &plan->values[*i / 2].data)
		                                : &plan->operations[side / MAX_INPUTS].side[side % MAX_INPUTS];
		if (slot->len) {
			++*i;
			return slot;
		}
	}
	return NULL;
}

/* Gives every slot its own memory, as in a plan without reuse. */
static void spread_slots(struct model_plan *plan)
{
	struct slot *slot;

	plan->activations_len = plan->local_len = 0;
	for (int i = 0; (slot = next_slot(plan, &i)); ) {
		size_t *len = slot->local ? &plan->local_len : &plan->activations_len;
		slot->at = *len;
		*len += slot->len;
	}
}

static const struct { const char *const *known; const char *text; struct shape input; int classes; } reusing[] = {
	{ &every_layer_text, NULL, { 3, 9, 11 }, 4 }, { &expansions_text, NULL, { 3, 9, 11 }, 4 },
	{ &norms_text, NULL, { 3, 9, 11 }, 4 }, { &projections_text, NULL, { 3, 9, 11 }, 4 },
	{ NULL, "conv channels=4 kernel=3; add from=0,0; conv channels=4 kernel=3; add from=2,1; relu; add from=4,1; "
	        "add from=5,0;"
	  "global_average_pool; dense units=3", { 2, 5, 5 }, 3 },
	{ NULL, "flatten; dense units=6; relu; dense units=6 from=0; add from=2,3; relu6; dropout rate=0.1; "
	        "dense units=6;"
	  "add from=7,4; dense units=3", { 2, 3, 3 }, 3 },
	{ &transitions_text, NULL, { 3, 9, 11 }, 4 },
	{ NULL, "dense units=3", { 5, 1, 1 }, 3 },
	{ NULL, "conv channels=3 kernel=4 padding=valid; flatten", { 2, 4, 4 }, 3 },
};

/* A tensor that lost its memory too early would show: where it matters at all, the numbers differ from those without
 * reuse. */
TEST(model_memory_reuse_changes_nothing)
{
	for (size_t i = 0; i < sizeof reusing / sizeof *reusing; i++) {
		struct outcome outcomes[2];
		const char *text = reusing[i].known ? *reusing[i].known : reusing[i].text;
		int64_t bytes[2];
		for (int apart = 0; apart < 2; apart++) {
			struct model_run r;
			model_run_open(&r, text, reusing[i].input, reusing[i].classes);
			model_run_plan(&r, 36);
			if (apart)
				spread_slots(r.plan);
			bytes[apart] = model_plan_cost(r.plan).activation_bytes;
			model_run_create(&r, best());
			outcomes[apart] = train(&r, 36, 0);
			model_run_close(&r);
		}
		CHECK_SAME_OUTCOME(text, outcomes[0], outcomes[1]);
		CHECK(bytes[0] <= bytes[1]);
		if (i < 5)
			CHECK(bytes[0] < bytes[1] * 3 / 4);
		take_nothing();
	}
}

/* The promise across instruction sets; the portable one has no fused multiply-add and only comes near. */
TEST(model_training_is_the_same_with_avx512_and_avx2)
{
	const struct kernels *wide = kernels_choose("avx512"), *narrow = kernels_choose("avx2");

	if (!wide || !narrow) {
		printf("skipped: this processor has not both AVX-512 and AVX2\n");
		return;
	}
	for (int i = 0; i < NETWORKS; i++, take_nothing())
		CHECK_SAME_OUTCOME("avx512 and avx2", TRAINED(*networks[i], 37, 37, 0, wide),
		                   TRAINED(*networks[i], 37, 37, 0, narrow));
}

/* Convolutions that are done in bfloat16, one with a stride, one in groups, and layers that are not. */
static struct outcome train_bf16(bool bf16, const struct kernels *k, int helpers)
{
	struct model_run r;

	model_run_open(&r, "conv channels=8 kernel=3; batch_norm; relu; conv channels=13 kernel=3 stride=2; "
	                   "leaky_relu slope=0.1;"
	                   "conv channels=12 kernel=1; batch_norm; relu; conv channels=8 kernel=3 groups=2; "
	                   "max_pool window=2; flatten;dense units=4", (struct shape){ 3, 13, 11 }, 4);
	r.net.network.bf16 = bf16;
	model_run_plan(&r, 101);
	model_run_create(&r, k);
	struct outcome o = train_helped(&r, helpers);
	model_run_close(&r);
	return o;
}

TEST(model_training_in_bf16_is_the_same_with_other_threads_and_instructions)
{
	struct outcome alone = train_bf16(true, best(), 0);

	CHECK_SAME_OUTCOME("1 and 3 threads", alone, train_bf16(true, best(), 2));
	for (EACH_SET(k))
		if (strcmp((*k)->name, "portable"))
			CHECK_SAME_OUTCOME((*k)->name, alone, train_bf16(true, *k, 0));
	take_nothing();
}

/* A bfloat16 number is good to a part in 256 or so: losses differ by less than a part in 20, and do differ. */
TEST(model_training_in_bf16_comes_near)
{
	struct outcome want = train_bf16(false, best(), 0), got = train_bf16(true, best(), 0);
	double apart = 0;

	CHECK_INT((long long)got.len, (long long)want.len);
	for (size_t i = 0; i < 2 * (101 - 14); i += 2) {
		CHECK_CLOSE(got.at[i], want.at[i], 0.05 * want.at[i]);
		apart = fmax(apart, fabs(got.at[i] - want.at[i]));
	}
	CHECK(apart > 1e-5);
	take_nothing();
}

TEST(model_training_on_portable_kernels_comes_near)
{
	for (int i = 0; i < NETWORKS; i++, take_nothing()) {
		struct outcome want = TRAINED(*networks[i], 37, 37, 0, best());
		struct outcome got = TRAINED(*networks[i], 37, 37, 0, kernels_choose("portable"));
		CHECK_INT((long long)got.len, (long long)want.len);
		CHECK_NEAR("portable", got.at, want.at, want.len, 1e-4);
	}
}
