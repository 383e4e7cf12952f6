/* `archsweep run` from the command line to the files it leaves: what is trained, what is not, and that nothing but the
 * description and the data decides what a record says. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static const char *const widths[4][2] = { { "small", "1" }, { "small", "2" }, { "small", "4" }, { "flat", "8" } };

static void write_tiny(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
}

static unsigned long long stamp(int point)
{
	return file_stamp(record_file("reports", widths[point][0], widths[point][1]));
}

static void take_stamps(unsigned long long to[4])
{
	for (int i = 0; i < 4; i++) {
		to[i] = stamp(i);
		CHECK(to[i] != 0);
	}
}

TEST(run_trains_every_point_and_prints_them)
{
	write_tiny();
	struct program_result result = run_tiny(ARGUMENTS());
	const char *at = result.out;

	CHECK_INT(count_records("reports"), 4);
	for (int i = 0; i < 4; i++) {
		const char *file = record_file("reports", widths[i][0], widths[i][1]);

		CHECK_TEXT(record_value(file, "status"), "done");
		CHECK_TEXT(record_value(file, "epochs"), "3");
		at = strstr(at, widths[i][0]);
		CHECK(at);
		at = at ? at + 1 : "";
	}
	CHECK(strstr(result.out, "/reports/tiny/points.tsv\n"));
	CHECK(file_stamp(test_path("reports/tiny/points.tsv")) != 0);
	CHECK_RUN(result, 0, "");
}

TEST(run_again_trains_nothing)
{
	unsigned long long before[4], after[4];

	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	take_stamps(before);
	struct program_result result = run_tiny(ARGUMENTS());
	take_stamps(after);
	CHECK(memcmp(before, after, sizeof before) == 0);
	CHECK(strncmp(result.out, "all 4 points are up to date\n", 28) == 0);
	CHECK(strstr(result.out, "flat"));
	CHECK_RUN(result, 0, "");
}

TEST(run_again_trains_only_what_is_missing_or_broken)
{
	unsigned long long before[4], after[4];

	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	CHECK_RUN(run_tiny_in("whole", 1, ARGUMENTS()), 0, "");
	take_stamps(before);
	CHECK_INT(unlink(record_file("reports", "small", "2")), 0);
	CHECK_INT(truncate(record_file("reports", "flat", "8"), 50), 0);
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	take_stamps(after);
	CHECK(before[0] == after[0]);
	CHECK(before[1] != after[1]);
	CHECK(before[2] == after[2]);
	CHECK(before[3] != after[3]);
	CHECK(same_records("reports", "whole"));
}

TEST(run_force_and_only)
{
	unsigned long long before[4], after[4];

	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "small/1", "--only", "flat/*")), 0, "");
	CHECK_INT(count_records("reports"), 2);
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	take_stamps(before);
	CHECK_RUN(run_tiny(ARGUMENTS("--force", "--only", "small/[12]")), 0, "");
	take_stamps(after);
	CHECK(before[0] != after[0]);
	CHECK(before[1] != after[1]);
	CHECK(before[2] == after[2]);
	CHECK(before[3] == after[3]);
}

/* Points that were not chosen are not listed, trained or not; nor are networks in the second table. */
TEST(run_lists_only_what_was_chosen)
{
	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "small/2")), 0, "");
	struct program_result r = run_tiny(ARGUMENTS("--only", "flat/*"));

	CHECK(strstr(r.out, "flat"));
	CHECK(!strstr(r.out, "small"));
	CHECK(!strstr(r.out, "not trained"));
	CHECK_RUN(r, 0, "");
	r = run_tiny(ARGUMENTS("--only", "flat/*", "--set", "seeds=[1, 2]", "--name", "seeds"));
	CHECK(strstr(r.out, "mean %"));
	CHECK(!strstr(r.out, "small"));
	CHECK_RUN(r, 0, "");
}

/* Long enough for helpers to find their way into a point. */
#define LONGER "--set", "recipe.epochs=100"

TEST(run_gives_the_same_bytes_on_any_number_of_threads)
{
	char reports[4][16];

	write_tiny();
	for (int threads = 1; threads <= 4; threads++) {
		snprintf(reports[threads - 1], sizeof reports[0], "threads-%d", threads);
		CHECK_RUN(run_tiny_in(reports[threads - 1], threads, ARGUMENTS(LONGER)), 0, "");
		CHECK_INT(count_records(reports[threads - 1]), 4);
		CHECK(same_records(reports[0], reports[threads - 1]));
	}
}

/* The point alone has all threads to itself; in another order others run beside it. */
TEST(run_gives_the_same_bytes_in_any_order_and_alone)
{
	write_tiny();
	CHECK_RUN(run_tiny_in("together", 2, ARGUMENTS(LONGER)), 0, "");
	for (int i = 0; i < 4; i++) {
		char point[32];

		snprintf(point, sizeof point, "%s/%s", widths[i][0], widths[i][1]);
		CHECK_RUN(run_tiny_in("alone", 4, ARGUMENTS(LONGER, "--only", point)), 0, "");
	}
	CHECK(same_records("together", "alone"));
	CHECK_RUN(run_tiny_in("reversed", 3, ARGUMENTS(LONGER, "--set", "families.0.widths=[4, 2, 1]")), 0, "");
	CHECK(same_records("together", "reversed"));
}

/* Without batch norm or anything that bends, eight layers at that rate explode within an epoch; one layer on means of
 * pixels cannot. */
static const char *const explosive_sweep =
	"data: {idx: {folder: ., validation: 32}}\n"
	"input: [8, 8, 1]\n"
	"classes: 3\n"
	"recipe: {epochs: 3, batch: 16, learning_rate: 100, optimizer: {sgd: {momentum: 0}}}\n"
	"families:\n"
	"  - name: calm\n"
	"    widths: [1]\n"
	"    layers: [global_average_pool, {dense: {units: classes}}]\n"
	"  - name: wild\n"
	"    widths: [8]\n"
	"    layers:\n"
	"      - flatten\n"
	"      - repeat: {times: 8, layers: [{dense: {units: w}}]}\n"
	"      - dense: {units: classes}\n";

/* One update, after the only loss of the training, and no validation images: the test images alone can tell. */
TEST(run_sees_a_divergence_in_the_very_last_update)
{
	run_case_write_data(0);
	run_case_write_sweep(explosive_sweep);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "wild/8", "--set", "recipe.epochs=1", "--set", "recipe.batch=128",
	                             "--set",
	                             "families.1.layers.1.repeat.times=40", "--set", "data.idx.validation=0")), 1,
	          "wild/8 diverged: the loss was not finite after epoch 1\n"
	          "1 of 1 points diverged, 0 failed; the others are not affected\n");
	CHECK_TEXT(record_value(record_file("reports", "wild", "8"), "status"), "diverged");
	CHECK_TEXT(record_value(record_file("reports", "wild", "8"), "accuracy"), "nan");
}

TEST(run_records_what_diverges_and_goes_on)
{
	run_case_write_data(0);
	run_case_write_sweep(explosive_sweep);
	struct program_result result = run_tiny(ARGUMENTS());
	const char *wild = record_file("reports", "wild", "8");
	unsigned long long calm_before = file_stamp(record_file("reports", "calm", "1")),
		wild_before = file_stamp(wild);

	CHECK_TEXT(record_value(record_file("reports", "calm", "1"), "status"), "done");
	CHECK_TEXT(record_value(wild, "status"), "diverged");
	CHECK_TEXT(record_value(wild, "message"), "the loss was not finite in epoch 1");
	CHECK_TEXT(record_value(wild, "images_per_second"), "0");
	CHECK(strcmp(record_value(record_file("reports", "calm", "1"), "images_per_second"), "0") != 0);
	CHECK(strstr(result.out, "diverged"));
	CHECK_RUN(result, 1,
	          "wild/8 diverged: the loss was not finite in epoch 1\n"
	          "1 of 2 points diverged, 0 failed; the others are not affected\n");
	result = run_tiny(ARGUMENTS("--quiet"));
	CHECK_INT(result.status, 1);
	program_result_free(&result);
	CHECK(file_stamp(record_file("reports", "calm", "1")) == calm_before);
	CHECK(file_stamp(record_file("reports", "wild", "8")) != wild_before);
}

/* The headline is over the public and the private images, whose labels contradict each other: one of two is right. */
TEST(run_has_the_accuracy_of_all_test_images_of_fer2013)
{
	static const char faces[] = "emotion,pixels,Usage\n0,1 2 3 4,Training\n1,9 8 7 6,Training\n"
		"0,1 2 3 4,PublicTest\n1,1 2 3 4,PrivateTest\n";

	test_write("faces.csv", faces, strlen(faces));
	run_case_write_sweep("data: {fer2013: {file: faces.csv}}\ninput: [2, 2, 1]\nclasses: 2\n"
	                     "recipe: {epochs: 1, batch: 16}\nfamilies:\n  - name: wild\n    widths: [8]\n"
	                     "    layers: [flatten, {dense: {units: classes}}]\n");
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	CHECK_TEXT(record_value(record_file("reports", "wild", "8"), "accuracy_both"), "0.5");
	CHECK_TEXT(record_value(record_file("reports", "wild", "8"), "accuracy"), "0.5");
	CHECK(strcmp(record_value(record_file("reports", "wild", "8"), "accuracy_private"), "0.5") != 0);
}

/* Two data sets share no folder: nothing is replaced without being asked. */
TEST(run_refuses_a_folder_of_other_data)
{
	unsigned long long before[4], after[4];

	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	take_stamps(before);
	run_case_write_data(1);
	struct program_result result = run_tiny(ARGUMENTS("--dry-run", "--tsv"));
	CHECK(strstr(result.out, "data has changed"));
	CHECK(!strstr(result.out, "up to date"));
	CHECK_RUN(result, 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS()), 1, "@/reports/tiny: holds 4 points trained on other images than those of now; "
	          "give these a folder of their own: --name NAME, or replace what is there: --force\n");
	take_stamps(after);
	for (int i = 0; i < 4; i++)
		CHECK(before[i] == after[i]);
	CHECK_RUN(run_tiny(ARGUMENTS("--name", "other")), 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS("--force")), 0, "");
	take_stamps(after);
	for (int i = 0; i < 4; i++)
		CHECK(before[i] != after[i]);
}

/* --- what goes wrong ---------------------------------------------------------------------------------------------- */

TEST(run_says_which_folder_it_cannot_make)
{
	write_tiny();
	test_write("file", "", 0);
	CHECK_RUN(run_tiny_in("file", 1, ARGUMENTS()), 1, "@/file/tiny: cannot make this folder: Not a directory\n");
}

/* A file stands where the folder of points should be: that is found out before anything trains. */
TEST(run_trains_nothing_where_records_cannot_be_written)
{
	write_tiny();
	mkdir(test_path("reports"), 0777);
	mkdir(test_path("reports/tiny"), 0777);
	test_write("reports/tiny/points", "", 0);
	CHECK_RUN(run_tiny(ARGUMENTS()), 1,
	          "@/reports/tiny/points/.preflight: cannot be written: Not a directory\n");
}

TEST(run_refuses_bad_command_lines_and_sweeps_with_2)
{
	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "plain/*")), 2,
	          "--only \"plain/*\" matches none of the 4 points, which are small/1 to flat/8\n");
	CHECK_RUN(run_tiny(ARGUMENTS("--set", "recipe.epochs=0")), 2,
	          "--set recipe.epochs=0:1:15: epochs: 0 is outside 1..100000\n");
	struct program_result result = run_tiny(ARGUMENTS("--threads", "0"));
	CHECK_INT(result.status, 2);
	program_result_free(&result);
	run_case_write_sweep("classes: 3\nclasses: 4\n");
	result = run_tiny(ARGUMENTS());
	CHECK_INT(result.status, 2);
	CHECK(strstr(result.err, "tiny.yaml:2:1: classes: "));
	program_result_free(&result);
	CHECK_INT(count_records("reports"), 0);
}

TEST(run_without_data_is_1)
{
	write_tiny();
	unlink(test_path("train-images-idx3-ubyte"));
	struct program_result result = run_tiny(ARGUMENTS());

	CHECK_INT(result.status, 1);
	CHECK(strstr(result.err, "train-images-idx3-ubyte"));
	CHECK_TEXT(result.out, "");
	program_result_free(&result);
}

/* The YAML is wrong, although only the data shows it; a broken file is 1. */
TEST(run_with_data_that_contradicts_the_sweep_is_2)
{
	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--set", "classes=4")), 2, "@/tiny.yaml:1:8: classes: 4 does not fit the data: "
	          "the largest label of its 160 images is 2\n");
	CHECK_RUN(run_tiny(ARGUMENTS("--set", "classes=2")), 2,
	          "@/./train-labels-idx1-ubyte: byte 10: label 2 is outside 0..1\n");
	CHECK_RUN(run_tiny(ARGUMENTS("--set", "data.idx.validation=128")), 2, "@/tiny.yaml:1:8: validation: 128 leaves "
	          "nothing to train on: @/./train-images-idx3-ubyte has 128 training images\n");
	CHECK_RUN(run_tiny(ARGUMENTS("--set", "input=[8, 9, 1]")), 2, "@/tiny.yaml:1:8: input: 8x9x1 does not fit "
	          "the data: @/./train-images-idx3-ubyte has 8x8x1\n");
	test_write("train-labels-idx1-ubyte", "x", 1);
	CHECK_RUN(run_tiny(ARGUMENTS()), 1, "@/./train-labels-idx1-ubyte: is cut short: it ends inside its header of 8 "
	          "bytes\n");
}

TEST(run_refuses_what_does_not_fit_into_memory)
{
	write_tiny();
	struct program_result result = run_tiny(ARGUMENTS("--memory", "1", "--set", "recipe.batch=4096"));

	CHECK_INT(result.status, 1);
	CHECK(strstr(result.err, "small at width 4 needs "));
	CHECK(strstr(result.err, " of memory, and 1.0 MiB are available; a smaller batch needs less\n"));
	CHECK_INT(count_records("reports"), 0);
	program_result_free(&result);
}

TEST(run_keeps_its_records_where_stdout_is_full)
{
	const char *argv[] = { archsweep_path(), "run", test_path("tiny.yaml"), "--reports", test_path("reports"),
		NULL };

	write_tiny();
	CHECK_RUN(run_program((struct program){ .argv = argv, .stdout_file = "/dev/full" }), 1,
	          "archsweep: stdout: No space left on device\n");
	CHECK_INT(count_records("reports"), 4);
}

/* --- interruptions ------------------------------------------------------------------------------------------------ */

static void wait_until(bool (*happened)(void))
{
	for (int i = 0; i < 10000 && !happened(); i++)
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	CHECK(happened());
}

static bool first_record_is_there(void)
{
	return count_records("reports") > 0;
}

static bool run_has_begun(void)
{
	return file_stamp(test_path("reports/tiny/.lock")) != 0;
}

/* Twelve points that take a second together: when the first is there, most others are not. */
TEST(run_interrupted_keeps_what_is_finished_and_goes_on_later)
{
	const char *const longer[] = { "--set", "recipe.epochs=400", "--set", "seeds=[1, 2, 3]", NULL };
	pid_t id;

	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 2, longer), 0, "");
	CHECK_INT(count_records("whole"), 12);
	struct running_program *running = start_tiny("reports", longer, &id);
	wait_until(first_record_is_there);
	kill(id, SIGINT);
	struct program_result result = program_finish(running);
	int kept = count_records("reports");
	char message[160];

	CHECK(kept >= 1 && kept < 12);
	CHECK(strstr(result.out, "not trained"));
	snprintf(message, sizeof message, "interrupted: %d of 12 points are left; what is done is kept, and the same "
	         "command goes on from there\n", 12 - kept);
	CHECK_RUN(result, 128 + SIGINT, message);
	CHECK_RUN(run_tiny_in("reports", 2, longer), 0, "");
	CHECK(same_records("whole", "reports"));
}

TEST(run_leaves_a_long_point_soon_after_sigterm)
{
	pid_t id;

	write_tiny();
	struct running_program *running = start_tiny("reports",
	                                             ARGUMENTS("--only", "flat/8", "--set", "recipe.epochs=100000"),
	                                             &id);
	wait_until(run_has_begun);
	kill(id, SIGTERM);
	CHECK_RUN(program_finish(running), 128 + SIGTERM,
	          "interrupted: 1 of 1 points are left; what is done is kept, and the same command goes on from "
	          "there\n");
	CHECK_INT(count_records("reports"), 0);
}

/* --- what is shown ------------------------------------------------------------------------------------------------ */

TEST(run_dry_says_what_would_be_trained_and_leaves_nothing)
{
	write_tiny();
	struct program_result result = run_tiny(ARGUMENTS("--dry-run", "--tsv"));

	CHECK(strncmp(result.out,
		"family\twidth\tvariant\tseed\tid\ttrains\treason\ttrainable\ttotal\tmacs\tmemory_bytes\t"
	              "images_per_second\tseconds\n", 101) == 0);
	CHECK(strstr(result.out, "\ttrue\tnew\t"));
	CHECK_RUN(result, 0, "");
	CHECK(file_stamp(test_path("reports")) == 0);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "small/*")), 0, "");
	result = run_tiny(ARGUMENTS("--dry-run"));
	CHECK(strstr(result.out, "up to date"));
	CHECK(strstr(result.out, "1 of 4 points to train, about "));
	CHECK(strstr(result.out, " on 2 threads of "));
	CHECK_RUN(result, 0, "");
}

TEST(run_dry_needs_no_data)
{
	write_tiny();
	unlink(test_path("t10k-labels-idx1-ubyte"));
	struct program_result result = run_tiny(ARGUMENTS("--dry-run"));

	CHECK_INT(result.status, 0);
	CHECK(strstr(result.out, "\n4 of 4 points to train on 2 threads of "));
	CHECK(strstr(result.out, "(speed measured now)\n"));
	CHECK(strncmp(result.err, "without the data there are no times, and nobody knows whether it has changed: ",
	              77) == 0);
	program_result_free(&result);
}

TEST(run_prints_json_for_machines)
{
	write_tiny();
	struct program_result result = run_tiny(ARGUMENTS("--json", "--only", "flat/8"));

	CHECK(result.out[0] == '[');
	CHECK(strstr(result.out, "\"family\": \"small\""));
	CHECK(strstr(result.out, "\"status\": \"not trained\""));
	CHECK(strstr(result.out, "\"accuracy\": null"));
	CHECK(strstr(result.out, "\"epochs\": 3"));
	CHECK(!strstr(result.out, "points.tsv"));
	CHECK_RUN(result, 0, "");
}

TEST(run_verbose_shows_a_line_a_point_and_how_busy_the_cores_were)
{
	write_tiny();
	struct program_result result = run_tiny(ARGUMENTS("--verbose"));

	for (int i = 0; i < 4; i++) {
		char name[32];
		snprintf(name, sizeof name, "%s/%s ", widths[i][0], widths[i][1]);
		CHECK(strstr(result.err, name));
	}
	CHECK(strstr(result.err, "%  3 epochs  "));
	CHECK(strstr(result.err, "\n4 points trained in "));
	const char *busy = strstr(result.err, " on 2 threads, cores busy ");
	double cores = -1, beside = -1;
	CHECK(busy && sscanf(busy, " on 2 threads, cores busy %lf %%, %lf %% of it loading, augmenting", &cores,
	                     &beside) == 2);
	CHECK(cores > 0 && cores <= 100 && beside > 0 && beside < 100);
	CHECK_INT(result.status, 0);
	program_result_free(&result);
}
