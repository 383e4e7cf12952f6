/* `archsweep list`: the points with their costs, and commands that a shell reads as they were meant. */
#include "bench/text/shell_word.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS(...) ((const char *[]){ __VA_ARGS__, NULL })

static int count_lines(const char *text)
{
	int count = 0;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

static void check_word(const char *word, const char *want)
{
	char *got = NULL;
	size_t len;
	FILE *to = open_memstream(&got, &len);

	print_shell_word(word, to);
	fclose(to);
	CHECK_TEXT(got, want);
	free(got);
}

TEST(shell_word_quotes_what_a_shell_would_read_as_something_else)
{
	check_word("recipe.epochs=3", "recipe.epochs=3");
	check_word("sweeps/mine.yaml", "sweeps/mine.yaml");
	check_word("", "''");
	check_word("two words", "'two words'");
	check_word("it's", "'it'\\''s'");
	check_word("~", "'~'");
	check_word("$(id) `id` \"x\" \\ * ? [a] {b} ; & | < > # !", "'$(id) `id` \"x\" \\ * ? [a] {b} ; & | < > # !'");
	check_word("a\nb", "'a\nb'");
}

/* A shell gives back every byte that a word may have. */
TEST(shell_word_comes_back_from_a_shell)
{
	char all[256] = "", script[1200], *word = NULL;
	size_t len;

	for (int c = 1; c < 256; c++)
		all[c - 1] = (char)c;
	FILE *to = open_memstream(&word, &len);
	print_shell_word(all, to);
	fclose(to);
	snprintf(script, sizeof script, "printf '%%s.' %s", word);
	struct program_result r = run_program((struct program){ .argv = ARGUMENTS("sh", "-c", script) });
	CHECK_INT(r.status, 0);
	CHECK_INT((long long)r.out_len, 256);
	CHECK(memcmp(r.out, all, 255) == 0);
	program_result_free(&r);
	free(word);
}

static void write_tiny(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
}

static double cost_of(const char *tsv, int row)
{
	return strtod(tsv_field(tsv, row, "cost"), NULL);
}

TEST(list_has_the_points_in_the_sweeps_order)
{
	write_tiny();
	struct program_result r = run_archsweep(ARGUMENTS("list", "--tsv", test_path("tiny.yaml")));

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK(strncmp(r.out, "id\tfamily\twidth\tvariant\tseed\tcost\n", 34) == 0);
	CHECK_INT(count_lines(r.out), 5);
	CHECK_TEXT(tsv_field(r.out, 0, "family"), "small");
	CHECK_TEXT(tsv_field(r.out, 2, "width"), "4");
	CHECK_TEXT(tsv_field(r.out, 3, "family"), "flat");
	CHECK_TEXT(tsv_field(r.out, 3, "seed"), "1");
	CHECK_INT((long long)strlen(tsv_field(r.out, 3, "id")), 16);
	CHECK(cost_of(r.out, 2) > cost_of(r.out, 1));
	program_result_free(&r);
}

/* Twice the epochs cost twice as much. */
TEST(list_costs_grow_with_epochs)
{
	write_tiny();
	struct program_result three = run_archsweep(ARGUMENTS("list", "--tsv", test_path("tiny.yaml")));
	struct program_result six = run_archsweep(ARGUMENTS("list", "--tsv", "--set", "recipe.epochs=6",
	                                                    test_path("tiny.yaml")));

	CHECK_CLOSE(cost_of(six.out, 0) / cost_of(three.out, 0), 2, 1e-3);
	program_result_free(&three);
	program_result_free(&six);
}

TEST(list_chooses_by_only_and_shard)
{
	const char *path = test_path("tiny.yaml");

	write_tiny();
	struct program_result only = run_archsweep(ARGUMENTS("list", "--json", "--only", "flat", path));
	struct program_result part = run_archsweep(ARGUMENTS("list", "--tsv", "--shard", "1/2", path));
	struct program_result none = run_archsweep(ARGUMENTS("list", "--shard", "4/3", path));

	CHECK_CONTAINS(only.out, "\"family\": \"flat\", \"width\": 8, \"variant\": null, \"seed\": 1, \"cost\": ");
	CHECK(!strstr(only.out, "small"));
	CHECK_INT(count_lines(part.out), 2);
	CHECK_TEXT(tsv_field(part.out, 0, "width"), "4");
	CHECK_INT(none.status, 2);
	CHECK_TEXT(none.err, "archsweep list: --shard: 4/3: part 4 is outside 1..3; see archsweep list --help\n");
	program_result_free(&only);
	program_result_free(&part);
	program_result_free(&none);
}

TEST(list_commands_are_quoted_for_a_shell)
{
	const char *path = test_path("tiny.yaml");
	char want[4096];

	write_tiny();
	struct program_result ids = run_archsweep(ARGUMENTS("list", "--tsv", "--only", "flat", path));
	struct program_result r = run_archsweep(ARGUMENTS("list", "--commands", "--set", "title=it's", "--name", "mine",
	                                                  "--reports", "a b", "--only", "flat", path));
	snprintf(want, sizeof want, "%s run %s --set 'title=it'\\''s' --name mine --reports 'a b' --only %s\n",
	         archsweep_path(), path, tsv_field(ids.out, 0, "id"));
	CHECK_TEXT(r.out, want);
	CHECK_INT(r.status, 0);
	program_result_free(&ids);
	program_result_free(&r);
}

TEST(list_commands_refuse_words_of_several_lines)
{
	write_tiny();
	struct program_result r = run_archsweep(ARGUMENTS("list", "--commands", "--reports", "a\nb",
	                                                  test_path("tiny.yaml")));
	CHECK_INT(r.status, 2);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, "archsweep list: --commands: \"a?b\" has more than one line; see archsweep list --help\n");
	program_result_free(&r);
}

/* The commands, run by a shell one after the other, leave what one run leaves; then nothing is pending. */
TEST(list_commands_train_the_sweep)
{
	char script[2048];

	write_tiny();
	CHECK_RUN(run_tiny_in("whole", 2, (const char *[]){ NULL }), 0, "");
	CHECK_RUN(run_tiny((const char *[]){ "--only", "small/2", NULL }), 0, "");
	snprintf(script, sizeof script, "%s list --commands --pending --reports %s %s >%s && sh -e %s && wc -l <%s && "
	         "%s list --commands --pending --reports %s %s", archsweep_path(), test_path("reports"),
	         test_path("tiny.yaml"), test_path("todo"), test_path("todo"), test_path("todo"),
	         archsweep_path(), test_path("reports"), test_path("tiny.yaml"));
	struct program_result r = run_program((struct program){ .argv = ARGUMENTS("sh", "-c", script),
	                                                        .limit_seconds = 60 });
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK(r.out_len > 2 && strcmp(r.out + r.out_len - 2, "3\n") == 0);
	CHECK(same_records("whole", "reports"));
	program_result_free(&r);
}

/* A name that a command would take for an option. */
TEST(list_commands_name_the_sweep_so_that_it_is_no_option)
{
	char want[4096];

	test_write("-x.yaml", tiny_sweep, strlen(tiny_sweep));
	struct program_result r = run_program((struct program){
		.argv = ARGUMENTS(archsweep_path(), "list", "--commands", "--only", "flat", "--", "-x.yaml"),
		.folder = test_folder() });
	snprintf(want, sizeof want, "%s run ./-x.yaml --only ", archsweep_path());
	CHECK(strncmp(r.out, want, strlen(want)) == 0);
	CHECK_INT(r.status, 0);
	program_result_free(&r);
}
