/* `archsweep submit`: the script that Slurm gets, what sbatch is called with, and what a part does when it is warned.
 * A shell script stands for Slurm's programs; ci/slurm.sh has a real one. */
#include "bench/run/slurm.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define ARGUMENTS(...) ((const char *[]){ __VA_ARGS__, NULL })

TEST(slurm_times)
{
	static const struct { const char *text; long seconds; } times[] = {
		{ "1", 60 }, { "90", 5400 }, { "1:30", 90 }, { "0:30", 30 }, { "8:00:00", 28800 }, { "1-0", 86400 },
		{ "2-12", 216000 }, { "1-1:30", 91800 }, { "1-1:30:5", 91805 },
		{ "", -1 }, { "0", -1 }, { "x", -1 }, { "1:", -1 }, { ":1", -1 }, { "1:2:3:4", -1 }, { "-1", -1 },
		{ "1-", -1 }, { "1 ", -1 }, { "1-2-3", -1 }, { "+1", -1 }, { "99999999", -1 }, { "1\n2", -1 },
	};

	for (size_t i = 0; i < sizeof times / sizeof *times; i++)
		CHECK_INT(slurm_seconds(times[i].text), times[i].seconds);
}

static void write_script(const char *name, const char *text)
{
	chmod(test_write(name, text, strlen(text)), 0755);
}

/* Programs of ours in front of PATH. "squeue" and all others are not needed. */
static void fake_slurm(const char *sbatch)
{
	mkdir(test_path("bin"), 0777);
	write_script("bin/sbatch", sbatch);
}

/* Answers 17, then 18, and keeps its words, one a line. */
static const char good_sbatch[] =
	"#!/bin/sh\n"
	"printf '%s\\n' \"$@\" >>\"${0%/bin/*}/asked\"\n"
	"echo \"env ${OPENBLAS_CORETYPE-none}\" >>\"${0%/bin/*}/asked\"\n"
	"case \"$*\" in *afterany*) echo 18 ;; *) echo '17;far' ;; esac\n";

/* submit --slurm tiny.yaml --reports FOLDER/reports and more. */
static struct program_result submit(const char *const *more)
{
	const char *argv[32] = { archsweep_path(), "submit", "--slurm", test_path("tiny.yaml"), "--reports",
		test_path("reports") };
	static char path[4096];
	const char *environment[] = { path, "OPENBLAS_CORETYPE", NULL };

	for (int i = 0; more[i] && i < 24; i++)
		argv[6 + i] = more[i];
	snprintf(path, sizeof path, "PATH=%s:%s", test_path("bin"), getenv("PATH"));
	return run_program((struct program){ .argv = argv, .environment = environment });
}

static void check_refused_submit(const char *const *more, int status, const char *want)
{
	run_case_write_sweep(NULL);
	CHECK_RUN(submit(more), status, want);
	CHECK_INT(file_stamp(test_path("reports")), 0);
}

TEST(submit_refusals)
{
	static const char forms[] = "accepted: minutes, minutes:seconds, hours:minutes:seconds, days-hours, "
		"days-hours:minutes, days-hours:minutes:seconds; see archsweep submit --help\n";
	char want[512];

	snprintf(want, sizeof want, "archsweep submit: --time: \"soon\" is not a time; %s", forms);
	check_refused_submit(ARGUMENTS("--time", "soon"), 2, want);
	check_refused_submit(ARGUMENTS("--partition", "a b"), 2,
	                     "archsweep submit: --partition: \"a b\" is not a name; see archsweep submit --help\n");
	check_refused_submit(ARGUMENTS("other.yaml"), 2,
	                     "archsweep submit: unexpected argument \"other.yaml\"; options of sbatch stand behind --; "
	                     "see archsweep submit --help\n");
	check_refused_submit(ARGUMENTS("--", "-Ja\nb"), 2,
	                     "archsweep submit: \"-Ja?b\" has more than one line; see archsweep submit --help\n");
	check_refused_submit(ARGUMENTS("--set", "recipe.epochs=0"), 2,
	                     "--set recipe.epochs=0:1:15: epochs: 0 is outside 1..100000\n");
	CHECK_RUN(run_archsweep(ARGUMENTS("submit", test_path("tiny.yaml"))), 2,
	          "archsweep submit: which scheduler? --slurm; see archsweep submit --help\n");
	CHECK_RUN(run_archsweep(ARGUMENTS("submit", "--slurm", "--reports", "a%b", test_path("tiny.yaml"))), 2,
	          "archsweep submit: \"a%b/tiny\": in a path %, \\, a line break and a - at its beginning mean "
	          "something to Slurm; see archsweep submit --help\n");
}

static const char expecting[] =
	"data: {idx: {folder: .}}\ninput: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\n"
	"families: [{name: flat, widths: [1], expect: {total: [7]}, layers: [flatten, dense: {units: classes}]}]\n";

TEST(submit_checks_expected_counts_first)
{
	fake_slurm(good_sbatch);
	run_case_write_sweep(expecting);
	CHECK_RUN(submit(ARGUMENTS("--parts", "1")), 3,
	          "@/tiny.yaml:5:55: flat at width 1: expected 7 total, counted 195\n");
	CHECK_INT(file_stamp(test_path("asked")), 0);
}

TEST(submit_print_shows_the_script_and_writes_nothing)
{
	char want[4096];

	run_case_write_sweep(NULL);
	struct program_result r = submit(ARGUMENTS("--print", "--parts", "3", "--at-once", "2", "--cpus", "4", "--time",
	                                           "8:00:00", "--partition", "long", "--set", "title=it's", "--name",
	                                           "mine", "--", "--account", "a b"));
	snprintf(want, sizeof want,
	         "#!/bin/sh\n#SBATCH --job-name=tiny\n#SBATCH --cpus-per-task=4\n#SBATCH --time=8:00:00\n"
	         "#SBATCH --partition=long\n#SBATCH --requeue\n#SBATCH --open-mode=append\n"
	         "#SBATCH --signal=B:USR1@120\n#\n"
	         "# Written by `archsweep submit`: a task of the array trains one of 3 parts, a job gathers them.\n"
	         "#   sbatch --output=%s/mine/slurm/part-%%a.out --account 'a b' --array=1-3%%2 --parsable "
	         "%s/mine/slurm/job.sh run\n", test_path("reports"), test_path("reports"));
	CHECK(strncmp(r.out, want, strlen(want)) == 0);
	snprintf(want, sizeof want, "#   sbatch --output=%s/mine/slurm/collect.out --account 'a b' --cpus-per-task=1 "
	         "--dependency=afterany:ID --parsable %s/mine/slurm/job.sh collect\n",
	         test_path("reports"), test_path("reports"));
	CHECK_CONTAINS(r.out, want);
	snprintf(want, sizeof want, "\ncollect) exec %s collect %s --set 'title=it'\\''s' --name mine --reports %s ;;"
	         "\n", archsweep_path(), test_path("tiny.yaml"), test_path("reports"));
	CHECK_CONTAINS(r.out, want);
	snprintf(want, sizeof want, "\nexport OMP_NUM_THREADS=\"${SLURM_CPUS_PER_TASK-4}\"\n%s run %s --set "
	         "'title=it'\\''s' --name mine --reports %s --verbose --shard \"$SLURM_ARRAY_TASK_ID/3\" &\n",
	         archsweep_path(), test_path("tiny.yaml"), test_path("reports"));
	CHECK_CONTAINS(r.out, want);
	CHECK_INT(file_stamp(test_path("reports")), 0);
	CHECK_RUN(r, 0, "");
}

TEST(submit_gives_parts_folders_of_their_own)
{
	char want[2048];

	run_case_write_sweep(NULL);
	struct program_result r = submit(ARGUMENTS("--print", "--own-folders"));
	snprintf(want, sizeof want, " --reports %s/tiny/parts/\"$SLURM_ARRAY_TASK_ID\" --verbose --shard "
	         "\"$SLURM_ARRAY_TASK_ID/4\" &\n", test_path("reports"));
	CHECK_CONTAINS(r.out, want);
	snprintf(want, sizeof want, " collect %s --reports %s %s/tiny/parts/*/tiny ;;\n", test_path("tiny.yaml"),
	         test_path("reports"), test_path("reports"));
	CHECK_CONTAINS(r.out, want);
	CHECK_RUN(r, 0, "");
}

/* A limit of one minute leaves no two minutes. */
TEST(submit_warns_short_jobs_later)
{
	run_case_write_sweep(NULL);
	struct program_result r = submit(ARGUMENTS("--print", "--time", "1"));

	CHECK_CONTAINS(r.out, "\n#SBATCH --signal=B:USR1@16\n");
	CHECK_RUN(r, 0, "");
}

TEST(submit_calls_sbatch_twice)
{
	char want[4096];
	const char *reports = test_path("reports");

	fake_slurm(good_sbatch);
	run_case_write_sweep(NULL);
	struct program_result r = submit(ARGUMENTS("--parts", "99", "--", "--mem=1G"));
	snprintf(want, sizeof want, "job 17 trains 4 parts, job 18 then collects them; %s/tiny/slurm has the script "
	         "and what they say\n", reports);
	CHECK_TEXT(r.out, want);
	CHECK_RUN(r, 0, "");
	snprintf(want, sizeof want, "--output=%s/tiny/slurm/part-%%a.out\n--mem=1G\n--array=1-4\n--parsable\n"
	         "%s/tiny/slurm/job.sh\nrun\nenv none\n--output=%s/tiny/slurm/collect.out\n--mem=1G\n"
	         "--cpus-per-task=1\n--dependency=afterany:17\n--parsable\n%s/tiny/slurm/job.sh\ncollect\n"
	         "env none\n", reports, reports, reports, reports);
	CHECK_TEXT(file_text(test_path("asked")), want);
	CHECK(strncmp(file_text(test_path("reports/tiny/slurm/job.sh")), "#!/bin/sh\n", 10) == 0);
}

TEST(submit_says_what_sbatch_said)
{
	run_case_write_sweep(NULL);
	fake_slurm("#!/bin/sh\necho no account >&2\nexit 1\n");
	CHECK_RUN(submit(ARGUMENTS("--parts", "2")), 1, "no account\nsbatch exited with status 1\n");
	fake_slurm("#!/bin/sh\necho later\n");
	CHECK_RUN(submit(ARGUMENTS("--parts", "2")), 1,
	          "sbatch answered \"later\" where a job's id was expected\n");
	fake_slurm("#!/bin/sh\ncase \"$*\" in *afterany*) exit 3 ;; *) echo 17 ;; esac\n");
	CHECK_RUN(submit(ARGUMENTS("--parts", "2")), 1, "job 17 trains 2 parts, but the job that collects them was not "
	          "submitted: sbatch exited with status 3\n");
}

TEST(submit_without_slurm)
{
	const char *argv[] = { archsweep_path(), "submit", "--slurm", test_path("tiny.yaml"), "--reports",
		test_path("reports"), NULL };

	run_case_write_sweep(NULL);
	mkdir(test_path("none"), 0777);
	char path[4096];
	snprintf(path, sizeof path, "PATH=%s", test_path("none"));
	CHECK_RUN(run_program((struct program){ .argv = argv, .environment = ARGUMENTS(path) }), 1,
	          "sbatch: cannot be started: No such file or directory\n");
}

/* --- a part ------------------------------------------------------------------------------------------------------- */

/* Runs the script of `submit` with a program of ours in archsweep's place; scontrol keeps its words in "told". */
static struct program_result run_part(const char *program)
{
	static char script[8192], path[4096];
	const char *environment[] = { path, "SLURM_ARRAY_TASK_ID=2", "SLURM_ARRAY_JOB_ID=17", "SLURM_CPUS_PER_TASK=3",
		NULL };

	mkdir(test_path("bin"), 0777);
	write_script("bin/scontrol", "#!/bin/sh\necho \"$@\" >\"${0%/bin/*}/told\"\n");
	write_script("bin/archsweep", program);
	run_case_write_sweep(NULL);
	snprintf(path, sizeof path, "PATH=%s:%s", test_path("bin"), getenv("PATH"));
	struct program_result printed = submit(ARGUMENTS("--print"));
	const char *from = strstr(printed.out, archsweep_path()), *at = strstr(from + 1, archsweep_path());
	snprintf(script, sizeof script, "%.*sarchsweep%s", (int)(at - printed.out), printed.out,
	         at + strlen(archsweep_path()));
	program_result_free(&printed);
	write_script("job.sh", script);
	return run_program((struct program){ .argv = ARGUMENTS(test_path("job.sh"), "run"),
	                                     .environment = environment });
}

TEST(submit_part_ends_as_its_run_ends)
{
	CHECK_RUN(run_part("#!/bin/sh\necho \"$OMP_NUM_THREADS $*\" >\"${0%/bin/*}/asked\"\nexit 1\n"), 1, "");
	CHECK_CONTAINS(file_text(test_path("asked")), "3 run ");
	CHECK_CONTAINS(file_text(test_path("asked")), " --verbose --shard 2/4\n");
	CHECK_TEXT(file_text(test_path("told")), "(none)");
}

/* The warning comes to the shell alone, which passes it on and waits. */
TEST(submit_part_that_is_warned_goes_back_to_the_queue)
{
	CHECK_RUN(run_part("#!/bin/sh\ntrap 'sleep 0.1; exit 75' USR1\nkill -USR1 $PPID\n"
	                   "while :; do sleep 0.02; done\n"), 75, "");
	CHECK_TEXT(file_text(test_path("told")), "requeue 17_2\n");
}

TEST(submit_part_that_is_cancelled_waits_for_its_run)
{
	CHECK_RUN(run_part("#!/bin/sh\nkill -TERM $PPID\nsleep 0.2\necho kept >\"${0%/bin/*}/asked\"\nexit 143\n"),
	          143, "");
	CHECK_TEXT(file_text(test_path("asked")), "kept\n");
	CHECK_TEXT(file_text(test_path("told")), "(none)");
}
