/* `archsweep collect`: the folders of several runs, put together, are the folder of one; what contradicts itself, is
 * damaged or missing is named. */
#include "bench/record/record.h"
#include "bench/record/record_columns.h"
#include "bench/system/lock.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

/* collect tiny.yaml --reports FOLDER/all and more. */
static struct program_result collect(const char *const *more)
{
	const char *argv[32] = { archsweep_path(), "collect", test_path("tiny.yaml"), "--reports", test_path("all") };

	for (int i = 0; more[i] && i < 24; i++)
		argv[5 + i] = more[i];
	return run_program((struct program){ .argv = argv });
}

static const char *parts[3];

/* The sweep in one folder, and its three parts in one each. */
static void train(void)
{
	static const char *const names[] = { "1/3", "2/3", "3/3" };
	static const char *const folders[] = { "a", "b", "c" };
	char path[64];

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny_in("whole", 2, ARGUMENTS()), 0, "");
	for (int i = 0; i < 3; i++) {
		CHECK_RUN(run_tiny_in(folders[i], 1, ARGUMENTS("--shard", names[i])), 0, "");
		snprintf(path, sizeof path, "%s/tiny", folders[i]);
		parts[i] = strdup(test_path(path));
	}
}

static void check_out(struct program_result result, int status, const char *out, const char *err)
{
	char want[1024];

	snprintf(want, sizeof want, "%s; %s/tiny/points.tsv\n", out, test_path("all"));
	CHECK_TEXT(result.out, want);
	CHECK_RUN(result, status, err);
}

static bool same_tables(void)
{
	return same_files(test_path("whole/tiny/points.tsv"), test_path("all/tiny/points.tsv")) &&
	       same_files(test_path("whole/tiny/curves.tsv"), test_path("all/tiny/curves.tsv"));
}

TEST(collect_puts_parts_together)
{
	train();
	check_out(collect(ARGUMENTS(parts[0], parts[1], parts[2])), 0, "4 of 4 points are done, 4 collected now", "");
	CHECK(same_records("whole", "all"));
	CHECK(same_tables());
	unsigned long long record = file_stamp(record_file("all", "flat", "8"));
	unsigned long long weights = file_stamp(weights_file("all", "flat", "8"));
	check_out(collect(ARGUMENTS(parts[2], parts[1])), 0, "4 of 4 points are done, 0 collected now", "");
	CHECK(file_stamp(record_file("all", "flat", "8")) == record);
	CHECK(file_stamp(weights_file("all", "flat", "8")) == weights);
	CHECK_RUN(run_tiny_in("all", 1, ARGUMENTS()), 0, "");
	CHECK(file_stamp(record_file("all", "flat", "8")) == record);
}

TEST(collect_names_what_is_missing)
{
	train();
	check_out(collect(ARGUMENTS(parts[0])), 1, "1 of 4 points are done, 1 collected now",
	          "3 of 4 points are missing: small/1, small/2, flat/8\n");
	check_out(collect(ARGUMENTS("--allow-missing", parts[1])), 0, "2 of 4 points are done, 1 collected now",
	          "2 of 4 points are missing: small/1, flat/8\n");
	struct program_result r = collect(ARGUMENTS("--tsv", "--allow-missing", parts[0], parts[2]));
	CHECK_TEXT(tsv_field(r.out, 0, "state"), "done");
	CHECK_TEXT(tsv_field(r.out, 0, "from"), parts[2]);
	CHECK_TEXT(tsv_field(r.out, 2, "from"), "");
	CHECK_RUN(r, 0, "");
	CHECK(same_records("whole", "all"));
	CHECK(same_tables());
}

TEST(collect_without_folders_writes_the_tables)
{
	train();
	check_out(collect(ARGUMENTS(parts[0], parts[1], parts[2])), 0, "4 of 4 points are done, 4 collected now", "");
	CHECK_INT(unlink(test_path("all/tiny/points.tsv")), 0);
	CHECK_INT(unlink(test_path("all/tiny/curves.tsv")), 0);
	check_out(collect(ARGUMENTS()), 0, "4 of 4 points are done, 0 collected now", "");
	CHECK(same_tables());
}

/* Two runs of one point differ in times, and that is no contradiction. */
TEST(collect_accepts_two_records_of_one_point_that_say_the_same)
{
	train();
	check_out(collect(ARGUMENTS(parts[0], test_path("whole/tiny"))), 0, "4 of 4 points are done, 4 collected now",
	          "");
	CHECK(same_records("whole", "all"));
	CHECK(same_files(record_file("a", "small", "4"), record_file("all", "small", "4")));
}

/* The digest holds for whatever a program has written: this one has written other results. */
TEST(collect_refuses_two_records_of_one_point_that_differ)
{
	char want[4096];

	train();
	run_case_write_data(7);
	CHECK_RUN(run_tiny_in("other", 1, ARGUMENTS("--only", "small/4")), 0, "");
	const char *record = record_file("a", "small", "4"), *other = record_file("other", "small", "4");
	snprintf(want, sizeof want, "%s and %s are records of one point, but differ in \"%s\"\n", record, other,
	         strcmp(record_value(record, "accuracy"), record_value(other, "accuracy")) ? "accuracy" : "loss");
	struct program_result r = collect(ARGUMENTS(parts[0], test_path("other/tiny"), parts[1]));
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, want);
	program_result_free(&r);
	CHECK_INT(count_records("all"), 0);
}

TEST(collect_refuses_points_of_different_data)
{
	char want[4096];

	train();
	run_case_write_data(7);
	CHECK_RUN(run_tiny_in("other", 1, ARGUMENTS("--only", "small/1")), 0, "");
	struct program_result r = collect(ARGUMENTS(parts[0], test_path("other/tiny")));
	snprintf(want, sizeof want, "%s and %s were trained on different data\n", record_file("other", "small", "1"),
	         record_file("a", "small", "4"));
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.err, want);
	program_result_free(&r);
	CHECK_INT(count_records("all"), 0);
}

TEST(collect_passes_over_what_is_damaged)
{
	char want[4096];

	train();
	const char *weights = weights_file("a", "small", "4");
	CHECK_INT(truncate(weights, 100), 0);
	snprintf(want, sizeof want, "passed over: @%s: is damaged: it is not what was written with the record\n"
	         "1 of 4 points is missing: small/4\n", weights + strlen(test_folder()));
	check_out(collect(ARGUMENTS(parts[0], parts[1], parts[2])), 1, "3 of 4 points are done, 3 collected now", want);
	const char *record = record_file("b", "small", "2");
	CHECK_INT(truncate(record, 50), 0);
	struct program_result r = collect(ARGUMENTS(parts[1], test_path("whole/tiny")));
	CHECK_CONTAINS(r.err, "passed over: ");
	CHECK_INT(r.status, 0);
	program_result_free(&r);
	CHECK(same_records("whole", "all"));
}

TEST(collect_refuses_what_is_no_folder_of_points)
{
	train();
	CHECK_RUN(collect(ARGUMENTS(parts[0], test_path("none"))), 1,
	          "@/none/points: no folder of points: No such file or directory\n");
	CHECK_RUN(collect(ARGUMENTS(test_path("tiny.yaml"))), 1,
	          "@/tiny.yaml/points: no folder of points: Not a directory\n");
	CHECK_INT(count_records("all"), 0);
}

/* A record without results, in FOLDER/made/tiny; a row of the curve belongs to it. */
static void write_record(const struct sweep *sweep, int point, enum point_status status, uint64_t data_digest)
{
	const struct epoch_row row = { .epoch = 1 };
	struct record record;
	struct curve curve = { 0 };
	struct error err = { "" };

	record_clear(&record);
	snprintf(record.id, sizeof record.id, "%s", sweep->points[point].id);
	snprintf(record.family, sizeof record.family, "%s", sweep->points[point].family);
	snprintf(record.message, sizeof record.message, "made up");
	record.width = sweep->points[point].width;
	record.seed = sweep->points[point].seed;
	record.status = status;
	record.epochs = 1;
	record.data_digest = data_digest;
	CHECK(curve_add(&curve, &row, 1, &err));
	CHECK(record_write(test_path("made/tiny"), &record, &curve, &err));
	CHECK_TEXT(err.text, "");
	curve_free(&curve);
}

static uint64_t digest_of(const char *record)
{
	return strtoull(record_value(record, "data_digest"), NULL, 16);
}

/* small/1 is made up in a folder of its own. */
static void make_record(enum point_status status)
{
	struct error err = { "" };
	struct sweep *sweep = sweep_read(test_path("tiny.yaml"), NULL, 0, &err);

	CHECK_TEXT(err.text, "");
	CHECK(sweep && sweep->points[0].width == 1);
	write_record(sweep, 0, status, digest_of(record_file("whole", "small", "1")));
	sweep_destroy(sweep);
}

/* Whichever comes first. */
TEST(collect_prefers_a_result_to_a_failure)
{
	train();
	make_record(POINT_FAILED);
	check_out(collect(ARGUMENTS(test_path("made/tiny"))), 1, "0 of 4 points are done, 1 collected now",
	          "1 of 4 points has failed: small/1\n3 of 4 points are missing: small/2, small/4, flat/8\n");
	check_out(collect(ARGUMENTS(parts[0], parts[1], parts[2], test_path("made/tiny"))), 0,
	          "4 of 4 points are done, 4 collected now", "");
	CHECK(same_records("whole", "all"));
	CHECK(same_tables());
}

TEST(collect_says_what_diverged)
{
	char want[4096];

	train();
	make_record(POINT_DIVERGED);
	struct program_result r = collect(ARGUMENTS(test_path("whole/tiny"), test_path("made/tiny")));
	snprintf(want, sizeof want, "%s and %s are records of one point, but differ in \"status\"\n",
	         record_file("whole", "small", "1"), record_file("made", "small", "1"));
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.err, want);
	program_result_free(&r);
	check_out(collect(ARGUMENTS(test_path("made/tiny"), parts[0], parts[1])), 1,
	          "2 of 4 points are done, 3 collected now",
	          "1 of 4 points has diverged: small/1\n1 of 4 points is missing: flat/8\n");
}

/* Whoever holds a point's lock writes its files. */
TEST(collect_leaves_a_point_to_the_run_that_trains_it)
{
	struct error err = { "" };
	char want[1024], id[17];

	train();
	snprintf(id, sizeof id, "%s", record_value(record_file("a", "small", "4"), "id"));
	mkdir(test_path("all"), 0777);
	int lock = lock_open(test_path("all/tiny"), &err);
	CHECK(lock_try(lock, lock_place(id), LOCK_ALONE, &err) == LOCK_TAKEN);
	snprintf(want, sizeof want, "passed over: @/all/tiny/points/%s.tsv: a run trains this point at the moment\n"
	         "1 of 4 points is missing: small/4\n", id);
	check_out(collect(ARGUMENTS(parts[0], parts[1], parts[2])), 1, "3 of 4 points are done, 3 collected now", want);
	lock_close(lock);
	check_out(collect(ARGUMENTS(parts[0])), 0, "4 of 4 points are done, 1 collected now", "");
	CHECK(same_records("whole", "all"));
}
