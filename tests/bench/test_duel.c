/* `archsweep compare A B`: made-up answers of two networks, families or sweeps, whose differences and p were worked out
 * on paper. */
#include "bench/record/point_files.h"
#include "bench/stats/condition.h"
#include "bench/weights/npz.h"
#include "tests/helpers/answers.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_ARGUMENTS = 12 };

/* In the test's folder, so that paths in outputs are short. */
static struct program_result compare(const char *const *arguments)
{
	const char *argv[MAX_ARGUMENTS + 5] = { archsweep_path(), "compare", "--reports", "reports" };

	for (int i = 0; arguments[i] && i < MAX_ARGUMENTS; i++)
		argv[4 + i] = arguments[i];
	return run_program((struct program){ .argv = argv, .folder = test_folder(),
	                                     .environment = (const char *[]){ "NO_COLOR=1", NULL } });
}
#define COMPARE(...) compare((const char *[]){ __VA_ARGS__, NULL })

static void check_compare(const char *file, int line, struct program_result r, int status, const char *out,
                          const char *err)
{
	check_text(file, line, r.out, out, "stdout");
	check_run(file, line, r, status, err);
}
#define CHECK_COMPARE(result, status, out, err) check_compare(__FILE__, __LINE__, result, status, out, err)

/* The sweep, its data, and answers of all points: ape/3 24 and 16 right, ape/10 32 and 32, bee/3 none, bee/9 24 and 24,
 * the same images of both seeds. */
static struct sweep *fill(struct dataset *data)
{
	static const uint32_t right[] = { 0xffffff00, 0xffff0000, 0xffffffff, 0xffffffff, 0, 0, 0xffffff00,
		0xffffff00 };
	struct sweep *sweep = answers_prepare(NULL, data);
	const struct answered where = { "tiny", sweep, data };

	for (int i = 0; i < 8; i++)
		answers_write(&where, i, right[i], 2 + i);
	return sweep;
}

#define HEADER "a\tb\ta_family\tb_family\ta_total\tb_total\ta_macs\tb_macs\ta_accuracy\tb_accuracy\tdifference\tlow\t" \
	"high\tp\tonly_a\tonly_b\ta_seeds\tb_seeds\timages\ta_train_seconds\tb_train_seconds\ta_status\tb_status\n"

/* Eight images are right in ape/10 alone: p = 2 / 2^8. Of 32 drawn, x fall on them, by the binomial distribution of 32
 * and 1/4, whose quantiles at 2.5 and 97.5 % are 3 and 13. */
TEST(duel_of_two_points)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);

	CHECK_COMPARE(COMPARE("tiny.yaml:ape/10/1", ":bee/9/1", "--tsv"), 0, HEADER
	              "ape/10/1\tbee/9/1\tape\tbee\t683\t705\t670\t684\t1\t0.75\t-0.25\t-0.40625\t-0.09375\t0.0078125\t"
	              "8\t0\t1\t1\t32\t4\t8\tdone\tdone\n", "");
	CHECK_COMPARE(COMPARE("tiny.yaml:ape/10/1", ":bee/9/1"), 0,
	              "a         b        parameters a    b  MACs a    b  accuracy % a      b   b - a  95 % interval  "
	              "  "
	              "McNemar's p  seeds  images  training s a    b\n"
	              "ape/10/1  bee/9/1           683  705     670  684        100.00  75.00  -25.00  -40.63 to "
	              "-9.38  "
	              "0.0078       1          32           4.0  8.0\n"
	              "a: tiny.yaml:ape/10/1; b: :bee/9/1; accuracy: images of split \"test\", final epoch; b - a in "
	              "points\n"
	              "interval: paired bootstrap over images, and over seeds where there are several; McNemar's p: "
	              "exact, two-sided\n"
	              "where a network has one seed, nothing is known of what another seed would give\n", "");
	CHECK_COMPARE(COMPARE("tiny.yaml:ape/10/1", ":bee/9/1", "--json"), 0,
	              "[\n  {\"a\": \"ape/10/1\", \"b\": \"bee/9/1\", \"a_family\": \"ape\", \"b_family\": \"bee\", "
	              "\"a_total\": 683, \"b_total\": 705, \"a_macs\": 670, \"b_macs\": 684, \"a_accuracy\": 1, "
	              "\"b_accuracy\": 0.75, \"difference\": -0.25, \"low\": -0.40625, \"high\": -0.09375, "
	              "\"p\": 0.0078125, \"only_a\": 8, \"only_b\": 0, \"a_seeds\": 1, \"b_seeds\": 1, \"images\": 32, "
	              "\"a_train_seconds\": 4, \"b_train_seconds\": 8, \"a_status\": \"done\", \"b_status\": "
	              "\"done\"}\n"
	              "]\n", "");
	dataset_free(&data);
	sweep_destroy(sweep);
}

/* Families meet where they are equally large, and only there: ape/10 and bee/9. Two seeds that answer alike are as one
 * in the interval, and their two p, of 2^-7 each, are joined as 2 p / 1. */
TEST(duel_of_two_families)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);

	CHECK_COMPARE(COMPARE("tiny.yaml:ape", ":bee", "--tsv"), 0, HEADER
	              "ape/10\tbee/9\tape\tbee\t683\t705\t670\t684\t1\t0.75\t-0.25\t-0.40625\t-0.09375\t0.015625\t"
	              "16\t0\t"
	              "2\t2\t32\t4.5\t8.5\tdone\tdone\n", "");
	struct program_result r = COMPARE("tiny.yaml:ape", ":bee");
	CHECK_CONTAINS(r.out, "\nwithout a counterpart: 1 network of a, 1 of b\n");
	CHECK_RUN(r, 0, "");
	CHECK_RUN(COMPARE("tiny.yaml:*/3", ":bee/9"), 1, "no network of tiny.yaml:*/3 is within 5 % of the parameters "
	                                                 "of "
	          "one of :bee/9; `archsweep match` finds widths that are\n");
	dataset_free(&data);
	sweep_destroy(sweep);
}

/* Two sweeps, joined by name: the other one has another recipe, and answers of one point alone. */
TEST(duel_of_two_sweeps)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);
	static const char owner[] = "../../tiny.yaml\n --set recipe.batch=16";
	const char *set = "recipe.batch=16";
	struct error err = { "" };
	struct sweep *other = sweep_read(test_path("tiny.yaml"), &set, 1, &err);
	const struct answered where = { "other", other, &data };

	answers_write(&where, 2, 0xfffffff0, 1);
	test_write("reports/other/.sweep", owner, strlen(owner));
	struct program_result r = COMPARE("tiny.yaml", "reports/other");
	CHECK_CONTAINS(r.out, "\nape/10           683  683     670  670        100.00  87.50  -12.50  -25.00 to -3.13  "
	               "0.1250       2, 1       32           4.5  1.0  b not trained\n");
	CHECK_CONTAINS(r.out, "\n\ndescribed differently, from ape/3 on (- a, + b):\n"
	               "- recipe batch 128\n+ recipe batch 16\n");
	CHECK_RUN(r, 1, "4 of 4 pairs lack an accuracy; `archsweep run` trains what is missing\n");
	CHECK_COMPARE(COMPARE("tiny.yaml:ape/10/1", "reports/other:ape/10/1", "--markdown"), 0,
	              "| a | parameters a | b | MACs a | b | accuracy % a | b | b - a | 95 % interval | McNemar's p | "
	              "seeds | images | training s a | b |\n"
	              "|---|---:|---:|---:|---:|---:|---:|---:|---|---|---|---:|---:|---:|\n"
	              "| ape/10/1 | 683 | 683 | 670 | 670 | 100.00 | 87.50 | -12.50 | -25.00 to -3.13 | 0.1250 | 1 | "
	              "32 "
	              "| 4.0 | 1.0 |\n\n"
	              "a: tiny.yaml:ape/10/1; b: reports/other:ape/10/1; accuracy: images of split \"test\", final "
	              "epoch; b - a in points\n"
	              "interval: paired bootstrap over images, and over seeds where there are several; McNemar's p: "
	              "exact, two-sided\n"
	              "where a network has one seed, nothing is known of what another seed would give\n\n"
	              "described differently (- a, + b):\n\n```diff\n- recipe batch 128\n+ recipe batch 16\n```\n", "");
	sweep_destroy(other);
	dataset_free(&data);
	sweep_destroy(sweep);
}

/* A sweep and itself differ in nothing, whatever seeds are drawn. */
TEST(duel_of_a_sweep_and_itself)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);
	struct program_result r = COMPARE("tiny.yaml", "tiny.yaml", "--tsv");

	CHECK_TEXT(tsv_field(r.out, 0, "a_accuracy"), "0.625");
	for (int row = 0; row < 4; row++) {
		CHECK_TEXT(tsv_field(r.out, row, "difference"), "0");
		CHECK_TEXT(tsv_field(r.out, row, "low"), "0");
		CHECK_TEXT(tsv_field(r.out, row, "high"), "0");
		CHECK_TEXT(tsv_field(r.out, row, "p"), "1");
	}
	CHECK_RUN(r, 0, "");
	dataset_free(&data);
	sweep_destroy(sweep);
}

/* --- conditions --------------------------------------------------------------------------------------------------- */

TEST(duel_fails_where_a_condition_holds)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);

	CHECK_RUN(COMPARE("tiny.yaml:ape", ":bee", "--fail-if", "accuracy < -25.5", "--fail-if", "parameters > 4%",
	                  "--fail-if", "accuracy_low>-9"), 0, "");
	CHECK_RUN(COMPARE("tiny.yaml:ape", ":bee", "--fail-if", "accuracy < -0.5", "--fail-if", "train_time > +10%",
	                  "--fail-if", "accuracy_high<0", "--fail-if", "macs > 13", "--fail-if", "parameters > 22"), 3,
	          "ape/10 and bee/9: accuracy < -0.5: it is -25\n"
	          "ape/10 and bee/9: train_time > +10%: it is +88.89%\n"
	          "ape/10 and bee/9: accuracy_high<0: it is -9.375\n"
	          "ape/10 and bee/9: macs > 13: it is +14\n");
	CHECK_RUN(COMPARE("tiny.yaml:ape", ":bee", "--fail-if", "acuracy < 1"), 2,
	          "archsweep compare: --fail-if: \"acuracy\" is no quantity; accepted: accuracy, accuracy_low, "
	          "accuracy_high, parameters, macs, train_time; did you mean \"accuracy\"?; see archsweep compare "
	          "--help\n");
	CHECK_RUN(COMPARE("tiny.yaml:ape", ":bee", "--fail-if", "accuracy = 1"), 2,
	          "archsweep compare: --fail-if: \"accuracy = 1\" is no condition; accepted: accuracy < NUMBER, "
	          "accuracy "
	          "> NUMBER, with % behind the number for percent of the first; see archsweep compare --help\n");
	CHECK_RUN(COMPARE("tiny.yaml", "--fail-if", "accuracy < 1"), 2, "archsweep compare: --fail-if: needs two "
	                                                                "things "
	          "to compare; see archsweep compare --help\n");
	dataset_free(&data);
	sweep_destroy(sweep);
}

TEST(duel_conditions_are_read_to_their_end)
{
	static const char *const broken[] = { "", "accuracy", "accuracy <", "accuracy < nan", "accuracy < 1 2",
		"accuracy < 1%%", "accuracy < -", "accuracy << 1", "accuracy < 1e999", "accuracy < 0x1p",
		" accuracy < 1" };
	struct condition c;
	struct error err = { "" };

	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
		if (condition_parse(broken[i], &c, &err))
			test_fail(__FILE__, __LINE__, "accepted: \"%s\"", broken[i]);
	err.text[0] = '\0';
	CHECK(condition_parse("train_time  >  +1e1 % ", &c, &err) && c.above && c.share && c.limit == 10);
	CHECK(condition_parse("macs<-.5", &c, &err) && !c.above && !c.share && c.limit == -0.5);
	CHECK_TEXT(err.text, "");
}

/* --- what is missing, damaged, or nonsense ------------------------------------------------------------------------ */

static void check_damage(const struct sweep *sweep, const char *want)
{
	char text[512];
	struct program_result r = COMPARE("tiny.yaml:ape/10/1", ":bee/9/1", "--tsv");

	snprintf(text, sizeof text, want, sweep->points[2].id);
	CHECK_TEXT(tsv_field(r.out, 0, "difference"), "-0.25");
	CHECK_TEXT(tsv_field(r.out, 0, "low"), "");
	CHECK_TEXT(tsv_field(r.out, 0, "p"), "");
	CHECK_TEXT(tsv_field(r.out, 0, "images"), "");
	CHECK_RUN(r, 1, text);
}

/* Writes other outputs for ape/10/1, with a record that vouches for them; count 0: with one that knows of none. */
static void replace_outputs(const struct sweep *sweep, const char *name, int64_t images, int64_t classes)
{
	static float zeros[64 * 64];
	const char *id = sweep->points[2].id;
	struct error err = { "" };
	struct record record;
	struct curve curve = { 0 };
	char path[FILE_PATH_BYTES];
	struct npz_draft *draft = npz_create(&err);

	CHECK(point_file_path(test_path("reports/tiny"), id, POINT_LOGITS, path, &err));
	CHECK(npz_add_floats(draft, &(struct npz_array){ .name = name, .type = NPZ_FLOAT32, .rank = 2,
	                                                 .dims = { images ? images : 1, classes } }, zeros, &err));
	CHECK(npz_save(draft, path, &err) && record_read(test_path("reports/tiny"), id, &record, &err));
	record.file_digests[POINT_LOGITS] = 0;
	if (images)
		CHECK(point_file_digest(test_path("reports/tiny"), &record, POINT_LOGITS, &err));
	CHECK(curve_add(&curve, &(struct epoch_row){ 1, 0.5, .training = { 1, 0.25 }, .validation = { 1, 0.25 } }, 1,
	                &err));
	CHECK(record_write(test_path("reports/tiny"), &record, &curve, &err));
	CHECK_TEXT(err.text, "");
	curve_free(&curve);
}

TEST(duel_reads_hostile_outputs)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);
	char path[64];

	replace_outputs(sweep, "test", 31, 3);
	check_damage(sweep, "reports/tiny/points/%s.logits.npz: array \"test\" is float32 [31, 3]; accepted: float32 "
	             "[32, 3] (images, classes)\n");
	replace_outputs(sweep, "test", 32, 4);
	check_damage(sweep, "reports/tiny/points/%s.logits.npz: array \"test\" is float32 [32, 4]; accepted: float32 "
	             "[32, 3] (images, classes)\n");
	replace_outputs(sweep, "tost", 32, 3);
	check_damage(sweep, "reports/tiny/points/%s.logits.npz: array \"test\" is missing\n");
	replace_outputs(sweep, "test", 32, 3);
	check_damage(sweep, "reports/tiny/points/%s.logits.npz: 13 of 32 images are right, which is not the accuracy "
	                    "of "
	             "the record\n");
	replace_outputs(sweep, "test", 0, 3);
	check_damage(sweep, "a record is older than the outputs for test images, which intervals are made of; "
	             "`archsweep run --force` trains it again\n");
	replace_outputs(sweep, "test", 32, 3);
	snprintf(path, sizeof path, "reports/tiny/points/%s.logits.npz", sweep->points[2].id);
	test_write(path, "PK", 2);
	check_damage(sweep, "reports/tiny/points/%s.logits.npz: is damaged: it is not what was written with the "
	             "record\n");
	CHECK(unlink(test_path(path)) == 0);
	check_damage(sweep, "reports/tiny/points/%s.logits.npz: is missing\n");
	dataset_free(&data);
	sweep_destroy(sweep);
}

/* Other images have other labels: nothing is compared. */
TEST(duel_on_other_data)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);

	run_case_write_data(7);
	struct program_result r = COMPARE("tiny.yaml:ape/10", ":bee/9", "--tsv");
	CHECK_TEXT(tsv_field(r.out, 0, "a_status"), "other data");
	CHECK_TEXT(tsv_field(r.out, 0, "difference"), "");
	CHECK_RUN(r, 1, "1 of 1 pairs lack an accuracy; `archsweep run` trains what is missing\n");
	dataset_free(&data);
	sweep_destroy(sweep);
}

TEST(duel_refuses_nonsense)
{
	struct dataset data;
	struct sweep *sweep = fill(&data);

	CHECK_RUN(COMPARE("tiny.yaml:ape/4", ":bee"), 2, "archsweep compare: tiny.yaml: no point is \"ape/4\"; there "
	                                                 "are "
	          "ape/3, ape/10, bee/3, bee/9; see archsweep compare --help\n");
	CHECK_RUN(COMPARE("tiny.yaml:ape", "other.yaml:bee"), 2, "other.yaml: cannot be read: No such file or "
	                                                         "directory\n");
	CHECK_RUN(COMPARE("reports:ape", ":bee"), 2, "reports: does not say which sweep's records it holds\n");
	CHECK_RUN(COMPARE("tiny.yaml", "tiny.yaml", "--base", "ape"), 2, "archsweep compare: --base: not where two "
	                                                                 "things "
	          "are compared; see archsweep compare --help\n");
	CHECK_RUN(COMPARE("tiny.yaml", "tiny.yaml", "tiny.yaml"), 2, "archsweep compare: unexpected argument "
	          "\"tiny.yaml\"; see archsweep compare --help\n");
	dataset_free(&data);
	sweep_destroy(sweep);
}
