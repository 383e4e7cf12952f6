/* The tables of a sweep: order, what is left out, and what happens to what cannot be read. */
#include "bench/record/records.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define ID(digit) "000000000000000" digit

#define POINTS_HEADER "id\tfamily\twidth\tvariant\tgroup\tseed\tstatus\tmessage\ttrainable\ttotal\tmacs\tepochs\t" \
	"accuracy\tloss\taccuracy_validation\tloss_validation\tbest_epoch\taccuracy_best\tloss_best\t"
#define POINTS_END "precision\tdata_digest\tviews\taccuracy_views\tloss_views\ttitle\n"
#define TIMES_HEADER "id\tfamily\twidth\tvariant\tseed\tkernels\ttrain_seconds\twall_seconds\timages_per_second\t" \
	"threads\tversion\tcommit\tcompiler\topenblas\tprocessor\tdate\n"
#define CURVES_HEADER "family\twidth\tvariant\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\t" \
	"loss_validation\taccuracy_validation\n"
#define CURVE_HEADER "epoch\tlearning_rate\tloss_training\taccuracy_training\tloss_validation\t" \
	"accuracy_validation\telapsed_seconds\n"

static const struct variant base = { .name = "", .group = "" }, warm = { .name = "warm,batch=8", .group = "warm" };

/* A sweep of three points, whose ids are in another order than the points. */
static struct point points[] = {
	{ .id = ID("c"), .family = "zebra", .width = 3, .variant = &base, .seed = 1 },
	{ .id = ID("a"), .family = "zebra", .width = 0.5, .variant = &warm, .seed = 1 },
	{ .id = ID("b"), .family = "ape", .width = 0.5, .variant = &base, .seed = 2 },
};

static const struct sweep sweep = { .name = "zoo", .title = "A \"zoo\", 100 %", .point_count = 3, .points = points };

static void write_point(const char *id, int epochs, double accuracy)
{
	struct record record = {
		.family = "old name", .width = 7, .seed = 1, .trainable = 1, .total = 2, .macs = 3, .epochs = epochs,
		.last = { 0.5, accuracy }, .validation = { NAN, NAN }, .best = { NAN, NAN },
		.by_views = { NAN, NAN }, .split_count = 1,
		.split_names = { "test" },
		.splits = { { 0.5, accuracy } }, .data_digest = 1, .kernels = "portable", .threads = 1,
	};
	struct curve curve = { 0 };
	struct error err = { "" };

	snprintf(record.id, sizeof record.id, "%s", id);
	for (int i = 1; i <= epochs; i++)
		curve_add(&curve, &(struct epoch_row){ i, 0.5, .training = { 1, 0.25 }, .validation = { NAN, NAN } }, i,
		          &err);
	CHECK(record_write(test_folder(), &record, &curve, &err));
	curve_free(&curve);
}

static void check_collect(bool good, int want, const char *name, const char *message)
{
	struct error err = { "" };
	int found = -1;
	char text[4096 + 256] = "";

	struct records records;

	CHECK(records_read(test_folder(), &sweep, &records, &err));
	CHECK_INT(records_collect(&records, test_folder(), &found, &err), good);
	records_free(&records);
	CHECK_INT(found, want);
	if (!good)
		snprintf(text, sizeof text, "%s/%s%s", test_folder(), name, message);
	CHECK_TEXT(err.text, text);
}

TEST(collect_without_records)
{
	check_collect(true, 0, "", "");
	CHECK_TEXT(file_text(test_path("points.tsv")), POINTS_HEADER POINTS_END);
	CHECK_TEXT(file_text(test_path("curves.tsv")), CURVES_HEADER);
}

/* The sweep's order and names, whatever the ids and the records say; the record of a point that is not in the sweep is
 * left out. */
TEST(collect_in_the_order_of_the_sweep)
{
	write_point(ID("b"), 1, 0.75);
	write_point(ID("d"), 1, 0.1);
	write_point(ID("c"), 2, 0.5);
	check_collect(true, 2, "", "");
	CHECK_TEXT(file_text(test_path("points.tsv")), POINTS_HEADER "accuracy_test\tloss_test\t" POINTS_END
	           ID("c") "\tzebra\t3\t\t\t1\tdone\t\t1\t2\t3\t2\t0.5\t0.5\tnan\tnan\t0\tnan\tnan\t0.5\t0.5\t"
	           "float32\t0000000000000001\t\tnan\tnan\tA \"zoo\", 100 %\n"
	           ID("b") "\tape\t0.5\t\t\t2\tdone\t\t1\t2\t3\t1\t0.75\t0.5\tnan\tnan\t0\tnan\tnan\t0.75\t0.5\t"
	           "float32\t0000000000000001\t\tnan\tnan\tA \"zoo\", 100 %\n");
	CHECK_TEXT(file_text(test_path("times.tsv")), TIMES_HEADER
	           ID("c") "\tzebra\t3\t\t1\tportable\t0\t0\t0\t1\t\t\t\t\t\t\n"
	           ID("b") "\tape\t0.5\t\t2\tportable\t0\t0\t0\t1\t\t\t\t\t\t\n");
	CHECK_TEXT(file_text(test_path("curves.tsv")), CURVES_HEADER
	           "zebra\t3\t\t1\t1\t0.5\t1\t0.25\tnan\tnan\nzebra\t3\t\t1\t2\t0.5\t1\t0.25\tnan\tnan\n"
	           "ape\t0.5\t\t2\t1\t0.5\t1\t0.25\tnan\tnan\n");
}

/* Splits that one record has and another lacks. */
TEST(collect_fills_missing_splits)
{
	struct record record = { .id = ID("c"), .status = POINT_FAILED, .message = "no \"memory\"", .kernels = "avx2" };
	struct curve curve = { 0 };
	struct error err = { "" };

	CHECK(record_write(test_folder(), &record, &curve, &err));
	write_point(ID("a"), 0, 0.5);
	check_collect(true, 2, "", "");
	CHECK(strstr(file_text(test_path("points.tsv")), "\tfailed\tno "
	             "\"memory\"\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\t0\tnan\tnan\t"
	                                      "float32\t0000000000000000\t"));
}

/* More names of splits than the tables have columns for: the record that brings them is left out. */
TEST(collect_refuses_too_many_splits)
{
	struct record record = { .id = ID("a"), .kernels = "avx2", .split_count = MAX_SPLITS };
	struct curve curve = { 0 };
	struct error err = { "" };
	char message[100];

	for (int i = 0; i < MAX_SPLITS; i++)
		snprintf(record.split_names[i], sizeof record.split_names[0], "part%d", i);
	write_point(ID("c"), 0, 0.5);
	CHECK(record_write(test_folder(), &record, &curve, &err));
	snprintf(message, sizeof message, ": the sweep's records have more than %d splits", MAX_SPLITS);
	check_collect(false, 1, "points/" ID("a") ".tsv", message);
	CHECK(strstr(file_text(test_path("points.tsv")), "accuracy_test") &&
	      !strstr(file_text(test_path("points.tsv")), "part"));
}

TEST(collect_leaves_out_a_broken_record)
{
	write_point(ID("b"), 1, 0.75);
	write_point(ID("c"), 2, 0.5);
	test_write("points/" ID("c") ".tsv", "format\t2\n", 9);
	check_collect(false, 1, "points/" ID("c") ".tsv", ":2:1: the file ends before column \"id\"");
	CHECK(!strstr(file_text(test_path("points.tsv")), ID("c")) &&
	      strstr(file_text(test_path("points.tsv")), ID("b")));
	CHECK(!strstr(file_text(test_path("curves.tsv")), "zebra") &&
	      strstr(file_text(test_path("curves.tsv")), "ape"));
}

static void check_broken_curve(const char *text, const char *message)
{
	test_write("points/" ID("c") ".curve.tsv", text, strlen(text));
	check_collect(false, 2, "points/" ID("c") ".curve.tsv", message);
	CHECK(strstr(file_text(test_path("points.tsv")), ID("c")));
	CHECK_TEXT(file_text(test_path("curves.tsv")), CURVES_HEADER "ape\t0.5\t\t2\t1\t0.5\t1\t0.25\tnan\tnan\n");
}

TEST(collect_leaves_out_a_broken_curve)
{
	write_point(ID("b"), 1, 0.75);
	write_point(ID("c"), 2, 0.5);
	check_broken_curve("", ":1:1: column \"epoch\" is missing");
	check_broken_curve("epoch\tseconds\n", ":1:7: \"seconds\" is no column of a learning curve");
	check_broken_curve("epoch\tepoch\n", ":1:7: column \"epoch\" stands twice");
	check_broken_curve("epoch\tlearning_rate\n", ":1:1: column \"loss_training\" is missing");
	check_broken_curve(CURVE_HEADER "1\t0.5\n", ":2:1: found 2 values, 7 belong here");
	check_broken_curve(CURVE_HEADER "1\t0.5\t1\t0.25\tnan\tnan\t1\n"
	                                "3\t0.5\t1\t0.25\tnan\tnan\t1\n", ":3:1: epoch: found 3 where 2 belongs");
	check_broken_curve(CURVE_HEADER "1\t0.5\t1\t1.25\tnan\tnan\t1\n",
	                   ":2:9: accuracy_training: 1.25 is outside 0..1");
	check_broken_curve(CURVE_HEADER "1\t0.5\t1\t0.25\tnan\tnan\t1\n",
	                   ":3:1: the file ends after 1 of the record's 2 epochs");
	check_broken_curve(CURVE_HEADER "1\t0.5\t1\t0.25\tnan\tnan\t1", ":2:23: the file ends within a line");
	CHECK(remove(test_path("points/" ID("c") ".curve.tsv")) == 0);
	check_collect(false, 2, "points/" ID("c") ".curve.tsv", ": cannot be read: No such file or directory");
}

TEST(collect_twice_gives_the_same_bytes)
{
	char first[1 << 16];

	write_point(ID("a"), 3, 1 / 3.0);
	check_collect(true, 1, "", "");
	snprintf(first, sizeof first, "%s", file_text(test_path("points.tsv")));
	check_collect(true, 1, "", "");
	CHECK_TEXT(file_text(test_path("points.tsv")), first);
}

/* A record of before FER2013 had a headline has the private images' accuracy there: it is read as that of both. */
TEST(collect_takes_the_headline_of_old_records)
{
	struct record record = { .id = ID("c"), .family = "zebra", .width = 3, .seed = 1, .last = { 0.5, 0.25 },
		.validation = { NAN, NAN }, .best = { 0.5, 0.25 }, .split_count = 2, .split_names =
			{ "private", "both" },
		.splits = { { 0.5, 0.25 }, { 0.75, 0.625 } }, .kernels = "portable", .threads = 1 };
	struct sweep faces = sweep;
	struct curve curve = { 0 };
	struct records records;
	struct error err = { "" };

	CHECK(record_write(test_folder(), &record, &curve, &err));
	faces.data.format = data_format_find("fer2013");
	CHECK(records_read(test_folder(), &faces, &records, &err));
	CHECK(records.of[0].last.accuracy == 0.625 && records.of[0].last.loss == 0.75);
	CHECK(records.of[0].best.accuracy == 0.25);
	records_free(&records);
	CHECK(records_read(test_folder(), &sweep, &records, &err));
	CHECK(records.of[0].last.accuracy == 0.25);
	records_free(&records);
}
