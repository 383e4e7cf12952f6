/* The program as people and scripts meet it: help, refusals, params and summary on a sweep whose counts were worked out
 * on paper, and what happens when its output cannot be written. */
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Width 2: conv 3*3*1*2 + 2 = 20, batch norm 4 * 2 = 8 (4 of them trainable), dense 4*4*2 * 2 + 2 = 66: 94 in all, 90
 * trainable. Width 3: 30, 12 (6), 98: 140 and 134, where the author expects 141. Multiply-adds: 16 pixels * 9 * w, and
 * 16w * 2. */
static const char tiny[] =
	"data:\n"
	"  idx: {folder: nowhere}\n"
	"input: [4, 4, 1]\n"
	"classes: 2\n"
	"seeds: [1, 2]\n"
	"recipe: {epochs: 1, batch: 16}\n"
	"families:\n"
	"  - name: tiny\n"
	"    widths: [2, 3]\n"
	"    expect: {total: [94, 141], trainable: [90, 134]}\n"
	"    layers:\n"
	"      - conv: {channels: w, kernel: 3, name: here}\n"
	"      - relu\n"
	"      - batch_norm\n"
	"      - add: {with: here}\n"
	"      - flatten\n"
	"      - dense: {units: classes}\n"
	"  - name: bare\n"
	"    widths: [100]\n"
	"    layers:\n"
	"      - flatten\n"
	"      - dense: {units: w}\n"
	"      - dense: {units: classes}\n";

static const char *write_tiny(void)
{
	return test_write("tiny.yaml", tiny, sizeof tiny - 1);
}

/* Runs archsweep with these arguments into `r`. */
#define RUN(...) struct program_result r = run_archsweep((const char *[]){ __VA_ARGS__, NULL })

/* A command line that is refused: status 2, one line on stderr, nothing on stdout. */
static void check_refused(const char *const *arguments, const char *want)
{
	struct program_result r = run_archsweep(arguments);
	char line[2048];

	snprintf(line, sizeof line, "%s\n", want);
	CHECK_INT(r.status, 2);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, line);
	program_result_free(&r);
}
#define COMMANDS "run, list, submit, collect, params, summary, match, plot, compare, equal, ablation, bench, limits, " \
	"export, eval, step, preview, verify, prune, help"
#define TOPICS "sweep, families, blocks, layers, recipe, variants, optimizers, schedules, losses, augment, views, data"
#define CHECK_REFUSED(want, ...) check_refused((const char *[]){ __VA_ARGS__, NULL }, want)

TEST(command_version)
{
	RUN("--version");
	CHECK_INT(r.status, 0);
	CHECK(strncmp(r.out, "archsweep 0.1.0\ncommit    ", 26) == 0);
	CHECK(strstr(r.out, "\ncompiler  gcc ") || strstr(r.out, "Clang "));	/* Debian Clang */
	CHECK_CONTAINS(r.out, "\nOpenBLAS  OpenBLAS ");
	CHECK_CONTAINS(r.out, "\nprocessor ");
	CHECK_TEXT(r.err, "");
	program_result_free(&r);
}

TEST(command_help_goes_to_stdout_and_a_missing_command_is_an_error)
{
	RUN("--help");
	struct program_result none = run_archsweep((const char *[]){ NULL });
	struct program_result help = run_archsweep((const char *[]){ "help", NULL });

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_CONTAINS(r.out, "usage: archsweep COMMAND [options] ...\n");
	CHECK_CONTAINS(r.out,
	               "  params    count parameters, multiply-adds and memory of every network, without data\n");
	CHECK_INT(none.status, 2);
	CHECK_TEXT(none.out, "");
	CHECK_TEXT(none.err, r.out);
	CHECK_INT(help.status, 0);
	CHECK_TEXT(help.out, r.out);
	program_result_free(&r);
	program_result_free(&none);
	program_result_free(&help);
}

TEST(command_help_of_every_command_is_the_same_both_ways)
{
	static const char *const names[] = { "run", "list", "submit", "collect", "params", "summary", "match",
	                                     "plot", "compare", "equal", "ablation", "bench", "export", "eval", "step",
	                                     "preview" };

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		RUN("help", names[i]);
		struct program_result other = run_archsweep((const char *[]){ names[i], "--help", NULL });
		char usage[64];
		snprintf(usage, sizeof usage, "usage: archsweep %s [options] ", names[i]);
		CHECK_INT(r.status, 0);
		CHECK(strncmp(r.out, usage, strlen(usage)) == 0);
		CHECK_INT(other.status, 0);
		CHECK_TEXT(other.out, r.out);
		program_result_free(&r);
		program_result_free(&other);
	}
}

TEST(command_refusals)
{
	CHECK_REFUSED("archsweep: unknown command \"parms\"; accepted: " COMMANDS "; did you mean \"params\"?",
	              "parms");
	CHECK_REFUSED("archsweep: unknown command \"x?y\"; accepted: " COMMANDS, "x\ny");
	CHECK_REFUSED("archsweep: unknown command \"\"; accepted: " COMMANDS, "");
	CHECK_REFUSED("archsweep: unknown command or topic \"x\"; accepted: " COMMANDS ", " TOPICS, "help", "x");
	CHECK_REFUSED("archsweep: unknown option \"--foo\"; see archsweep --help", "--foo", "run");
	CHECK_REFUSED("archsweep help: unexpected argument \"x\"; see archsweep --help", "help", "run", "x");
	CHECK_REFUSED("archsweep params: unknown option \"--foo\"; see archsweep params --help", "params", "--foo",
	              "a.yaml");
	CHECK_REFUSED("archsweep params: not enough arguments: SWEEP.yaml...; see archsweep params --help", "params");
	CHECK_REFUSED("archsweep params: --json and --tsv exclude each other; see archsweep params --help",
	              "params", "--json", "--tsv", "x");
	CHECK_REFUSED("archsweep summary: unexpected argument \"c\"; see archsweep summary --help", "summary", "a", "b",
	              "c");
	CHECK_REFUSED("archsweep limits: unexpected argument \"a\"; see archsweep limits --help", "limits", "a");
}

TEST(command_output_that_cannot_be_written_is_an_error)
{
	const char *path = write_tiny();
	struct program_result full = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "--help", NULL }, .stdout_file = "/dev/full" });
	struct program_result much = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "params", "--json", path, path, path, path, path, path,
		                          path, path, NULL },
		.stdout_file = "/dev/full" });

	CHECK_INT(full.status, 1);
	CHECK_TEXT(full.err, "archsweep: stdout: No space left on device\n");
	CHECK_INT(much.status, 1);      /* more than a buffer: the first failure is long past when the program ends */
	CHECK_TEXT(much.err, "archsweep: stdout: No space left on device\n");
	program_result_free(&full);
	program_result_free(&much);
}

TEST(command_closed_output_is_an_error)
{
	static const char *const argv[] = { "sh", "-c", "\"$ARCHSWEEP\" --help >&-", NULL };
	struct program_result r = run_program((struct program){ .argv = argv });

	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.err, "archsweep: stdout: Bad file descriptor\n");
	program_result_free(&r);
}

TEST(command_reader_that_went_away_is_an_error)
{
	int ends[2];
	char command[64];

	CHECK_INT(pipe(ends), 0);
	close(ends[0]);
	snprintf(command, sizeof command, "\"$ARCHSWEEP\" --help >&%d", ends[1]);
	struct program_result r =
		run_program((struct program){ .argv = (const char *[]){ "sh", "-c", command, NULL } });
	close(ends[1]);
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.err, "archsweep: stdout: Broken pipe\n");
	program_result_free(&r);
}

TEST(params_counts_every_network_once)
{
	RUN("params", "--tsv", write_tiny());
	static const char *const want[3][8] = {
		{ "tiny", "tiny", "2", "2", "90", "94", "352", "true" },
		{ "tiny", "tiny", "3", "3", "134", "140", "528", "false" },
		{ "tiny", "bare", "100", "", "1902", "1902", "1800", "true" },
	};
	static const char *const names[8] = { "sweep", "family", "width", "channels", "trainable", "total", "macs",
	                                      "ok" };

	CHECK_INT(r.status, 0);         /* a wrong count is an error with --check only */
	CHECK_TEXT(r.err, "");
	for (int row = 0; row < 3; row++)
		for (int i = 0; i < 8; i++)
			CHECK_TEXT(tsv_field(r.out, row, names[i]), want[row][i]);
	CHECK_TEXT(tsv_field(r.out, 0, "seeds"), "2");
	CHECK_TEXT(tsv_field(r.out, 0, "expected"), "94");
	CHECK_TEXT(tsv_field(r.out, 1, "expected_trainable"), "134");
	CHECK_TEXT(tsv_field(r.out, 2, "expected"), "");
	CHECK_TEXT(tsv_field(r.out, 3, "sweep"), "no such row");
	CHECK_INT((long long)strlen(tsv_field(r.out, 0, "id")), 16);
	program_result_free(&r);
}

TEST(params_check_names_what_does_not_hold)
{
	const char *path = write_tiny();
	char want[512];
	RUN("params", "--check", "--tsv", path);

	snprintf(want, sizeof want, "%s:10:26: tiny at width 3: expected 141 total, counted 140\n", path);
	CHECK_INT(r.status, 3);
	CHECK_TEXT(r.err, want);
	CHECK_CONTAINS(r.out, "sweep\tfamily\twidth\t");        /* the table is printed all the same */
	program_result_free(&r);
}

TEST(params_as_markdown_has_failures_first)
{
	static const char hold[] = "All counts that are expected hold; 3 networks.\n\n| sweep |";
	const char *path = write_tiny();
	RUN("params", "--check", "--markdown", path);
	struct program_result good = run_archsweep((const char *[]){ "params", "--markdown", "--set",
		"families.0.expect.total=[94, 140]", path, NULL });

	CHECK_INT(r.status, 3);
	CHECK_TEXT(r.out, "**1 of 3 networks do not have the counts that are expected.**\n\n"
	           "| sweep | network | trainable | total | expected | MACs | ok |\n"
	           "|---|---|---:|---:|---:|---:|---|\n"
	           "| tiny | tiny/3 | 134 | 140 | 141, 134 trainable | 528 | **NO** |\n"
	           "| tiny | tiny/2 | 90 | 94 | 94, 90 trainable | 352 | yes |\n"
	           "| tiny | bare/100 | 1,902 | 1,902 | - | 1,800 | - |\n");
	CHECK(strncmp(good.out, hold, sizeof hold - 1) == 0);
	program_result_free(&r);
	program_result_free(&good);
}

TEST(params_check_of_both_counts_and_of_none)
{
	const char *path = write_tiny();
	static const char right[] = "families.0.expect.total=[94, 140]";
	static const char wrong[] = "families.0.expect.trainable=[91, 134]";
	RUN("params", "--check", "--set", right, "--set", wrong, path);
	struct program_result good = run_archsweep((const char *[]){ "params", "--check", "--set", right, path, NULL });

	CHECK_INT(r.status, 3);
	CHECK_TEXT(r.err, "--set families.0.expect.trainable=[91, 134]:1:30: tiny at width 2: expected 91 trainable, "
	                  "counted 90\n");
	CHECK_INT(good.status, 0);
	CHECK_TEXT(good.err, "");
	program_result_free(&r);
	program_result_free(&good);
}

TEST(params_for_people)
{
	RUN("params", "--set", "families.0.expect.trainable=[90, 1000]", write_tiny());

	CHECK_INT(r.status, 0);
	CHECK_CONTAINS(r.out, "sweep  family  width  channels  trainable  total   MACs  activations  "
	                      "expected total  expected trainable  ok\n");
	CHECK_CONTAINS(r.out, "\ntiny   tiny        2  2                90     94    352  ");
	CHECK_CONTAINS(r.out, "              94                  90  yes\n");
	CHECK_CONTAINS(r.out, "\ntiny   tiny        3  3               134    140    528  ");
	CHECK_CONTAINS(r.out, "             141               1,000  NO\n");
	CHECK_CONTAINS(r.out, "\ntiny   bare      100  -             1,902  1,902  1,800  ");
	CHECK_CONTAINS(r.out, "               -                   -  -\n");
	CHECK(!strchr(r.out, '\033'));
	program_result_free(&r);
}

TEST(params_as_json)
{
	RUN("params", "--json", write_tiny());

	CHECK_INT(r.status, 0);
	CHECK(strncmp(r.out, "[\n  {\"sweep\": \"tiny\", \"family\": \"tiny\", \"width\": 2, \"id\": \"", 56) == 0);
	CHECK_CONTAINS(r.out, "\", \"seeds\": 2, \"channels\": \"2\", \"trainable\": 90, \"total\": 94, \"macs\": 352, "
	                      "\"activation_bytes\": ");
	CHECK_CONTAINS(r.out, ", \"expected\": 94, \"expected_trainable\": 90, \"ok\": true},\n");
	CHECK_CONTAINS(r.out, ", \"expected\": 141, \"expected_trainable\": 134, \"ok\": false},\n");
	CHECK_CONTAINS(r.out, ", \"channels\": null, \"trainable\": 1902, ");
	CHECK_CONTAINS(r.out, ", \"expected\": null, \"expected_trainable\": null, \"ok\": true}\n]\n");
	program_result_free(&r);
}

TEST(params_of_several_files_and_of_a_broken_one)
{
	static const char broken[] = "familes: []\n", empty[] = "a: [\n";
	const char *first = write_tiny();
	const char *second = test_write("other.yaml", tiny, sizeof tiny - 1);
	const char *third = test_write("broken.yaml", broken, sizeof broken - 1);
	const char *fourth = test_write("empty.yaml", empty, sizeof empty - 1);
	RUN("params", "--tsv", first, second);
	struct program_result bad =
		run_archsweep((const char *[]){ "params", "--check", "--tsv", third, first, fourth, NULL });
	struct program_result worse = run_archsweep((const char *[]){ "params", "--tsv", third, NULL });

	CHECK_INT(r.status, 0);
	CHECK_TEXT(tsv_field(r.out, 2, "sweep"), "tiny");
	CHECK_TEXT(tsv_field(r.out, 3, "sweep"), "other");
	CHECK_TEXT(tsv_field(r.out, 5, "total"), "1902");
	CHECK_INT(bad.status, 2);
	CHECK_TEXT(tsv_field(bad.out, 2, "sweep"), "tiny");   /* the good one is counted all the same */
	CHECK_TEXT(tsv_field(bad.out, 3, "sweep"), "no such row");
	CHECK_CONTAINS(bad.err, "broken.yaml:1:1: familes: unknown key; ");
	CHECK_CONTAINS(strchr(bad.err, '\n'), "tiny.yaml:10:26: tiny at width 3: expected 141 total, counted 140\n");
	CHECK_CONTAINS(strchr(bad.err, '\n'), "/empty.yaml:2:1: ");
	CHECK_INT(worse.status, 2);
	CHECK_TEXT(worse.out, "");
	CHECK_CONTAINS(worse.err, "broken.yaml:1:1: familes: unknown key; ");
	program_result_free(&r);
	program_result_free(&bad);
	program_result_free(&worse);
}

TEST(summary_for_people)
{
	RUN("summary", write_tiny(), "tiny/2");

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_CONTAINS(r.out,
	               "tiny at width 2: 2 classes\n"
	               "\n"
	               "#  type        from  output      kernel  parameters  MACs\n"
	               "0  input       -     4 x 4 x 1   -                0     0\n"
	               "1  conv        -     4 x 4 x 2   3 x 3           20   288\n"
	               "2  relu        -     4 x 4 x 2   -                0     0\n"
	               "3  batch_norm  -     4 x 4 x 2   -                8     0\n"
	               "4  add         3,1   4 x 4 x 2   -                0     0\n"
	               "5  flatten     -     1 x 1 x 32  -                0     0\n"
	               "6  dense       -     1 x 1 x 2   -               66    64\n"
	               "\n"
	               "trainable                   90\n"
	               "non-trainable                4  moving statistics of batch norm\n"
	               "total                       94\n"
	               "MACs                       352  for one image forward\n"
	               "activations    ");
	CHECK_CONTAINS(r.out, "  for a batch of 16, with gradients\n");
	program_result_free(&r);
}

TEST(summary_for_machines)
{
	const char *path = write_tiny();
	RUN("summary", "--tsv", path, "tiny/3");
	struct program_result json = run_archsweep((const char *[]){ "summary", "--json", path, "bare/100", NULL });

	CHECK_TEXT(r.out,
	           "index\ttype\tinputs\theight\twidth\tchannels\tkernel_height\tkernel_width\tparameters\t"
	           "trainable\tmacs\t"
	           "from\twith\tinput_height\tinput_width\tinput_channels\tfields\n"
	           "0\tinput\t\t4\t4\t1\t\t\t0\t0\t0\t\t\t\t\t\t\n"
	           "1\tconv\t0\t4\t4\t3\t3\t3\t30\t30\t432\t0\t\t4\t4\t1\t{\"channels\": 3, \"groups\": 1, "
	           "\"kernel\": [3, 3], \"stride\": 1, \"padding\": [1, 1, 1, 1], \"bias\": true, \"init\": \"he\"}\n"
	           "2\trelu\t1\t4\t4\t3\t\t\t0\t0\t0\t1\t\t4\t4\t3\t{}\n"
	           "3\tbatch_norm\t2\t4\t4\t3\t\t\t12\t6\t0\t2\t\t4\t4\t3\t{\"epsilon\": 0.001, \"momentum\": 0.9}\n"
	           "4\tadd\t3,1\t4\t4\t3\t\t\t0\t0\t0\t3\t1\t4\t4\t3\t{}\n"
	           "5\tflatten\t4\t1\t1\t48\t\t\t0\t0\t0\t4\t\t4\t4\t3\t{}\n"
	           "6\tdense\t5\t1\t1\t2\t\t\t98\t98\t96\t5\t\t1\t1\t48\t"
	           "{\"units\": 2, \"bias\": true, \"init\": \"he\"}\n");
	CHECK_CONTAINS(json.out, "{\n  \"sweep\": \"tiny\",\n  \"family\": \"bare\",\n  \"width\": 100,\n  \"id\": \"");
	CHECK_CONTAINS(json.out, "\",\n  \"seed\": 1,\n  \"input\": [4, 4, 1],\n  \"classes\": 2,\n  "
	                         "\"batch\": 16,\n  \"label_smoothing\": 0,\n  \"trainable\": 1902,\n  "
	                         "\"non_trainable\": 0,\n  \"total\": 1902,\n");
	CHECK_CONTAINS(json.out,
	               "  \"layers\": [\n  {\"index\": 0, \"type\": \"input\", \"inputs\": null, \"height\": 4, ");
	CHECK_CONTAINS(json.out, "\"parameters\": 202, \"trainable\": 202, \"macs\": 200, \"from\": 2, \"with\": null, "
	                         "\"input_height\": 1, \"input_width\": 1, \"input_channels\": 100, "
	                         "\"fields\": {\"units\": 2, \"bias\": true, \"init\": \"he\"}}\n]\n}\n");
	program_result_free(&r);
	program_result_free(&json);
}

/* Fields that depend on a default, on the input's shape or on another field are shown as numbers. On 7 rows a window of
 * 3 in steps of 2 takes one row of zeros at either end, on 6 columns one at the right; a window of 2 by 2 on 4 by 3 one
 * at the right. */
TEST(summary_resolves_every_field)
{
	static const char layers[] = "families.0.layers="
		"[conv: {channels: 2w, kernel: 3, stride: 2, groups: 2, init: glorot},"
		" leaky_relu, depthwise: {kernel: [2, 1], multiplier: 2, padding: valid, bias: false},"
		" relu6, average_pool: {window: 2, padding: same}, max_pool: {window: [1, 2], stride: 3, padding: [0, "
		"0, 1, 0]}, dropout: {rate: 0.25}, batch_norm: {epsilon: 1e-5, momentum: 1}, global_average_pool,"
		" dense: {units: classes, bias: false}]";
	static const char *const want[] = {
		("{\"channels\": 4, \"groups\": 2, \"kernel\": [3, 3], \"stride\": 2, \"padding\": [1, 1, 0, 1], "
		 "\"bias\": true, \"init\": \"glorot\"}"),
		"{\"slope\": 0.01}",
		"{\"multiplier\": 2, \"kernel\": [2, 1], \"stride\": 1, \"padding\": [0, 0, 0, 0], \"bias\": false, "
		"\"init\": \"he\"}", "{}", "{\"window\": [2, 2], \"stride\": 2, \"padding\": [0, 1, 0, 1]}",
		"{\"window\": [1, 2], \"stride\": 3, \"padding\": [0, 0, 1, 0]}",
		"{\"rate\": 0.25}",
		"{\"epsilon\": 1e-05, \"momentum\": 1}",
		"{}",
		"{\"units\": 2, \"bias\": false, \"init\": \"he\"}",
	};
	RUN("summary", "--tsv", "--set", layers, "--set", "families.0.widths=[2]", "--set", "families.0.expect={}",
	    "--set", "input=[7, 6, 2]", write_tiny(), "tiny/2");

	CHECK_TEXT(r.err, "");
	for (int i = 0; i < 10; i++)
		CHECK_TEXT(tsv_field(r.out, i + 1, "fields"), want[i]);
	program_result_free(&r);
}

TEST(summary_lists_the_points)
{
	RUN("summary", "--tsv", write_tiny());

	CHECK_INT(r.status, 0);
	CHECK_TEXT(tsv_field(r.out, 1, "point"), "tiny/2");
	CHECK_TEXT(tsv_field(r.out, 1, "seed"), "2");
	CHECK_TEXT(tsv_field(r.out, 4, "point"), "bare/100");
	CHECK_INT((long long)strlen(tsv_field(r.out, 5, "id")), 16);
	program_result_free(&r);
}

TEST(summary_finds_a_point_by_its_id)
{
	const char *path = write_tiny();
	struct program_result list = run_archsweep((const char *[]){ "summary", "--tsv", path, NULL });
	const char *found = tsv_field(list.out, 3, "id");
	RUN("summary", path, found);
	struct program_result describe = run_archsweep((const char *[]){ "summary", "--describe", path, found, NULL });

	CHECK_CONTAINS(r.out, "tiny at width 3: 2 classes\n");
	CHECK_INT(describe.status, 0);
	CHECK_CONTAINS(describe.out, "input 4 4 1\n");
	CHECK_CONTAINS(describe.out, "seed 2\n");
	program_result_free(&list);
	program_result_free(&r);
	program_result_free(&describe);
}

TEST(summary_refuses_a_point_that_is_none_or_many)
{
	const char *path = write_tiny();

	CHECK_REFUSED("archsweep summary: no point is \"x\"; there are tiny/2, tiny/3, bare/100; "
	              "see archsweep summary --help", "summary", path, "x");
	CHECK_REFUSED("archsweep summary: \"tiny/*\" is more than one point: tiny/2, tiny/3; "
	              "see archsweep summary --help",
	              "summary", path, "tiny/*");
	CHECK_REFUSED("archsweep summary: \"tiny/2\" is more than one point: tiny/2/1, tiny/2/2; "
	              "see archsweep summary --help", "summary", "--describe", path, "tiny/2");
	CHECK_REFUSED("archsweep summary: --describe needs a POINT; see archsweep summary --help", "summary",
	              "--describe", path);
}

TEST(summary_lists_no_more_candidates_than_fit)
{
	char widths[512] = "families.1.widths=[1";

	for (int i = 2, used = (int)strlen(widths); i <= 90; i++)
		used += snprintf(widths + used, sizeof widths - (size_t)used, ",%d%s", i, i == 90 ? "]" : "");
	struct program_result many =
		run_archsweep((const char *[]){ "summary", "--set", widths, write_tiny(), "x", NULL });
	CHECK_INT(many.status, 2);
	CHECK_CONTAINS(many.err, "archsweep summary: no point is \"x\"; there are tiny/2, tiny/3, bare/1, bare/2, ");
	CHECK_CONTAINS(many.err, ", bare/9, bare/10, ");
	CHECK_CONTAINS(many.err, ", ...; see archsweep summary --help\n");
	program_result_free(&many);
}

/* Whether the table of points is coloured on a terminal with this environment. */
static bool is_coloured(const char *const *environment, const char *path)
{
	int terminal = test_terminal();
	char said[8192];

	CHECK_INT(fcntl(terminal, F_SETFL, O_NONBLOCK), 0);     /* a program that says nothing must not stop the test */
	int keep = open(ptsname(terminal), O_RDWR | O_NOCTTY);  /* or what was written is gone with the child */
	struct program_result r = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "params", path, NULL },
		.environment = environment, .stdout_file = ptsname(terminal) });
	ssize_t len = read(terminal, said, sizeof said - 1);
	CHECK(len > 0);
	CHECK_INT(r.status, 0);
	said[len > 0 ? len : 0] = '\0';
	close(keep);
	close(terminal);
	program_result_free(&r);
	return strstr(said, "\033[1m");
}

TEST(command_colours_a_terminal_unless_asked_not_to)
{
	const char *path = write_tiny();

	CHECK(is_coloured((const char *[]){ "TERM=xterm", "NO_COLOR", NULL }, path));
	CHECK(is_coloured((const char *[]){ "TERM=xterm", "NO_COLOR=", NULL }, path));
	CHECK(!is_coloured((const char *[]){ "TERM=xterm", "NO_COLOR=1", NULL }, path));
	CHECK(!is_coloured((const char *[]){ "TERM=dumb", "NO_COLOR", NULL }, path));
	CHECK(!is_coloured((const char *[]){ "TERM", "NO_COLOR", NULL }, path));
}
