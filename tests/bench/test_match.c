/* Widths by their counts: `archsweep match`, against counts of every width and from paper. */
#include "bench/sweep/match.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* exact: 65w + 3(w + 1) = 68w + 3. nearest, with u = max(1, round(4w)): 68u + 3. fixed: 195. sparse: 16w, so that
 * sixteenths make whole numbers: 68 * 16w + 3. */
static const char families[] = HEAD "families:\n"
	"  - {name: exact, widths: [1], layers: [flatten, dense: {units: w}, dense: {units: classes}]}\n"
	"  - {name: nearest, widths: [1], rounding: nearest, layers: [flatten, dense: {units: 4w}, dense: {units: "
	"classes}]}\n"
	"  - {name: fixed, widths: [7], layers: [flatten, dense: {units: classes}]}\n"
	"  - {name: sparse, widths: [1], layers: [flatten, dense: {units: 16w}, dense: {units: classes}]}\n";

static struct program_result match(const char *const *arguments)
{
	const char *argv[16] = { archsweep_path(), "match", test_write("s.yaml", families, strlen(families)) };

	for (int i = 0; arguments[i]; i++)
		argv[3 + i] = arguments[i];
	return run_program((struct program){ .argv = argv });
}
#define MATCH(...) match((const char *[]){ __VA_ARGS__, NULL })

static void check_match(const char *file, int line, struct program_result r, int status, const char *out,
                        const char *err)
{
	check_text(file, line, r.out, out, "stdout");
	check_run(file, line, r, status, err);
}
#define CHECK_MATCH(result, status, out, err) check_match(__FILE__, __LINE__, result, status, out, err)

TEST(match_finds_widths)
{
	CHECK_MATCH(MATCH("--parameters", "1,100,1000", "--tsv"), 0,
	            "family\tparameters\twidth\ttrainable\ttotal\toff\tmacs\n"
	            "exact\t1\t1\t71\t71\t70\t67\n"
	            "exact\t100\t1\t71\t71\t-0.29\t67\n"
	            "exact\t1000\t15\t1023\t1023\t0.023\t1005\n"
	            "nearest\t1\t0.1\t71\t71\t70\t67\n"
	            "nearest\t100\t0.1\t71\t71\t-0.29\t67\n"
	            "nearest\t1000\t3.7\t1023\t1023\t0.023\t1005\n"
	            "fixed\t1\t1\t195\t195\t194\t192\n"
	            "fixed\t100\t1\t195\t195\t0.95\t192\n"
	            "fixed\t1000\t1\t195\t195\t-0.805\t192\n"
	            "sparse\t1\t0.0625\t71\t71\t70\t67\n"
	            "sparse\t100\t0.0625\t71\t71\t-0.29\t67\n"
	            "sparse\t1000\t0.9375\t1023\t1023\t0.023\t1005\n", "");
}

/* 479 and 547 parameters are as far from 513: the smaller is taken. A step of 2 leaves even widths. */
TEST(match_of_equals_takes_the_smaller)
{
	struct program_result r = MATCH("-p", "513", "--tsv");

	CHECK_CONTAINS(r.out, "\nexact\t513\t7\t479\t479\t");
	CHECK_RUN(r, 0, "");
	r = MATCH("-p", "513", "--tsv", "--step", "2");
	CHECK_CONTAINS(r.out, "\nexact\t513\t8\t547\t547\t");
	CHECK_RUN(r, 0, "");
}

TEST(match_for_people_and_for_sweeps)
{
	CHECK_MATCH(MATCH("-p", "1000"), 0,
	            "family   wanted   width  trainable  total  off %   MACs\n"
	            "exact     1,000      15      1,023  1,023    2.3  1,005\n"
	            "nearest   1,000     3.7      1,023  1,023    2.3  1,005\n"
	            "fixed     1,000       1        195    195  -80.5    192\n"
	            "sparse    1,000  0.9375      1,023  1,023    2.3  1,005\n", "");
	struct program_result r = MATCH("-p", "1,100,1000", "--yaml");
	CHECK(strncmp(r.out, "families:\n  - name: exact         # and its layers\n    widths: [1, 15]\n    expect:\n"
	              "      total: [71, 1023]\n      trainable: [71, 1023]\n  - name: nearest ", 140) == 0);
	CHECK_RUN(r, 0, "");
}

/* What --yaml says of families in files is a sweep, whose counts hold. */
TEST(match_gives_a_sweep)
{
	static const char head[] = HEAD "families:\n  - {family: net, widths: [1]}\n  - {family: wide, name: other, "
		"widths: [2]}\n";
	char text[2048];

	write_family("net", "rounding: nearest\nlayers: [{conv: {channels: 2w, kernel: 3}}, batch_norm, flatten, "
	                    "{dense: "
	             "{units: classes}}]\n");
	write_family("wide", "rounding: nearest\nlayers: [{conv: {channels: 3w, kernel: 1}}, flatten, {dense: {units: "
	             "classes}}]\n");
	test_write("s.yaml", head, strlen(head));
	struct program_result r = run_archsweep((const char *[]){ "match", "-p", "300,900,2000", "--yaml",
		test_path("s.yaml"), NULL });
	CHECK_CONTAINS(r.out, "families:\n  - family: net\n    widths: [");
	CHECK_CONTAINS(r.out, "\n  - family: wide\n    name: other\n    widths: [");
	snprintf(text, sizeof text, "%s%s", HEAD, r.out);
	CHECK_RUN(r, 0, "");
	test_write("s.yaml", text, strlen(text));
	r = run_archsweep((const char *[]){ "params", "--check", "--tsv", test_path("s.yaml"), NULL });
	CHECK_CONTAINS(r.out, "\ttrue\n");
	CHECK_RUN(r, 0, "");
}

/* Every width of the grid is counted; none is nearer than what is found. */
TEST(match_against_all_widths)
{
	struct error err = { "" };
	struct sweep *sweep = sweep_of(families, NULL);
	const struct matcher_source source = { sweep, test_path("s.yaml"), NULL, 0 };
	struct matcher *m = matcher_create(&source, 0, &err);

	CHECK(m);
	CHECK_CLOSE(matcher_family(m, 0)->step, 1, 0);
	CHECK_CLOSE(matcher_family(m, 1)->step, 0.01, 0);
	CHECK_CLOSE(matcher_family(m, 3)->step, 0.0625, 0);
	for (int64_t wanted = 1; wanted < 3000; wanted += 37) {
		int64_t nearest = INT64_MAX;
		struct match found;

		for (int64_t units = 1; units < 64; units++)
			nearest = llabs(68 * units + 3 - wanted) < nearest ? llabs(68 * units + 3 - wanted) : nearest;
		for (int family = 0; family < 4; family += family == 1 ? 2 : 1) {
			CHECK(matcher_find(m, family, wanted, &found, &err));
			CHECK_INT(llabs(found.cost.total - wanted), nearest);
		}
	}
	matcher_destroy(m);
	sweep_destroy(sweep);
}

TEST(match_refuses_nonsense)
{
	CHECK_RUN(MATCH("--tsv"), 2, "archsweep match: --parameters is missing: --parameters 1000,3000,10000; see "
	          "archsweep match --help\n");
	CHECK_RUN(MATCH("-p", "1000,"), 2, "archsweep match: --parameters: \"1000,\" is no list of whole numbers; "
	          "accepted: 1000,3000,10000; see archsweep match --help\n");
	CHECK_RUN(MATCH("-p", "1e3"), 2, "archsweep match: --parameters: \"1e3\" is no list of whole numbers; "
	          "accepted: 1000,3000,10000; see archsweep match --help\n");
	CHECK_RUN(MATCH("-p", "5,0"), 2, "archsweep match: --parameters: 0 is outside 1..2147483647; see archsweep "
	          "match --help\n");
	CHECK_RUN(MATCH("-p", "99999999999999999999"), 2, "archsweep match: --parameters: 99999999999999999999 is "
	          "outside 1..2147483647; see archsweep match --help\n");
	CHECK_RUN(MATCH("-p", "5", "--step", "0"), 2, "archsweep match: --step: \"0\" is no number from 1e-6 to 1e6; "
	          "see archsweep match --help\n");
	CHECK_RUN(MATCH("-p", "500", "--step", "0.3"), 2, "exact: no width is a multiple of 0.3\n");
}
