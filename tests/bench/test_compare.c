/* Comparisons: `archsweep compare` and what `archsweep run` keeps for its pictures, from made-up records and times
 * whose relations were worked out on paper. */
#include "bench/measure/compare.h"
#include "bench/system/lock.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/texts.h"
#include "tests/helpers/zoo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_ARGUMENTS = 8 };

/* The zoo whose base is the ape: written as s.yaml. */
static struct sweep *make_zoo(void)
{
	struct sweep *zoo = sweep_of(ZOO "base: ape\n", NULL);

	CHECK_TEXT(sweep_refusal(), "");
	return zoo;
}

/* All of it trained and measured: the seeds of the ape differ, those of the zebras do not. */
static void fill_zoo(const struct sweep *zoo)
{
	zoo_write_record(zoo, 0, POINT_DONE, 0.7, 1);
	zoo_write_record(zoo, 1, POINT_DONE, 0.8, 1);
	zoo_write_record(zoo, 2, POINT_DONE, 0.875, 1);
	zoo_write_record(zoo, 3, POINT_DONE, 0.875, 1);
	zoo_write_record(zoo, 4, POINT_DONE, 0.5, 1);
	zoo_write_record(zoo, 5, POINT_DONE, 0.5, 1);
	zoo_write_times(zoo, "abacus", "Slow CPU");
}

/* `archsweep compare s.yaml --reports FOLDER ...`; NULL at the end. */
static struct program_result compare(const char *const *arguments)
{
	const char *argv[MAX_ARGUMENTS + 6] = { archsweep_path(), "compare", test_path("s.yaml"), "--reports",
		test_folder() };

	for (int i = 0; arguments[i] && i < MAX_ARGUMENTS; i++)
		argv[5 + i] = arguments[i];
	return run_program((struct program){ .argv = argv, .environment = (const char *[]){ "NO_COLOR=1", NULL } });
}
#define COMPARE(...) compare((const char *[]){ __VA_ARGS__, NULL })

static void check_compare(const char *file, int line, struct program_result r, const char *out, const char *err)
{
	check_text(file, line, r.out, out, "stdout");
	check_run(file, line, r, *err ? 1 : 0, err);
}
#define CHECK_COMPARE(result, out, err) check_compare(__FILE__, __LINE__, result, out, err)

#define COMPARE_HEADER "family\twidth\tbase\tstatus\tseeds\taccuracy\taccuracy_lowest\taccuracy_highest\t" \
	"accuracy_difference\ttrainable\ttotal\ttotal_ratio\tmacs\tmacs_ratio\ttraining_microseconds\t" \
	"training_ratio\tinference_microseconds\tinference_ratio\tbatch\trounds\tkernels\tprocessor\n"
#define TIMES "\t32\t5\tabacus\tSlow CPU\n"

/* 547 / 195 = 2.80513, 71 / 195 = 0.364103, 536 / 192 = 2.79167, 67 / 192 = 0.348958. */
static const char whole[] = COMPARE_HEADER
	"ape\t1\ttrue\tdone\t2\t0.75\t0.7\t0.8\t0\t195\t195\t1\t192\t1\t100\t1\t40\t1" TIMES
	"zebra\t2\tfalse\tdone\t2\t0.875\t0.875\t0.875\t0.125\t547\t547\t2.80513\t536\t2.79167\t150\t"
	"1.5\t50\t1.25" TIMES
	"zebra\t0.25\tfalse\tdone\t2\t0.5\t0.5\t0.5\t-0.25\t71\t71\t0.364103\t67\t0.348958\t60\t0.6\t25\t0.625" TIMES;

TEST(compare_for_machines)
{
	struct sweep *zoo = make_zoo();

	fill_zoo(zoo);
	CHECK_COMPARE(COMPARE("--no-speed", "--tsv"), whole, "");
	CHECK_TEXT(zoo_read("compare.tsv"), whole);
	struct program_result json = COMPARE("--no-speed", "--json");
	CHECK_INT(json.status, 0);
	CHECK(strncmp(json.out, "[\n  {\"family\": \"ape\", \"width\": 1, \"base\": true, \"status\": \"done\", ",
	              66) == 0);
	CHECK(strstr(json.out, "\"accuracy_difference\": -0.25, \"trainable\": 71, \"total\": 71, \"total_ratio\": "
	             "0.364103, "));
	program_result_free(&json);
	sweep_destroy(zoo);
}

#define BASE_LINE \
	"base: ape/1; accuracy: test images, final epoch, \"- base\" in points; parameters: total; " \
	"MACs: of one image forward\n"

TEST(compare_for_people)
{
	struct sweep *zoo = make_zoo();

	fill_zoo(zoo);
	CHECK_COMPARE(COMPARE("--no-speed"),
	              "family  width  accuracy %  of seeds        - base  parameters  x base  MACs  x base  "
	              "training us  x base  inference us  x base\n"
	              "ape         1       75.00  70.00 to 80.00    0.00         195   1.000   192   1.000  "
	              "     100.00   1.000         40.00   1.000\n"
	              "zebra       2       87.50  87.50 to 87.50   12.50         547   2.805   536   2.792  "
	              "     150.00   1.500         50.00   1.250\n"
	              "zebra    0.25       50.00  50.00 to 50.00  -25.00          71   0.364    67   0.349  "
	              "      60.00   0.600         25.00   0.625\n"
	              BASE_LINE
	              "us: microseconds an image, each network alone on one thread, batches of 32, median of 5 rounds, "
	              "abacus, "
	              "Slow CPU\n", "");
	sweep_destroy(zoo);
}

/* A busy machine shows in rounds that differ, and whoever reads the table is told. */
TEST(compare_says_that_the_machine_was_busy)
{
	struct sweep *zoo = make_zoo();
	char text[2048];

	fill_zoo(zoo);
	snprintf(text, sizeof text, "%s", zoo_read("speed.tsv"));
	memcpy(strstr(text, "\t59\t"), "\t24\t", 4);
	zoo_write("speed.tsv", text);
	struct program_result r = COMPARE("--no-speed");
	CHECK(strstr(r.out, "Slow CPU\nthe times are not to be trusted: medians are up to 2.5 times the fastest round, "
	             "so the machine was "
	                    "busy; --measure when it is idle\n"));
	CHECK_RUN(r, 0, "");
	sweep_destroy(zoo);
}

/* Another base for once: what is kept stays the sweep's own. */
TEST(compare_with_another_base)
{
	struct sweep *zoo = make_zoo();

	fill_zoo(zoo);
	struct program_result r = COMPARE("--no-speed", "--tsv", "--base", "zebra/0.25");
	CHECK(strstr(r.out, "\nape\t1\tfalse\tdone\t2\t0.75\t0.7\t0.8\t0.25\t195\t195\t2.74648\t192\t2.86567\t"
	                    "100\t1.66667\t40\t1.6" TIMES));
	CHECK(strstr(r.out, "\nzebra\t0.25\ttrue\t"));
	CHECK_RUN(r, 0, "");
	CHECK_TEXT(zoo_read("compare.tsv"), whole);
	CHECK_RUN(COMPARE("--base", "zebra"), 2, "archsweep compare: --base: \"zebra\" has 2 widths; accepted: "
	          "zebra/2, zebra/0.25; "
	          "see archsweep compare --help\n");
	CHECK_RUN(COMPARE("--base", "apes"), 2, "archsweep compare: --base: \"apes\" is no network of the sweep; "
	          "accepted: ape, zebra/2, "
	          "zebra/0.25; did you mean \"ape\"?; see archsweep compare --help\n");
	CHECK_RUN(COMPARE("--rounds", "3", "--no-speed"), 2,
	          "archsweep compare: --rounds and --no-speed exclude each other; see archsweep compare --help\n");
	sweep_destroy(zoo);
}

/* Half an answer is printed, says what is missing where, and is no success. */
TEST(compare_without_all_records)
{
	struct sweep *zoo = make_zoo();

	zoo_write_record(zoo, 0, POINT_DONE, 0.7, 1);
	zoo_write_record(zoo, 1, POINT_DIVERGED, NAN, 1);
	zoo_write_record(zoo, 2, POINT_DONE, 0.875, 1);
	zoo_write_record(zoo, 3, POINT_DONE, 0.9, 2);
	CHECK_COMPARE(COMPARE("--no-speed", "--tsv"), COMPARE_HEADER
	              "ape\t1\ttrue\tdiverged\t2\t0.7\t0.7\t0.7\t0\t195\t195\t1\t192\t1\t\t\t\t\t\t\t\t\n"
	              "zebra\t2\tfalse\tother "
	              "data\t2\t0.875\t0.875\t0.875\t0.175\t547\t547\t2.80513\t536\t2.79167\t\t\t\t\t\t\t\t\n"
	              "zebra\t0.25\tfalse\tnot trained\t2\t\t\t\t\t71\t71\t0.364103\t67\t0.348958\t\t\t\t\t\t\t\t\n",
	              "3 of 3 networks lack an accuracy; `archsweep run` trains what is missing\n");
	CHECK_COMPARE(COMPARE("--no-speed"),
	              "family  width  accuracy %  - base  parameters  x base  MACs  x base  status\n"
	              "ape         1       70.00    0.00         195   1.000   192   1.000  diverged\n"
	              "zebra       2       87.50   17.50         547   2.805   536   2.792  other data\n"
	              "zebra    0.25           -       -          71   0.364    67   0.349  not trained\n"
	              BASE_LINE,
	              "3 of 3 networks lack an accuracy; `archsweep run` trains what is missing\n");
	sweep_destroy(zoo);
}

/* The mean is that of the seeds which have an accuracy. */
TEST(compare_means_of_seeds)
{
	struct sweep *zoo = sweep_of(ZOO "base: ape\n", "seeds=[1, 2, 3]");

	zoo_write_record(zoo, 0, POINT_DONE, 0.5, 1);
	zoo_write_record(zoo, 1, POINT_FAILED, NAN, 1);
	zoo_write_record(zoo, 2, POINT_DONE, 0.75, 1);
	struct program_result r = COMPARE("--no-speed", "--tsv", "--name", "s", "--set", "seeds=[1, 2, 3]");
	CHECK(strstr(r.out, "\nape\t1\ttrue\tfailed\t3\t0.625\t0.5\t0.75\t0\t"));
	CHECK_RUN(r, 1, "3 of 3 networks lack an accuracy; `archsweep run` trains what is missing\n");
	sweep_destroy(zoo);
}

TEST(compare_names_a_broken_record)
{
	struct sweep *zoo = make_zoo();
	char name[64], want[256];

	fill_zoo(zoo);
	snprintf(name, sizeof name, "points/%s.tsv", zoo->points[2].id);
	zoo_write(name, "format\t1\nid\t\n");
	snprintf(want, sizeof want, "@/s/%s:3:1: the file ends before column \"family\"\n", name);
	struct program_result r = COMPARE("--no-speed", "--tsv");
	CHECK(strstr(r.out, "\nzebra\t2\tfalse\tnot trained\t2\t0.875\t"));
	CHECK_RUN(r, 1, want);
	sweep_destroy(zoo);
}

/* Times are measured once, and again where they are broken or asked for. */
TEST(compare_measures_what_is_missing)
{
	struct sweep *zoo = make_zoo();
	struct timings timings;
	struct error err = { "" };

	fill_zoo(zoo);
	zoo_write("speed.tsv", "no table\n");
	CHECK_RUN(COMPARE("--no-speed"), 1, "@/s/speed.tsv:1:1: found \"no table\" where column \"id\" belongs\n");
	CHECK_RUN(COMPARE("--rounds", "1"), 0, "@/s/speed.tsv:1:1: found \"no table\" where column \"id\" belongs; "
	          "measuring anew\n");
	CHECK(timings_create(zoo, &timings, &err) && timings_read(test_path("s"), zoo, &timings, &err));
	CHECK_INT(timings.of[4].rounds, 1);
	timings_free(&timings);
	unsigned long long stamp = file_stamp(test_path("s/speed.tsv"));
	CHECK_RUN(COMPARE("--tsv"), 0, "");
	CHECK(file_stamp(test_path("s/speed.tsv")) == stamp);
	CHECK(strstr(zoo_read("compare.tsv"), "\nape\t1\ttrue\tdone\t2\t0.75\t0.7\t0.8\t0\t195\t195\t1\t192\t1\t"));
	CHECK_RUN(COMPARE("--rounds", "1"), 0, "");
	CHECK(file_stamp(test_path("s/speed.tsv")) != stamp);
	sweep_destroy(zoo);
}

/* Beside a run in the same folder nothing is measured. */
TEST(compare_waits_for_no_run)
{
	struct sweep *zoo = make_zoo();
	struct error err = { "" };

	fill_zoo(zoo);
	int lock = lock_open(test_path("s"), &err);

	CHECK(lock_try(lock, LOCK_QUIET, LOCK_SHARED, &err) == LOCK_TAKEN);
	CHECK_RUN(COMPARE("--measure"), 1,
	          "@/s: another run is at work here; wait for its end, or choose another folder with --reports\n");
	CHECK_RUN(COMPARE("--no-speed", "--tsv"), 0, "");
	lock_close(lock);
	sweep_destroy(zoo);
}

/* Without a base in the sweep the first network is it, nothing is kept, and --if-base does nothing. */
TEST(compare_without_a_base)
{
	struct sweep *zoo = make_zoo();

	fill_zoo(zoo);
	CHECK_RUN(COMPARE("--no-speed"), 0, "");
	CHECK_TEXT(zoo_read("compare.tsv"), whole);
	sweep_destroy(sweep_of(ZOO, NULL));
	CHECK_COMPARE(COMPARE("--no-speed", "--if-base"), "", "");
	CHECK_TEXT(zoo_read("compare.tsv"), whole);
	CHECK_COMPARE(COMPARE("--no-speed", "--tsv"), whole, "");
	CHECK_TEXT(zoo_read("compare.tsv"), "(none)");
	CHECK_COMPARE(COMPARE("--no-speed", "--if-base", "--set", "base=ape", "--tsv"), whole, "");
	CHECK_TEXT(zoo_read("compare.tsv"), whole);
	sweep_destroy(zoo);
}

/* `archsweep run` leaves compare.tsv in step with points.tsv, with the times that are there, and measures none. */
TEST(compare_table_after_a_run)
{
	static const char *const arguments[] = { "--set", "recipe.epochs=1", "--set", "base=flat", NULL };
	char line[64];

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(arguments), 0, "");
	snprintf(line, sizeof line, "\nsmall\t2\tfalse\tdone\t1\t%s\t",
	         record_value(record_file("reports", "small", "2"), "accuracy"));
	const char *text = file_text(test_path("reports/tiny/compare.tsv"));
	CHECK(strncmp(text, COMPARE_HEADER, strlen(COMPARE_HEADER)) == 0);
	CHECK(strstr(text, "\nflat\t8\ttrue\tdone\t1\t"));
	CHECK(strstr(text, line));
	CHECK(file_stamp(test_path("reports/tiny/speed.tsv")) == 0);
	CHECK_RUN(run_tiny((const char *[]){ "--set", "recipe.epochs=1", NULL }), 0, "");
	CHECK(file_stamp(test_path("reports/tiny/compare.tsv")) == 0);
}
