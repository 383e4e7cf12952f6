/* Which gnuplot scripts `archsweep plot` runs: never those that happen to lie in the current folder. */
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A copy of the program that was installed without its scripts: those of the current folder are somebody else's. */
TEST(plot_runs_no_script_of_the_current_folder)
{
	static const char script[] = "# Figure: somebody's\nsystem(\"touch ran\")\n";
	const char *copy = test_path("opt/bin/archsweep");

	mkdir(test_path("opt"), 0777);
	mkdir(test_path("opt/bin"), 0777);
	mkdir(test_path("plots"), 0777);
	test_write("plots/theirs.gp", script, sizeof script - 1);
	mkdir(test_path("zoo"), 0777);
	test_write("zoo/points.tsv", "id\n", 3);
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ "cp", archsweep_path(), copy, NULL } });
	CHECK_INT(got.status, 0);
	program_result_free(&got);
	got = run_program((struct program){ .argv = (const char *[]){ copy, "plot", "--reports", ".", "zoo", NULL },
		.folder = test_folder(), .environment = (const char *[]){ "ARCHSWEEP_PLOTS", NULL } });
	CHECK_INT(got.status, 1);
	CHECK_TEXT(got.out, "");
	CHECK_TEXT(got.err, "no gnuplot scripts beside the program; ARCHSWEEP_PLOTS names their folder\n");
	CHECK(access(test_path("ran"), F_OK) != 0);
	program_result_free(&got);
}
