/* What `archsweep run` writes into records beside results, and what it makes of records of older programs. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include "bench/sweep/describe.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static void write_tiny(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
}

/* The value behind a line's beginning, as --version prints it. */
static const char *version_line(const char *out, const char *name)
{
	static char line[128];
	const char *at = strstr(out, name);

	snprintf(line, sizeof line, "%.*s", at ? (int)strcspn(at + 10, "\n") : 0, at ? at + 10 : "");
	return line;
}

/* Records say what --version says; of OpenBLAS where it was used, see test_blas.c. */
TEST(run_records_say_which_program_made_them)
{
	int year, month, day, hour, minute, second, len = 0;

	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/*")), 0, "");
	const char *file = record_file("reports", "flat", "8");
	struct program_result r = run_archsweep(ARGUMENTS("--version"));

	CHECK_TEXT(record_value(file, "version"), version_line(r.out, "archsweep "));
	CHECK_TEXT(record_value(file, "commit"), version_line(r.out, "commit    "));
	CHECK_TEXT(record_value(file, "compiler"), version_line(r.out, "compiler  "));
	CHECK_TEXT(record_value(file, "processor"), version_line(r.out, "processor "));
	CHECK(strlen(record_value(file, "commit")) > 6);
	sscanf(record_value(file, "date"), "%4d-%2d-%2dT%2d:%2d:%2dZ%n", &year, &month, &day, &hour, &minute, &second,
	       &len);
	CHECK_INT(len, 20);
	CHECK_RUN(r, 0, "");
}

/* Whoever may write into a folder of reports must not choose which files elsewhere a run changes. */
TEST(run_follows_no_symbolic_links_in_its_folder)
{
	write_tiny();
	mkdir(test_path("reports"), 0777);
	mkdir(test_path("reports/tiny"), 0777);
	mkdir(test_path("elsewhere"), 0777);
	CHECK_INT(symlink("../../elsewhere/lock", test_path("reports/tiny/.lock")), 0);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/*")), 1,
	          "@/reports/tiny/.lock: is a symbolic link, which is not followed; remove it\n");
	unlink(test_path("reports/tiny/.lock"));
	CHECK_INT(symlink("../../elsewhere", test_path("reports/tiny/points")), 0);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/*")), 1,
	          "@/reports/tiny/points: is a symbolic link, which is not followed; remove it\n");
	CHECK_INT(rmdir(test_path("elsewhere")), 0);
}

/* Programs up to 0.1.0 called the same point otherwise: their records do not count, and --dry-run says why. */
TEST(run_says_that_a_record_has_an_older_id)
{
	char before[POINT_ID_LEN + 1], text[4096], name[64];

	write_tiny();
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8")), 0, "");
	const char *file = record_file("reports", "flat", "8"), *id = record_value(file, "id");
	describe_id_before(id, before);
	snprintf(text, sizeof text, "%s", file_text(file));
	memcpy(strstr(text, id), before, POINT_ID_LEN);
	memcpy(text, "format\t3", 8);
	*strstr(text, "curve_digest") = '\0';
	memmove(strstr(text, "views\t"), strstr(text, "kernels\t"), strlen(strstr(text, "kernels\t")) + 1);
	snprintf(name, sizeof name, "reports/tiny/points/%s.tsv", before);
	test_write(name, text, strlen(text));
	struct program_result r = run_tiny(ARGUMENTS("--only", "flat/8", "--dry-run", "--tsv"));
	CHECK(strstr(r.out, "\tup to date\t"));
	CHECK_RUN(r, 0, "");
	CHECK_INT(unlink(file), 0);
	r = run_tiny(ARGUMENTS("--only", "flat/8", "--dry-run", "--tsv"));
	CHECK(strstr(r.out, "\trecord is of an older version\t"));
	CHECK_RUN(r, 0, "");
}
