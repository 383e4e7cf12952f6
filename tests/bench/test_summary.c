/* Summary statistics, from made-up tables whose means, deviations, ranks and front were worked out on paper. */
#include "bench/summary/mean_curves.h"
#include "bench/summary/picture_data.h"
#include "bench/summary/summary.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char points[] =
	"family\twidth\tseed\tstatus\ttotal\taccuracy\tdata_digest\ttitle\n"
	"ape\t1\t1\tdone\t100\t0.5\t0000000000000001\tZoo\n"
	"ape\t1\t2\tdone\t100\t0.75\t0000000000000001\tZoo\n"
	"ape\t1\t3\tdone\t100\t0.625\t0000000000000002\tZoo\n"
	"ape\t2\t1\tdone\t300\t0.625\t0000000000000001\tZoo\n"       /* not better than what is smaller */
	"ape\t2\t2\tdiverged\t300\tnan\t0000000000000001\tZoo\n"
	"cat\t1\t1\tdone\t200\t0.75\t0000000000000001\tZoo\n"
	"cat\t2\t1\tfailed\t50\tnan\t0000000000000001\tZoo\n"
	"cat\t3\t1\tdone\t200\t0.5\t0000000000000001\tZoo\n"         /* as large as cat 1, and worse */
	"cat\t4\t1\tdone\t50\tnan\t0000000000000001\tZoo\n"
	"dog\t1\t1\tdone\t250\t0.75\t0000000000000001\tZoo\n";       /* as good as cat 1, and larger */

static void read_points(const char *text, struct records *to)
{
	struct error err = { "" };

	test_write("points.tsv", text, strlen(text));
	CHECK(records_read_table(test_path("points.tsv"), (const char *const[]){ NULL }, to, &err));
	CHECK_TEXT(err.text, "");
}

static void check_network(const struct network_summary *n, int seeds, int done, const char *status)
{
	CHECK_INT(n->seeds, seeds);
	CHECK_INT(n->done, done);
	CHECK_TEXT(n->status, status);
}

TEST(summary_joins_the_seeds_of_a_network)
{
	struct records records;
	struct summary s;
	struct error err = { "" };

	read_points(points, &records);
	CHECK(summary_create(&records, NULL, &s, &err));
	CHECK_INT(s.count, 7);
	check_network(&s.networks[0], 3, 3, "done");
	check_network(&s.networks[1], 2, 1, "diverged");
	check_network(&s.networks[2], 1, 1, "done");
	check_network(&s.networks[3], 1, 0, "failed");
	check_network(&s.networks[5], 1, 0, "no test images");
	/* 0.5, 0.75, 0.625: mean 0.625, squares 2 / 64, divided by 2, its root 1 / 8. */
	CHECK(s.networks[0].mean == 0.625 && s.networks[0].deviation == 0.125);
	CHECK(s.networks[0].lowest == 0.5 && s.networks[0].highest == 0.75);
	CHECK(s.networks[1].mean == 0.625 && isnan(s.networks[1].deviation) && s.networks[1].total == 300);
	CHECK(isnan(s.networks[3].mean) && isnan(s.networks[3].lowest));
	summary_free(&s);
	records_free(&records);
}

/* Of the base's data alone: the third seed was trained on other data. */
TEST(summary_of_one_data_set)
{
	const uint64_t digest = 1;
	struct records records;
	struct summary s;
	struct error err = { "" };

	read_points(points, &records);
	CHECK(summary_create(&records, &digest, &s, &err));
	check_network(&s.networks[0], 3, 2, "other data");
	/* 0.5 and 0.75 are 0.125 from their mean: the root of 2 / 64. */
	CHECK(s.networks[0].mean == 0.625 && s.networks[0].deviation == sqrt(2 / 64.));
	summary_free(&s);
	records_free(&records);
}

TEST(summary_ranks_and_finds_the_front)
{
	static const int ranks[] = { 3, 3, 1, 0, 5, 0, 1 }, sizes[] = { 3, 7, 4, 1, 5, 2, 6 };
	static const bool front[] = { true, false, true, false, false, false, false };
	struct records records;
	struct summary s;
	struct error err = { "" };

	read_points(points, &records);
	CHECK(summary_create(&records, NULL, &s, &err));
	for (int i = 0; i < 7; i++) {
		CHECK_INT(s.networks[i].rank, ranks[i]);
		CHECK_INT(s.networks[i].size_rank, sizes[i]);
		CHECK_INT(s.networks[i].on_front, front[i]);
	}
	summary_free(&s);
	records_free(&records);
}

TEST(summary_for_people)
{
	struct records records;
	struct summary s;
	struct error err = { "" };
	char *text = NULL;
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	read_points(points, &records);
	CHECK(summary_create(&records, NULL, &s, &err) && summary_print(&s, TABLE_HUMAN, stream, &err));
	fclose(stream);
	CHECK_TEXT(text,
	           "family  width  total  seeds  mean %  deviation  lowest  highest  rank  Pareto front  status\n"
	           "ape         1    100      3   62.50      12.50   50.00    75.00     3  yes           done\n"
	           "ape         2    300      2   62.50          -   62.50    62.50     3  -             diverged\n"
	           "cat         1    200      1   75.00          -   75.00    75.00     1  yes           done\n"
	           "cat         2     50      1       -          -       -        -     -  -             failed\n"
	           "cat         3    200      1   50.00          -   50.00    50.00     5  -             done\n"
	           "cat         4     50      1       -          -       -        -     -  -             no test "
	           "images\n"
	           "dog         1    250      1   75.00          -   75.00    75.00     1  -             done\n");
	free(text);
	summary_free(&s);
	records_free(&records);
}

#define CURVES "family\twidth\tseed\tepoch\tlearning_rate\tloss_training\taccuracy_training\tloss_validation\t" \
	"accuracy_validation\telapsed_seconds\n"
#define MEANS "family\twidth\tvariant\tseeds\tepoch\tloss_training\taccuracy_training\tloss_validation\t" \
	"accuracy_validation\tdiverged\n"

static void check_means(const char *curves, const char *want, const char *message)
{
	struct error err = { "" };
	char *text = NULL, expected[4096] = "";
	size_t len = 0;
	FILE *stream = open_memstream(&text, &len);

	test_write("curves.tsv", curves, strlen(curves));
	CHECK_INT(mean_curves_print(test_path("curves.tsv"), stream, &err), !message);
	fclose(stream);
	if (message)
		snprintf(expected, sizeof expected, "%s/curves.tsv%s", test_folder(), message);
	CHECK_TEXT(err.text, expected);
	if (!message)
		CHECK_TEXT(text, want);
	free(text);
}

/* Seeds that end early, and losses that are not finite, are in no mean. */
TEST(summary_means_of_curves)
{
	check_means(CURVES
	            "ape\t1\t1\t1\t0.1\t1\t0.25\tnan\tnan\t1\n"
	            "ape\t1\t1\t2\t0.1\t0.5\t0.5\tnan\tnan\t2\n"
	            "ape\t1\t2\t1\t0.1\t2\t0.75\tnan\tnan\t1\n"
	            "ape\t1\t2\t2\t0.1\tinf\tnan\tnan\tnan\t2\n"
	            "ape\t1\t2\t3\t0.1\tinf\tnan\tnan\tnan\t3\n"
	            "ape\t0.5\t2\t1\t0.1\t0.3\t0.1\t0.2\t0.3\t1\n",
	            MEANS
	            "ape\t1\t\t2\t1\t1.5\t0.5\tnan\tnan\t0\n"
	            "ape\t1\t\t2\t2\t0.5\t0.5\tnan\tnan\t1\n"
	            "ape\t1\t\t2\t3\tnan\tnan\tnan\tnan\t1\n"
	            "ape\t0.5\t\t1\t1\t0.3\t0.1\t0.2\t0.3\t0\n", NULL);
	check_means(CURVES, MEANS, NULL);
	check_means("epoch\tfamily\n", NULL, ":1:1: column \"width\" is missing");
	check_means(CURVES "ape\t1\t1\t2000000\t0.1\t1\t0.25\tnan\tnan\t1\n", NULL,
	            ":2:1: epoch: 2000000 is outside 1..1048576");
}

/* The epoch in which a seed diverged has an accuracy, of the images up to there or by weights that are no longer
 * numbers; it is in no mean. */
TEST(summary_leaves_a_diverged_epoch_out_of_the_means)
{
	check_means(CURVES
	            "ape\t1\t1\t1\t0.1\t1\t0.5\t1\t0.5\t1\n"
	            "ape\t1\t2\t1\t0.1\tnan\t0.1\tnan\tnan\t1\n"
	            "ape\t1\t3\t1\t0.1\t3\t0.75\tinf\t0.1\t1\n",
	            MEANS "ape\t1\t\t3\t1\t1\t0.5\t1\t0.5\t2\n", NULL);
}

/* Over the seeds that are done, where all of them were evaluated by the same views. */
TEST(summary_averages_views)
{
	static const char text[] =
		"family\twidth\tseed\tstatus\ttotal\taccuracy\tviews\taccuracy_views\tloss_views\n"
		"ape\t1\t1\tdone\t100\t0.5\tflip\t0.5\t1\n"
		"ape\t1\t2\tdone\t100\t0.5\tflip\t0.75\t1\n"
		"ape\t1\t3\tdiverged\t100\tnan\t\tnan\tnan\n"
		"ape\t2\t1\tdone\t100\t0.5\tflip\t0.5\t1\n"
		"ape\t2\t2\tdone\t100\t0.5\tshifts 1\t0.75\t1\n"
		"ape\t3\t1\tdone\t100\t0.5\tflip\t0.5\t1\n"
		"ape\t3\t2\tdone\t100\t0.5\t\tnan\tnan\n"
		"ape\t4\t1\tfailed\t100\tnan\t\tnan\tnan\n";
	struct records records;
	struct summary s;
	struct error err = { "" };

	read_points(text, &records);
	CHECK(summary_create(&records, NULL, &s, &err));
	CHECK(s.networks[0].by_views == 0.625);
	for (int i = 1; i < 4; i++)
		CHECK(isnan(s.networks[i].by_views));
	summary_free(&s);
	records_free(&records);
}

/* What pictures are drawn from is there while they are drawn, and gone afterwards. */
TEST(summary_tables_for_pictures)
{
	struct picture_data data;
	struct error err = { "" };

	test_write("points.tsv", points, strlen(points));
	CHECK(!picture_data_create(test_folder(), &data, &err));
	test_write("curves.tsv", CURVES, strlen(CURVES));
	err.text[0] = '\0';
	CHECK(picture_data_create(test_folder(), &data, &err));
	const char *text = file_text(data.networks.temporary);
	CHECK(text == strstr(text, "family\twidth\tvariant\tgroup\tchosen\ttrainable\ttotal\tmacs\tseeds\tdone\t"
	                           "accuracy\taccuracy_deviation\taccuracy_lowest\taccuracy_highest\t"
	                           "accuracy_views\trank\tsize_rank\tfront\tstatus\tvariant_number\t"
	                           "family_number\ttitle\n"
	                           "ape\t1\t\t\ttrue\t0\t100\t0\t3\t3\t0.625\t0.125\t0.5\t0.75\t\t3\t3\t"
	                           "true\tdone\t1\t1\tZoo\n"));
	CHECK(strstr(text, "\ndog\t1\t\t\ttrue\t0\t250\t") && strstr(text, "\tfalse\tdone\t1\t3\tZoo\n"));
	CHECK_TEXT(file_text(data.means.temporary), MEANS);
	picture_data_remove(&data);
	CHECK_TEXT(file_text(data.networks.temporary), "(none)");
	CHECK_TEXT(file_text(data.means.temporary), "(none)");
}
