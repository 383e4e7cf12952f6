/* Runs of sweeps with teachers: which is trained first, what a student keeps of them, what is said where one is
 * missing, and the same bytes in whatever order, on however many threads. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <glob.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

#define DATA "data: {idx: {folder: ., validation: 32}}\ninput: [8, 8, 1]\nclasses: 3\n"
#define FLAT "layers: [flatten, {dense: {units: 4w}}, relu, {dense: {units: classes}}]"
#define RECIPE "{epochs: 3, batch: 64, learning_rate: 0.01, flip: true"

/* The students stand before their teachers, and the first learns from a student, too. */
#define CHAIN DATA "recipe: " RECIPE "}\nfamilies:\n" \
	"  - {name: pupil, widths: [1], " FLAT ", recipe: {loss: distillation, teachers: [aide/2, master/4]}}\n" \
	"  - {name: aide, widths: [2], " FLAT ", recipe: {loss: distillation, teachers: [master/4], keep_views: 2}}\n" \
	"  - {name: master, widths: [4], " FLAT "}\n"

static void begin(const char *yaml)
{
	run_case_write_data(0);
	run_case_write_sweep(yaml);
}

static const char *weights_of(const char *family)
{
	return weights_file("reports", family, strcmp(family, "pupil") == 0 ? "1" : strcmp(family, "aide") ? "4" : "2");
}

/* Teachers come first, although they stand last. */
TEST(teachers_are_trained_first)
{
	begin(CHAIN);
	struct program_result r = run_tiny(ARGUMENTS("--verbose"));
	CHECK_INT(r.status, 0);
	const char *master = strstr(r.err, "master/4"), *aide = strstr(r.err, "aide/2");
	const char *pupil = strstr(r.err, "pupil/1");
	CHECK(master && aide && pupil && master < aide && aide < pupil);
	program_result_free(&r);
	CHECK_INT(count_records("reports"), 3);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet")), 0, "");
}

TEST(teachers_give_the_same_bytes_on_any_number_of_threads)
{
	begin(CHAIN);
	CHECK_RUN(run_tiny_in("one", 1, ARGUMENTS("--quiet")), 0, "");
	CHECK_RUN(run_tiny_in("four", 4, ARGUMENTS("--quiet")), 0, "");
	CHECK(same_records("one", "four"));
}

/* A command for the student alone says what is missing; with its teachers it trains them. */
TEST(teachers_that_are_not_trained_are_named)
{
	char want[1024];

	begin(CHAIN);
	snprintf(want, sizeof want, "pupil/1 learns from aide/2, which is not trained; train it first, or both "
	         "together: %s run @/tiny.yaml --reports @/reports --only aide/2\n", archsweep_path());
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet", "--only", "pupil")), 1, want);
	CHECK_INT(count_records("reports"), 0);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet", "--only", "master", "--only", "aide")), 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet", "--only", "pupil")), 0, "");
	CHECK_RUN(run_tiny_in("together", 2, ARGUMENTS("--quiet")), 0, "");
	CHECK(same_records("reports", "together"));
}

TEST(teachers_that_are_damaged_are_named)
{
	begin(CHAIN);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet", "--only", "master")), 0, "");
	CHECK(truncate(weights_of("master"), 100) == 0);
	struct program_result r = run_tiny(ARGUMENTS("--quiet", "--only", "aide"));
	CHECK_INT(r.status, 1);
	CHECK_CONTAINS(r.err, "aide/2 learns from master/4, whose training is not whole: ");
	CHECK_CONTAINS(r.err, "; train it again: ");
	program_result_free(&r);
}

/* A learning rate without measure: the master diverges, and with it fall all that learn from it. */
TEST(teachers_that_fail_take_their_students_along)
{
	begin(DATA "recipe: " RECIPE "}\nfamilies:\n"
	      "  - {name: pupil, widths: [1], " FLAT ", recipe: {loss: distillation, teachers: [aide/2]}}\n"
	      "  - {name: aide, widths: [2], " FLAT ", recipe: {loss: distillation, teachers: [master/4]}}\n"
	      "  - {name: master, widths: [4], layers: [flatten, {repeat: {times: 8, layers: [{dense: {units: 8}}]}}, "
	      "{dense: {units: classes}}], recipe: {batch: 16, learning_rate: 100, optimizer: {sgd: {momentum: 0}}}}\n"
	      "  - {name: other, widths: [1], " FLAT "}\n");
	struct program_result r = run_tiny(ARGUMENTS("--verbose"));
	CHECK_INT(r.status, 1);
	CHECK_CONTAINS(r.err, "aide/2 failed: its teacher master/4 was not trained\n");
	CHECK_CONTAINS(r.err, "pupil/1 failed: its teacher aide/2 was not trained\n");
	CHECK_CONTAINS(r.err, "1 of 4 points diverged, 2 failed; the others are not affected\n");
	program_result_free(&r);
	CHECK_INT(count_records("reports"), 2);
}

/* --- parts and commands ------------------------------------------------------------------------------------------- */

/* Every part has the teachers of its points, so that each can be trained by itself; together they are the sweep. */
TEST(teachers_are_in_the_parts_of_their_students)
{
	static const char *const parts[] = { "1/3", "2/3", "3/3" };
	static const char *const folders[] = { "a", "b", "c" };

	begin(CHAIN);
	for (int i = 0; i < 3; i++)
		CHECK_RUN(run_tiny_in(folders[i], 2, ARGUMENTS("--quiet", "--shard", parts[i])), 0, "");
	CHECK_RUN(run_tiny_in("whole", 2, ARGUMENTS("--quiet")), 0, "");
	struct program_result r = run_archsweep(ARGUMENTS("collect", test_path("tiny.yaml"), test_path("a/tiny"),
		test_path("b/tiny"), test_path("c/tiny"), "--reports", test_path("reports")));
	CHECK_INT(r.status, 0);
	program_result_free(&r);
	CHECK(same_records("reports", "whole"));
}

/* How often a word stands in a text. */
static int count_words(const char *text, const char *word)
{
	int count = 0;

	for (; (text = strstr(text, word)); text += strlen(word))
		count++;
	return count;
}

TEST(teachers_are_in_the_commands_of_their_students)
{
	begin(CHAIN);
	struct program_result r = run_archsweep(ARGUMENTS("list", "--commands", test_path("tiny.yaml")));
	CHECK_INT(r.status, 0);
	CHECK_INT(count_words(r.out, "\n"), 3);
	CHECK_INT(count_words(r.out, " --only "), 6);   /* pupil, aide, master; aide, master; master */
	program_result_free(&r);
}

/* --- weights in files --------------------------------------------------------------------------------------------- */

#define FROM_FILES DATA "recipe: " RECIPE "}\nfamilies:\n" \
	"  - {name: pupil, widths: [1], " FLAT ", recipe: {loss: distillation, teachers: " \
	"[{sweep: other.yaml, point: master, folder: other/tiny}, {weights: w.npz, family: f, width: 3}]}}\n"

static void write_text(const char *name, const char *text)
{
	test_write(name, text, strlen(text));
}

/* Trains master/4 of tiny.yaml as it stands, in other/tiny, and moves the sweep to other.yaml; w.npz has a family's. */
static void write_teachers(void)
{
	begin(DATA "recipe: " RECIPE "}\nfamilies:\n  - {name: master, widths: [4], " FLAT "}\n"
	      "  - {name: f, widths: [3], " FLAT "}\n");
	CHECK_RUN(run_tiny_in("other", 2, ARGUMENTS("--quiet")), 0, "");
	CHECK(rename(weights_file("other", "f", "3"), test_path("w.npz")) == 0);
	CHECK(rename(test_path("tiny.yaml"), test_path("other.yaml")) == 0);
	write_family("f", FLAT "\n");
	run_case_write_sweep(FROM_FILES);
}

TEST(teachers_from_files_teach)
{
	write_teachers();
	CHECK_RUN(run_tiny_in("one", 1, ARGUMENTS("--quiet")), 0, "");
	CHECK_RUN(run_tiny_in("four", 4, ARGUMENTS("--quiet")), 0, "");
	CHECK(same_records("one", "four"));
	CHECK_INT(count_records("one"), 1);
}

/* Two networks that are trained with pixels of mean 0 and variance 1, and a student with pixels 0..1 of what `items`
 * say. */
#define SCALED(items) DATA "recipe: " RECIPE "}\nfamilies:\n" \
	"  - {name: pupil, widths: [1], " FLAT ", recipe: {loss: distillation, teachers: [" items "]}}\n" \
	"  - {name: master, widths: [4], " FLAT ", recipe: {scaling: standard}}\n" \
	"  - {name: aide, widths: [2], " FLAT ", recipe: {scaling: standard}}\n"

/* The file of the pupil's weights, trained by these teachers. */
static const char *pupil_of(const char *reports, const char *yaml)
{
	run_case_write_sweep(yaml);
	CHECK_RUN(run_tiny_in(reports, 2, ARGUMENTS("--quiet")), 0, "");
	return weights_file(reports, "pupil", "1");
}

/* However they are named, the same teachers give the same student; others give another one. */
TEST(teachers_are_the_same_by_whatever_name)
{
	run_case_write_data(0);
	const char *points = pupil_of("points", SCALED("master/4, aide/2"));
	CHECK(rename(test_path("tiny.yaml"), test_path("other.yaml")) == 0);
	CHECK(rename(weights_file("points", "aide", "2"), test_path("w.npz")) == 0);
	write_family("f", FLAT "\n");
	const char *files = pupil_of("files", SCALED("{sweep: other.yaml, point: master, folder: points/tiny}, "
	                                             "{weights: w.npz, family: f, width: 2, scaling: standard}"));
	CHECK(same_files(points, files));
	CHECK(!same_files(points, pupil_of("one", SCALED("master/4"))));
	CHECK(!same_files(points, pupil_of("turned", SCALED("aide/2"))));
	CHECK(!same_files(points, pupil_of("unit", SCALED("master/4, {weights: w.npz, family: f, width: 2}"))));
}

/* The sweep can still be counted, and nothing that needs an id does anything. */
TEST(teachers_files_that_are_missing_are_named)
{
	static const char *const commands[] = { "run", "list", "verify", "prune", "collect" };
	char want[4096];

	write_teachers();
	CHECK(unlink(test_path("w.npz")) == 0);
	snprintf(want, sizeof want, "@/tiny.yaml:6:202: teachers: there is no @/w.npz\n");
	CHECK_RUN(run_archsweep(ARGUMENTS("params", test_path("tiny.yaml"))), 0, "");
	CHECK_RUN(run_archsweep(ARGUMENTS("summary", test_path("tiny.yaml"))), 0, "");
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		CHECK_RUN(run_archsweep(ARGUMENTS(commands[i], test_path("tiny.yaml"))), 2, want);
	char id[64];
	snprintf(id, sizeof id, "%s", record_value(record_file("other", "master", "4"), "id"));
	CHECK(unlink(weights_file("other", "master", "4")) == 0);
	snprintf(want, sizeof want, "@/tiny.yaml:6:146: teachers: master/4 of @/other.yaml has no trained weights: "
	         "there is no @/other/tiny/points/%s.npz; train it first: archsweep run @/other.yaml "
	         "--only master/4\n", id);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet")), 2, want);
}

/* Other images, other weights: what can be found out before the training is. */
TEST(teachers_files_that_do_not_fit_are_refused)
{
	write_teachers();
	CHECK(rename(test_path("w.npz"), test_path("kept.npz")) == 0);
	write_text("w.npz", "no weights");
	struct program_result r = run_tiny(ARGUMENTS("--quiet"));
	CHECK_INT(r.status, 1);
	CHECK_CONTAINS(r.err, "tiny.yaml:6:202: teachers: ");
	CHECK_CONTAINS(r.err, "w.npz: ");
	program_result_free(&r);
	CHECK(rename(test_path("kept.npz"), test_path("w.npz")) == 0);
	run_case_write_data(7);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet")), 1, "@/tiny.yaml:6:146: teachers: master/4 of @/other.yaml was "
	          "trained on other images than this sweep's\n");
	CHECK_INT(count_records("reports"), 0);
}

/* --- interrupted -------------------------------------------------------------------------------------------------- */

#define LONG DATA "checkpoint: 0.01\nrecipe: {epochs: 400, batch: 16, learning_rate: 0.01, flip: true}\n" \
	"families:\n" \
	"  - {name: pupil, widths: [1], " FLAT ", recipe: {loss: distillation, teachers: [master], keep_views: 3}}\n" \
	"  - {name: master, widths: [4], " FLAT ", recipe: {epochs: 1}}\n"

/* Of a point that trains, when so many have ended. */
static bool has_checkpoint(int records)
{
	char pattern[1024];
	glob_t found = { 0 };

	snprintf(pattern, sizeof pattern, "%s/tiny/points/*.checkpoint", test_path("reports"));
	bool has = glob(pattern, 0, NULL, &found) == 0;
	globfree(&found);
	return has && count_records("reports") == records;
}

/* A student that was killed in the midst of it goes on with the answers that it had kept. */
TEST(teachers_students_go_on_from_a_checkpoint)
{
	const struct timespec pause = { 0, 5000000 };
	pid_t id;

	begin(LONG);
	CHECK_RUN(run_tiny_in("whole", 1, ARGUMENTS("--quiet")), 0, "");
	struct running_program *running = start_tiny("reports", ARGUMENTS("--quiet"), &id);
	for (int i = 0; i < 2000 && !has_checkpoint(1); i++)
		nanosleep(&pause, NULL);
	CHECK(has_checkpoint(1));
	kill(id, SIGKILL);
	struct program_result r = program_finish(running);
	program_result_free(&r);
	CHECK_INT(count_records("reports"), 1);
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet")), 0, "");
	CHECK(same_records("reports", "whole"));
}

/* --- other commands, other runs ----------------------------------------------------------------------------------- */

static void check_good(const char *const *arguments)
{
	struct program_result r = run_archsweep(arguments);

	if (r.status != 0)
		test_fail(__FILE__, __LINE__, "%s: exit status %d: %s", arguments[0], r.status, r.err);
	program_result_free(&r);
}
#define CHECK_GOOD(...) check_good(ARGUMENTS(__VA_ARGS__))

TEST(teachers_disturb_no_other_command)
{
	const char *sweep, *reports = test_path("reports");

	begin(CHAIN);
	sweep = test_path("tiny.yaml");
	CHECK_GOOD("run", sweep, "--reports", reports, "--dry-run");
	CHECK_RUN(run_tiny(ARGUMENTS("--quiet")), 0, "");
	CHECK_GOOD("run", sweep, "--reports", reports, "--dry-run", "--force");
	CHECK_GOOD("verify", sweep, "--reports", reports);
	CHECK_GOOD("prune", sweep, "--reports", reports);
	CHECK_GOOD("list", sweep, "--pending", "--reports", reports);
	CHECK_GOOD("compare", sweep, "--reports", reports);
	CHECK_GOOD("export", sweep, "pupil", "--reports", reports, "--npz", test_path("out.npz"));
	CHECK_GOOD("eval", sweep, "pupil", "--reports", reports);
	CHECK_GOOD("bench", sweep, "--repeats", "1", "--stretch", "1");
	CHECK_GOOD("bench", sweep, "--profile", "--repeats", "1", "--stretch", "1");
	CHECK_GOOD("bench", sweep, "--cores", "--repeats", "1", "--stretch", "1");
	CHECK_GOOD("summary", sweep);
	CHECK_GOOD("params", sweep);
	CHECK_GOOD("match", "--parameters", "100", sweep);
}

/* One run has the master and is stopped in the midst of it; the other, which wants the master's students, waits until
 * it goes on. */
TEST(teachers_of_another_run_are_waited_for)
{
	const struct timespec pause = { 0, 5000000 }, longer = { 0, 300000000 };
	pid_t first, second;

	begin(DATA "checkpoint: 0.01\nrecipe: " RECIPE "}\nfamilies:\n"
	      "  - {name: pupil, widths: [1], " FLAT ", recipe: {loss: distillation, teachers: [aide]}}\n"
	      "  - {name: aide, widths: [2], " FLAT ", recipe: {loss: distillation, teachers: [master]}}\n"
	      "  - {name: master, widths: [4], " FLAT ", recipe: {epochs: 400, batch: 16}}\n");
	CHECK_RUN(run_tiny_in("whole", 2, ARGUMENTS("--quiet")), 0, "");
	struct running_program *one = start_tiny("reports", ARGUMENTS("--quiet", "--only", "master"), &first);
	for (int i = 0; i < 2000 && !has_checkpoint(0); i++)
		nanosleep(&pause, NULL);
	CHECK(has_checkpoint(0));
	kill(first, SIGSTOP);
	struct running_program *other = start_tiny("reports", ARGUMENTS("--verbose"), &second);
	nanosleep(&longer, NULL);
	CHECK_INT(count_records("reports"), 0);
	kill(first, SIGCONT);
	struct program_result taught = program_finish(other);
	CHECK_RUN(program_finish(one), 0, "");
	CHECK_INT(taught.status, 0);
	CHECK_INT(count_words(taught.err, "pupil/1 "), 1);
	program_result_free(&taught);
	CHECK(same_records("reports", "whole"));
}
