/* See cost.h. */
#include "bench/sweep/cost.h"

#include "bench/sweep/point_teachers.h"
#include "bench/text/text.h"
#include "nn/train/teachers.h"

#include <stdio.h>
#include <string.h>

/* Teachers answer in inference mode, a batch of the student's at a time. */
static bool count_teachers(const struct point *point, struct cost *to, struct error *err)
{
	struct teacher teachers[MAX_TEACHERS];
	int count = point_teachers_bare(point, teachers);
	int64_t bytes;

	if (!teachers_bytes(teachers, count, &point->variant->recipe, &bytes, err))
		return false;
	to->memory_bytes += bytes;
	return true;
}

bool point_count(const struct point *point, struct cost *to, struct error *err)
{
	struct model_plan *plan = recipe_plan(&point->network, &point->variant->recipe, err);

	if (!plan)
		return false;
	*to = model_plan_cost(plan);
	model_plan_destroy(plan);
	return count_teachers(point, to, err);
}

bool point_count_teachers(const struct point *point, struct cost *to, struct error *err)
{
	*to = (struct cost){ 0 };
	for (int i = 0; i < point->teacher_count; i++) {
		struct network network = *point->teachers[i].network;

		network.inference = true;
		struct model_plan *plan = model_plan_create(&network, point->variant->recipe.batch, 0, err);
		if (!plan)
			return false;
		struct cost cost = model_plan_cost(plan);
		model_plan_destroy(plan);
		to->macs += cost.macs;
		to->activation_bytes += cost.activation_bytes;
		to->uses_blas = to->uses_blas || cost.uses_blas;
	}
	return true;
}

/* A count that the author expects, and the real one. */
struct claim {
	const char *what;
	int64_t expected, counted;      /* expected -1: none stated */
	struct mark at;
};

static bool claim_holds(const struct point *point, const struct claim *claim, struct error *failure)
{
	char width[NUMBER_BYTES], expected[NUMBER_BYTES], counted[NUMBER_BYTES];

	if (claim->expected < 0 || claim->expected == claim->counted)
		return true;
	return fail_at(failure, claim->at, "%s at width %s: expected %s %s, counted %s", point->family,
	               words_number(point->width, width),
	               format_thousands(claim->expected, expected), claim->what,
	               format_thousands(claim->counted, counted));
}

int point_check(const struct point *point, const struct cost *cost, struct error failures[MAX_EXPECTATIONS])
{
	const struct expectation *expect = &point->expect;
	const struct claim total = { "total", expect->total, cost->total, expect->total_at };
	const struct claim trainable = { "trainable", expect->trainable, cost->trainable, expect->trainable_at };
	int count = 0;

	if (!claim_holds(point, &total, &failures[count]))
		count++;
	if (!claim_holds(point, &trainable, &failures[count]))
		count++;
	return count;
}

int point_check_aloud(const struct point *point, const struct cost *cost)
{
	struct error failures[MAX_EXPECTATIONS] = { { "" } };
	int failed = point_check(point, cost, failures);

	for (int i = 0; i < failed; i++) {
		print_plain_text(failures[i].text, stderr);
		fputc('\n', stderr);
	}
	return failed;
}

bool point_expects(const struct point *point)
{
	return point->expect.total >= 0 || point->expect.trainable >= 0;
}

bool point_same_layers(const struct point *a, const struct point *b)
{
	return a->width == b->width && strcmp(a->family, b->family) == 0;
}

bool point_same_network(const struct point *a, const struct point *b)
{
	return point_same_layers(a, b) && (a->variant == b->variant || !strcmp(a->variant->name, b->variant->name));
}

bool point_begins_network(const struct sweep *sweep, int point)
{
	return point == 0 || !point_same_network(&sweep->points[point - 1], &sweep->points[point]);
}
