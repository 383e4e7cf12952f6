/* Augmentation in training: mixed labels reach the loss, results are the same for any number of threads, and a training
 * goes on from any batch. */
#include "nn/train/loader.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/problem.h"
#include "tests/helpers/scene.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { EPOCHS_RUN = 3 };

/* The problem with a list of steps; both must stay where they are. */
static void open_augmented(struct problem *p, struct scene *s)
{
	problem_open(p, "adam", 0.01);
	*s = (struct scene){ .augmenter = NULL };
	scene_add(s, "flip", "when=1");
	scene_add(s, "affine", "rotate=10 zoom=0.1 shift=0.1 border=2");
	scene_add(s, "contrast", "range=0.2");
	scene_add(s, "erase", "");
	scene_add(s, "mixup", "probability=0.5");
	scene_add(s, "cutmix", "");
	p->recipe.epochs = EPOCHS_RUN;
	p->recipe.augment = s->recipe.augment;
	p->recipe.augment_count = s->recipe.augment_count;
}

static bool same_scores(const struct epoch_row *a, const struct epoch_row *b)
{
	return !memcmp(&a->training, &b->training, sizeof a->training) &&
	       !memcmp(&a->validation, &b->validation, sizeof a->validation);
}

TEST(training_augmented_is_the_same_with_any_number_of_threads)
{
	static struct problem p;
	static struct scene s;
	struct epoch_row alone[30], helped[30];
	struct score a, b;

	open_augmented(&p, &s);
	CHECK_INT(problem_run(&p, alone, &a), EPOCHS_RUN);
	for (int helpers = 1; helpers <= PROBLEM_HELPERS; helpers++) {
		open_augmented(&p, &s);
		problem_help(&p, helpers);
		CHECK_INT(problem_run(&p, helped, &b), EPOCHS_RUN);
		problem_leave(&p);
		for (int i = 0; i < EPOCHS_RUN; i++)
			CHECK(same_scores(&alone[i], &helped[i]));
		CHECK(!memcmp(&a, &b, sizeof a));
	}
}

/* Stops before batch `stop_at`, where there is one. */
static int batch, stop_at;
static volatile int stop;

static void count_batch(void *about)
{
	(void)about;
	stop = batch++ == stop_at;
}

/* Another training that takes over position and arrays. */
static struct training *taken_over(const struct problem *p, struct training *from)
{
	struct training *to = problem_start(p);
	struct model_array old[TRAINING_ARRAYS], new[TRAINING_ARRAYS];
	struct training_position at = training_position(from);
	int count = training_arrays(from, old);

	CHECK_INT(training_arrays(to, new), count);
	for (int i = 0; i < count; i++)
		memcpy(new[i].at, old[i].at, old[i].len * sizeof(real));
	CHECK(training_resume(to, &at));
	training_destroy(from);
	return to;
}

/* The rows of all epochs, with a stop before one of the batches. */
static void run_stopped(const struct problem *p, int at, struct epoch_row rows[EPOCHS_RUN])
{
	struct training *t = problem_start(p);

	batch = stop = 0;
	stop_at = at;
	for (int i = 0; i < EPOCHS_RUN; i++)
		if (!training_epoch(t, &rows[i])) {
			t = taken_over(p, t);
			stop = 0;
			CHECK(training_epoch(t, &rows[i]));
		}
	training_destroy(t);
}

TEST(training_augmented_goes_on_from_any_batch)
{
	static struct problem p;
	static struct scene s;
	struct epoch_row whole[EPOCHS_RUN], parts[EPOCHS_RUN];

	open_augmented(&p, &s);
	p.setup.stop = &stop;
	p.setup.between = count_batch;
	run_stopped(&p, -1, whole);
	for (int at = 0; at < EPOCHS_RUN * 7; at++) {
		run_stopped(&p, at, parts);
		for (int i = 0; i < EPOCHS_RUN; i++)
			CHECK(same_scores(&whole[i], &parts[i]));
	}
}

/* Labels of a loaded group are those of the images as they are mixed, one by one. */
TEST(loader_gives_the_labels_of_mixtures)
{
	struct scene s;
	const struct shape shape = { 2, 6, 10 };
	static const int order[] = { 30, 7, 7, 12, 39, 0, 1, 2, 3, 4, 5 };
	uint8_t want[120];
	struct target targets[LANES];
	int mixed = 0;

	scene_open(&s, shape, 40);
	scene_add(&s, "shift", "share=0.3");
	scene_add(&s, "mixup", "alpha=1");
	scene_show(&s, 0, 0, want);
	struct augmentation a = augmenter_at(s.augmenter, 5, 0);
	struct group_load load = { .kernels = kernels_choose(NULL), .order = order, .lanes = 11, .scale = { 0, 1 },
		.images = { .pixels = s.images.pixels, .labels = s.images.labels, .count = 40, .shape = shape },
		.augmentation = &a, .to = take_reals(group_len(shape)), .targets = targets };
	group_load(&load);
	for (int lane = 0; lane < 11; lane++) {
		struct seen seen = scene_show(&s, order[lane], 5, want);
		CHECK_INT(targets[lane].label, order[lane] % 7);
		CHECK_INT(targets[lane].other, seen.other);
		CHECK_CLOSE((double)targets[lane].share, seen.share, 0);
		mixed += seen.share < 1;
		for (int i = 0; i < 120; i++)
			CHECK_CLOSE((double)load.to[i * LANES + lane], want[i], 0);
	}
	CHECK(mixed > 5);
	scene_close(&s);
}

/* With weights that stand still, what mixed labels cost is linear in their shares: more than whole labels. */
TEST(training_counts_mixed_labels)
{
	static struct problem p;
	static struct scene s;
	struct epoch_row plain, mixed;

	problem_open(&p, "sgd", 1e-30);
	struct training *t = problem_start(&p);
	CHECK(training_epoch(t, &plain));
	training_destroy(t);
	s = (struct scene){ .augmenter = NULL };
	scene_add(&s, "mixup", "alpha=1");
	p.recipe.augment = s.recipe.augment;
	p.recipe.augment_count = 1;
	t = problem_start(&p);
	CHECK(training_epoch(t, &mixed));
	training_destroy(t);
	CHECK(plain.training.loss != mixed.training.loss);
	CHECK(isfinite(mixed.training.loss));
}
