/* See estimate.h. */
#include "bench/run/estimate.h"

#include "bench/measure/speed.h"
#include "bench/system/machine.h"

#include <math.h>

/* Beside its multiply-adds a network reads and writes its activations several times, for batch norm, activations and
 * pooling; each number costs as much time as this many multiply-adds. With 20, plain networks of width 3 to 48
 * and MobileNets from 1,000 to 110,000 parameters, whose MACs differ by a factor of 1,000, do 9 to 14 billion of these
 * units a second on one core. */
#define MACS_PER_ACTIVATION 20.0

#define MEASURE_SECONDS 0.06    /* of one network, and as long again to warm up */
#define LONGEST_BATCH_SECONDS 0.3       /* networks that are slower are not measured */

static double work_of(const struct cost *cost, int batch)
{
	return (double)cost->macs + MACS_PER_ACTIVATION * (double)cost->activation_bytes / sizeof(real) / batch;
}

double estimate_work(const struct pending_point *point)
{
	const struct recipe *recipe = &point->point->variant->recipe;
	/* Teachers are asked for the views that are kept alone, and do a third of what training does. */
	double asked = recipe->keep_views > 0 && recipe->keep_views < recipe->epochs ?
		(double)recipe->keep_views / recipe->epochs : 1;

	return 1 + work_of(&point->cost, recipe->batch) + asked * work_of(&point->teachers, recipe->batch) / 3;
}

static void add_speed(struct estimate *e, double work, double images_per_second)
{
	if (e->count < MAX_SPEEDS && images_per_second > 0 && isfinite(images_per_second))
		e->speeds[e->count++] = (struct speed){ work, images_per_second };
}

static void take_from_records(const struct pending *pending, const struct records *records, struct estimate *to)
{
	for (int i = 0; i < pending->count && to->count < MAX_SPEEDS; i++) {
		const struct pending_point *point = &pending->points[i];
		const struct record *record = &records->of[point->index];

		if (records->states[point->index] == RECORD_READ && record->status == POINT_DONE &&
		    record->threads == 1)
			add_speed(to, estimate_work(point), record->images_per_second);
	}
}

static bool measure_point(const struct pending_point *point, struct estimate *to, struct error *err)
{
	struct speed_request request = { .point = point->point,
		.kernels = machine_kernels(err), .threads = 1, .repeats = 1, .seconds = MEASURE_SECONDS };
	struct speed_result result;

	if (!request.kernels || !speed_measure(&request, &result, err))
		return false;
	add_speed(to, estimate_work(point), result.images_per_second);
	return true;
}

static bool measure_speeds(const struct pending *pending, struct estimate *to, struct error *err)
{
	const struct pending_point *small = &pending->points[0], *large = small;

	for (int i = 1; i < pending->count; i++) {
		const struct pending_point *point = &pending->points[i];

		small = estimate_work(point) < estimate_work(small) ? point : small;
		large = estimate_work(point) > estimate_work(large) ? point : large;
	}
	to->measured = true;
	if (!measure_point(small, to, err))
		return false;
	double speed = estimate_images_per_second(to, estimate_work(large));
	if (large == small || speed <= 0 || large->point->variant->recipe.batch / speed > LONGEST_BATCH_SECONDS)
		return true;
	return measure_point(large, to, err);
}

bool estimate_create(const struct pending *pending, const struct records *records, struct estimate *to,
                     struct error *err)
{
	*to = (struct estimate){ 0 };
	take_from_records(pending, records, to);
	return to->count > 0 || pending->count == 0 || measure_speeds(pending, to, err);
}

double estimate_images_per_second(const struct estimate *estimate, double work)
{
	const struct speed *nearest = NULL;

	for (int i = 0; i < estimate->count; i++) {
		const struct speed *s = &estimate->speeds[i];

		if (!nearest || fabs(log(s->work / work)) < fabs(log(nearest->work / work)))
			nearest = s;
	}
	return nearest ? nearest->images_per_second * nearest->work / work : 0;
}

/* An evaluation costs a third of training. */
static double evaluation(double images)
{
	return images / 3;
}

double estimate_epoch_images(const struct dataset *data)
{
	const struct split *validation = dataset_split(data, ROLE_VALIDATION);

	return dataset_split(data, ROLE_TRAINING)->count + evaluation(validation ? validation->count : 0);
}

double estimate_closing_images(const struct dataset *data)
{
	const struct split *test = dataset_split(data, ROLE_TEST);
	bool scores_best = test && dataset_split(data, ROLE_VALIDATION);
	double images = scores_best ? test->count : 0;

	for (int i = 0; i < data->split_count; i++)
		if (data->splits[i].role != ROLE_TRAINING && data->splits[i].role != ROLE_VALIDATION)
			images += data->splits[i].count;
	return evaluation(images);
}

double estimate_images(const struct dataset *data, const struct recipe *recipe)
{
	return recipe->epochs * estimate_epoch_images(data) + estimate_closing_images(data);
}
