/* Which folder belongs to which sweep: names of variants, whose a folder is, and that no command mixes two. */
#include "bench/record/report_folder.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void check_name(const char *const *sets, const char *want)
{
	struct report_folder folder = { .path = "" };
	char name[REPORT_NAME_BYTES];

	for (; *sets; sets++)
		if (report_set_counts(*sets))
			folder.sets[folder.set_count++] = *sets;
	report_name(&folder, "own", name);
	CHECK_TEXT(name, want);
	CHECK(report_is_name(name));
}

TEST(report_folder_of_a_variant_says_what_was_set)
{
	check_name(TEXTS(), "own");
	check_name(TEXTS("recipe.epochs=1"), "own--recipe.epochs=1");
	check_name(TEXTS("recipe.epochs=1", "recipe.batch=32"), "own--recipe.epochs=1--recipe.batch=32");
	check_name(TEXTS("data.idx.validation=5"), "own--data.idx.validation=5");
}

TEST(report_folder_is_the_same_where_nothing_that_is_trained_changes)
{
	check_name(TEXTS("data.idx.folder=/a/b", "data.fer2013.file=x.csv", "title=a b", "base=ape"), "own");
	check_name(TEXTS("data.idx.folder=/a/b", "recipe.epochs=1"), "own--recipe.epochs=1");
	check_name(TEXTS("titles=1"), "own--titles=1");
}

/* Hashes by another FNV-1a. */
TEST(report_folder_names_are_safe_short_and_distinct)
{
	check_name(TEXTS("seeds=[1, 2]"), "own--seeds=1,2-663f55df");
	check_name(TEXTS("seeds=[1,2 ]"), "own--seeds=1,2-d516abf3");
	check_name(TEXTS("families.0.layers=../../x"), "own--families.0.layers=.._.._x-3e567db6");
	check_name(TEXTS("families.0.layers.0.conv.channels=12345678", "families.0.layers.1.conv.channels=123456789"),
	           "own--families.0.layers.0.conv.channels=12345678--families.0.layers.1.conv.channels=-438475cd");
}

TEST(report_names_of_folders)
{
	CHECK(report_is_name("own--a=1,2"));
	CHECK(!report_is_name("") && !report_is_name("..") && !report_is_name(".own") && !report_is_name("a/b"));
	CHECK(!report_is_name("--own") && !report_is_name("a b"));
}

/* ---- the commands ---- */

#define RUN_IN(...) program_finish(start_in(TEXTS(__VA_ARGS__)))

/* In the test's folder: reports/ is there. */
static struct running_program *start_in(const char *const *arguments)
{
	const char *argv[32] = { archsweep_path() };
	char here[4000], plots[4096];

	CHECK(getcwd(here, sizeof here));
	snprintf(plots, sizeof plots, "ARCHSWEEP_PLOTS=%s/plots", here);
	for (int i = 0; arguments[i] && i < 30; i++)
		argv[1 + i] = arguments[i];
	return program_start((struct program){ .argv = argv, .folder = test_folder(), .limit_seconds = 60,
		.environment = (const char *[]){ "OMP_NUM_THREADS=1", "NO_COLOR=1", plots, NULL } }, NULL);
}

static void train(const char *sweep, const char *set)
{
	CHECK_RUN(RUN_IN("run", sweep, "--quiet", "--only", "flat/8", "--set", set), 0, "");
}

static bool exists(const char *name)
{
	return access(test_path(name), F_OK) == 0;
}

TEST(a_variant_leaves_the_sweep_alone)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	train("tiny.yaml", "data.idx.folder=.");
	CHECK_TEXT(file_text(test_path("reports/tiny/.sweep")), "../../tiny.yaml\n");
	unsigned long long before = file_stamp(test_path("reports/tiny/points.tsv"));
	train("tiny.yaml", "recipe.epochs=1");
	CHECK(file_stamp(test_path("reports/tiny/points.tsv")) == before);
	CHECK_TEXT(file_text(test_path("reports/tiny--recipe.epochs=1/.sweep")),
	           "../../tiny.yaml\n --set recipe.epochs=1");
	CHECK(exists("reports/tiny--recipe.epochs=1/points.tsv"));
	CHECK_RUN(RUN_IN("run", "tiny.yaml", "--quiet", "--only", "flat/8", "--name", "short", "--set",
	                 "recipe.epochs=1"), 0, "");
	CHECK(exists("reports/short/points.tsv"));
}

TEST(other_commands_find_the_folder_of_a_variant)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	train("tiny.yaml", "recipe.epochs=1");
	CHECK_RUN(RUN_IN("export", "tiny.yaml", "flat/8", "--npz", "w.npz", "--set", "recipe.epochs=1"), 0, "");
	CHECK_RUN(RUN_IN("eval", "tiny.yaml", "flat/8", "--set", "recipe.epochs=1", "--split", "test"), 0, "");
	struct program_result r = RUN_IN("eval", "tiny.yaml", "flat/8", "--set", "recipe.epochs=2", "--name", "a");
	CHECK(strstr(r.err, "there is no reports/a/points/"));
	CHECK(strstr(r.err, "train it first: archsweep run tiny.yaml --only flat/8 --set recipe.epochs=2 --name a; or "
	             "give a file: --weights FILE"));
	program_result_free(&r);
	r = RUN_IN("compare", "tiny.yaml", "--no-speed", "--tsv", "--set", "recipe.epochs=1");
	CHECK(strstr(r.out, "flat\t8\tfalse\tdone\t"));
	program_result_free(&r);
	CHECK_RUN(RUN_IN("plot", "tiny.yaml", "--set", "recipe.epochs=2"), 1,
	          "reports/tiny--recipe.epochs=2/points.tsv: No such file or directory; `archsweep run` makes it\n");
}

TEST(a_folder_of_another_sweep_is_refused)
{
	static const char want[] = "reports/tiny: holds the points of @/tiny.yaml; give this sweep a folder of its "
		"own: --name NAME\n";

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	train("tiny.yaml", "title=first");
	mkdir(test_path("other"), 0777);
	test_write("other/tiny.yaml", tiny_sweep, strlen(tiny_sweep));
	CHECK_RUN(RUN_IN("run", "other/tiny.yaml"), 2, want);
	CHECK_RUN(RUN_IN("run", "other/tiny.yaml", "--dry-run"), 2, want);
	CHECK_RUN(RUN_IN("compare", "other/tiny.yaml"), 2, want);
	CHECK_RUN(RUN_IN("plot", "other/tiny.yaml"), 2, want);
	CHECK_RUN(RUN_IN("run", "tiny.yaml", "--name", "tiny", "--set", "recipe.epochs=1"), 2, want);
	CHECK_RUN(RUN_IN("run", "tiny.yaml", "--name", "a/b"), 2,
	          "archsweep run: --name: \"a/b\" is not a name; accepted: 1 to 63 letters, digits, ., _ and -; see "
	          "archsweep run --help\n");
	/* The first sweep's file moves away: the folder is free. */
	CHECK(rename(test_path("tiny.yaml"), test_path("moved.yaml")) == 0);
	CHECK_RUN(RUN_IN("run", "other/tiny.yaml", "--quiet", "--only", "flat/8", "--set", "data.idx.folder=."), 0, "");
	CHECK_TEXT(file_text(test_path("reports/tiny/.sweep")), "../../other/tiny.yaml\n");
}
