/* Test-time augmentation: the YAML's views, the mean of softmax outputs, `run` that evaluates what is missing and
 * trains nothing, and `eval --views`. */
#include "bench/eval/soft_mean.h"
#include "bench/run/evaluate_views.h"
#include "bench/system/lock.h"
#include "tests/helpers/flat_weights.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/sweep_text.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

enum { IMAGES = 32, CLASSES = 3, SIDE = 8 };

/* --- what the YAML says ------------------------------------------------------------------------------------------- */

/* Two points. */
#define TWO HEAD "families: [{name: t, widths: [1, 2], layers: [flatten, dense: {units: w}, " \
	"dense: {units: classes}]}]\n"

static void check_views(const char *yaml, const char *text, const struct view *want, int count)
{
	char whole[1024];

	snprintf(whole, sizeof whole, HEAD TINY "views: %s\n", yaml);
	struct sweep *sweep = sweep_of(whole, NULL);
	CHECK(sweep);
	if (!sweep)
		return;
	CHECK_TEXT(sweep->views.text, text);
	CHECK_INT(sweep->views.count, count);
	for (int i = 0; i < count; i++)
		CHECK(sweep->views.at[i].flip == want[i].flip && sweep->views.at[i].dy == want[i].dy &&
		      sweep->views.at[i].dx == want[i].dx);
	sweep_destroy(sweep);
}

TEST(sweep_reads_views)
{
	static const struct view flips[] = { { false, 0, 0 }, { true, 0, 0 } };
	static const struct view shifts[] = { { false, 0, 0 }, { false, -3, 0 }, { false, 3, 0 }, { false, 0, -3 },
		{ false, 0, 3 } };
	static const struct view crops[] = { { false, 0, 0 }, { true, 0, 0 }, { false, -2, -2 }, { true, -2, -2 },
		{ false, -2, 2 }, { true, -2, 2 }, { false, 2, -2 }, { true, 2, -2 }, { false, 2, 2 }, { true, 2, 2 } };

	check_views("flip", "flip", flips, 2);
	check_views("{shifts: {pixels: 3}}", "shifts 3", shifts, 5);
	check_views("ten_crop", "ten_crop 2", crops, 10);
}

TEST(sweep_refuses_views)
{
	CHECK_REFUSED(HEAD TINY "views: flips\n",
	              "s.yaml:6:8: views: \"flips\" is unknown; accepted: flip, shifts, ten_crop; "
	              "did you mean \"flip\"?");
	CHECK_REFUSED(HEAD TINY "views: {shifts: {pixels: 0}}\n", "s.yaml:6:26: pixels: 0 is outside 1..64");
	CHECK_REFUSED(HEAD TINY "views: {shifts: {by: 1}}\n", "s.yaml:6:18: by: unknown key; accepted: pixels");
	CHECK_REFUSED(HEAD TINY "views: {flip: {by: 1}}\n", "s.yaml:6:16: by: unknown key; accepted: none");
	CHECK_REFUSED(HEAD TINY "views: {ten_crop: {pixels: 8}}\n",
	              "s.yaml:6:9: views: ten_crop of 8 pixels where images have 8x8; accepted: fewer than 8");
}

/* What is asked of finished points is no part of what they are. */
TEST(views_and_ensembles_are_in_no_id)
{
	struct sweep *plain = sweep_of(TWO, NULL), *more = sweep_of(TWO "views: flip\nensembles: {both: t/*}\n", NULL);

	CHECK(plain && more);
	for (int i = 0; plain && more && i < plain->point_count; i++)
		CHECK_TEXT(more->points[i].id, plain->points[i].id);
	sweep_destroy(plain);
	sweep_destroy(more);
}

/* --- the mean ----------------------------------------------------------------------------------------------------- */

/* From PyTorch: z = torch.tensor(outputs).double(); m = torch.softmax(z, -1).mean(0); loss = nll_loss(m.log(),
 * labels). */
TEST(soft_mean_is_that_of_pytorch)
{
	static const float outputs[2][3 * 4] = {
		{ -0.25, 3.75, -4.875, -1.25, 0.375, 3.125, -1.375, 1.875, -1.375, 2.5, -3.625, -4.5 },
		{ -4.75, -1.5, -0.125, 3.625, -0.375, -4.875, -3.625, -1.125, -4.625, 0, -2.125, 0.75 },
	};
	static const double want[3 * 4] = {
		0.009044381697901803, 0.49058131699161894, 0.01150733877845103, 0.48886696253202838,
		0.35193749003207236, 0.37087965165774095, 0.016815388726537039, 0.26036746958364981,
		0.011645405126929216, 0.64237552361319783, 0.019463867637993789, 0.32651520362187919,
	};
	static const uint8_t labels[3] = { 1, 3, 0 };
	struct soft_mean mean, twice;
	struct error err = { "" };

	CHECK(soft_mean_create(&mean, 3, 4, &err) && soft_mean_create(&twice, 3, 4, &err));
	soft_mean_add(&mean, outputs[0]);
	soft_mean_add(&mean, outputs[1]);
	for (int i = 0; i < 12; i++)
		CHECK_CLOSE(mean.sums[i] / mean.count, want[i], 1e-15);
	struct score score = soft_mean_score(&mean, labels);
	CHECK_CLOSE(score.loss, 2.1702230391873116, 1e-15);
	CHECK_CLOSE(score.accuracy, 1 / 3.0, 0);
	for (int i = 0; i < 3; i++)
		CHECK_INT(soft_mean_class(&mean, i), 1);
	/* A mean of two counts as one output of a mean over it and another. */
	soft_mean_add_mean(&twice, &mean);
	soft_mean_add(&twice, outputs[0]);
	CHECK_INT(twice.count, 2);
	CHECK_CLOSE(twice.sums[3] - want[3], 1 / (1 + exp(1) + exp(5) + exp(-3.625)), 1e-15);
	soft_mean_free(&mean);
	soft_mean_free(&twice);
}

TEST(soft_mean_of_no_number_is_none)
{
	const float outputs[2 * 2] = { NAN, NAN, 1, NAN };
	struct soft_mean mean;
	struct error err = { "" };

	CHECK(soft_mean_create(&mean, 2, 2, &err));
	soft_mean_add(&mean, outputs);
	CHECK_INT(soft_mean_class(&mean, 0), -1);
	CHECK_INT(soft_mean_class(&mean, 1), -1);
	CHECK(isnan(soft_mean_score(&mean, (const uint8_t[]){ 0, 0 }).loss));
	soft_mean_free(&mean);
}

/* --- eval --------------------------------------------------------------------------------------------------------- */

/* Columns of eval --tsv. */
enum { ACCURACY = 5, LOSS = 6, ACCURACY_VIEWS = 8, LOSS_VIEWS = 9 };

static double cell(const struct program_result *r, const char *row, int column)
{
	const char *line = strstr(r->out, row);

	CHECK(line);
	for (int i = 0; line && i < column; i++)
		line += strcspn(line, "\t\n") + 1;
	return line ? strtod(line, NULL) : NAN;
}

static struct program_result eval(const char *const *arguments)
{
	const char *argv[24] = { "eval", test_path("tiny.yaml"), "--reports", test_path("reports"), "--tsv" };

	for (int i = 0; arguments[i] && i < 18; i++)
		argv[5 + i] = arguments[i];
	return run_archsweep(argv);
}

/* Pixel of a test image as a view shows it, 0..1. */
static double pixel(const unsigned char *image, int y, int x, struct view view)
{
	y += view.dy;
	x += view.dx;
	if (y < 0 || y >= SIDE || x < 0 || x >= SIDE)
		return 0;
	return image[y * SIDE + (view.flip ? SIDE - 1 - x : x)] / 255.0;
}

/* By the definition: logits (5 * first pixel, 1, 0.5), softmax of each view, their mean, its class and loss. */
static struct score by_hand(const struct view *views, int count)
{
	static unsigned char images[16 + IMAGES * SIDE * SIDE], labels[8 + IMAGES];
	FILE *file = fopen(test_path("t10k-images-idx3-ubyte"), "rb");
	struct score score = { 0, 0 };

	CHECK(file && fread(images, 1, sizeof images, file) == sizeof images);
	fclose(file);
	file = fopen(test_path("t10k-labels-idx1-ubyte"), "rb");
	CHECK(file && fread(labels, 1, sizeof labels, file) == sizeof labels);
	fclose(file);
	for (int i = 0; i < IMAGES; i++) {
		double mean[CLASSES] = { 0 };
		int label = labels[8 + i], best = 0;

		for (int v = 0; v < count; v++) {
			double z = 5 * pixel(images + 16 + i * SIDE * SIDE, 0, 0, views[v]);
			double sum = exp(z) + exp(1) + exp(0.5);
			mean[0] += exp(z) / sum / count;
			mean[1] += exp(1) / sum / count;
			mean[2] += exp(0.5) / sum / count;
		}
		for (int c = 1; c < CLASSES; c++)
			best = mean[c] > mean[best] ? c : best;
		score.accuracy += (best == label) / (double)IMAGES;
		score.loss -= log(mean[label]) / IMAGES;
	}
	return score;
}

static void check_eval(const char *kind, const struct view *views, int count)
{
	struct program_result r = eval(ARGUMENTS("flat/8", "--weights", test_path("w.npz"), "--split", "test",
	                                         "--views", kind));
	struct score plain = by_hand(views, 1), all = by_hand(views, count);

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_CLOSE(cell(&r, "flat/8\ttest\t\t", ACCURACY), plain.accuracy, 1e-15);
	CHECK_CLOSE(cell(&r, "flat/8\ttest\t\t", LOSS), plain.loss, 1e-6);
	CHECK_CLOSE(cell(&r, "flat/8\ttest\t\t", ACCURACY_VIEWS), all.accuracy, 1e-15);
	CHECK_CLOSE(cell(&r, "flat/8\ttest\t\t", LOSS_VIEWS), all.loss, 1e-6);
	CHECK(fabs(plain.loss - all.loss) > 1e-3);
	program_result_free(&r);
}

TEST(eval_by_views_is_the_mean_of_what_each_shows)
{
	static const struct view flips[] = { { false, 0, 0 }, { true, 0, 0 } };
	static const struct view shifts[] = { { false, 0, 0 }, { false, -2, 0 }, { false, 2, 0 }, { false, 0, -2 },
		{ false, 0, 2 } };
	static const struct view crops[] = { { false, 0, 0 }, { false, -2, -2 }, { false, -2, 2 }, { false, 2, -2 },
		{ false, 2, 2 }, { true, 0, 0 }, { true, -2, -2 }, { true, -2, 2 }, { true, 2, -2 }, { true, 2, 2 } };

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	write_flat(test_path("w.npz"), (const float[]){ 0, 1, 0.5f }, 5);
	check_eval("flip", flips, 2);
	check_eval("{shifts: {pixels: 2}}", shifts, 5);
	check_eval("ten_crop", crops, 10);
}

TEST(eval_by_views_for_people_and_as_json)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	write_flat(test_path("w.npz"), (const float[]){ 0, 1, 2 }, 0);
	const char *argv[] = { "eval", test_path("tiny.yaml"), "flat/8", "--weights", test_path("w.npz"), "--split",
		"test", "--views", "flip", NULL, NULL };
	struct program_result people = run_archsweep(argv);
	argv[9] = "--json";
	struct program_result json = run_archsweep(argv);

	CHECK_INT(people.status, 0);
	CHECK_CONTAINS(people.out, "point   split  images  accuracy %    loss  views %  their loss\n");
	CHECK_INT(json.status, 0);
	CHECK_CONTAINS(json.out, "{\n  \"sweep\": \"tiny\",\n  \"views\": \"flip\",\n  \"family\": ");
	CHECK_CONTAINS(json.out, ",\n      \"accuracy_views\": 0.1875,\n      \"loss_views\": 1.62635596");
	program_result_free(&people);
	program_result_free(&json);
}

TEST(eval_refuses_views)
{
	run_case_write_sweep(NULL);
	struct program_result r = eval(ARGUMENTS("flat/8", "--views", "flap"));

	CHECK_INT(r.status, 2);
	CHECK_TEXT(r.err, "--set views=flap:1:7: views: \"flap\" is unknown; accepted: flip, shifts, ten_crop; did you "
	           "mean \"flip\"?\n");
	program_result_free(&r);
}

/* --- run ---------------------------------------------------------------------------------------------------------- */

/* A point that was trained without views gets them from its weights, as one that was trained with them. */
TEST(run_evaluates_views_without_training_again)
{
	static const char *const later[] = { "--set", "views=flip", NULL };

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	const char *record = record_file("reports", "small", "4"), *weights = weights_file("reports", "small", "4");
	unsigned long long stamp = file_stamp(weights);
	CHECK_TEXT(record_value(record, "views"), "");
	CHECK_TEXT(record_value(record, "accuracy_views"), "nan");
	struct program_result r = run_tiny(ARGUMENTS("--set", "views=flip", "--dry-run"));
	CHECK_CONTAINS(r.out, "\n4 trained points to evaluate by views: flip\n");
	program_result_free(&r);

	r = run_tiny(ARGUMENTS("--set", "views=flip", "--verbose"));
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "4 points evaluated by views: flip\n");
	CHECK_CONTAINS(r.out, "all 4 points are up to date\n");
	CHECK_CONTAINS(r.out, "accuracy %  views %");
	program_result_free(&r);
	CHECK(file_stamp(weights) == stamp);
	CHECK_TEXT(record_value(record, "views"), "flip");
	r = eval(ARGUMENTS("small/4", "--views", "flip", "--split", "test"));
	CHECK_CLOSE(strtod(record_value(record, "accuracy_views"), NULL), cell(&r, "small/4\ttest", ACCURACY_VIEWS), 0);
	CHECK_CLOSE(strtod(record_value(record, "loss_views"), NULL), cell(&r, "small/4\ttest", LOSS_VIEWS), 0);
	program_result_free(&r);

	CHECK_RUN(run_tiny_in("others", 1, later), 0, "");
	CHECK(same_records("reports", "others"));
	stamp = file_stamp(record);
	CHECK_RUN(run_tiny(later), 0, "");
	CHECK(file_stamp(record) == stamp);
}

/* Other views take the place of the first; none asked for leaves what is there. */
TEST(run_replaces_views)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8", "--set", "views=flip")), 0, "");
	const char *record = record_file("reports", "flat", "8");
	char before[32];
	snprintf(before, sizeof before, "%s", record_value(record, "loss_views"));
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8")), 0, "");
	CHECK_TEXT(record_value(record, "loss_views"), before);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8", "--set", "views=shifts")), 0, "");
	CHECK_TEXT(record_value(record, "views"), "shifts 1");
	CHECK(strcmp(record_value(record, "loss_views"), before) != 0);
}

/* Four points that were trained without views, before they are evaluated. */
struct waiting {
	struct sweep *sweep;
	struct pending pending;
	struct records records;
	struct dataset data;
	struct train_request request;
};

static void wait_for_views(struct waiting *w, const volatile int *stop)
{
	struct error err = { "" };

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	w->sweep = sweep_read(test_path("tiny.yaml"), (const char *[]){ "views=flip" }, 1, &err);
	CHECK(w->sweep && pending_choose(w->sweep, NULL, 0, &w->pending, &err));
	CHECK(records_read(test_path("reports/tiny"), w->sweep, &w->records, &err));
	CHECK(dataset_read(&w->sweep->data, &w->data, &err));
	w->request = (struct train_request){ .sweep = w->sweep, .pending = &w->pending, .records = &w->records,
		.data = &w->data, .folder = test_path("reports/tiny"), .threads = 1, .stop = stop,
		.lock = lock_open(test_path("reports/tiny"), &err) };
	CHECK_TEXT(err.text, "");
	CHECK_INT(views_missing(w->sweep, &w->pending, &w->records), 4);
}

static void waiting_free(struct waiting *w)
{
	lock_close(w->request.lock);
	dataset_free(&w->data);
	records_free(&w->records);
	pending_free(&w->pending);
	sweep_destroy(w->sweep);
}

TEST(run_by_views_is_interrupted)
{
	static volatile int stop = 1;
	struct error err = { "" };
	struct waiting w;
	int done = -1;

	wait_for_views(&w, &stop);
	CHECK(!evaluate_views(&w.request, &done, &err));
	CHECK_TEXT(err.text, "interrupted: 4 of 4 points are left to be evaluated by views; what is done is kept, and "
	           "the same command goes on from there");
	CHECK_INT(done, 0);
	waiting_free(&w);
}

/* What another run has locked is its to evaluate, or to train. */
TEST(run_by_views_leaves_locked_points)
{
	struct error err = { "" };
	struct waiting w;
	int done = -1;

	wait_for_views(&w, NULL);
	int other = lock_open(test_path("reports/tiny"), &err);
	CHECK_INT(lock_try(other, lock_place(w.sweep->points[1].id), LOCK_ALONE, &err), LOCK_TAKEN);
	CHECK(evaluate_views(&w.request, &done, &err));
	CHECK_INT(done, 3);
	CHECK_INT(views_missing(w.sweep, &w.pending, &w.records), 1);
	lock_close(other);
	CHECK(evaluate_views(&w.request, &done, &err));
	CHECK_INT(done, 1);
	CHECK_TEXT(err.text, "");
	waiting_free(&w);
}

/* Weights that cannot be read are an error, and what came before it is kept. */
TEST(run_by_views_says_which_weights_are_missing)
{
	struct error err = { "" };
	struct waiting w;
	char want[1024];
	int done = -1;

	wait_for_views(&w, NULL);
	const char *weights = weights_file("reports", "small", "2");
	CHECK_INT(remove(weights), 0);
	CHECK(!evaluate_views(&w.request, &done, &err));
	snprintf(want, sizeof want, "%s: cannot be read: No such file or directory", weights);
	CHECK_TEXT(err.text, want);
	CHECK_INT(done, 1);
	CHECK_TEXT(record_value(record_file("reports", "small", "1"), "views"), "flip");
	waiting_free(&w);
}

/* A point of another folder that was evaluated by views is the same point as one that was not. */
TEST(collect_compares_views_only_where_both_have_the_same)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8")), 0, "");
	CHECK_RUN(run_tiny_in("others", 1, ARGUMENTS("--only", "flat/8", "--set", "views=flip")), 0, "");
	CHECK_RUN(run_archsweep(ARGUMENTS("collect", test_path("tiny.yaml"), "--reports", test_path("reports"),
	                                  test_path("others/tiny"), "--allow-missing")), 0,
	          "3 of 4 points are missing: small/1, small/2, small/4\n");
	CHECK_RUN(run_archsweep(ARGUMENTS("collect", test_path("tiny.yaml"), "--reports", test_path("others"),
	                                  test_path("reports/tiny"), "--allow-missing")), 0,
	          "3 of 4 points are missing: small/1, small/2, small/4\n");
	CHECK_TEXT(record_value(record_file("others", "flat", "8"), "views"), "flip");
}

/* Damaged weights are named, and nothing is evaluated in their place; `run` trains the point again. */
TEST(run_by_views_does_not_believe_weights)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8")), 0, "");
	write_flat(weights_file("reports", "flat", "8"), (const float[]){ 0, 1, 2 }, 0);
	struct program_result r = run_tiny(ARGUMENTS("--only", "flat/8", "--set", "views=flip", "--dry-run"));
	CHECK_CONTAINS(r.out, "files are damaged");
	program_result_free(&r);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8", "--set", "views=flip")), 0, "");
	CHECK_RUN(run_tiny_in("others", 1, ARGUMENTS("--only", "flat/8", "--set", "views=flip")), 0, "");
	CHECK(same_records("reports", "others"));
}
