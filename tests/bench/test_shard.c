/* Parts of a sweep: what --shard accepts, that parts are the same everywhere, disjoint, complete and about equally
 * long, and that the runs of all parts leave what one run leaves. */
#include "bench/run/shard.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void check_parse(const char *text, const char *want)
{
	struct error err = { "" };
	struct shard shard;

	CHECK(!shard_parse(text, &shard, &err));
	CHECK_TEXT(err.text, want);
}

TEST(shard_refuses_what_is_no_part)
{
	static const char *const none[] = { "x", "", "/", "1", "1/", "/3", "1/3x", " 1/3", "+1/3", "-1/3", "1/-3",
		"1//3", "1.0/3", "1/3/3", "1000000000/1", "1/99999999999999999999" };
	char want[128];

	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		snprintf(want, sizeof want, "\"%s\" is not a part; accepted: I/N, the I-th of N parts: 2/3", none[i]);
		check_parse(none[i], want);
	}
	check_parse("0/3", "0/3: part 0 is outside 1..3");
	check_parse("4/3", "4/3: part 4 is outside 1..3");
	check_parse("1/0", "1/0: 0 parts is outside 1..100000");
	check_parse("1/100001", "1/100001: 100001 parts is outside 1..100000");
}

TEST(shard_accepts_the_first_and_the_last_part)
{
	struct error err = { "" };
	struct shard shard = { 0, 0 };

	CHECK(shard_parse("1/1", &shard, &err) && shard.part == 1 && shard.parts == 1);
	CHECK(shard_parse("100000/100000", &shard, &err) && shard.part == 100000 && shard.parts == 100000);
	CHECK(shard_parse("03/8", &shard, &err) && shard.part == 3 && shard.parts == 8);
}

/* 40 widths, three seeds each. */
static struct sweep *many_points(void)
{
	static char text[1024];
	int used = snprintf(text, sizeof text, "%s", HEAD "seeds: [1, 2, 3]\nfamilies: [{name: many, widths: [1");

	for (int width = 2; width <= 40; width++)
		used += snprintf(text + used, sizeof text - (size_t)used, ", %d", width);
	snprintf(text + used, sizeof text - (size_t)used,
	         "], layers: [flatten, {dense: {units: w}}, {dense: {units: classes}}]}]\n");
	return sweep_of(text, NULL);
}

/* The cost of one part; its points are counted in `taken`, and stand in the sweep's order. */
static double take_part(const struct sweep *sweep, struct shard shard, int *taken)
{
	struct error err = { "" };
	struct pending pending;
	double cost = 0;

	CHECK(pending_choose(sweep, NULL, 0, &pending, &err));
	CHECK(shard_take(shard, &pending, &err));
	CHECK_TEXT(err.text, "");
	CHECK_INT(pending.to_train, pending.count);
	for (int i = 0; i < pending.count; i++) {
		CHECK(i == 0 || pending.points[i - 1].index < pending.points[i].index);
		taken[pending.points[i].index]++;
		cost += shard_cost(&pending.points[i]);
	}
	pending_free(&pending);
	return cost;
}

static double largest_cost(const struct sweep *sweep)
{
	struct error err = { "" };
	struct pending pending;
	double largest = 0;

	CHECK(pending_choose(sweep, NULL, 0, &pending, &err));
	for (int i = 0; i < pending.count; i++) {
		double cost = shard_cost(&pending.points[i]);
		largest = cost > largest ? cost : largest;
	}
	pending_free(&pending);
	return largest;
}

/* Whoever comes last to the heaviest part found no lighter one, so parts differ by one point's cost at most. */
TEST(shard_parts_are_disjoint_complete_and_balanced)
{
	static const int parts[] = { 1, 2, 3, 7, 64, 120 };
	struct sweep *sweep = many_points();

	CHECK_INT(sweep->point_count, 120);
	for (size_t k = 0; k < sizeof parts / sizeof *parts; k++) {
		int taken[120] = { 0 };
		double least = 1e300, most = 0;

		for (int part = 1; part <= parts[k]; part++) {
			double cost = take_part(sweep, (struct shard){ part, parts[k] }, taken);
			least = cost < least ? cost : least;
			most = cost > most ? cost : most;
		}
		for (int i = 0; i < 120; i++)
			CHECK_INT(taken[i], 1);
		CHECK(most - least <= largest_cost(sweep));
	}
	sweep_destroy(sweep);
}

TEST(shard_of_more_parts_than_points_is_one_point_or_none)
{
	struct sweep *sweep = many_points();
	int taken[120] = { 0 };

	CHECK(take_part(sweep, (struct shard){ 1, 121 }, taken) == largest_cost(sweep));
	CHECK(take_part(sweep, (struct shard){ 121, 121 }, taken) == 0);
	sweep_destroy(sweep);
}

static void check_refused_shard(const char *part, const char *want)
{
	char line[256];

	snprintf(line, sizeof line, "archsweep run: --shard: %s; see archsweep run --help\n", want);
	CHECK_RUN(run_tiny(ARGUMENTS("--shard", part)), 2, line);
}

TEST(run_shard_refuses_what_is_no_part)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	check_refused_shard("0/3", "0/3: part 0 is outside 1..3");
	check_refused_shard("4/3", "4/3: part 4 is outside 1..3");
	check_refused_shard("x", "\"x\" is not a part; accepted: I/N, the I-th of N parts: 2/3");
	CHECK_INT(count_records("reports"), 0);
}

/* Costs: small/4 most, flat/8 least; with two parts small/4 is alone. */
TEST(run_shards_together_leave_what_one_run_leaves)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny_in("whole", 2, ARGUMENTS()), 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS("--shard", "1/2")), 0, "");
	CHECK_INT(count_records("reports"), 1);
	CHECK(*record_file("reports", "small", "4"));
	CHECK_RUN(run_tiny(ARGUMENTS("--shard", "2/2")), 0, "");
	CHECK_INT(count_records("reports"), 4);
	CHECK(same_records("whole", "reports"));
	CHECK(same_files(test_path("whole/tiny/points.tsv"), test_path("reports/tiny/points.tsv")));
}

TEST(run_shard_is_a_part_of_what_only_chose)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "small/[12]", "--shard", "1/2")), 0, "");
	CHECK_INT(count_records("reports"), 1);
	CHECK(*record_file("reports", "small", "2"));
	struct program_result empty = run_tiny(ARGUMENTS("--only", "small/[12]", "--shard", "3/3"));
	CHECK(strncmp(empty.out, "all 0 points are up to date\n", 28) == 0);
	CHECK_RUN(empty, 0, "");
	CHECK_INT(count_records("reports"), 1);
}
