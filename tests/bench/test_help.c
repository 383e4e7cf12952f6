/* The reference of the YAML: sweeps/README.md is what the tables give, every field says what it means, a page has the
 * form that the author of its texts would expect, as Markdown and on a terminal. */
#include "bench/data/dataset.h"
#include "bench/sweep/blocks.h"
#include "bench/sweep/entry.h"
#include "bench/sweep/expand.h"
#include "bench/sweep/family.h"
#include "bench/sweep/point_teachers.h"
#include "bench/sweep/reference.h"
#include "bench/sweep/recipe_read.h"
#include "bench/sweep/settings.h"
#include "bench/text/page.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PAGE_BYTES = 1 << 17 };

static char *read_page(const char *path)
{
	FILE *file = fopen(path, "r");
	char *text = calloc(1, PAGE_BYTES);

	if (file && text)
		text[fread(text, 1, PAGE_BYTES - 1, file)] = '\0';
	if (file)
		fclose(file);
	return text;
}

/* The line on which two texts part, from 1; 0 where they are the same. */
static int differing_line(const char *left, const char *right)
{
	int line = 1;

	for (; *left && *left == *right; left++, right++)
		line += *left == '\n';
	return *left == *right ? 0 : line;
}

TEST(help_page_in_sweeps_is_what_the_program_prints)
{
	struct program_result r = run_archsweep((const char *[]){ "help", "--markdown", NULL });
	char *kept = read_page("sweeps/README.md");
	int line = differing_line(kept, r.out);

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK(r.out_len > 10000);
	if (line)
		test_fail(__FILE__, __LINE__, "sweeps/README.md is stale from line %d on: `make reference` writes it",
		          line);
	free(kept);
	program_result_free(&r);
}

/* ---- what stands in the pages as an example works ---- */

/* Writes the page's YAML block number `index`, counted from 0, to a file of the test's folder. */
static const char *write_example(const char *page, int index, const char *name)
{
	static const char fence[] = "\n```yaml\n";
	char *text = read_page(page), *at = text;

	for (int i = 0; at && i <= index; i++) {
		at = strstr(at, fence);
		at = at ? at + strlen(fence) : NULL;
	}
	char *end = at ? strstr(at, "\n```") : NULL;
	if (!end)
		test_fail(__FILE__, __LINE__, "%s has no YAML block %d", page, index);
	const char *path = test_write(name, end ? at : "", end ? (size_t)(end - at) + 1 : 0);
	free(text);
	return path;
}

static void write_text(const char *name, const char *text)
{
	test_write(name, text, strlen(text));
}

static void check_counts(const char *sweep)
{
	struct program_result r = run_archsweep((const char *[]){ "params", "--check", sweep, NULL });

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	program_result_free(&r);
}

TEST(help_examples_of_the_readme_are_accepted)
{
	mkdir(test_path("families"), 0777);
	write_text("families/plain.yaml", file_text("sweeps/families/plain.yaml"));
	write_example("README.md", 0, "families/mine.yaml");
	check_counts(write_example("README.md", 1, "mine.yaml"));
}

TEST(help_examples_of_the_reference_are_accepted)
{
	static const char rest[] =
		"input: [28, 28, 1]\nclasses: 10\nrecipe: {epochs: 1}\n"
		"families: [{family: first, widths: [2]}, {family: second, widths: [0.5, 1]}]\n";

	mkdir(test_path("families"), 0777);
	write_text("families/plain.yaml", file_text("sweeps/families/plain.yaml"));
	check_counts(write_example("sweeps/README.md", 0, "sweep.yaml"));
	write_example("sweeps/README.md", 1, "families/first.yaml");
	write_example("sweeps/README.md", 2, "families/second.yaml");
	check_counts(test_write("rest.yaml", rest, sizeof rest - 1));
}

/* ---- every field is explained ---- */

static void check_fields(const char *owner, const struct field *fields)
{
	for (const struct field *f = fields; f && f->name; f++)
		if (!f->help || strlen(f->help) < 10 || f->help[strlen(f->help) - 1] == '.')
			test_fail(__FILE__, __LINE__, "%s: %s: the help is missing, too short, or ends with a stop",
			          owner, f->name);
}

static void check_kind(const struct kind *kind)
{
	CHECK(kind->help && strlen(kind->help) >= 10);
	check_fields(kind->name, kind->fields);
}

TEST(help_every_field_says_what_it_means)
{
	for (int i = 0; layer_types[i]; i++)
		check_kind(&layer_types[i]->kind);
	for (int i = 0; optimizer_types[i]; i++)
		check_kind(&optimizer_types[i]->kind);
	for (int i = 0; schedule_types[i]; i++)
		check_kind(&schedule_types[i]->kind);
	for (int i = 0; loss_types[i]; i++)
		check_kind(&loss_types[i]->kind);
	for (int i = 0; augment_types[i]; i++)
		check_kind(&augment_types[i]->kind);
	for (int i = 0; data_formats[i]; i++)
		check_kind(&data_formats[i]->kind);
	check_fields("sweep", sweep_fields);
	check_fields("family", family_fields);
	check_fields("recipe", recipe_fields);
	check_fields("recipe", recipe_kind_fields);
	check_fields("teachers", teacher_fields);
	check_fields("families", entry_fields);
	check_fields("blocks", block_fields);
	check_fields("repeat", repeat_fields);
	check_fields("layers", item_fields);
}

/* ---- topics ---- */

static void check_topic_has(const char *topic, const char *const *parts)
{
	struct program_result r = run_archsweep((const char *[]){ "help", topic, NULL });

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	for (; *parts; parts++)
		CHECK_CONTAINS(r.out, *parts);
	program_result_free(&r);
}
#define CHECK_TOPIC(topic, ...) check_topic_has(topic, (const char *[]){ __VA_ARGS__, NULL })

TEST(help_topics_print_fields_with_what_they_accept_and_their_defaults)
{
	CHECK_TOPIC("layers", "\nconv: convolution\n",
	            "\n  stride    whole number 1..16; default 1\n            rows and columns from one ",
	            "\n  epsilon   number 1e-12..1; default 0.001\n", "\n  rate  number 0..0.99; required\n");
	CHECK_TOPIC("recipe", "\nbatch              whole number 1..65536; default 128\n",
	            "\nscaling            unit, standard or raw; default unit\n",
	            "\nschedule   NAME or {NAME: {...}}, see archsweep help schedules; default constant\n");
	CHECK_TOPIC("optimizers", "\n  Its usual learning rate is 0.002.\n",
	            "\n  nesterov      true or false; default false\n");
	CHECK_TOPIC("schedules", "\n  at      whole number 1..100000, or a list of them; default none\n",
	            "cycle_momentum=False");
	CHECK_TOPIC("data", "\n  folder      text; required\n", "fer2013.csv");
	CHECK_TOPIC("blocks", "\n  times   whole number 1..1000; required\n",
	            "`add: {with: input}`", "from: here, name: there");
	CHECK_TOPIC("families", "\nrounding  exact, nearest or {multiple_of: N} with N 1..1024; default exact\n",
	            "10.6 becomes 16, not 8");
	CHECK_TOPIC("sweep", "\nclasses     whole number 2..65536, or a list of names; required\n",
	            "\n  widths       list of numbers above 0, at most 1e9; required\n");
}

TEST(help_without_a_topic_lists_topics_and_commands)
{
	CHECK_TOPIC("help", "\n  limits    measure what ", "\n  layers      every layer and its fields\n",
	            "\n  data        the formats ");
}

TEST(help_of_an_unknown_topic_names_the_near_one)
{
	struct program_result r = run_archsweep((const char *[]){ "help", "layer", NULL });

	CHECK_INT(r.status, 2);
	CHECK_TEXT(r.out, "");
	CHECK_CONTAINS(r.err, "archsweep: unknown command or topic \"layer\"; accepted: run, ");
	CHECK_CONTAINS(r.err, "; did you mean \"layers\"?\n");
	program_result_free(&r);
}

/* ---- pages ---- */

static const char *const colours[] = { "red", "green", "blue", NULL };

/* One field of each kind. */
static const struct field samples[] = {
	{ "count", FIELD_COUNT, 0, .min = 1, .max = 9, .required = 1, .help = "a help" },
	{ "colour", FIELD_CHOICE, 0, .choices = colours, .fallback = 1, .help = "a help" },
	{ "pad", FIELD_PADDING, 0, .min = 0, .max = 4, .fallback = PADDING_VALID, .help = "a help" },
	{ "at", FIELD_INTS, 0, .min = 1, .max = 5, .help = "a help" },
	{ "text", FIELD_TEXT, 0, .fallback_text = "none at all", .help = "a help" },
	{ "map", .accepts = "`{a: b}`", .help = "a help" },
	{ 0 }
};

static const char sample_text[] = "Say `this`.\n- one\n- two\n    a: b\n      c: d\nEnd.";

static char *print_sample(bool markdown)
{
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	struct page page = { .to = to, .markdown = markdown };

	page_heading(&page, 2, "A `title`");
	page_text(&page, sample_text);
	page_heading(&page, 3, "Fields");
	page_fields(&page, samples);
	page_fields(&page, NULL);
	fclose(to);
	return text;
}

TEST(page_as_markdown)
{
	char *got = print_sample(true);

	CHECK_TEXT(got,
		"## A `title`\n\nSay `this`.\n\n- one\n- two\n\n```yaml\na: b\n  c: d\n```\n\nEnd.\n\n### Fields\n\n"
		"| field | accepted | default | meaning |\n|---|---|---|---|\n"
		"| `count` | whole number 1..9, multiple of the width (`2w`), or `classes` | required | a help |\n"
		"| `colour` | `red`, `green` or `blue` | `green` | a help |\n"
		"| `pad` | `same`, `valid`, whole number 0..4 for all sides, or `[top, bottom, left, right]` | `valid` "
		"| a help |\n"
		"| `at` | whole number 1..5, or a list of them | none | a help |\n"
		"| `text` | text | `none at all` | a help |\n"
		"| `map` | `{a: b}` | none | a help |\n");
	free(got);
}

TEST(page_for_a_terminal)
{
	char *got = print_sample(false);

	CHECK_TEXT(got,
		"A title\n-------\n\nSay `this`.\n\n- one\n- two\n\n    a: b\n      c: d\n\nEnd.\n\nFields\n\n"
		"  count   whole number 1..9, multiple of the width (2w), or classes; required\n          a help\n"
		"  colour  red, green or blue; default green\n          a help\n"
		"  pad     same, valid, whole number 0..4 for all sides, or [top, bottom, left, right]; default valid\n"
		"          a help\n"
		"  at      whole number 1..5, or a list of them; default none\n          a help\n"
		"  text    text; default none at all\n          a help\n"
		"  map     {a: b}; default none\n          a help\n");
	free(got);
}

TEST(page_wraps_between_words)
{
	char *got = NULL;
	size_t len;
	struct page page = { .to = open_memstream(&got, &len), .markdown = true };
	char text[256] = "- ";

	for (int i = 0; i < 40; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), i < 39 ? "word " : "word");
	page_text(&page, text);
	fclose(page.to);
	CHECK_INT((long long)(strchr(got, '\n') - got), 116);   /* "- " and 23 words of 4, 22 blanks between */
	CHECK_CONTAINS(got, "word\n  word word");
	free(got);
}
