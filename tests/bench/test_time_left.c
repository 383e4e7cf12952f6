/* The time left of a run, on made-up figures. */
#include "bench/run/time_left.h"
#include "tests/helpers/test.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

TEST(time_left_is_unknown_before_anything_is_done)
{
	const struct point_pace points[] = { { 0, 100, 0, 3, false }, { 0, 50, 0, 0, false } };

	CHECK(time_left(points, COUNT(points), 3) < 0);
	CHECK(time_left(points, COUNT(points), 0) < 0);
}

/* 100 units took 20 seconds, evaluation and writing with it, so 50 and 30 take 10 and 6, one after the other. */
TEST(time_left_is_as_long_as_finished_points_took)
{
	const struct point_pace points[] = { { 0, 100, 1, 20, false }, { 0, 50, 0, 0, false }, { 0, 30, 0, 0, false } };

	CHECK_CLOSE(time_left(points, COUNT(points), 20), 16, 1e-12);
}

/* The running point claims to be half done after 5 seconds; points of its family took 0.2 seconds a unit, so the other
 * half takes 10, although its own pace would promise 5. */
TEST(time_left_believes_finished_points_more_than_running_ones)
{
	const struct point_pace points[] = { { 0, 100, 1, 20, false }, { 0, 100, 0.5, 5, false } };

	CHECK_CLOSE(time_left(points, COUNT(points), 25), 10, 1e-12);
}

/* Family 1 takes twice as long for its work: 0.4 seconds a unit. Family 2 has not begun: (20 + 20) / 150. */
TEST(time_left_tells_families_apart)
{
	const struct point_pace points[] = {
		{ 0, 100, 1, 20, false }, { 0, 10, 0, 0, false },
		{ 1, 50, 1, 20, false }, { 1, 10, 0, 0, false },
		{ 2, 15, 0, 0, false },
	};

	CHECK_CLOSE(time_left(points, COUNT(points), 40), 2 + 4 + 15 * 40 / 150., 1e-12);
}

/* Two points at a time so far: 8 points of 10 seconds take 40. */
TEST(time_left_goes_on_side_by_side)
{
	struct point_pace points[10] = { { 0, 50, 1, 10, false }, { 0, 50, 1, 10, false } };

	for (int i = 2; i < 10; i++)
		points[i] = (struct point_pace){ 0, 50, 0, 0, false };
	CHECK_CLOSE(time_left(points, 10, 10), 40, 1e-12);
}

/* Two at a time do not make the last one faster. */
TEST(time_left_waits_for_the_longest)
{
	const struct point_pace points[] = {
		{ 0, 50, 1, 10, false }, { 0, 50, 1, 10, false }, { 0, 100, 0, 0, false },
	};

	CHECK_CLOSE(time_left(points, COUNT(points), 10), 20, 1e-12);
}

/* It diverged after a second; others will not be that fast. */
TEST(time_left_learns_nothing_from_points_that_ended_early)
{
	const struct point_pace points[] = { { 0, 100, 1, 1, true }, { 0, 100, 1, 19, false }, { 0, 50, 0, 0, false } };

	CHECK_CLOSE(time_left(points, COUNT(points), 20), 9.5, 1e-12);
}
