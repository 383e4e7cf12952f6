/* A sweep that names no data: every command that needs none works, the others say what is missing. */
#include "bench/sweep/sweep.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dense 2*2 * 3 + 3 = 15 parameters. Patience would need validation images, which data that is named later may have. */
static const char bare[] =
	"# No data.\n"
	"input: [2, 2, 1]\n"
	"classes: 3\n"
	"recipe: {epochs: 4, batch: 16, patience: 2, schedule: reduce_on_plateau}\n"
	"families: [{name: bare, widths: [1], expect: {total: [15]}, layers: [flatten, dense: {units: classes}]}]\n";

static const char *write_bare(void)
{
	return test_write("bare.yaml", bare, sizeof bare - 1);
}

static void check_works(const char *const *arguments)
{
	struct program_result r = run_archsweep(arguments);

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK(r.out_len > 0);
	program_result_free(&r);
}
#define CHECK_WORKS(...) check_works((const char *[]){ __VA_ARGS__, NULL })

static void check_refused(const char *const *arguments, const char *want)
{
	struct program_result r = run_archsweep(arguments);

	CHECK_INT(r.status, 2);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, want);
	program_result_free(&r);
}
#define CHECK_REFUSED(want, ...) check_refused((const char *[]){ __VA_ARGS__, NULL }, want)

TEST(a_sweep_without_data_is_counted_measured_and_exported)
{
	const char *path = write_bare();

	CHECK_WORKS("params", "--check", path);
	CHECK_WORKS("summary", path);
	CHECK_WORKS("summary", "--json", path, "bare/1");
	CHECK_WORKS("export", "--initial", "--npz", test_path("bare.npz"), path, "bare/1");
	CHECK_WORKS("bench", "--training", "--peak", "100", "--repeats", "1", "--stretch", "1", "--threads", "1", path);
}

TEST(a_sweep_without_data_is_not_trained_evaluated_or_read)
{
	const char *path = write_bare();
	char want[600];

	snprintf(want, sizeof want, "%s:2:1: data: missing; accepted: idx, fer2013\n", path);
	CHECK_REFUSED(want, "run", path);
	CHECK_REFUSED(want, "run", "--dry-run", path);
	CHECK_REFUSED(want, "eval", path, "bare/1");
	CHECK_REFUSED(want, "bench", "--reading", path);
}

/* Data from the command line is data, and what the recipe watches is then checked against it. */
TEST(a_sweep_without_data_takes_data_from_the_command_line)
{
	const char *path = write_bare();
	char want[600];

	snprintf(want, sizeof want, "%s:4:42: patience: 2 where the data has no validation images; accepted: 0\n",
	         path);
	CHECK_REFUSED(want, "run", "--set", "data.idx.folder=x", path);
	struct program_result r =
		run_archsweep((const char *[]){ "run", "--reports", test_path("reports"), "--set",
			"data.idx={folder: x, validation: 5}", path, NULL });
	CHECK_INT(r.status, 1);
	CHECK(strstr(r.err, "/x has no train-images-idx3-ubyte"));
	program_result_free(&r);
}

/* So that no sweep of data has its id. */
TEST(a_description_says_that_there_is_no_data)
{
	struct error err = { "" };
	struct sweep *sweep = sweep_read(write_bare(), NULL, 0, &err);
	char *text = sweep ? point_describe(sweep, sweep->points) : NULL;

	CHECK_TEXT(err.text, "");
	CHECK(text && strstr(text, "\nclasses 3\ndata none\nlayer 0 flatten\n"));
	free(text);
	sweep_destroy(sweep);
}

/* The folder's name is a text of the sweep file. */
TEST(a_dry_run_without_its_data_shows_no_control_characters)
{
	static const char text[] = "data: {idx: {folder: \"d\\e[31m\"}}\ninput: [2, 2, 1]\nclasses: 3\n"
		"recipe: {epochs: 1}\n"
		"families: [{name: bare, widths: [1], layers: [flatten, dense: {units: classes}]}]\n";
	const char *path = test_write("escape.yaml", text, sizeof text - 1);
	struct program_result r = run_archsweep((const char *[]){ "run", "--dry-run", path, NULL });

	CHECK_INT(r.status, 0);
	CHECK(!strchr(r.err, '\033'));
	CHECK(strstr(r.err, "/d?[31m has no train-images-idx3-ubyte"));
	program_result_free(&r);
}
