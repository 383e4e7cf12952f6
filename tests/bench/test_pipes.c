/* A pipe or a device where a file belongs is refused, or passed over; nobody waits for its writer. */
#include "bench/summary/figure.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

TEST(run_waits_for_no_pipe_in_its_folder)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	mkdir(test_path("reports"), 0777);
	mkdir(test_path("reports/tiny"), 0777);
	CHECK(mkfifo(test_path("reports/tiny/.sweep"), 0666) == 0);
	CHECK_RUN(run_tiny((const char *[]){ "--dry-run", NULL }), 2,
	          "@/reports/tiny/.sweep: is a device or pipe, not a file\n");
	CHECK_RUN(run_tiny((const char *[]){ NULL }), 2, "@/reports/tiny/.sweep: is a device or pipe, not a file\n");
	CHECK(unlink(test_path("reports/tiny/.sweep")) == 0);
	CHECK(symlink("/dev/zero", test_path("reports/tiny/.sweep")) == 0);
	CHECK_RUN(run_tiny((const char *[]){ NULL }), 2, "@/reports/tiny/.sweep: is a device or pipe, not a file\n");
}

TEST(figure_is_no_pipe)
{
	struct figure figure;

	CHECK(mkfifo(test_path("x.gp"), 0666) == 0);
	CHECK(!figure_read(test_path("x.gp"), &figure));
	CHECK(symlink("/dev/zero", test_path("y.gp")) == 0);
	CHECK(!figure_read(test_path("y.gp"), &figure));
}

static void check_plot(const char *setting, const char *want)
{
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "plot", "--reports", ".", "zoo", NULL },
		.folder = test_folder(), .environment = (const char *[]){ setting, NULL },
	});
	CHECK_INT(got.status, 1);
	CHECK_TEXT(got.out, "");
	CHECK_TEXT(got.err, want);
	program_result_free(&got);
}

TEST(plot_waits_for_no_pipe)
{
	static const char points[] = "id\tfamily\twidth\tseed\tstatus\tmessage\ttotal\taccuracy\ttitle\n";
	static const char curves[] = "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\t"
		"loss_validation\taccuracy_validation\telapsed_seconds\n";
	static const char script[] = "# Figure from compare.tsv: mine\nplot table\n";
	char setting[PATH_BYTES];

	mkdir(test_path("zoo"), 0777);
	mkdir(test_path("scripts"), 0777);
	snprintf(setting, sizeof setting, "ARCHSWEEP_PLOTS=%s", test_path("scripts"));
	CHECK(mkfifo(test_path("scripts/x.gp"), 0666) == 0);
	test_write("scripts/mine.gp", script, sizeof script - 1);
	test_write("zoo/curves.tsv", curves, sizeof curves - 1);
	CHECK(mkfifo(test_path("zoo/points.tsv"), 0666) == 0);
	check_plot(setting, "./zoo/points.tsv: is a device or pipe, not a file\n");
	CHECK(unlink(test_path("zoo/points.tsv")) == 0);
	test_write("zoo/points.tsv", points, sizeof points - 1);
	CHECK(mkfifo(test_path("zoo/compare.tsv"), 0666) == 0);
	check_plot(setting, "./zoo/compare.tsv: is a device or pipe, not a file\n");
}
