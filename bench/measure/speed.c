/* See speed.h. The training runs in a schedule of one task, so that threads and OpenBLAS behave as in a real run. */
#include "bench/measure/speed.h"

#include "bench/measure/limits.h"
#include "bench/sweep/point_teachers.h"
#include "bench/system/clock.h"
#include "bench/system/schedule.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>

/* An evaluation packs weights once and usually has many batches; a few are enough to make packing cheap. */
enum { EVALUATED_BATCHES = 4 };

struct measurement {
	const struct speed_request *request;
	uint8_t *pixels, *labels;       /* owned: the images of one pass */
	double speeds[MAX_REPEATS], peaks[MAX_REPEATS];
	struct error trouble;
};

/* Fills with noise from a linear congruential generator with a period of 2^32; the values do not matter. */
static void fill_noise(uint8_t *bytes, size_t len, int below)
{
	uint32_t state = 1;

	for (size_t i = 0; i < len; i++) {
		state = state * 1664525u + 1013904223u;
		bytes[i] = (uint8_t)((state >> 24) % (uint32_t)below);
	}
}

/* Images of one pass. */
static int image_count(const struct speed_request *r)
{
	return r->point->variant->recipe.batch * (r->inference ? EVALUATED_BATCHES : 1);
}

/* Runs epochs of one batch, or evaluations, for at least r->seconds. Returns images per second. */
static double run_repeat(struct training *training, const struct speed_request *r, struct images images)
{
	double start = clock_seconds(), now = start;
	struct epoch_row row;
	struct score score;
	int passes = 0;

	for (; passes == 0 || now - start < r->seconds; passes++) {
		if (r->inference)
			training_evaluate(training, images, &score);
		else
			training_epoch(training, &row);
		now = clock_seconds();
	}
	if (r->profile) {
		r->profile->wall_seconds += now - start;
		r->profile->images += (int64_t)passes * images.count;
	}
	return now > start ? passes * (double)images.count / (now - start) : 0;
}

static void measure(void *about, int task, struct team *team)
{
	struct measurement *m = about;
	const struct speed_request *r = m->request;
	struct recipe recipe = r->point->variant->recipe;
	struct teacher teachers[MAX_TEACHERS];

	(void)task;
	recipe.epochs = INT_MAX;
	recipe.patience = 0;
	recipe.learning_rate = 1e-6;    /* small, so that training on noise does not diverge */
	struct images images = { .pixels = m->pixels, .labels = m->labels, .count = image_count(r),
		.shape = r->point->network.input };
	struct training_setup setup = { .network = &r->point->network, .recipe = &recipe, .kernels = r->kernels,
		.team = team, .training = images, .teachers = teachers };
	struct observer observer = profile_observer(r->profile);
	setup.teacher_count = r->inference ? 0 : point_teachers_bare(r->point, teachers);
	setup.observer = r->profile ? &observer : NULL;
	struct training *training = training_create(&setup, &m->trouble);

	if (!training)
		return;
	run_repeat(training, r, images);
	if (r->profile)
		profile_reset(r->profile);
	for (int i = 0; i < r->repeats; i++) {
		m->peaks[i] = r->peak_seconds > 0 ? limits_peak(team, r->threads, r->kernels, r->peak_seconds) : 0;
		m->speeds[i] = run_repeat(training, r, images);
	}
	training_destroy(training);
}

static double all_left(void *about, int task)
{
	(void)about;
	(void)task;
	return 1;
}

static int compare_speeds(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static bool measure_all(struct measurement *m, struct error *err)
{
	struct task task = { .work = 1, .most_threads = m->request->threads };
	struct schedule alone = { .threads = m->request->threads, .task_count = 1, .tasks = &task,
		.lead = measure, .share_left = all_left, .about = m };
	struct schedule_times times;

	if (!schedule_run(&alone, &times, err))
		return false;
	return m->trouble.text[0] ? fail(err, "%s", m->trouble.text) : true;
}

bool speed_measure(const struct speed_request *r, struct speed_result *result, struct error *err)
{
	size_t count = (size_t)image_count(r), len = count * image_len(r->point->network.input);
	struct measurement m = { .request = r, .pixels = malloc(len), .labels = malloc(count), .trouble = { "" } };
	bool measured = false;

	assert(r->repeats >= 1 && r->repeats <= MAX_REPEATS);
	if (m.pixels && m.labels) {
		fill_noise(m.pixels, len, 256);
		fill_noise(m.labels, count, r->point->network.classes);
		measured = measure_all(&m, err);
	} else {
		fail(err, "not enough memory to measure the speed of this machine");
	}
	free(m.pixels);
	free(m.labels);
	qsort(m.speeds, (size_t)r->repeats, sizeof *m.speeds, compare_speeds);
	qsort(m.peaks, (size_t)r->repeats, sizeof *m.peaks, compare_speeds);
	*result = (struct speed_result){ m.speeds[r->repeats / 2], m.speeds[0], m.speeds[r->repeats - 1],
	                                 m.peaks[r->repeats / 2] };
	return measured;
}
