/* Temporary files: those of processes that are gone are removed at the next start, those of others never; and no signal
 * that a program can catch leaves one. */
#include "bench/record/report_folder.h"
#include "bench/system/atomic_file.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

/* Files of a folder of the test whose names begin with ".tmp-". */
static int count_leftovers(const char *name)
{
	DIR *folder = opendir(test_path(name));
	int count = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		count += strncmp(entry->d_name, ".tmp-", 5) == 0;
	if (folder)
		closedir(folder);
	return count;
}

TEST(leftovers_of_dead_processes_are_removed)
{
	struct atomic_file file;
	struct error err = { "" };

	mkdir(test_path("points"), 0777);
	test_write("points/.tmp-123-0-a.tsv", "x", 1);
	test_write(".tmp-123-99-points.tsv", "x", 1);
	test_write(".tmp-123-points.tsv", "x", 1);
	test_write(".tmp-mine", "x", 1);
	test_write("tmp-1-2-x", "x", 1);
	CHECK(symlink(test_path("tmp-1-2-x"), test_path(".tmp-1-2-link")) == 0);
	CHECK(mkfifo(test_path(".tmp-1-2-pipe"), 0666) == 0);
	CHECK(mkdir(test_path(".tmp-1-2-folder"), 0777) == 0);
	CHECK(atomic_file_create(&file, test_path("points.tsv"), &err));
	report_folder_clean(test_folder());
	CHECK_TEXT(file_text(test_path("points/.tmp-123-0-a.tsv")), "(none)");
	CHECK_TEXT(file_text(test_path(".tmp-123-99-points.tsv")), "(none)");
	CHECK_TEXT(file_text(test_path(".tmp-123-points.tsv")), "x");
	CHECK_TEXT(file_text(test_path(".tmp-mine")), "x");
	CHECK_TEXT(file_text(test_path("tmp-1-2-x")), "x");
	CHECK_INT(count_leftovers("."), 6);             /* the file at work, two by other names, link, pipe, folder */
	CHECK(atomic_file_publish(&file, &err));
	CHECK_TEXT(err.text, "");
	CHECK_TEXT(file_text(test_path("points.tsv")), "");
}

static void *clean_until_told(void *told)
{
	while (!atomic_load((atomic_bool *)told))
		folder_clean(test_folder());
	return NULL;
}

/* A writer whose file is taken between its creation and its lock tries again. */
TEST(cleaning_takes_no_file_that_is_written)
{
	atomic_bool told = false;
	struct error err = { "" };
	char path[PATH_BYTES];
	pthread_t cleaner;

	snprintf(path, sizeof path, "%s", test_path("file"));
	CHECK(pthread_create(&cleaner, NULL, clean_until_told, &told) == 0);
	for (int i = 0; i < 300; i++) {
		struct atomic_file file;

		if (!atomic_file_create(&file, path, &err) || !atomic_file_write(&file, "x", 1, &err) ||
		    !atomic_file_publish(&file, &err) || unlink(path) != 0)
			break;
	}
	atomic_store(&told, true);
	pthread_join(cleaner, NULL);
	CHECK_TEXT(err.text, "");
	folder_clean(test_folder());
	CHECK_INT(count_leftovers("."), 0);
}

/* What a process that was killed left goes before the next one trains. */
TEST(run_removes_leftovers_at_its_start)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	mkdir(test_path("reports"), 0777);
	mkdir(test_path("reports/tiny"), 0777);
	mkdir(test_path("reports/tiny/points"), 0777);
	test_write("reports/tiny/.tmp-1-0-points.tsv", "x", 1);
	test_write("reports/tiny/points/.tmp-1-0-x.npz", "x", 1);
	CHECK_RUN(run_tiny((const char *[]){ "--only", "flat/*", "--quiet", NULL }), 0, "");
	CHECK_INT(count_leftovers("reports/tiny"), 0);
	CHECK_INT(count_leftovers("reports/tiny/points"), 0);
}

/* A file beyond `ulimit -f` is an error of its point, as on a full disk. */
TEST(run_says_which_file_is_larger_than_the_limit)
{
	static const char script[] = "ulimit -f 2; exec \"$0\" run \"$1\" --reports \"$2\" --only 'flat/*'";

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	struct program_result got = run_program((struct program){ .argv = (const char *[]){
		"sh", "-c", script, archsweep_path(), test_path("tiny.yaml"), test_path("reports"), NULL } });

	CHECK_INT(got.status, 1);
	CHECK_CONTAINS(got.err, "flat/8 failed: ");
	CHECK_CONTAINS(got.err, ".npz: cannot be written: File too large\n"
	               "0 of 1 points diverged, 1 failed; the others are not affected\n");
	CHECK_INT(count_leftovers("reports/tiny"), 0);
	CHECK_INT(count_leftovers("reports/tiny/points"), 0);
	program_result_free(&got);
}

/* The signal comes while gnuplot draws. */
static void check_signal(const char *name, int number)
{
	char setting[PATH_BYTES], script[512];

	snprintf(script, sizeof script, "# Figure: mine\n"
	         "eval 'set terminal '.(out[strlen(out)-1:*] eq 'ng' ? 'pngcairo' : 'svg')\n"
	         "set output out\nplot x\nset output\n"
	         "system(\"kill -%s $(cut -d' ' -f4 /proc/$PPID/stat)\")\n", name);
	test_write("scripts/mine.gp", script, strlen(script));
	snprintf(setting, sizeof setting, "ARCHSWEEP_PLOTS=%s", test_path("scripts"));
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "plot", "--reports", ".", "zoo", NULL },
		.folder = test_folder(), .environment = (const char *[]){ setting, NULL },
	});
	CHECK_INT(got.status, 128 + number);
	CHECK_TEXT(got.err, "interrupted before ./zoo/mine.svg was drawn\n");
	CHECK_INT(count_leftovers("zoo"), 0);
	program_result_free(&got);
}

TEST(plot_that_is_interrupted_leaves_no_leftovers)
{
	static const char points[] = "id\tfamily\twidth\tseed\tstatus\tmessage\ttotal\taccuracy\ttitle\n"
		"1\tplain\t3\t1\tdone\t\t100\t0.5\tZoo\n";
	static const char curves[] = "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\t"
		"loss_validation\taccuracy_validation\telapsed_seconds\nplain\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n";

	mkdir(test_path("zoo"), 0777);
	mkdir(test_path("scripts"), 0777);
	test_write("zoo/points.tsv", points, sizeof points - 1);
	test_write("zoo/curves.tsv", curves, sizeof curves - 1);
	check_signal("HUP", SIGHUP);
	check_signal("TERM", SIGTERM);
}
