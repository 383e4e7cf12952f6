/* Ensembles: the YAML's, their evaluation from kept logits against a plain loop and against `eval`, and what is said
 * where members are missing. */
#include "bench/summary/ensemble_results.h"
#include "bench/weights/npz.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

/* Four points: t/1/1, t/1/2, t/2/1, t/2/2. */
#define FOUR HEAD "families: [{name: t, widths: [1, 2], layers: [flatten, dense: {units: w}, " \
	"dense: {units: classes}]}]\nseeds: [1, 2]\n"

enum { IMAGES = 32, CLASSES = 3 };

/* --- what the YAML says ------------------------------------------------------------------------------------------- */

static void check_members(const struct ensemble *e, const char *name, const char *numbers)
{
	char got[64] = "";

	CHECK_TEXT(e->name, name);
	for (int i = 0; i < e->count; i++)
		snprintf(got + strlen(got), sizeof got - strlen(got), "%d ", e->points[i]);
	CHECK_TEXT(got, numbers);
}

/* In the order of the sweep, whatever the order of the patterns. */
TEST(sweep_reads_ensembles)
{
	struct sweep *sweep = sweep_of(FOUR "ensembles: {all: t, large: [t/2], of-one-seed: [t/2/2, t/1/2], "
	                               "some: ['t/?/1', t/1/2]}\n", NULL);

	CHECK(sweep);
	if (!sweep)
		return;
	CHECK_INT(sweep->ensemble_count, 4);
	check_members(&sweep->ensembles[0], "all", "0 1 2 3 ");
	check_members(&sweep->ensembles[1], "large", "2 3 ");
	check_members(&sweep->ensembles[2], "of-one-seed", "1 3 ");
	check_members(&sweep->ensembles[3], "some", "0 1 2 ");
	sweep_destroy(sweep);
}

TEST(sweep_refuses_ensembles)
{
	CHECK_REFUSED(FOUR "ensembles: [t]\n", "s.yaml:7:12: ensembles: a list where a map is accepted");
	CHECK_REFUSED(FOUR "ensembles: {a: x}\n",
	              "s.yaml:7:16: ensembles: a: no point is \"x\"; there are t/1/1, t/1/2, t/2/1, t/2/2");
	CHECK_REFUSED(FOUR "ensembles: {a: [t/1, t/1/2]}\n",
	              "s.yaml:7:22: ensembles: a: t/1/2 is in the ensemble twice");
	CHECK_REFUSED(FOUR "ensembles: {a: t/1/1}\n",
	              "s.yaml:7:16: ensembles: a: an ensemble of one point; accepted: two and more");
	CHECK_REFUSED(FOUR "ensembles: {a: []}\n",
	              "s.yaml:7:16: ensembles: a: an ensemble of no point; accepted: two and more");
	CHECK_REFUSED(FOUR "ensembles: {a: {b: c}}\n",
	              "s.yaml:7:16: ensembles: a: a map where a pattern of points, or a list of them, is accepted");
	CHECK_REFUSED(FOUR "ensembles: {a: [[t]]}\n",
	              "s.yaml:7:17: ensembles: a: a list where a pattern of points is accepted");
	CHECK_REFUSED(FOUR "ensembles: {'a b': t}\n",
	              "s.yaml:7:13: ensembles: \"a b\" is no name; accepted: 1 to 63 letters, digits, ., _ and -");
}

/* --- how well they do --------------------------------------------------------------------------------------------- */

#define ENSEMBLES "ensembles={both: [flat/8, small/4], small: small}"
#define BOTH "--set", ENSEMBLES

/* A cell of ensembles.tsv; "" where there is none. */
static const char *cell(const char *name, int column)
{
	static char texts[8][64];
	static int next;
	char *to = texts[next++ % 8], row[64];

	snprintf(row, sizeof row, "\n%s\t", name);
	const char *at = strstr(file_text(test_path("reports/tiny/ensembles.tsv")), row);
	to[0] = '\0';
	if (!at)
		return to;
	for (at++; column > 0; column--)
		at += strcspn(at, "\t\n") + 1;
	snprintf(to, sizeof texts[0], "%.*s", (int)strcspn(at, "\t\n"), at);
	return to;
}

enum { STATUS = 1, POINTS, MISSING, TRAINABLE, TOTAL, MACS, ACCURACY, LOSS };

static void read_logits(const char *family, const char *width, float to[IMAGES * CLASSES])
{
	const char *record = record_file("reports", family, width);
	struct error err = { "" };
	char path[512];

	snprintf(path, sizeof path, "%s/reports/tiny/points/%s.logits.npz", test_folder(), record_value(record, "id"));
	struct npz *file = npz_open(path, &err);
	CHECK(file && npz_read_floats(file, npz_find(file, "test"), to, &err));
	npz_close(file);
}

/* The definition, in a plain loop over images, members and classes. */
static struct score by_hand(float logits[][IMAGES * CLASSES], int members)
{
	static unsigned char labels[8 + IMAGES];
	FILE *file = fopen(test_path("t10k-labels-idx1-ubyte"), "rb");
	struct score score = { 0, 0 };

	CHECK(file && fread(labels, 1, sizeof labels, file) == sizeof labels);
	fclose(file);
	for (int i = 0; i < IMAGES; i++) {
		double mean[CLASSES] = { 0 };
		int best = 0, label = labels[8 + i];

		for (int m = 0; m < members; m++) {
			const float *z = logits[m] + i * CLASSES;
			double sum = exp((double)z[0]) + exp((double)z[1]) + exp((double)z[2]);
			for (int c = 0; c < CLASSES; c++)
				mean[c] += exp((double)z[c]) / sum / members;
		}
		for (int c = 1; c < CLASSES; c++)
			best = mean[c] > mean[best] ? c : best;
		score.accuracy += (best == label) / (double)IMAGES;
		score.loss -= log(mean[label]) / IMAGES;
	}
	return score;
}

static long long count(const char *family, const char *width, const char *column)
{
	return strtoll(record_value(record_file("reports", family, width), column), NULL, 10);
}

static void train(void)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
}

TEST(run_evaluates_ensembles)
{
	static float logits[2][IMAGES * CLASSES];
	struct program_result r;

	train();
	r = run_tiny(ARGUMENTS(BOTH));
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_CONTAINS(r.out, "\n\nensemble  points  trainable  total   MACs  accuracy %    loss\n");
	CHECK_CONTAINS(r.out, "\nboth           2  ");
	CHECK_CONTAINS(r.out, "\nsmall          3  ");
	program_result_free(&r);
	read_logits("flat", "8", logits[0]);
	read_logits("small", "4", logits[1]);
	struct score want = by_hand(logits, 2);
	CHECK_TEXT(cell("both", STATUS), "done");
	CHECK_TEXT(cell("both", POINTS), "2");
	CHECK_TEXT(cell("both", MISSING), "0");
	CHECK_CLOSE(strtod(cell("both", ACCURACY), NULL), want.accuracy, 1e-15);
	CHECK_CLOSE(strtod(cell("both", LOSS), NULL), want.loss, 1e-12);
	CHECK_INT(strtoll(cell("both", TRAINABLE), NULL, 10),
	          count("flat", "8", "trainable") + count("small", "4", "trainable"));
	CHECK_INT(strtoll(cell("both", TOTAL), NULL, 10), count("flat", "8", "total") + count("small", "4", "total"));
	CHECK_INT(strtoll(cell("both", MACS), NULL, 10), count("flat", "8", "macs") + count("small", "4", "macs"));
	CHECK_TEXT(cell("small", POINTS), "3");
}

/* From kept logits or from weights: the same numbers to the last digit. */
TEST(run_and_eval_agree_on_ensembles)
{
	char want[128];

	train();
	CHECK_RUN(run_tiny(ARGUMENTS(BOTH)), 0, "");
	struct program_result r = run_archsweep(ARGUMENTS("eval", test_path("tiny.yaml"), "--reports",
	                                                  test_path("reports"), "--ensemble", "small", "--tsv",
	                                                  "--split", "test"));
	snprintf(want, sizeof want, "\t%s\t%s\t\t", cell("small", ACCURACY), cell("small", LOSS));
	CHECK_INT(r.status, 0);
	CHECK_CONTAINS(strstr(r.out, "\nensemble\ttest\t\t"), want);
	program_result_free(&r);
}

/* Nothing is trained for an ensemble that comes later; its table goes with the last one. */
TEST(run_evaluates_ensembles_of_trained_points)
{
	train();
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	CHECK_INT(access(test_path("reports/tiny/ensembles.tsv"), F_OK), -1);
	unsigned long long stamp = file_stamp(record_file("reports", "small", "4"));
	CHECK_RUN(run_tiny(ARGUMENTS(BOTH)), 0, "");
	CHECK(file_stamp(record_file("reports", "small", "4")) == stamp);
	CHECK_TEXT(cell("both", STATUS), "done");
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	CHECK_INT(access(test_path("reports/tiny/ensembles.tsv"), F_OK), -1);
}

/* --only leaves the other points alone. */
TEST(run_says_which_ensembles_lack_points)
{
	train();
	CHECK_RUN(run_tiny(ARGUMENTS(BOTH, "--only", "small/[12]")), 0,
	          "ensemble both: has no accuracy, 2 of 2 points are missing: small/4 is not trained\n"
	          "ensemble small: has no accuracy, 1 of 3 points is missing: small/4 is not trained\n");
	CHECK_TEXT(cell("small", STATUS), "points are missing");
	CHECK_TEXT(cell("small", MISSING), "1");
	CHECK_TEXT(cell("small", TOTAL), "");
	CHECK_TEXT(cell("small", ACCURACY), "");
	CHECK_RUN(run_tiny(ARGUMENTS(BOTH)), 0, "");
	CHECK_TEXT(cell("small", STATUS), "done");
}

/* `collect` evaluates them where the data can be read, and writes all else where it cannot. */
TEST(collect_evaluates_ensembles)
{
	static const char *const collect[] = { "collect", NULL, "--reports", NULL, BOTH, "--name", "tiny", NULL };
	const char *argv[12];

	train();
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	memcpy(argv, collect, sizeof collect);
	argv[1] = test_path("tiny.yaml");
	argv[3] = test_path("reports");
	CHECK_RUN(run_archsweep(argv), 0, "");
	CHECK_TEXT(cell("both", STATUS), "done");
	CHECK_INT(unlink(test_path("t10k-labels-idx1-ubyte")), 0);
	struct program_result r = run_archsweep(argv);
	CHECK_INT(r.status, 0);
	CHECK(strncmp(r.err, "without the data ensembles are not evaluated: ", 46) == 0);
	CHECK_TEXT(cell("both", STATUS), "done");
	program_result_free(&r);
}

/* --- what is read ------------------------------------------------------------------------------------------------- */

static char said[2048];

static void note_line(const char *line)
{
	snprintf(said, sizeof said, "%s", line);
}

/* Logits that are no longer what they were, or not of this data, count as missing, and no other ensemble suffers. */
TEST(ensembles_do_not_believe_logits)
{
	char path[512], want[1024];
	struct error err = { "" };

	train();
	CHECK_RUN(run_tiny(ARGUMENTS(BOTH)), 0, "");
	const char *id = record_value(record_file("reports", "flat", "8"), "id");
	snprintf(path, sizeof path, "reports/tiny/points/%s.logits.npz", id);
	test_write(path, "no zip", 6);
	struct sweep *sweep = sweep_read(test_path("tiny.yaml"), (const char *const[]){ ENSEMBLES }, 1, &err);
	struct dataset data;
	struct records records;
	struct ensemble_results results;
	CHECK(sweep && dataset_read(&sweep->data, &data, &err));
	CHECK(records_read(test_path("reports/tiny"), sweep, &records, &err));
	const struct ensemble_source source = { sweep, &records, &data, test_path("reports/tiny"), note_line };
	CHECK(ensemble_results_create(&source, &results, &err));
	CHECK_TEXT(err.text, "");
	CHECK_INT(results.at[0].missing, 1);
	CHECK(isnan(results.at[0].score.accuracy) && isfinite(results.at[1].score.accuracy));
	snprintf(want, sizeof want, "ensemble both: has no accuracy, 1 of 2 points is missing: %s: is damaged: it is "
	         "not what was written with the record", test_path(path));
	CHECK_TEXT(said, want);
	ensemble_results_free(&results);
	data.digest++;
	CHECK(ensemble_results_create(&source, &results, &err));
	CHECK_TEXT(said, "ensemble small: has no accuracy, 3 of 3 points are missing: small/1 is not trained");
	ensemble_results_free(&results);
	records_free(&records);
	dataset_free(&data);
	sweep_destroy(sweep);
}

TEST(summary_lists_ensembles)
{
	run_case_write_sweep(NULL);
	struct program_result r = run_archsweep(ARGUMENTS("summary", test_path("tiny.yaml"), BOTH));
	CHECK_INT(r.status, 0);
	CHECK_CONTAINS(r.out, "\n\nensemble  points  trainable  total   MACs\n"
	                      "both           2      2,662  2,678  7,136\n");
	program_result_free(&r);
}
