/* A sweep by GNU parallel and by xargs, several runs at once: in one folder, and in folders of their own that are then
 * collected. Each way leaves what one run leaves, byte for byte. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A shell script in which $A is the program, $S the sweep and $D the test's folder. stdout is thrown away. */
static void run_script(const char *script)
{
	static char program[4096], sweep[4096], folder[4096], home[4096], whole[8192];
	const char *environment[] = { program, sweep, folder, home, "OMP_NUM_THREADS=1", NULL };

	snprintf(program, sizeof program, "A=%s", archsweep_path());
	snprintf(sweep, sizeof sweep, "S=%s", test_path("tiny.yaml"));
	snprintf(folder, sizeof folder, "D=%s", test_folder());
	snprintf(home, sizeof home, "HOME=%s", test_folder());
	snprintf(whole, sizeof whole, "set -e\nexec >/dev/null\n%s", script);
	CHECK_RUN(run_program((struct program){ .argv = (const char *[]){ "sh", "-c", whole, NULL },
	                                        .environment = environment, .limit_seconds = 60 }), 0, "");
}

/* Other programs have that name, too. */
static void need_parallel(void)
{
	struct program_result r = run_program((struct program){
		.argv = (const char *[]){ "sh", "-c", "parallel --version | grep -q GNU", NULL } });
	int status = r.status;

	program_result_free(&r);
	if (status != 0)
		test_skip("needs the package parallel");
}

static void train_whole(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny_in("whole", 2, (const char *[]){ NULL }), 0, "");
}

static void check_same(const char *reports)
{
	char path[256];

	CHECK(same_records("whole", reports));
	snprintf(path, sizeof path, "%s/tiny/points.tsv", reports);
	CHECK(same_files(test_path("whole/tiny/points.tsv"), test_path(path)));
	snprintf(path, sizeof path, "%s/tiny/curves.tsv", reports);
	CHECK(same_files(test_path("whole/tiny/curves.tsv"), test_path(path)));
}

TEST(parallel_shards_in_folders_of_their_own_are_one_run)
{
	need_parallel();
	train_whole();
	run_script("parallel --will-cite -j 3 \"$A\" run \"$S\" --quiet --reports \"$D/{}\" --shard {}/3 ::: 1 2 3\n"
	           "\"$A\" collect \"$S\" --reports \"$D/all\" \"$D/1/tiny\" \"$D/2/tiny\" \"$D/3/tiny\"\n");
	check_same("all");
}

TEST(parallel_shards_in_one_folder_are_one_run)
{
	need_parallel();
	train_whole();
	run_script("parallel --will-cite -j 3 \"$A\" run \"$S\" --quiet --reports \"$D/all\" --shard {}/3 ::: 1 2 3\n"
	           "\"$A\" collect \"$S\" --reports \"$D/all\"\n");
	check_same("all");
}

TEST(parallel_takes_the_commands_of_list)
{
	need_parallel();
	train_whole();
	run_script("\"$A\" list --commands \"$S\" --reports \"$D/all\" | parallel --will-cite -j 4\n"
	           "\"$A\" collect \"$S\" --reports \"$D/all\"\n");
	check_same("all");
}

TEST(xargs_takes_the_commands_of_list)
{
	train_whole();
	run_script("\"$A\" list --commands \"$S\" --reports \"$D/all\" | xargs -d '\\n' -n 1 -P 4 sh -c\n"
	           "\"$A\" collect \"$S\" --reports \"$D/all\"\n");
	check_same("all");
}

/* The same point in several runs at once: the first trains it, the others wait. */
TEST(parallel_runs_of_one_sweep_share_its_points)
{
	need_parallel();
	train_whole();
	run_script("parallel --will-cite -j 4 "
	           "\"$A\" run \"$S\" --quiet --reports \"$D/all\" --threads {} ::: 1 2 3 1\n");
	check_same("all");
}
