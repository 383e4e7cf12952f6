/* What variants change: `archsweep ablation`, from made-up answers of a network in three variants. */
#include "tests/helpers/answers.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <string.h>

#define HEAD "data: {idx: {folder: ., validation: 32}}\ninput: [8, 8, 1]\nclasses: 3\n"
#define LAYERS "layers: [flatten, dense: {units: w}, dense: {units: classes}]"

/* Two widths of ape in three variants of two seeds, points 0 to 11, and bee in one of them, 12 and 13. */
static const char three[] =
	HEAD "seeds: [1, 2]\nrecipe: {epochs: 1}\nrecipes: {base: {}, sgd: {optimizer: sgd}, long: {epochs: 2}}\n"
	"families:\n  - {name: ape, widths: [3, 10], " LAYERS "}\n  - {name: bee, widths: [5], recipes: [sgd], " LAYERS
	"}\n";

static struct program_result ablation(const char *const *arguments)
{
	const char *argv[16] = { archsweep_path(), "ablation", "--reports", "reports", "tiny.yaml" };

	for (int i = 0; arguments[i]; i++)
		argv[5 + i] = arguments[i];
	return run_program((struct program){ .argv = argv, .folder = test_folder(),
	                                     .environment = (const char *[]){ "NO_COLOR=1", NULL } });
}
#define ABLATION(...) ablation((const char *[]){ __VA_ARGS__, NULL })

/* Answers of `count` points, `right` in turns for each seed. */
static void fill(const char *yaml, const uint32_t *right, int count)
{
	struct dataset data;
	struct sweep *sweep = answers_prepare(yaml, &data);
	const struct answered where = { "tiny", sweep, &data };

	for (int i = 0; i < count; i++)
		answers_write(&where, i, right[i], 1 + i % 2);
	dataset_free(&data);
	sweep_destroy(sweep);
}

/* sgd loses what base's first 8 images won, in both seeds; long is right in all but those of one seed. */
static const uint32_t answers[] = { 0xffffffff, 0xffffffff, 0xffffff00, 0xffffff00, 0xffffffff, 0xffffff00,
	0xffffff00, 0xffffff00, 0xffffff00, 0xffffff00, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff };

#define HEADER "family\twidth\tvariant\tgroup\tbase\ttotal\tmacs\tseeds\taccuracy\taccuracy_deviation\tdifference\t" \
	"low\thigh\tp\timages\ttrain_seconds\tstatus\n"

TEST(ablation_compares_with_the_first)
{
	fill(three, answers, 14);
	struct program_result r = ABLATION("--tsv");
	const char *first = "ape\t3\tbase\tbase\tbase\t207\t201\t2\t1\t0\t\t\t\t\t\t1.5\tdone\n"
		"ape\t3\tsgd\tsgd\tbase\t207\t201\t2\t0.75\t0\t-0.25\t-0.40625\t-0.09375\t0.015625\t32\t1.5\tdone\n";
	CHECK_CONTAINS(r.out, HEADER);
	CHECK_CONTAINS(r.out, first);
	CHECK_TEXT(file_text(test_path("reports/tiny/ablation.tsv")), r.out);
	CHECK_TEXT(tsv_field(r.out, 2, "accuracy"), "0.875");
	CHECK_TEXT(tsv_field(r.out, 2, "accuracy_deviation"), "0.1767766952966369");
	CHECK_TEXT(tsv_field(r.out, 3, "width"), "10");
	CHECK_TEXT(tsv_field(r.out, 4, "difference"), "0");
	CHECK_TEXT(tsv_field(r.out, 5, "difference"), "0.25");
	CHECK_TEXT(tsv_field(r.out, 6, "family"), "no such row");
	CHECK_RUN(r, 0, "");
}

/* The one that is named stands first; bee has it, but nothing beside it. */
TEST(ablation_compares_with_a_named_one)
{
	fill(three, answers, 14);
	struct program_result r = ABLATION("--against", "sgd");
	CHECK_TEXT(r.out,
	           "family  width  variant  parameters  seeds  accuracy %  deviati"
	           "on  - base  95 % interval  McNemar's p  training s\n"
	           "ape         3  sgd             207      2       75.00       0."
	           "00       -  -              -                   1.5\n"
	           "ape         3  base            207      2      100.00       0."
	           "00   25.00  9.38 to 40.63  0.0156              1.5\n"
	           "ape         3  long            207      2       87.50      17."
	           "68   12.50  0.00 to 37.50  0.0156              1.5\n"
	           "ape        10  sgd             683      2       75.00       0."
	           "00       -  -              -                   1.5\n"
	           "ape        10  base            683      2       75.00       0."
	           "00    0.00  0.00 to 0.00   1.0000              1.5\n"
	           "ape        10  long            683      2      100.00       0."
	           "00   25.00  9.38 to 40.63  0.0156              1.5\n"
	           "base: sgd; accuracy: images of split \"test\", final epoch; - base in points\n"
	           "interval: paired bootstrap over images, and over seeds where there are several; McNemar's p: "
	           "exact, two-sided\nwithout another variant to compare with: 1 network\n");
	CHECK_RUN(r, 0, "");
	r = ABLATION("--against", "sdg");
	CHECK_RUN(r, 2, "archsweep ablation: --against: \"sdg\" is no variant that has a network; accepted: base, sgd, "
	          "long; did you mean \"sgd\"?; see archsweep ablation --help\n");
}

/* A table for a page, with nothing that hides a network that is not trained. */
TEST(ablation_says_what_is_missing)
{
	fill(three, answers, 5);
	struct program_result r = ABLATION("--markdown");
	CHECK_CONTAINS(r.out, "| ape | 3 | long | 207 | 1 | 100.00 | - | 0.00 | ");
	CHECK_CONTAINS(r.out, " | not trained |\n");
	CHECK_CONTAINS(r.out, "\n\nbase: base; accuracy: ");
	CHECK_RUN(r, 1, "3 of 4 pairs lack an accuracy; `archsweep run` trains what is missing\n");
}

/* Of what `best` chooses among there is the one row that validation images have chosen, under the group's name. */
TEST(ablation_of_the_best)
{
	static const char yaml[] = HEAD "recipe: {epochs: 1}\nrecipes: {base: {}, sgd: {optimizer: sgd}}\n"
		"vary: {learning_rate: [0.1, 0.2]}\nbest: {over: [learning_rate], by: validation}\n"
		"families:\n  - {name: ape, widths: [3], " LAYERS "}\n";

	fill(yaml, answers, 4);
	struct program_result r = ABLATION("--tsv", "--against", "sgd");
	CHECK_TEXT(tsv_field(r.out, 0, "variant"), "sgd,learning_rate=0.1");
	CHECK_TEXT(tsv_field(r.out, 0, "group"), "sgd");
	CHECK_TEXT(tsv_field(r.out, 1, "variant"), "base,learning_rate=0.1");
	CHECK_TEXT(tsv_field(r.out, 2, "variant"), "no such row");
	CHECK_RUN(r, 0, "");
	r = ABLATION(NULL);
	CHECK_CONTAINS(r.out, "of the variants that differ in learning_rate alone, the best by accuracy on the "
	               "validation images is here\n");
	CHECK_RUN(r, 0, "");
}

TEST(ablation_without_variants)
{
	fill(NULL, answers, 8);
	test_write("reports/tiny/ablation.tsv", "", 0);
	test_write("reports/tiny/ablation.png", "", 0);
	CHECK_RUN(ABLATION(NULL), 2, "tiny.yaml: no network has two variants to compare; `recipes` and `vary` make "
	          "some\n");
	struct program_result r = ABLATION("--if-any");
	CHECK_TEXT(r.out, "");
	CHECK_RUN(r, 0, "");
	CHECK_TEXT(file_text(test_path("reports/tiny/ablation.tsv")), "(none)");
	CHECK_TEXT(file_text(test_path("reports/tiny/ablation.png")), "(none)");
}
