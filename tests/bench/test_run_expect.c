/* `archsweep run` checks the counts that a sweep expects before it trains. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"

#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static const char right[] = "families.0.expect={total: [127, 251, 499], trainable: [123, 243, 483]}";
static const char wrong[] = "families.0.expect={total: [127, 252, 499], trainable: [123, 243, 484]}";
static const char wrong_lines[] =
	"--set families.0.expect={total: [127, 252, 499], trainable: [123, 243, 484]}:1:33: small at width 2: "
	"expected 252 total, counted 251\n"
	"--set families.0.expect={total: [127, 252, 499], trainable: [123, 243, 484]}:1:66: small at width 4: "
	"expected 484 trainable, counted 483\n";

static void write_tiny(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
}

static void check_nothing_is_trained(struct program_result result)
{
	CHECK_TEXT(result.out, "");
	CHECK_INT(count_records("reports"), 0);
	CHECK_RUN(result, 3, wrong_lines);
}

TEST(run_trains_nothing_where_an_expected_count_does_not_hold)
{
	write_tiny();
	check_nothing_is_trained(run_tiny(ARGUMENTS("--set", wrong)));
	check_nothing_is_trained(run_tiny(ARGUMENTS("--set", wrong, "--dry-run")));
	check_nothing_is_trained(run_tiny(ARGUMENTS("--set", wrong, "--set", "seeds=[1, 2]")));
}

TEST(run_says_of_expected_counts_what_params_says)
{
	write_tiny();
	struct program_result r = run_archsweep(ARGUMENTS("params", "--check", "--set", wrong, test_path("tiny.yaml")));

	CHECK_RUN(r, 3, wrong_lines);
}

TEST(run_trains_where_expected_counts_hold)
{
	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--set", right, "--dry-run")), 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS("--set", right)), 0, "");
	CHECK_INT(count_records("reports"), 4);
}

/* Of what was not chosen nothing is said. */
TEST(run_checks_the_counts_of_what_was_chosen)
{
	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--set", wrong, "--only", "small/1", "--only", "flat/8")), 0, "");
	CHECK_INT(count_records("reports"), 2);
}
