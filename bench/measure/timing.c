/* See timing.h. Measuring; timing_file.c keeps what was measured. */
#include "bench/measure/timing.h"

#include "bench/sweep/cost.h"
#include "bench/sweep/describe.h"
#include "bench/system/machine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool timings_create(const struct sweep *sweep, struct timings *to, struct error *err)
{
	size_t count = (size_t)sweep->point_count + 1;
	bool good;

	*to = (struct timings){ .of = calloc(count, sizeof *to->of), .ids = calloc(count, sizeof *to->ids) };
	good = to->of && to->ids;
	for (int i = 0; good && i < sweep->point_count; i++)
		if (point_begins_network(sweep, i))
			good = describe_speed_id(sweep, &sweep->points[i], to->ids[i]);
	if (!good)
		timings_free(to);
	return good || fail(err, "not enough memory for %d times", sweep->point_count);
}

void timings_free(struct timings *timings)
{
	free(timings->of);
	free(timings->ids);
	*timings = (struct timings){ NULL, NULL };
}

/* Microseconds an image of one network, round by round. */
struct rounds {
	double training[MAX_ROUNDS], inference[MAX_ROUNDS];
};

static int compare_times(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Sorts them. */
static struct span span_of(double *times, int count)
{
	qsort(times, (size_t)count, sizeof *times, compare_times);
	return (struct span){ times[count / 2], times[0], times[count - 1] };
}

static bool measure_once(const struct speed_request *request, double *microseconds, struct error *err)
{
	struct speed_result result;

	if (!speed_measure(request, &result, err))
		return false;
	*microseconds = result.images_per_second > 0 ? 1e6 / result.images_per_second : 0;
	return *microseconds > 0 || fail(err, "the clock of this machine is too coarse to measure a network's speed");
}

static bool measure_round(const struct sweep *sweep, const struct timing_plan *plan, int round, struct rounds *of,
                          struct error *err)
{
	for (int i = 0; i < sweep->point_count; i++) {
		struct speed_request request = { .point = &sweep->points[i],
			.kernels = plan->kernels, .threads = 1, .repeats = 1, .seconds = plan->seconds };

		if (!point_begins_network(sweep, i))
			continue;
		if (!measure_once(&request, &of[i].training[round], err))
			return false;
		request.inference = true;
		if (!measure_once(&request, &of[i].inference[round], err))
			return false;
	}
	return true;
}

static void conclude(const struct sweep *sweep, const struct timing_plan *plan, struct rounds *rounds,
                     struct timings *to)
{
	for (int i = 0; i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];
		struct timing *t = &to->of[i];

		*t = (struct timing){ .rounds = 0 };
		if (!point_begins_network(sweep, i))
			continue;
		t->width = point->width;
		t->training = span_of(rounds[i].training, plan->rounds);
		t->inference = span_of(rounds[i].inference, plan->rounds);
		t->batch = point->variant->recipe.batch;
		t->rounds = plan->rounds;
		snprintf(t->id, sizeof t->id, "%s", to->ids[i]);
		snprintf(t->family, sizeof t->family, "%s", point->family);
		snprintf(t->kernels, sizeof t->kernels, "%s", plan->kernels->name);
		machine_processor(t->processor);
	}
}

bool timings_measure(const struct sweep *sweep, const struct timing_plan *plan, struct timings *to, struct error *err)
{
	struct rounds *rounds = calloc((size_t)sweep->point_count, sizeof *rounds);
	bool good = rounds || fail(err, "not enough memory for %d times", sweep->point_count);

	for (int round = 0; good && round < plan->rounds; round++) {
		if (plan->talk)
			fprintf(stderr, "measuring each network alone on one thread: round %d of %d\n", round + 1,
			        plan->rounds);
		good = measure_round(sweep, plan, round, rounds, err);
	}
	if (good)
		conclude(sweep, plan, rounds, to);
	free(rounds);
	return good;
}

bool timings_are_from_here(const struct sweep *sweep, const struct timings *timings, const struct kernels *kernels)
{
	char processor[64];

	machine_processor(processor);
	for (int i = 0; i < sweep->point_count; i++) {
		const struct timing *t = &timings->of[i];

		if (point_begins_network(sweep, i) &&
		    (!t->rounds || strcmp(t->kernels, kernels->name) || strcmp(t->processor, processor)))
			return false;
	}
	return true;
}
