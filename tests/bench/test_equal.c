/* Families at equal size: `archsweep equal`, from made-up answers of two families that meet at one place. */
#include "bench/stats/equal.h"
#include "tests/helpers/answers.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static struct program_result equal(const char *const *arguments)
{
	const char *argv[16] = { archsweep_path(), "equal", "--reports", "reports", "tiny.yaml" };

	for (int i = 0; arguments[i]; i++)
		argv[5 + i] = arguments[i];
	return run_program((struct program){ .argv = argv, .folder = test_folder(),
	                                     .environment = (const char *[]){ "NO_COLOR=1", NULL } });
}
#define EQUAL(...) equal((const char *[]){ __VA_ARGS__, NULL })

#define HEADER "a\tb\ta_family\tb_family\ta_total\tb_total\ta_macs\tb_macs\ta_accuracy\tb_accuracy\tdifference\tlow\t" \
	"high\tp\tonly_a\tonly_b\ta_seeds\tb_seeds\timages\ta_train_seconds\tb_train_seconds\ta_status\tb_status\n"
#define ROW "ape/10\tbee/9\tape\tbee\t683\t705\t670\t684\t1\t0.75\t-0.25\t-0.40625\t-0.09375\t0.015625\t16\t0\t" \
	"2\t2\t32\t1\t1\tdone\tdone\n"
#define FOOT "A family is ahead where the whole 95 % interval of the difference is on its side.\n\n" \
	"accuracy: images of split \"test\", final epoch; b - a in points\n" \
	"interval: paired bootstrap over images, and over seeds where there are several; McNemar's p: exact, " \
	"two-sided\n"

static void fill(uint32_t ape, uint32_t bee)
{
	struct dataset data;
	struct sweep *sweep = answers_prepare(NULL, &data);
	const struct answered where = { "tiny", sweep, &data };

	for (int i = 0; i < 8; i++)
		answers_write(&where, i, i < 4 ? ape : bee, 1);
	dataset_free(&data);
	sweep_destroy(sweep);
}

TEST(equal_says_who_is_ahead)
{
	fill(0xffffffff, 0xffffff00);
	struct program_result r = EQUAL(NULL);
	CHECK_TEXT(r.out,
	           "a       b      parameters a    b  MACs a    b  accuracy % a      b   b - a  95 % interval    "
	           "McNemar's p  seeds  images  training s a    b\n"
	           "ape/10  bee/9           683  705     670  684        100.00  75.00  -25.00  -40.63 to -9.38  "
	           "0.0156       2          32           1.0  1.0\n\n"
	           "ape and bee meet at 1 place, about 694 parameters: ape is ahead, by 25.00 points.\n" FOOT);
	CHECK_RUN(r, 0, "");
	r = EQUAL("--tsv", "--if-any");
	CHECK_TEXT(r.out, HEADER ROW);
	CHECK_TEXT(file_text(test_path("reports/tiny/equal.tsv")), HEADER ROW);
	CHECK_RUN(r, 0, "");
}

TEST(equal_knows_a_draw)
{
	fill(0xfffffff0, 0xfffffff8);
	struct program_result r = EQUAL(NULL);
	CHECK_CONTAINS(r.out, "about 694 parameters: neither is ahead.\n");
	CHECK_RUN(r, 0, "");
	fill(0x0000fff0, 0xfffffff0);
	r = EQUAL("--markdown");
	CHECK_CONTAINS(r.out, "about 694 parameters: bee is ahead, by 50.00 points.\n");
	CHECK_RUN(r, 0, "");
}

/* Several places: from, to, and the range of what is won. */
TEST(equal_sums_up_several_places)
{
	struct side_network networks[] = { { .cost.total = 1000 }, { .cost.total = 3000 }, { .cost.total = 9000 } };
	struct difference d[3];
	struct encounter of[] = { { "cat", "dog", 0, 3 }, { "cat", "eel", 3, 0 } };
	struct encounters e = { 2, of };
	char *text = NULL;
	size_t len;
	FILE *to = open_memstream(&text, &len);

	for (int i = 0; i < 3; i++)
		d[i] = (struct difference){ .a.network = &networks[i], .b.network = &networks[i],
			.difference = 0.01 * (i + 1), .low = i ? 0.001 : -0.01, .high = 1 };
	encounters_print(&e, d, to);
	fclose(to);
	CHECK_TEXT(text, "cat and dog meet at 3 places from 1,000 to 9,000 parameters: dog is ahead at 2, by 2.00 "
	           "to 3.00 points; neither is at 1.\n"
	           "cat and eel never meet within 5 %.\n"
	           "A family is ahead where the whole 95 % interval of the difference is on its side.\n");
	free(text);
}

/* Widths at which nobody meets: nothing is compared, no data is read, and what was kept goes. */
TEST(equal_without_a_meeting)
{
	fill(0xffffffff, 0xffffff00);
	CHECK_RUN(EQUAL("--tsv"), 0, "");
	struct program_result r = EQUAL("--if-any", "--name", "tiny", "--set", "families.0.widths=[3]");
	CHECK_TEXT(r.out, "");
	CHECK_RUN(r, 0, "");
	CHECK_TEXT(file_text(test_path("reports/tiny/equal.tsv")), "(none)");
	r = EQUAL("--name", "tiny", "--set", "families.0.widths=[3]");
	CHECK_CONTAINS(r.out, "ape and bee never meet within 5 %.\n");
	CHECK_RUN(r, 0, "");
}

/* Families meet in variants of the same name; of those that `best` chooses among, in the chosen ones. */
TEST(equal_of_variants)
{
	static const char yaml[] =
		"data: {idx: {folder: ., validation: 32}}\n"
		"input: [8, 8, 1]\nclasses: 3\nrecipe: {epochs: 1}\n"
		"vary: {learning_rate: [0.1, 0.2]}\n%s"
		"families:\n"
		"  - {name: ape, widths: [10], layers: [flatten, dense: {units: w}, dense: {units: classes}]}\n"
		"  - {name: bee, widths: [9], layers: [flatten, dense: {units: w}, dense: {units: w}, dense: {units: "
		"classes}]}\n";
	static const char *const best[] = { "", "best: {over: [learning_rate], by: validation}\n" };
	char text[1024];

	for (int chosen = 0; chosen < 2; chosen++) {
		struct dataset data;

		snprintf(text, sizeof text, yaml, best[chosen]);
		struct sweep *sweep = answers_prepare(text, &data);
		const struct answered where = { "tiny", sweep, &data };

		for (int i = 0; i < 4; i++)
			answers_write(&where, i, 0xffff0000 >> i, 1);
		struct program_result r = EQUAL("--tsv");
		CHECK_TEXT(tsv_field(r.out, 0, "a"), "ape/10/learning_rate=0.1");
		CHECK_TEXT(tsv_field(r.out, 0, "b"), "bee/9/learning_rate=0.1");
		CHECK_TEXT(tsv_field(r.out, 1, "a"), chosen ? "no such row" : "ape/10/learning_rate=0.2");
		CHECK_TEXT(tsv_field(r.out, 1, "b"), chosen ? "no such row" : "bee/9/learning_rate=0.2");
		CHECK_RUN(r, 0, "");
		dataset_free(&data);
		sweep_destroy(sweep);
	}
}

static struct program_result run_here(const char *command)
{
	const char *argv[] = { archsweep_path(), command, "--reports", "reports", "tiny.yaml", NULL };
	char here[4000], plots[4096];

	CHECK(getcwd(here, sizeof here));
	snprintf(plots, sizeof plots, "ARCHSWEEP_PLOTS=%s/plots", here);
	return run_program((struct program){ .argv = argv, .folder = test_folder(), .limit_seconds = 60,
	                                     .environment = (const char *[]){ plots, NULL } });
}

/* The picture is drawn of what `equal` kept; a run makes records that it knows nothing of, and removes it. */
TEST(equal_has_a_picture)
{
	fill(0xffffffff, 0xffffff00);
	struct program_result r = run_here("run");
	CHECK_CONTAINS(r.out, "ape");
	CHECK_RUN(r, 0, "");
	CHECK_TEXT(file_text(test_path("reports/tiny/equal.tsv")), "(none)");
	CHECK_RUN(EQUAL("--tsv"), 0, "");
	r = run_here("plot");
	CHECK_CONTAINS(r.out, "reports/tiny/equal.png\nreports/tiny/equal.svg\n");
	CHECK_RUN(r, 0, "");
	const char *svg = file_text(test_path("reports/tiny/equal.svg"));
	CHECK_CONTAINS(svg, "bee ahead");
	CHECK_CONTAINS(svg, "ape ahead");
	CHECK_CONTAINS(svg, "families at equal size, the difference of their accuracies");
	CHECK_RUN(run_here("run"), 0, "");
	CHECK_TEXT(file_text(test_path("reports/tiny/equal.tsv")), "(none)");
}

TEST(equal_without_records)
{
	struct dataset data;

	sweep_destroy(answers_prepare(NULL, &data));
	dataset_free(&data);
	struct program_result r = EQUAL(NULL);
	CHECK_CONTAINS(r.out, "ape and bee meet, but not all is known of them there.\n");
	CHECK_RUN(r, 1, "1 of 1 pairs lack an accuracy; `archsweep run` trains what is missing\n");
}
