/* Sweeps of many thousands of points: no step may compare each with each, or keep them on a stack. */
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <string.h>

#define ARGUMENTS(...) ((const char *[]){ __VA_ARGS__, NULL })

/* The last line of what a program prints; the sweep has `count` points. */
static struct program_result run_many(const char *count, const char *const *arguments)
{
	const char *argv[16] = { archsweep_path() };
	struct program_result made = run_program((struct program){
		.argv = ARGUMENTS("sh", "tests/many_points.sh", count), .stdout_file = test_path("many.yaml") });

	CHECK_INT(made.status, 0);
	CHECK_TEXT(made.err, "");
	program_result_free(&made);
	for (int i = 0; arguments[i]; i++)
		argv[1 + i] = arguments[i];
	return run_program((struct program){ .argv = argv, .limit_seconds = 60, .stdout_file = test_path("out") });
}

static int count_lines(const char *path)
{
	FILE *file = fopen(path, "r");
	int count = 0;

	for (int c = file ? getc(file) : EOF; c != EOF; c = getc(file))
		count += c == '\n';
	if (file)
		fclose(file);
	return count;
}

TEST(many_points_are_listed_and_shared_out)
{
	struct program_result r = run_many("10000", ARGUMENTS("list", "--tsv", "--shard", "7/1000",
	                                                      test_path("many.yaml")));
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK(count_lines(test_path("out")) > 2 && count_lines(test_path("out")) < 102);
	program_result_free(&r);
}

TEST(many_points_are_counted)
{
	struct program_result r = run_many("100000", ARGUMENTS("params", "--tsv", test_path("many.yaml")));

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_INT(count_lines(test_path("out")), 10001);
	program_result_free(&r);
}

/* The data is missing, so nothing is estimated; the records are looked for. */
TEST(many_points_are_forecast)
{
	struct program_result r = run_many("10000", ARGUMENTS("run", "--dry-run", "--tsv", "--reports",
	                                                      test_path("reports"), test_path("many.yaml")));
	CHECK_INT(r.status, 0);
	CHECK_INT(count_lines(test_path("out")), 10001);
	program_result_free(&r);
}
