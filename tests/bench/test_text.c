/* Text from outside on its way to a terminal, a spreadsheet, a shell, gnuplot, an SVG: it stays text. */
#include "bench/text/shell_word.h"
#include "bench/text/text.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_BYTES = 4096 };

static void check_printed(void (*print)(const char *text, FILE *to), const char *text, const char *want)
{
	char got[1024] = "";
	FILE *to = fmemopen(got, sizeof got, "w");

	print(text, to);
	fclose(to);
	CHECK_TEXT(got, want);
}

static void check_both(const char *text, const char *want)
{
	check_printed(print_tsv_text, text, want);
	check_printed(print_cell_text, text, want);
}

TEST(text_in_a_table_is_no_formula)
{
	check_both("=1+1", " =1+1");
	check_both("=HYPERLINK(\"http://x\")", " =HYPERLINK(\"http://x\")");
	check_both("+cmd|' /C calc'!A0", " +cmd|' /C calc'!A0");
	check_both("-2+3", " -2+3");
	check_both("@SUM(A1)", " @SUM(A1)");
	check_both(" =1+1", " =1+1");
	check_both("-12.5e3", "-12.5e3");
	check_both("+7", "+7");
	check_both("-inf", "-inf");
	check_both("-", "-");
	check_both("a=b", "a=b");
	check_both("", "");
}

TEST(text_in_a_kept_table_drives_no_terminal)
{
	check_printed(print_cell_text, "\033[2J\x7f\xc2\x9b" "2J\t\n\xe2\x80\xae\xff.", " [2J  2J   ?.");
	check_printed(print_json_text, "\xc2\x9b" "2J\xe2\x80\xae\xef\xbf\xbf", "\"\\u009b2J\\u202e\\uffff\"");
}

TEST(text_is_cleaned_in_its_place)
{
	char text[] = "a\033b\xff\xc3\xa9\xc2\x9b\xef\xbf\xbe.";

	text_clean(text);
	CHECK_TEXT(text, "a?b?\xc3\xa9??.");
}

/* A shell gives back every word as it was. */
TEST(text_for_a_shell_is_one_word)
{
	static const char *const words[] = { "plain/x.yaml", "", "a b", "a;touch ran", "$(touch ran)", "`touch ran`",
		"it's", "a\nb", "*", "\\", "~", "!!", "&", NULL };

	for (int i = 0; words[i]; i++) {
		char command[256] = "printf %s ";
		FILE *to = fmemopen(command + strlen(command), sizeof command - strlen(command), "w");

		print_shell_word(words[i], to);
		fclose(to);
		struct program_result got = run_program((struct program){
			.argv = (const char *[]){ "sh", "-c", command, NULL }, .folder = test_folder() });
		CHECK_TEXT(got.out, words[i]);
		CHECK_TEXT(got.err, "");
		program_result_free(&got);
	}
	CHECK(access(test_path("ran"), F_OK) != 0);
}

/* A command that a message proposes may be pasted. */
TEST(text_of_a_proposed_command_is_quoted)
{
	mkdir(test_path("a;touch ran;"), 0777);
	test_write("a;touch ran;/tiny.yaml", tiny_sweep, strlen(tiny_sweep));
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "export", "a;touch ran;/tiny.yaml", "flat/8", "--npz",
			"x.npz", NULL }, .folder = test_folder() });

	CHECK_INT(got.status, 1);
	CHECK_CONTAINS(got.err, "; train it first: archsweep run 'a;touch ran;/tiny.yaml' --only flat/8; or ");
	program_result_free(&got);
}

static void plot_titled(const char *title)
{
	char points[1024], here[PATH_BYTES], scripts[PATH_BYTES + 32];
	static const char curves[] = "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\t"
		"loss_validation\taccuracy_validation\telapsed_seconds\nplain\t3\t1\t1\t0.001\t1\t0.7\t1\t0.71\t1\n";

	CHECK(getcwd(here, sizeof here));
	snprintf(scripts, sizeof scripts, "ARCHSWEEP_PLOTS=%s/plots", here);
	snprintf(points, sizeof points, "id\tfamily\twidth\tseed\tstatus\tmessage\ttotal\taccuracy\ttitle\n"
	         "1\tplain\t3\t1\tdone\t\t100\t0.5\t%s\n", title);
	mkdir(test_path("zoo"), 0777);
	test_write("zoo/points.tsv", points, strlen(points));
	test_write("zoo/curves.tsv", curves, sizeof curves - 1);
	struct program_result got = run_program((struct program){
		.argv = (const char *[]){ archsweep_path(), "plot", "--reports", ".", "zoo", NULL },
		.folder = test_folder(), .environment = (const char *[]){ scripts, NULL } });
	CHECK_INT(got.status, 0);
	CHECK_TEXT(got.err, "");
	program_result_free(&got);
	CHECK(access(test_path("ran"), F_OK) != 0);
}

TEST(text_of_a_title_runs_nothing_in_gnuplot)
{
	plot_titled("'; system('touch ran'); x='");
	CHECK_CONTAINS(file_text(test_path("zoo/accuracy.svg")), ">'; system('touch ran'); x='");
	plot_titled("x''; system(\"touch ran\"); y''' 'z");
	plot_titled("'`touch ran`' \"`touch ran`\" \\\"`touch ran`");
	plot_titled("`touch ran` $(touch ran) @x \\");
	CHECK_CONTAINS(file_text(test_path("zoo/accuracy.svg")), "`touch ran` $(touch ran) @x \\");
}

/* What is no character would make the picture no XML. */
TEST(text_of_a_title_keeps_an_svg_whole)
{
	plot_titled("a\xff\xc2\x9b\xef\xbf\xbf </title>");
	CHECK_CONTAINS(file_text(test_path("zoo/accuracy.svg")), "<title id=\"picture-title\">a??? &lt;/title&gt;");
}
