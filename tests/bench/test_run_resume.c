/* Runs that are stopped, killed, or not alone: nothing is lost, nothing is trained twice, and what comes out is what an
 * undisturbed run gives, byte for byte. */
#include "bench/system/lock.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void write_tiny(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
}

static void wait_ms(long milliseconds)
{
	nanosleep(&(struct timespec){ milliseconds / 1000, milliseconds % 1000 * 1000000 }, NULL);
}

/* The only file in points with that ending, "" where there is none. */
static const char *find_file(const char *ending)
{
	static char path[1024];
	DIR *points = opendir(test_path("reports/tiny/points"));
	struct dirent *entry;

	path[0] = '\0';
	while (points && (entry = readdir(points))) {
		const char *at = strstr(entry->d_name, ending);

		if (entry->d_name[0] != '.' && at && strcmp(at, ending) == 0)
			snprintf(path, sizeof path, "%s/%s", test_path("reports/tiny/points"), entry->d_name);
	}
	if (points)
		closedir(points);
	return path;
}

static bool is_there(const char *ending)
{
	for (int i = 0; i < 5000 && !find_file(ending)[0]; i++)
		wait_ms(1);
	return find_file(ending)[0];
}

/* One point with everything that a checkpoint must keep: it takes a second or more, or a fifth of that, which
 * sanitizers multiply by ten. */
#define POINT(epochs) { "--only", "small/4", "--set", "checkpoint=0.01", "--set", "recipe.epochs=" epochs, "--set", \
	"recipe.average_weights=0.99", "--set", "recipe.schedule=reduce_on_plateau", "--set", "recipe.warm_up=3", NULL }
static const char *const long_point[] = POINT("1500"), *const short_point[] = POINT("300");

static void check_interrupted(int signal_number, int status)
{
	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 1, long_point), 0, "");
	int runs = 0;

	for (; runs < 200 && count_records("reports") == 0; runs++) {
		pid_t id;
		struct running_program *running = start_tiny("reports", long_point, &id);

		wait_ms(60 + runs % 7 * 20);
		kill(id, signal_number);
		struct program_result result = program_finish(running);
		CHECK(result.status == 0 || result.status == status);
		program_result_free(&result);
	}
	CHECK(runs > 2);
	CHECK_RUN(run_tiny_in("reports", 1, long_point), 0, "");
	CHECK(same_records("whole", "reports"));
	CHECK_TEXT(find_file(".checkpoint"), "");
}

TEST(run_killed_again_and_again_ends_with_the_same_bytes)
{
	check_interrupted(SIGKILL, 128 + SIGKILL);
}

TEST(run_stopped_again_and_again_ends_with_the_same_bytes)
{
	check_interrupted(SIGTERM, 128 + SIGTERM);
}

TEST(run_goes_on_with_another_number_of_threads)
{
	pid_t id;

	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 1, long_point), 0, "");
	struct running_program *running = start_tiny("reports", long_point, &id);

	CHECK(is_there(".checkpoint"));
	kill(id, SIGUSR1);
	CHECK_RUN(program_finish(running), 75, "interrupted: 1 of 1 points are left; what is done is kept, and the "
	          "same command goes on from there\n");
	CHECK(find_file(".checkpoint")[0]);
	CHECK_RUN(run_tiny_in("reports", 4, long_point), 0, "");
	CHECK(same_records("whole", "reports"));
	CHECK_TEXT(find_file(".checkpoint"), "");
}

/* Stops a point, changes its checkpoint, and goes on: `want` is what is said; %lld in it is the size before. */
static void check_checkpoint(void (*change)(const char *path), const char *want)
{
	char path[1024], fault[128], said[1200];
	struct stat before;
	pid_t id;

	for (int i = 0; i < 50 && !find_file(".checkpoint")[0]; i++) {  /* on a busy machine it may have ended */
		unlink(record_file("reports", "small", "4"));
		struct running_program *running = start_tiny("reports", short_point, &id);
		is_there(".checkpoint");
		kill(id, SIGTERM);
		struct program_result stopped = program_finish(running);
		program_result_free(&stopped);
	}
	snprintf(path, sizeof path, "%s", find_file(".checkpoint"));
	CHECK_INT(stat(path, &before), 0);
	snprintf(fault, sizeof fault, want, (long long)before.st_size);
	change(path);
	struct program_result result = run_tiny(short_point);
	snprintf(said, sizeof said, "starts anew: %s%s\n", path, fault);
	CHECK_TEXT(result.err, said);
	CHECK_INT(result.status, 0);
	program_result_free(&result);
	CHECK(same_records("whole", "reports"));
	CHECK_INT(unlink(record_file("reports", "small", "4")), 0);
}

static void flip_a_bit(const char *path)
{
	FILE *file = fopen(path, "r+");

	fseek(file, -5, SEEK_END);
	int byte = fgetc(file);
	fseek(file, -5, SEEK_END);
	fputc(byte ^ 4, file);
	fclose(file);
}

static void cut(const char *path)
{
	CHECK_INT(truncate(path, 100), 0);
}

static void replace(const char *path)
{
	FILE *file = fopen(path, "w");

	fputs("what is this?\n", file);
	fclose(file);
}

static void empty(const char *path)
{
	CHECK_INT(truncate(path, 0), 0);
}

static void other_format(const char *path)
{
	FILE *file = fopen(path, "r+");

	fputs("format\t9", file);
	fclose(file);
}

TEST(run_says_and_ignores_a_broken_checkpoint)
{
	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 1, short_point), 0, "");
	check_checkpoint(flip_a_bit, ": the digest does not match");
	check_checkpoint(replace, ":1:1: is no checkpoint");
	check_checkpoint(empty, ":1:1: is no checkpoint");
	check_checkpoint(cut, ": has 100 bytes and should have %lld");
	check_checkpoint(other_format, ":1:8: format: found 9, this program reads 1");
}

/* --- several runs ------------------------------------------------------------------------------------------------- */

/* Twelve points that take a second together. */
static const char *const many[] = { "--set", "recipe.epochs=400", "--set", "seeds=[1, 2, 3]", "--verbose", NULL };

static int count_lines(const char *text, const char *with)
{
	int count = 0;

	for (; (text = strstr(text, with)); text += strlen(with))
		count++;
	return count;
}

TEST(run_shares_the_points_of_a_folder_with_other_runs)
{
	struct running_program *running[3];
	int trained = 0;

	write_tiny();
	struct program_result whole = run_tiny_in("whole", 2, many);
	CHECK_INT(whole.status, 0);
	program_result_free(&whole);
	for (int i = 0; i < 3; i++)
		running[i] = start_tiny("reports", many, NULL);
	for (int i = 0; i < 3; i++) {
		struct program_result result = program_finish(running[i]);

		CHECK_INT(result.status, 0);
		trained += count_lines(result.err, " epochs  ");
		CHECK_INT(count_lines(result.out, " done "), 12);
		program_result_free(&result);
	}
	CHECK_INT(trained, 12);
	CHECK_INT(count_records("reports"), 12);
	CHECK(same_records("whole", "reports"));
}

/* The second run takes over the point of the first, which dies, from its checkpoint. */
TEST(run_takes_over_what_a_dead_run_left)
{
	pid_t first;

	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 1, long_point), 0, "");
	struct running_program *dies = start_tiny("reports", long_point, &first);
	CHECK(is_there(".checkpoint"));
	struct running_program *waits = start_tiny("reports", long_point, NULL);
	wait_ms(50);
	kill(first, SIGKILL);
	struct program_result result = program_finish(dies);
	CHECK(result.status == 128 + SIGKILL || result.status == 0);    /* on a busy machine it may have ended */
	program_result_free(&result);
	CHECK_RUN(program_finish(waits), 0, "");
	CHECK(same_records("whole", "reports"));
}

TEST(run_leaves_a_locked_point_where_it_shall_not_wait)
{
	struct error err = { "" };

	write_tiny();
	struct program_result list = run_tiny(ARGUMENTS("--dry-run", "--only", "flat/8", "--tsv"));
	char id[17] = "";
	const char *row = strchr(list.out, '\n');

	CHECK(row && sscanf(row, "%*s %*s %*s %16s", id) == 1);
	program_result_free(&list);
	int lock = lock_open(test_path("reports/tiny"), &err);
	CHECK(lock_try(lock, lock_place(id), LOCK_ALONE, &err) == LOCK_TAKEN);
	CHECK_RUN(run_tiny(ARGUMENTS("--no-wait")), 0, "1 of 4 points are left to another run\n");
	CHECK_INT(count_records("reports"), 3);
	lock_close(lock);
	CHECK_RUN(run_tiny(ARGUMENTS("--no-wait")), 0, "");
	CHECK_INT(count_records("reports"), 4);
}

/* --- damage ------------------------------------------------------------------------------------------------------- */

static struct program_result tiny_command(const char *command, const char *option)
{
	const char *argv[] = { archsweep_path(), command, test_path("tiny.yaml"), "--reports", test_path("reports"),
		option, NULL };

	return program_finish(program_start((struct program){ .argv = argv, .limit_seconds = 60 }, NULL));
}

static void check_damage(void (*damage)(const char *path), const char *ending, const char *fault)
{
	char path[1024], want[2048];

	snprintf(path, sizeof path, "%s", find_file(ending));
	damage(path);
	snprintf(want, sizeof want, "%s%s", path, fault);
	struct program_result result = tiny_command("verify", "--tsv");
	CHECK(strstr(result.out, want));
	CHECK_RUN(result, 1, "");
	result = run_tiny(ARGUMENTS("--dry-run", "--tsv"));
	CHECK_INT(count_lines(result.out, strstr(fault, "digest:") ? "record is broken" : "files are damaged"), 1);
	CHECK_RUN(result, 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	result = tiny_command("verify", NULL);
	CHECK_TEXT(result.out, "4 points: 4 whole, 0 damaged\n");
	CHECK_RUN(result, 0, "");
	CHECK(same_records("whole", "reports"));
}

static void remove_it(const char *path)
{
	CHECK_INT(unlink(path), 0);
}

/* Whatever is damaged is found, and trained again. */
TEST(run_trains_damaged_points_again)
{
	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 1, ARGUMENTS()), 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	check_damage(flip_a_bit, ".curve.tsv", ": is damaged: it is not what was written with the record");
	check_damage(remove_it, ".curve.tsv", ": is missing");
	check_damage(flip_a_bit, ".logits.npz", ": is damaged: it is not what was written with the record");
	check_damage(remove_it, ".logits.npz", ": is missing");
}

TEST(verify_repairs_what_is_damaged)
{
	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 1, ARGUMENTS()), 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	flip_a_bit(weights_file("reports", "flat", "8"));
	struct program_result result = tiny_command("verify", "--repair");
	CHECK(strstr(result.out, "4 points: 3 whole, 1 damaged; what was damaged has been removed\n"));
	CHECK_RUN(result, 1, "");
	CHECK_INT(count_records("reports"), 3);
	result = tiny_command("verify", NULL);
	CHECK_TEXT(result.out, "4 points: 3 whole, 0 damaged, 1 not trained\n");
	CHECK_RUN(result, 0, "");
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	CHECK(same_records("whole", "reports"));
}

TEST(prune_removes_what_no_point_refers_to)
{
	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8", "--set", "recipe.epochs=2")), 0, "");
	unlink(test_path("reports/tiny/.sweep"));
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	test_write("reports/tiny/points/notes.txt", "mine", 4);
	CHECK_INT(count_records("reports"), 5);
	struct program_result result = tiny_command("prune", NULL);
	CHECK(strstr(result.out, "4 files of points that the sweep does not have, "));
	CHECK(strstr(result.out, "; --remove removes them\n"));
	CHECK_RUN(result, 0, "");
	CHECK_INT(count_records("reports"), 5);
	result = tiny_command("prune", "--remove");
	CHECK(strstr(result.out, "; 4 removed\n"));
	CHECK_RUN(result, 0, "");
	CHECK_INT(count_records("reports"), 4);
	result = tiny_command("prune", NULL);
	CHECK_TEXT(result.out, "0 files of points that the sweep does not have, 0 B\n");
	CHECK_RUN(result, 0, "");
	CHECK_TEXT(file_text(test_path("reports/tiny/points/notes.txt")), "mine");
}

/* A checkpoint that does not fit on the disk is said, and the training goes on without it. */
TEST(run_goes_on_without_a_checkpoint_that_cannot_be_written)
{
	char command[4096];

	run_case_write_data(0);
	run_case_write_sweep("data: {idx: {folder: ., validation: 32}}\ninput: [8, 8, 1]\nclasses: 3\n"
	                     "checkpoint: 0.01\nrecipe: {epochs: 300, batch: 64}\nfamilies:\n"
	                     "  - {name: flat, widths: [256], layers: [flatten, {dense: {units: w}}, {dense: {units: "
	                     "classes}}]}\n");
	CHECK_RUN(run_tiny_in("whole", 1, ARGUMENTS()), 0, "");
	snprintf(command, sizeof command, "ulimit -f 300; exec '%s' run '%s' --reports '%s'", archsweep_path(),
	         test_path("tiny.yaml"), test_path("reports"));
	const char *argv[] = { "sh", "-c", command, NULL };
	struct program_result result = program_finish(program_start((struct program){ .argv = argv,
		.limit_seconds = 60 }, NULL));

	CHECK(strncmp(result.err, "no checkpoint, training goes on: ", 33) == 0);
	CHECK(strstr(result.err, ".checkpoint: cannot be written: File too large\n"));
	CHECK_INT(result.status, 0);
	program_result_free(&result);
	CHECK(same_records("whole", "reports"));
	CHECK_TEXT(find_file(".checkpoint"), "");
}
