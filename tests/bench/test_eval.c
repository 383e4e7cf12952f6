/* `archsweep export` and `archsweep eval` from the command line: that trained weights are kept, leave, come back and
 * give the record's numbers, that averages are averages, and what is said where something is missing. */
#include "tests/helpers/flat_weights.h"
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#define ARGUMENTS(...) ((const char *const[]){ __VA_ARGS__ __VA_OPT__(,) NULL })

static struct program_result run_command(const char *command, const char *const *arguments)
{
	const char *argv[32] = { command, test_path("tiny.yaml"), "--reports", test_path("reports") };

	for (int i = 0; arguments[i] && i < 26; i++)
		argv[4 + i] = arguments[i];
	return run_archsweep(argv);
}
#define EVAL(...) run_command("eval", ARGUMENTS(__VA_ARGS__))
#define EXPORT(...) run_command("export", ARGUMENTS(__VA_ARGS__))

/* Trains the tiny sweep's points that match. */
static void train(const char *only)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", only)), 0, "");
}

/* A cell of TSV text in the row that begins so; "" where there is none. In a ring of static buffers. */
static const char *cell(const char *tsv, const char *row, int column)
{
	static char texts[16][64];
	static int next;
	char *to = texts[next++ % 16];

	to[0] = '\0';
	for (const char *line = tsv; line; line = (line = strchr(line, '\n')) ? line + 1 : NULL) {
		if (strncmp(line, row, strlen(row)) != 0)
			continue;
		for (int i = 0; i < column; i++)
			line += strcspn(line, "\t\n") + 1;
		snprintf(to, sizeof texts[0], "%.*s", (int)strcspn(line, "\t\n"), line);
		return to;
	}
	return to;
}

enum { CLASS = 2, IMAGES, CORRECT, ACCURACY, LOSS };    /* columns of eval --tsv */

/* --- what is kept ------------------------------------------------------------------------------------------------- */

TEST(run_keeps_the_weights_of_points_that_end_well)
{
	train("small/*");
	CHECK(file_stamp(weights_file("reports", "small", "1")) != 0);
	CHECK(file_stamp(weights_file("reports", "small", "4")) != 0);
	unsigned long long before = file_stamp(weights_file("reports", "small", "1"));
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "small/1", "--force")), 0, "");
	CHECK(file_stamp(weights_file("reports", "small", "1")) != before);
}

/* The data has changed and now the point diverges: the weights of its earlier training must not pass for its own. */
TEST(run_removes_the_weights_of_a_point_that_diverges)
{
	static const char sweep[] =
		"data: {idx: {folder: ., validation: 32}}\n"
		"input: [8, 8, 1]\n"
		"classes: 3\n"
		"recipe: {epochs: 1, batch: 16, learning_rate: 100, optimizer: {sgd: {momentum: 0}}}\n"
		"families:\n"
		"  - name: wild\n"
		"    widths: [8]\n"
		"    layers: [flatten, {repeat: {times: 8, layers: [{dense: {units: w}}]}}, {dense: {units: "
			"classes}}]\n";

	run_case_write_data(0);
	run_case_write_sweep(sweep);
	struct program_result result = run_tiny(ARGUMENTS());
	CHECK_TEXT(record_value(record_file("reports", "wild", "8"), "status"), "diverged");
	CHECK(file_stamp(weights_file("reports", "wild", "8")) == 0);
	program_result_free(&result);
	const char *stale = weights_file("reports", "wild", "8");
	fclose(fopen(stale, "w"));
	CHECK(file_stamp(stale) != 0);
	result = run_tiny(ARGUMENTS());
	CHECK_INT(result.status, 1);
	CHECK(file_stamp(stale) == 0);
	program_result_free(&result);
}

/* flat/8 has 9 KB of weights, the others half of that at most. */
TEST(run_on_a_full_disk_loses_the_point_that_has_no_room_and_no_other)
{
	struct rlimit limit;

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 8000, limit.rlim_max });
	struct program_result result = run_tiny(ARGUMENTS());
	setrlimit(RLIMIT_FSIZE, &limit);
	CHECK_INT(result.status, 1);
	CHECK_CONTAINS(result.err, "flat/8 failed: ");
	CHECK_CONTAINS(result.err, ".npz: cannot be written: File too large\n"
	                           "0 of 4 points diverged, 1 failed; the others are not affected\n");
	CHECK_INT(count_records("reports"), 3);
	CHECK(file_stamp(weights_file("reports", "small", "4")) != 0);
	program_result_free(&result);
	result = run_program((struct program){ .argv = (const char *[]){ "find", test_path("reports"), "-name", ".tmp*",
		NULL } });
	CHECK_TEXT(result.out, "");
	program_result_free(&result);
	CHECK_RUN(run_tiny(ARGUMENTS()), 0, "");
	CHECK_INT(count_records("reports"), 4);
}

/* --- export ------------------------------------------------------------------------------------------------------- */

TEST(export_writes_the_kept_weights)
{
	train("small/2");
	struct program_result r = EXPORT("small/2", "--npz", test_path("w.npz"), "--tsv");

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_TEXT(r.out,
	           "array\tshape\tnumbers\tkind\n"
	           "01_conv/kernel\t[3, 3, 1, 4]\t36\ttrained\n"
	           "01_conv/bias\t[4]\t4\ttrained\n"
	           "02_batch_norm/gamma\t[4]\t4\ttrained\n"
	           "02_batch_norm/beta\t[4]\t4\ttrained\n"
	           "02_batch_norm/moving_mean\t[4]\t4\tmoving statistics\n"
	           "02_batch_norm/moving_variance\t[4]\t4\tmoving statistics\n"
	           "07_dense/kernel\t[64, 3]\t192\ttrained\n"
	           "07_dense/bias\t[3]\t3\ttrained\n");
	CHECK(same_files(test_path("w.npz"), weights_file("reports", "small", "2")));
	program_result_free(&r);
}

/* Trained with a learning rate of almost nothing, for one update, the weights are still those of the beginning. */
TEST(export_of_initial_weights_is_what_training_begins_with)
{
	const char *const barely[] = { "--set", "recipe.learning_rate=1e-60", "--set", "recipe.epochs=1", "--only",
		"flat/8", NULL };

	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(barely), 0, "");
	struct program_result r = EXPORT("flat/8", "--npz", test_path("w.npz"), "--initial", "--set",
	                                 "recipe.epochs=7");
	CHECK_INT(r.status, 0);
	CHECK(same_files(test_path("w.npz"), weights_file("reports", "flat", "8")));
	program_result_free(&r);
	r = EXPORT("flat/8", "--npz", test_path("other.npz"), "--initial", "--set", "seeds=[2]");
	CHECK_INT(r.status, 0);
	CHECK(!same_files(test_path("w.npz"), test_path("other.npz")));
	program_result_free(&r);
}

static void check_line(struct program_result r, int status, const char *command, const char *want)
{
	char text[2048];

	snprintf(text, sizeof text, "archsweep %s: %s; see archsweep %s --help\n", command, want, command);
	CHECK_INT(r.status, status);
	CHECK_TEXT(r.err, text);
	CHECK_TEXT(r.out, "");
	program_result_free(&r);
}

TEST(export_refusals)
{
	run_case_write_sweep(NULL);
	check_line(EXPORT("small/1"), 2, "export", "--npz FILE is missing: where to write the weights");
	check_line(EXPORT("small/9", "--npz", "x"), 2, "export",
	           "no point is \"small/9\"; there are small/1/1, small/2/1, small/4/1, flat/8/1");
	check_line(EXPORT("small", "--npz", "x"), 2, "export",
	           "\"small\" is more than one point: small/1/1, small/2/1, small/4/1");
	struct program_result r = EXPORT("small/1", "--npz", test_path("none/w.npz"), "--initial");
	char want[1024];
	snprintf(want, sizeof want, "%s: cannot be written: No such file or directory\n", test_path("none/w.npz"));
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.err, want);
	program_result_free(&r);
}

/* Without the point's id, which is no business of this test. */
static void check_untrained(struct program_result r, const char *name, const char *end)
{
	char begins[512], ends[1024];

	snprintf(begins, sizeof begins, "%s has no trained weights: there is no %s/tiny/points/", name,
	         test_path("reports"));
	snprintf(ends, sizeof ends, ".npz; train it first: archsweep run %s --only %s --reports %s%s\n",
	         test_path("tiny.yaml"), name, test_path("reports"), end);
	CHECK_INT(r.status, 1);
	CHECK(strncmp(r.err, begins, strlen(begins)) == 0);
	CHECK_TEXT(r.err + strlen(begins) + 16, ends);
	CHECK_TEXT(r.out, "");
	program_result_free(&r);
}

TEST(weights_of_a_point_that_was_not_trained)
{
	train("small/1");
	check_untrained(EXPORT("small/2", "--npz", "x"), "small/2",
	                "; or take the weights that training begins with: --initial");
	check_untrained(EVAL("small/2"), "small/2", "; or give a file: --weights FILE");
	check_untrained(EVAL("small/1", "--ensemble", "small/2"), "small/2", "");
	unlink(weights_file("reports", "small", "1"));
	check_untrained(EVAL("small/1"), "small/1", " --force; or give a file: --weights FILE");
}

/* --- eval --------------------------------------------------------------------------------------------------------- */

TEST(eval_gives_the_numbers_of_the_record)
{
	static const char *const widths[] = { "1", "2", "4" };
	char point[16];

	train("*");
	for (int i = 0; i < 4; i++) {
		const char *family = i < 3 ? "small" : "flat", *width = i < 3 ? widths[i] : "8";
		const char *record = record_file("reports", family, width);

		snprintf(point, sizeof point, "%s/%s", family, width);
		struct program_result r = EVAL(point, "--tsv");
		snprintf(point, sizeof point, "%s/%s\t", family, width);
		CHECK_INT(r.status, 0);
		char row[40];
		snprintf(row, sizeof row, "%stest\t\t", point);
		CHECK_TEXT(cell(r.out, row, ACCURACY), record_value(record, "accuracy_test"));
		CHECK_TEXT(cell(r.out, row, LOSS), record_value(record, "loss_test"));
		CHECK_TEXT(cell(r.out, row, IMAGES), "32");
		snprintf(row, sizeof row, "%svalidation\t\t", point);
		CHECK_TEXT(cell(r.out, row, ACCURACY), record_value(record, "accuracy_validation"));
		CHECK_TEXT(cell(r.out, row, LOSS), record_value(record, "loss_validation"));
		program_result_free(&r);
	}
}

TEST(eval_of_classes_adds_up)
{
	char row[64];
	int images = 0, correct = 0;

	train("small/4");
	struct program_result r = EVAL("small/4", "--tsv", "--split", "test");
	for (int class = 0; class < 3; class++) {
		snprintf(row, sizeof row, "small/4\ttest\t%d\t", class);
		int of_class = (int)strtol(cell(r.out, row, IMAGES), NULL, 10),
			right = (int)strtol(cell(r.out, row, CORRECT), NULL, 10);
		CHECK_CLOSE(strtod(cell(r.out, row, ACCURACY), NULL), (double)right / of_class, 1e-15);
		CHECK_TEXT(cell(r.out, row, LOSS), "");
		images += of_class;
		correct += right;
	}
	CHECK_INT(images, 32);
	CHECK_INT(correct, strtol(cell(r.out, "small/4\ttest\t\t", CORRECT), NULL, 10));
	CHECK_CLOSE(strtod(cell(r.out, "small/4\ttest\t\t", ACCURACY), NULL), correct / 32.0, 0);
	CHECK_TEXT(cell(r.out, "small/4\tvalidation", ACCURACY), "");
	program_result_free(&r);
}

TEST(eval_is_the_same_on_any_number_of_threads)
{
	train("small/4");
	struct program_result one = EVAL("small/4", "--json", "--threads", "1");

	for (int threads = 2; threads <= 4; threads++) {
		char number[8];

		snprintf(number, sizeof number, "%d", threads);
		struct program_result r = EVAL("small/4", "--json", "--threads", number);
		CHECK_INT(r.status, 0);
		CHECK_TEXT(r.out, one.out);
		program_result_free(&r);
	}
	program_result_free(&one);
}

TEST(eval_of_exported_weights_is_eval_of_the_point)
{
	train("small/2");
	struct program_result r = EXPORT("small/2", "--npz", test_path("w.npz")), kept = EVAL("small/2", "--tsv");
	struct program_result exported = EVAL("small/2", "--tsv", "--weights", test_path("w.npz"));

	CHECK_INT(exported.status, 0);
	CHECK_TEXT(exported.out, kept.out);
	program_result_free(&r);
	program_result_free(&exported);
	r = EXPORT("small/2", "--npz", test_path("h.npz"), "--float16");
	/* Of seeds that nobody trained. */
	exported = EVAL("small/2", "--tsv", "--weights", test_path("h.npz"), "--set", "seeds=[5, 6]");
	const char *loss = cell(exported.out, "small/2/5\ttest\t\t", LOSS),
		*exact = cell(kept.out, "small/2\ttest\t\t", LOSS);
	CHECK(strcmp(loss, exact) != 0);
	CHECK_CLOSE(strtod(loss, NULL), strtod(exact, NULL), 0.01);
	program_result_free(&r);
	program_result_free(&exported);
	program_result_free(&kept);
}

static double number(const struct program_result *r, const char *row, int column)
{
	return strtod(cell(r->out, row, column), NULL);
}

/* Logits 0, log 2, log 5 for every image: shares 1/8, 2/8, 5/8. */
TEST(eval_of_weights_from_elsewhere)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	write_flat(test_path("w.npz"), (const float[]){ 0, logf(2), logf(5) }, 0);
	struct program_result r = EVAL("flat/8", "--tsv", "--split", "test", "--weights", test_path("w.npz"));
	double images[3], loss = 0;
	static const char *const rows[] = { "flat/8\ttest\t0", "flat/8\ttest\t1", "flat/8\ttest\t2" };

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	for (int i = 0; i < 3; i++) {
		images[i] = number(&r, rows[i], IMAGES);
		loss -= images[i] / 32 * log((i + 1 + 2 * (i == 2)) / 8.0);
		CHECK_CLOSE(number(&r, rows[i], ACCURACY), i == 2, 0);
	}
	CHECK_CLOSE(number(&r, "flat/8\ttest\t\t", LOSS), loss, 1e-6);
	CHECK_CLOSE(number(&r, "flat/8\ttest\t\t", ACCURACY), images[2] / 32, 0);
	program_result_free(&r);
}

/* Pixels 0..1 times w, and pixels 0..255 times w / 255, are the same network. */
TEST(eval_scales_pixels_as_the_sweep_says)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	write_flat(test_path("unit.npz"), (const float[]){ 0, 1, 0.5f }, 5);
	write_flat(test_path("raw.npz"), (const float[]){ 0, 1, 0.5f }, 5 / 255.0f);
	struct program_result unit = EVAL("flat/8", "--tsv", "--weights", test_path("unit.npz"));
	struct program_result raw = EVAL("flat/8", "--tsv", "--weights", test_path("raw.npz"), "--set",
	                                 "recipe.scaling=raw");
	struct program_result wrong = EVAL("flat/8", "--tsv", "--weights", test_path("raw.npz"));
	static const char row[] = "flat/8\ttest\t\t";

	CHECK_CLOSE(number(&raw, row, LOSS), number(&unit, row, LOSS), 1e-5);
	CHECK(fabs(number(&wrong, row, LOSS) - number(&unit, row, LOSS)) > 0.05);
	program_result_free(&unit);
	program_result_free(&raw);
	program_result_free(&wrong);
}

/* Two members that are sure of class 0 and of class 2, and both nearly as sure of class 1: together they say 1. */
TEST(eval_of_an_ensemble_averages_shares)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	CHECK_RUN(run_tiny(ARGUMENTS("--only", "flat/8", "--set", "seeds=[1, 2]")), 0, "");
	struct program_result list = run_archsweep(ARGUMENTS("summary", "--tsv", test_path("tiny.yaml"), "--set",
	                                                     "seeds=[1, 2]"));
	for (int seed = 1; seed <= 2; seed++) {
		static const float biases[2][3] = { { 5, 4, 1 }, { 1, 4, 5 } };
		char row[32], file[80];
		float logits[3];

		for (int c = 0; c < 3; c++)
			logits[c] = logf(biases[seed - 1][c] / 10);
		snprintf(row, sizeof row, "flat/8\t%d", seed);
		snprintf(file, sizeof file, "reports/tiny/points/%s.npz", cell(list.out, row, 2));
		CHECK(file_stamp(test_path(file)) != 0);
		write_flat(test_path(file), logits, 0);
	}
	struct program_result r = EVAL("--ensemble", "flat/8", "--name", "tiny", "--set", "seeds=[1, 2]", "--split",
	                               "test", "--tsv");
	double images[3];
	for (int c = 0; c < 3; c++) {
		char row[32];
		snprintf(row, sizeof row, "ensemble\ttest\t%d", c);
		images[c] = number(&r, row, IMAGES);
	}
	CHECK_INT(r.status, 0);
	CHECK_CLOSE(number(&r, "flat/8/1\ttest\t\t", ACCURACY), images[0] / 32, 0);
	CHECK_CLOSE(number(&r, "flat/8/2\ttest\t\t", ACCURACY), images[2] / 32, 0);
	CHECK_CLOSE(number(&r, "ensemble\ttest\t\t", ACCURACY), images[1] / 32, 0);
	CHECK_CLOSE(number(&r, "ensemble\ttest\t\t", LOSS), -log(0.3) * (images[0] + images[2]) / 32 -
	            log(0.4) * images[1] / 32, 1e-6);
	program_result_free(&r);
	program_result_free(&list);
}

TEST(eval_for_people_and_as_json)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	write_flat(test_path("w.npz"), (const float[]){ 0, 1, 2 }, 0);
	struct program_result people = EVAL("flat/8", "--weights", test_path("w.npz"));
	struct program_result json = EVAL("flat/8", "--json", "--weights", test_path("w.npz"), "--split", "test");

	CHECK_INT(people.status, 0);
	CHECK_CONTAINS(people.out, "point   split       images  accuracy %    loss\nflat/8  validation      32  ");
	CHECK_CONTAINS(people.out, "\n\nclass  validation %  images  test %  images\n    0          0.00 ");
	CHECK_INT(json.status, 0);
	CHECK_CONTAINS(json.out, "{\n  \"sweep\": \"tiny\",\n  \"family\": \"flat\",\n  \"width\": 8,\n  \"seed\": "
	               "1,\n  \"id\": \"");
	CHECK_CONTAINS(json.out, "  \"splits\": [\n    {\n      \"split\": \"test\",\n      \"images\": 32,\n      "
	               "\"correct\": ");
	CHECK_CONTAINS(json.out, "      \"classes\": [\n        {\"class\": 0, \"images\": ");
	CHECK_CONTAINS(json.out, "      \"confusion\": [\n        [0, 0, ");
	program_result_free(&people);
	program_result_free(&json);
}

/* Names are in no id: the weights are found. */
TEST(eval_names_classes)
{
	train("flat/8");
	static const char set[] = "classes=[a, 'b c', d]";
	struct program_result people = EVAL("flat/8", "--split", "test", "--name", "tiny", "--set", set);
	struct program_result json = EVAL("flat/8", "--json", "--name", "tiny", "--set", set);

	CHECK_INT(people.status, 0);
	CHECK_CONTAINS(people.out, "\n\nclass  name  test %  images\n    0  a     ");
	CHECK_CONTAINS(people.out, "\n    1  b c   ");
	CHECK_CONTAINS(json.out, ", \"name\": \"b c\"}");
	program_result_free(&people);
	program_result_free(&json);
}

TEST(eval_refusals)
{
	run_case_write_data(0);
	run_case_write_sweep(NULL);
	write_flat(test_path("w.npz"), (const float[]){ 0, 1, 2 }, 0);
	check_line(EVAL("small/1", "small/2"), 2, "eval", "unexpected argument \"small/2\"; several points make an "
	           "--ensemble");
	check_line(EVAL("small/1", "--ensemble"), 2, "eval", "an ensemble of one point; accepted: two and more");
	check_line(EVAL("small/*", "small/2", "--ensemble"), 2, "eval", "small/2 is in the ensemble twice");
	check_line(EVAL("small/1", "x", "--ensemble"), 2, "eval",
	           "no point is \"x\"; there are small/1/1, small/2/1, small/4/1, flat/8/1");
	check_line(EVAL("small/1", "--ensemble", "--weights", "x"), 2, "eval",
	           "--ensemble and --weights exclude each other");
	check_line(EVAL("flat/8", "--weights", test_path("w.npz"), "--split", "tets"), 2, "eval",
	           "--split: no split is \"tets\"; accepted: training, validation, test; did you mean \"test\"?");
	struct program_result r = EVAL("small/1", "--weights", test_path("w.npz"));
	char want[1024];
	snprintf(want, sizeof want, "%s: layer 1 (conv), kernel: the file's array \"arr_0\" is [64, 32], and the "
	         "network's is "
	         "[3, 3, 1, 2]\n", test_path("w.npz"));
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.err, want);
	CHECK_TEXT(r.out, "");
	program_result_free(&r);
}
