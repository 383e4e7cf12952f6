/* The command line of one command: what is understood, and every refusal by its text. */
#include "bench/command/options.h"
#include "tests/helpers/test.h"

#include <stdlib.h>
#include <string.h>

static const struct option_row rows[] = {
	{ "only", 'o', "GLOB", .help = "some of them", .repeats = true },
	{ "threads", 't', "N", .help = "how many", .min = 1, .max = 1024 },
	{ "force", 'f', .help = "again" },
	{ "json", .help = "for machines", .excludes = "tsv" },
	{ "tsv", .help = "for machines, too" },
	{ "a-name-that-is-rather-long", 0, "VALUE", .help = "below its name" },
	{ 0 }
};

static const struct command sample = {
	.name = "sample", .summary = "an example", .operands = "FILE [OTHER]", .min_operands = 1, .max_operands = 2,
	.options = rows, .help = "More about it.\n",
};

enum { MAX_ARGUMENTS = 200 };

/* A parsed command line; its pointers point into its own text. */
struct reading {
	char text[1024];
	char *argv[MAX_ARGUMENTS + 1];
	bool ok;
	struct options options;
	struct error err;
};

/* Splits the line at spaces. */
static void read_line(const char *line, struct reading *to)
{
	int argc = 0;

	*to = (struct reading){ .err = { "" } };
	snprintf(to->text, sizeof to->text, "sample %s", line);
	for (char *word = strtok(to->text, " "); word && argc < MAX_ARGUMENTS; word = strtok(NULL, " "))
		to->argv[argc++] = word;
	to->ok = options_read(&sample, argc, to->argv, &to->options, &to->err);
}

static void check_refused(const char *line, const char *want)
{
	struct reading r;
	char whole[1100];

	read_line(line, &r);
	CHECK(!r.ok);
	snprintf(whole, sizeof whole, "archsweep sample: %s; see archsweep sample --help", want);
	CHECK_TEXT(r.err.text, whole);
}

TEST(options_in_any_order_and_form)
{
	struct reading r;
	const char *values[MAX_OPTION_USES];

	read_line("one.yaml --threads=4 -f -o a* two.yaml --only --json", &r);
	CHECK(r.ok);
	CHECK_TEXT(r.err.text, "");
	CHECK_INT(options_number(&r.options, "threads", -1), 4);
	CHECK(options_has(&r.options, "force"));
	CHECK(!options_has(&r.options, "json"));        /* here it is the value of --only */
	CHECK_INT(options_values(&r.options, "only", values), 2);
	CHECK_TEXT(values[0], "a*");
	CHECK_TEXT(values[1], "--json");
	CHECK_TEXT(options_value(&r.options, "only"), "--json");
	CHECK_INT(r.options.operand_count, 2);
	CHECK_TEXT(r.options.operands[0], "one.yaml");
	CHECK_TEXT(r.options.operands[1], "two.yaml");
}

TEST(options_that_are_not_given)
{
	struct reading r;
	const char *values[MAX_OPTION_USES];

	read_line("one.yaml", &r);
	CHECK(r.ok);
	CHECK(!r.options.help);
	CHECK(!options_has(&r.options, "force"));
	CHECK(options_value(&r.options, "only") == NULL);
	CHECK_INT(options_values(&r.options, "only", values), 0);
	CHECK_INT(options_number(&r.options, "threads", -1), -1);
	CHECK_INT(options_format(&r.options), TABLE_HUMAN);
}

TEST(options_format_is_what_was_asked_for)
{
	struct reading r;

	read_line("--json one.yaml", &r);
	CHECK_INT(options_format(&r.options), TABLE_JSON);
	read_line("--tsv one.yaml", &r);
	CHECK_INT(options_format(&r.options), TABLE_TSV);
}

TEST(options_letters_stand_together)
{
	struct reading r;

	read_line("-ft12 -oa x", &r);
	CHECK(r.ok);
	CHECK(options_has(&r.options, "force"));
	CHECK_INT(options_number(&r.options, "threads", -1), 12);
	CHECK_TEXT(options_value(&r.options, "only"), "a");
}

TEST(options_end_at_two_dashes)
{
	struct reading r;

	read_line("-- --force -x", &r);
	CHECK(r.ok);
	CHECK(!options_has(&r.options, "force"));
	CHECK_INT(r.options.operand_count, 2);
	CHECK_TEXT(r.options.operands[0], "--force");
}

TEST(options_help_needs_nothing_else)
{
	struct reading r;

	read_line("--help --foo", &r);
	CHECK(r.ok && r.options.help);
	read_line("-h", &r);
	CHECK(r.ok && r.options.help);
}

TEST(options_refuse_what_they_do_not_know)
{
	check_refused("x --foo", "unknown option \"--foo\"");
	check_refused("x --foo=bar", "unknown option \"--foo\"");
	check_refused("x -fx", "unknown option \"-x\"");
	check_refused("x --force=1", "--force takes no value");
	check_refused("x --help=me", "--help takes no value");
	check_refused("x --only", "--only needs a value: --only GLOB");
	check_refused("x -o", "--only needs a value: --only GLOB");
}

TEST(options_refuse_wrong_numbers)
{
	check_refused("x --threads=many", "--threads: \"many\" is not a whole number");
	check_refused("x --threads=", "--threads: \"\" is not a whole number");
	check_refused("x -t 2.5", "--threads: \"2.5\" is not a whole number");
	check_refused("x -t0", "--threads: 0 is outside 1..1024");
	check_refused("x --threads -3", "--threads: -3 is outside 1..1024");
	check_refused("x --threads=99999999999999999999", "--threads: 99999999999999999999 is outside 1..1024");
}

TEST(options_refuse_contradictions)
{
	check_refused("x -f --force", "--force is given twice");
	check_refused("x -t1 --threads=1", "--threads is given twice");
	check_refused("x --tsv --json", "--tsv and --json exclude each other");
	check_refused("x --json --tsv", "--json and --tsv exclude each other");
}

TEST(options_refuse_too_few_and_too_many_operands)
{
	check_refused("--force", "not enough arguments: FILE [OTHER]");
	check_refused("a b c d", "unexpected argument \"c\"");
}

TEST(options_refuse_more_than_they_can_keep)
{
	char line[4 * (MAX_OPTION_USES + 1) + 1] = "";

	for (int i = 0; i <= MAX_OPTION_USES; i++)
		memcpy(line + 4 * i, "-oa ", 5);
	check_refused(line, "more than 128 options");
}

TEST(options_failure_of_a_command)
{
	struct reading r;
	struct error err = { "" };

	read_line("x", &r);
	CHECK_INT(options_fail(&r.options, &err, "%s needs %d", "this", 2), EXIT_USAGE);
	CHECK_TEXT(err.text, "archsweep sample: this needs 2; see archsweep sample --help");
}

/* What a letter means in one command it means in all. */
TEST(options_letters_n_t_and_r_mean_the_same_everywhere)
{
	static const struct command *const commands[] = { &command_run, &command_params, &command_summary,
		&command_plot, &command_compare, &command_bench, &command_limits, &command_export, &command_eval,
		&command_step };

	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		for (const struct option_row *row = commands[i]->options; row->name; row++) {
			const char *want = row->letter == 'n' ? "dry-run" : row->letter == 't' ? "threads" :
			                   row->letter == 'r' ? "reports" : row->name;

			CHECK_TEXT(row->name, want);
		}
}

TEST(options_help_text)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	options_print_help(&sample, to);
	fclose(to);
	CHECK_TEXT(text,
	           "usage: archsweep sample [options] FILE [OTHER]\n"
	           "\n"
	           "an example\n"
	           "\n"
	           "options:\n"
	           "  -o, --only GLOB           some of them\n"
	           "  -t, --threads N           how many\n"
	           "  -f, --force               again\n"
	           "      --json                for machines\n"
	           "      --tsv                 for machines, too\n"
	           "      --a-name-that-is-rather-long VALUE\n"
	           "                            below its name\n"
	           "  -h, --help                show this text\n"
	           "\n"
	           "More about it.\n");
	free(text);
}
