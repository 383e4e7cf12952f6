/* See time_left.h. */
#include "bench/run/time_left.h"

#include "bench/sweep/entry.h"

#include <math.h>

/* Seconds and the work that was done in them. */
struct pace { double seconds, work; };

struct paces {
	struct pace over[MAX_FAMILIES], running[MAX_FAMILIES];
	struct pace all;
};

static void add(struct pace *to, const struct point_pace *point)
{
	to->seconds += point->seconds;
	to->work += point->work * point->share;
}

static void measure(const struct point_pace *points, int count, struct paces *to)
{
	*to = (struct paces){ 0 };
	for (int i = 0; i < count; i++) {
		const struct point_pace *point = &points[i];

		if (point->odd || point->share <= 0)
			continue;
		add(&to->all, point);
		add(point->share < 1 ? &to->running[point->family] : &to->over[point->family], point);
	}
}

static double left_of(const struct point_pace *point, const struct paces *paces)
{
	const struct pace *pace = &paces->over[point->family];

	if (pace->work <= 0)
		pace = &paces->running[point->family];
	if (pace->work <= 0)
		pace = &paces->all;
	return point->work * (1 - point->share) * pace->seconds / pace->work;
}

double time_left(const struct point_pace *points, int count, double elapsed)
{
	struct paces paces;
	double spent = 0, left = 0, longest = 0;

	measure(points, count, &paces);
	if (paces.all.work <= 0 || elapsed <= 0)
		return -1;
	for (int i = 0; i < count; i++) {
		double seconds = left_of(&points[i], &paces);

		spent += points[i].seconds;
		left += seconds;
		longest = fmax(longest, seconds);
	}
	return fmax(longest, left / fmax(1, spent / elapsed));
}
