/* A training that is stopped between any two batches and goes on in another one, from its position and arrays alone. */
#include "tests/helpers/problem.h"
#include "tests/helpers/test.h"

#include <stdlib.h>
#include <string.h>

enum { EPOCHS = 6, BATCHES = 7 };       /* of 40 of 250 images */

/* Raises the flag before batch number `at`, counted from 0 over all epochs. */
static volatile int stop;
static int batch, at;

static void count_batch(void *about)
{
	(void)about;
	stop = batch++ == at;
}

/* Everything that a training ends with. */
struct end {
	struct epoch_row rows[EPOCHS + 1];
	int epochs;
	real *numbers;          /* malloc'd: all arrays, one behind the other */
	size_t len;
};

static void take_end(const struct training *t, struct end *to)
{
	struct model_array arrays[TRAINING_ARRAYS];
	int count = training_arrays(t, arrays);

	to->len = 0;
	for (int i = 0; i < count; i++)
		to->len += arrays[i].len;
	to->numbers = malloc(to->len * sizeof *to->numbers);
	for (int i = 0, place = 0; i < count; place += (int)arrays[i++].len)
		memcpy(to->numbers + place, arrays[i].at, arrays[i].len * sizeof(real));
}

/* Another training, where this one stands; this one is destroyed. */
static struct training *move(struct problem *p, struct training *from)
{
	struct training *to = problem_start(p);
	struct model_array old[TRAINING_ARRAYS], new[TRAINING_ARRAYS];
	struct training_position position = training_position(from);
	int count = training_arrays(from, old);

	CHECK_INT(training_arrays(to, new), count);
	for (int i = 0; i < count; i++)
		memcpy(new[i].at, old[i].at, old[i].len * sizeof(real));
	training_destroy(from);
	CHECK(training_resume(to, &position));
	return to;
}

/* Stopped before batch `stopped_at` (-1: never) and moved. */
static void run(struct problem *p, int stopped_at, struct end *to)
{
	struct training *t = problem_start(p);
	double best = -1;

	memset(to, 0, sizeof *to);
	batch = 0;
	at = stopped_at;
	stop = 0;
	for (struct epoch_row row = { 0 }; !row.last;) {
		if (!training_epoch(t, &row)) {
			t = move(p, t);
			stop = 0;
			at = -1;
			continue;
		}
		to->rows[to->epochs++] = row;
		if (row.validation.accuracy > best) {
			best = row.validation.accuracy;
			training_keep_best(t);
		}
	}
	take_end(t, to);
	training_destroy(t);
}

static bool same_row(const struct epoch_row *a, const struct epoch_row *b)
{
	return a->epoch == b->epoch && a->learning_rate == b->learning_rate && a->last == b->last &&
	       a->training.loss == b->training.loss && a->training.accuracy == b->training.accuracy &&
	       a->validation.loss == b->validation.loss && a->validation.accuracy == b->validation.accuracy;
}

static void check_all_batches(struct problem *p)
{
	struct end want, got;

	p->recipe.flip = true;
	p->recipe.shift = 0.1;
	p->setup.stop = &stop;
	p->setup.between = count_batch;
	run(p, -1, &want);
	CHECK_INT(batch, want.epochs * BATCHES);
	for (int i = 0; i < want.epochs * BATCHES; i++) {
		run(p, i, &got);
		CHECK_INT(got.epochs, want.epochs);
		for (int k = 0; k < want.epochs; k++)
			CHECK(same_row(&got.rows[k], &want.rows[k]));
		CHECK(got.len == want.len && memcmp(got.numbers, want.numbers, got.len * sizeof(real)) == 0);
		free(got.numbers);
	}
	free(want.numbers);
}

TEST(training_goes_on_from_any_batch)
{
	static struct problem p;

	problem_open(&p, "adam", 0.01);
	p.recipe.average_weights = 0.9;
	p.recipe.warm_up = 1.5;
	check_all_batches(&p);
}

TEST(training_goes_on_with_whole_kernels_clipping_sharpness_and_lookahead)
{
	static struct problem p;

	problem_open(&p, "muon", 0.02);
	p.recipe.clip = 0.5;
	p.recipe.sam = 0.05;
	p.recipe.lookahead = 3;
	p.recipe.lookahead_share = 0.4;
	check_all_batches(&p);
}

TEST(training_goes_on_with_patience_and_a_plateau)
{
	static struct problem p;

	problem_open(&p, "sgd", 0.3);
	problem_schedule(&p, "reduce_on_plateau", "patience=1");
	p.recipe.patience = 2;
	check_all_batches(&p);
}

/* What no training of this recipe can be at. */
TEST(training_refuses_a_position_that_is_none)
{
	static struct problem p;

	problem_open(&p, "adam", 0.01);
	struct training *t = problem_start(&p);
	const struct training_position good = { .epoch = 1, .next = 80, .step = 9, .best_accuracy = -1 };
	struct training_position bad[] = { good, good, good, good, good, good };

	CHECK(training_resume(t, &good));
	bad[0].epoch = EPOCHS + 1;
	bad[1].next = 81;
	bad[2].next = 290;
	bad[3].step = 10;
	bad[4].epochs_without_gain = -1;
	bad[5].next = -40;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		CHECK(!training_resume(t, &bad[i]));
	training_destroy(t);
}

/* The answers that teachers have given so far are among the arrays. */
TEST(training_goes_on_with_kept_answers)
{
	static struct problem p;
	static struct net net;

	problem_open(&p, "adam", 0.01);
	net_read(&net, p.setup.training.shape, 2, "batch_norm; flatten; dense units=2");
	p.setup.teachers = &(struct teacher){ .network = &net.network, .scaling = SCALING_UNIT };
	p.setup.teacher_count = 1;
	p.recipe.loss = loss_types[1];
	config_read(loss_types[1]->kind.fields, p.loss_config, "");
	p.recipe.keep_views = 2;
	check_all_batches(&p);
}
