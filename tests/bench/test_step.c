/* `archsweep step` from the command line: a network with a layer of every type against PyTorch's numbers
 * (tests/fixtures/make_step_fixtures.py), dropout, threads, and errors for files that do not fit. */
#include "bench/weights/npz.h"
#include "tests/helpers/run_program.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE(name) "tests/fixtures/step/" name
#define EVERYTHING FIXTURE("step.yaml"), "everything/3"
#define RESULT "results.npz"

static const char *const fixture[] = { "step", EVERYTHING, "--weights", FIXTURE("weights.npz"), "--batch",
                                       FIXTURE("batch.npz"), NULL };

enum { MAX_ARGUMENTS = 24 };

/* Runs `first`, then `--out NAME` in the test's folder, then `more`. */
static struct program_result run_step(const char *const *first, const char *name, const char *const *more,
                                      const char *kernels)
{
	const char *argv[MAX_ARGUMENTS] = { archsweep_path() }, *environment[] = { kernels, NULL };
	int count = 1;

	while (*first)
		argv[count++] = *first++;
	argv[count++] = "--out";
	argv[count++] = test_path(name);
	while (more && *more && count < MAX_ARGUMENTS - 1)
		argv[count++] = *more++;
	return run_program((struct program){ .argv = argv, .environment = environment });
}
#define MORE(...) ((const char *const[]){ __VA_ARGS__, NULL })

/* The same, which must succeed with nothing on stderr. */
static void step(const char *const *first, const char *name, const char *const *more, const char *kernels)
{
	struct program_result r = run_step(first, name, more, kernels);

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	program_result_free(&r);
}

/* All numbers of an array; the caller frees. */
static float *read_floats(struct npz *npz, const struct npz_array *array)
{
	struct error err = { "" };
	float *to = calloc((size_t)array->count + 1, sizeof *to);

	if (!npz_read_floats(npz, array, to, &err))
		test_fail(__FILE__, __LINE__, "%s", err.text);
	return to;
}

static float *read_named(const char *path, const char *name, int64_t count)
{
	struct npz *npz = npz_open_well(path);
	const struct npz_array *array = npz_find(npz, name);

	if (!array || array->count != count) {
		test_fail(__FILE__, __LINE__, "%s: no \"%s\" of %d numbers", path, name, (int)count);
		abort();
	}
	float *values = read_floats(npz, array);
	npz_close(npz);
	return values;
}

/* --- the numbers -------------------------------------------------------------------------------------------------- */

/* Errors against the array's largest number, or, of gradients that are zero on paper, against numbers of size 1. */
static void check_values(const char *name, const float *got, const float *want, int64_t count)
{
	double largest = 0;

	for (int64_t i = 0; i < count; i++)
		largest = fmax(largest, fabs((double)want[i]));
	double allowed = largest > 1e-6 ? 1e-5 * largest : 1e-6;
	for (int64_t i = 0; i < count; i++)
		if (!(fabs((double)got[i] - (double)want[i]) <= allowed)) {
			test_fail(__FILE__, __LINE__, "%s: number %d is %.9g, PyTorch has %.9g", name, (int)i,
			          (double)got[i], (double)want[i]);
			return;
		}
}

static void check_shape(const struct npz_array *got, const struct npz_array *want)
{
	char a[NPZ_SHAPE_BYTES], b[NPZ_SHAPE_BYTES];

	CHECK_TEXT(npz_shape(got->rank, got->dims, a), npz_shape(want->rank, want->dims, b));
	CHECK_INT(got->type, NPZ_FLOAT32);
}

/* Every array of the fixture is there, and no other. */
static void check_results(const char *path)
{
	struct npz *got = npz_open_well(path), *want = npz_open_well(FIXTURE("out.npz"));

	CHECK_INT(npz_count(got), npz_count(want));
	for (int i = 0; i < npz_count(want); i++) {
		const struct npz_array *expected = npz_at(want, i), *found = npz_find(got, expected->name);

		if (!found) {
			test_fail(__FILE__, __LINE__, "there is no %s", expected->name);
			continue;
		}
		check_shape(found, expected);
		float *a = read_floats(got, found), *b = read_floats(want, expected);
		if (found->count == expected->count)
			check_values(expected->name, a, b, expected->count);
		free(a);
		free(b);
	}
	npz_close(got);
	npz_close(want);
}

TEST(step_agrees_with_pytorch_on_a_layer_of_every_type)
{
	step(fixture, RESULT, NULL, NULL);
	check_results(test_path(RESULT));
	step(fixture, RESULT, NULL, "ARCHSWEEP_KERNELS=portable");
	check_results(test_path(RESULT));
}

TEST(step_results_stand_in_the_order_of_the_network)
{
	static const char *const want[] = { "loss", "losses", "logits", "grad/01_batch_norm/gamma",
	                                    "grad/01_batch_norm/beta",
		"grad/02_conv/kernel", "grad/02_conv/bias", "grad/04_depthwise/kernel" };

	step(fixture, RESULT, NULL, NULL);
	struct npz *npz = npz_open_well(test_path(RESULT));
	for (int i = 0; i < 8; i++)
		CHECK_TEXT(npz_at(npz, i)->name, want[i]);
	CHECK_TEXT(npz_at(npz, npz_count(npz) - 1)->name, "13_batch_norm/moving_variance");
	npz_close(npz);
}

TEST(step_is_the_same_to_the_byte_for_any_number_of_threads)
{
	step(fixture, "one.npz", MORE("--threads", "1"), NULL);
	for (int threads = 2; threads <= 4; threads++) {
		char text[8];
		snprintf(text, sizeof text, "%d", threads);
		step(fixture, "more.npz", MORE("--threads", text), NULL);
		CHECK(same_files(test_path("one.npz"), test_path("more.npz")));
	}
}

TEST(step_prints_loss_and_accuracy)
{
	struct program_result r = run_step(fixture, RESULT, MORE("--tsv"), NULL);
	float *loss = read_named(test_path(RESULT), "loss", 1), *losses = read_named(test_path(RESULT), "losses", 21);
	double printed = -1, accuracy = -1, sum = 0;

	CHECK(sscanf(r.out, "images\tloss\taccuracy\n21\t%lf\t%lf\n", &printed, &accuracy) == 2);
	for (int i = 0; i < 21; i++)
		sum += (double)losses[i];
	CHECK_CLOSE(sum / 21, (double)*loss, 1e-6);
	CHECK_CLOSE(printed, (double)*loss, 1e-6);
	CHECK_CLOSE(accuracy * 21, round(accuracy * 21), 1e-4);
	free(loss);
	free(losses);
	program_result_free(&r);
}

TEST(step_takes_the_recipes_label_smoothing)
{
	step(fixture, "with.npz", NULL, NULL);
	step(fixture, "without.npz", MORE("--set", "recipe.label_smoothing=0"), NULL);
	float *with = read_named(test_path("with.npz"), "loss", 1);
	float *without = read_named(test_path("without.npz"), "loss", 1);
	CHECK(fabsf(*with - *without) > 1e-3f);
	free(with);
	free(without);
}

TEST(step_begins_with_the_first_weights_unless_told)
{
	const char *first = test_path("first.npz");
	struct program_result r =
		run_archsweep((const char *[]){ "export", EVERYTHING, "--initial", "--npz", first, NULL });
	const char *without[] = { "step", EVERYTHING, "--batch", FIXTURE("batch.npz"), NULL };
	const char *with[] = { "step", EVERYTHING, "--batch", FIXTURE("batch.npz"), "--weights", first, NULL };

	CHECK_INT(r.status, 0);
	step(without, "a.npz", NULL, NULL);
	step(with, "b.npz", NULL, NULL);
	CHECK(same_files(test_path("a.npz"), test_path("b.npz")));
	step(without, "c.npz", MORE("--set", "seeds=[4]"), NULL);
	CHECK(!same_files(test_path("a.npz"), test_path("c.npz")));
	program_result_free(&r);
}

/* --- a network of one dense layer, whose numbers need no other program -------------------------------------------- */

static const char line_sweep[] =
	"data: {idx: {folder: nowhere}}\n"
	"input: [4, 5, 2]\n"
	"classes: 3\n"
	"seeds: [1, 2]\n"
	"recipe: {epochs: 1}\n"
	"families: [{name: line, widths: [1], layers: [flatten, dropout: {rate: 0.5}, dense: {units: classes, "
	"bias: false}]}]\n";

static bool add_x(struct npz_draft *draft, int64_t images, struct error *err)
{
	float values[40 * 40];

	for (int i = 0; i < 40 * 40; i++)
		values[i] = 1;
	return npz_add_floats(draft, &(struct npz_array){ "x", NPZ_FLOAT32, 4, { images, 4, 5, 2 }, 0 }, values, err);
}

/* Images of ones, all of class 1. */
static const char *write_ones(int images)
{
	struct error err = { "" };
	struct npz_draft *draft = npz_create(&err);
	int64_t labels[40];

	for (int i = 0; i < 40; i++)
		labels[i] = 1;
	CHECK(add_x(draft, images, &err));
	CHECK(npz_add_integers(draft, &(struct npz_array){ "y", NPZ_INT64, 1, { images }, 0 }, labels, &err));
	CHECK(npz_save(draft, test_path("ones.npz"), &err));
	CHECK_TEXT(err.text, "");
	return test_path("ones.npz");
}

/* For an image of ones, the gradient with respect to weight [i][c] is (softmax of c - target of c) * dropped-out input
 * i. */
static void step_line(const char *name, const char *seed, const char *const *more)
{
	const char *first[] = { "step", test_write("line.yaml", line_sweep, sizeof line_sweep - 1), seed, "--batch",
	                        write_ones(1), NULL };

	step(first, name, more, NULL);
}

TEST(step_leaves_nothing_out_unless_asked)
{
	step_line("none.npz", "line/1/1", NULL);
	step_line("some.npz", "line/1/1", MORE("--dropout"));
	float *none = read_named(test_path("none.npz"), "grad/03_dense/kernel", 120);
	float *some = read_named(test_path("some.npz"), "grad/03_dense/kernel", 120);
	int left_out = 0;

	for (int i = 0; i < 40; i++) {
		CHECK_CLOSE((double)none[3 * i + 1], (double)none[1], 1e-7);
		left_out += some[3 * i + 1] == 0;
		CHECK((some[3 * i] == 0) == (some[3 * i + 1] == 0));
	}
	CHECK(none[1] < 0);             /* towards the label */
	CHECK(left_out >= 8 && left_out <= 32);
	free(none);
	free(some);
}

TEST(step_dropout_is_the_seeds)
{
	step_line("a.npz", "line/1/1", MORE("--dropout"));
	step_line("b.npz", "line/1/1", MORE("--dropout", "--threads", "3"));
	step_line("c.npz", "line/1/2", MORE("--dropout"));
	float *a = read_named(test_path("a.npz"), "grad/03_dense/kernel", 120);
	float *c = read_named(test_path("c.npz"), "grad/03_dense/kernel", 120);
	int differ = 0;

	CHECK(same_files(test_path("a.npz"), test_path("b.npz")));
	for (int i = 0; i < 40; i++)
		differ += (a[3 * i] == 0) != (c[3 * i] == 0);
	CHECK(differ >= 8);
	free(a);
	free(c);
}

TEST(step_runs_any_number_of_images)
{
	static const int counts[] = { 1, 15, 16, 17, 33 };
	float mean = 0;

	for (int i = 0; i < 5; i++) {
		const char *sweep = test_write("line.yaml", line_sweep, sizeof line_sweep - 1);
		const char *batch = write_ones(counts[i]);
		const char *first[] = { "step", sweep, "line/1/1", "--batch", batch, NULL };

		step(first, RESULT, NULL, NULL);
		float *loss = read_named(test_path(RESULT), "loss", 1);
		float *losses = read_named(test_path(RESULT), "losses", counts[i]);
		float *logits = read_named(test_path(RESULT), "logits", 3 * counts[i]);
		mean = i == 0 ? *loss : mean;   /* all images are alike */
		CHECK_CLOSE((double)*loss, (double)mean, 1e-6);
		CHECK_CLOSE((double)losses[counts[i] - 1], (double)mean, 1e-6);
		CHECK_CLOSE((double)logits[3 * counts[i] - 1], (double)logits[2], 1e-6);
		free(loss);
		free(losses);
		free(logits);
	}
}

/* --- what does not fit -------------------------------------------------------------------------------------------- */

/* One array of a broken batch. */
struct part {
	const char *name;
	enum npz_type type;
	int rank;
	int64_t dims[4];
	int at;                 /* place of a number that is `value` among ones; the rest of labels is 2 */
	double value;
};

static void add_part(struct npz_draft *draft, const struct part *part)
{
	struct npz_array array = { .name = part->name, .type = part->type, .rank = part->rank };
	float floats[256];
	int64_t integers[256];
	struct error err = { "" };

	memcpy(array.dims, part->dims, sizeof part->dims);
	for (int i = 0; i < 256; i++) {
		floats[i] = i == part->at ? (float)part->value : 1;
		integers[i] = i == part->at && isfinite(part->value) ? (int64_t)part->value : 2;
	}
	CHECK(part->type == NPZ_INT64 ? npz_add_integers(draft, &array, integers, &err)
	                              : npz_add_floats(draft, &array, floats, &err));
	CHECK_TEXT(err.text, "");
}

/* Writes FOLDER/batch.npz of these parts and runs a step, which must be refused: "FOLDER/batch.npz: WANT", and no file
 * written. */
static void check_batch(const struct part *parts, int count, const char *want)
{
	struct error err = { "" };
	struct npz_draft *draft = npz_create(&err);
	const char *sweep = test_write("line.yaml", line_sweep, sizeof line_sweep - 1), *batch = test_path("batch.npz");
	const char *first[] = { "step", sweep, "line/1/1", "--batch", batch, NULL };
	char line[1024];

	for (int i = 0; i < count; i++)
		add_part(draft, &parts[i]);
	CHECK(npz_save(draft, batch, &err));
	struct program_result r = run_step(first, "none.npz", NULL, NULL);
	snprintf(line, sizeof line, "%s: %s\n", batch, want);
	CHECK_INT(r.status, 1);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, line);
	CHECK(!npz_open(test_path("none.npz"), &err));
	program_result_free(&r);
}
#define X(n) { "x", NPZ_FLOAT32, 4, { n, 4, 5, 2 }, -1, 0 }
#define Y(n) { "y", NPZ_INT64, 1, { n }, -1, 0 }
#define CHECK_BATCH(want, ...) check_batch((const struct part[]){ __VA_ARGS__ }, \
	(int)(sizeof (const struct part[]){ __VA_ARGS__ } / sizeof(struct part)), want)

TEST(step_refuses_batches_without_their_arrays)
{
	CHECK_BATCH("array \"x\" is missing; a batch is x, floats [n, rows, columns, channels], and y, integers [n]",
	            Y(2));
	CHECK_BATCH("array \"y\" is missing; a batch is x, floats [n, rows, columns, channels], and y, integers [n]",
	            X(2));
	CHECK_BATCH("array \"z\" is no part of a batch; accepted: x, y", X(2), { "z", NPZ_INT64, 1, { 2 }, -1, 0 },
	            Y(2));
}

TEST(step_refuses_inputs_that_do_not_fit)
{
	CHECK_BATCH("array \"x\" is of type int64; accepted: float16, float32, float64, "
	            "already scaled as the network takes its inputs",
	            { "x", NPZ_INT64, 4, { 2, 4, 5, 2 }, -1, 0 }, Y(2));
	CHECK_BATCH("array \"x\" is [2, 5, 4, 2]; accepted: [n, 4, 5, 2] (images, rows, columns, channels)",
	            { "x", NPZ_FLOAT32, 4, { 2, 5, 4, 2 }, -1, 0 }, Y(2));
	CHECK_BATCH("array \"x\" is [4, 5, 2]; accepted: [n, 4, 5, 2] (images, rows, columns, channels)",
	            { "x", NPZ_FLOAT32, 3, { 4, 5, 2 }, -1, 0 }, Y(2));
	CHECK_BATCH("array \"x\" has 0 images; accepted: 1..65536", X(0), Y(0));
	CHECK_BATCH("array \"x\": number 79 is not finite", { "x", NPZ_FLOAT32, 4, { 2, 4, 5, 2 }, 79, NAN }, Y(2));
	CHECK_BATCH("array \"x\": number 0 is not finite", { "x", NPZ_FLOAT32, 4, { 2, 4, 5, 2 }, 0, INFINITY }, Y(2));
}

TEST(step_refuses_labels_that_do_not_fit)
{
	CHECK_BATCH("array \"y\" is of type float32; accepted: integers", X(2), { "y", NPZ_FLOAT32, 1, { 2 }, -1, 0 });
	CHECK_BATCH("array \"y\" is [3]; accepted: [2], a label for each image of \"x\"", X(2), Y(3));
	CHECK_BATCH("array \"y\" is [2, 1]; accepted: [2], a label for each image of \"x\"", X(2),
	            { "y", NPZ_INT64, 2, { 2, 1 }, -1, 0 });
	CHECK_BATCH("array \"y\": number 1 is 3; accepted: 0..2", X(2), { "y", NPZ_INT64, 1, { 2 }, 1, 3 });
	CHECK_BATCH("array \"y\": number 0 is -1; accepted: 0..2", X(2), { "y", NPZ_INT64, 1, { 2 }, 0, -1 });
	CHECK_BATCH("array \"y\": number 1 is 4294967296; accepted: 0..2", X(2),
	            { "y", NPZ_INT64, 1, { 2 }, 1, 4294967296.0 });
}

/* The command line up to --batch and --out, and one line on stderr that begins so, with '@' for the test's folder. */
static void check_refusal(const char *const *arguments, int status, const char *want)
{
	struct program_result r = run_archsweep(arguments);
	char line[1024];
	int used = 0;

	for (; *want && used < 1000; want++)
		used += *want == '@' ? snprintf(line + used, sizeof line - (size_t)used, "%s", test_folder())
		                     : (line[used] = *want, 1);
	line[used] = '\0';
	CHECK_INT(r.status, status);
	CHECK_TEXT(r.out, "");
	CHECK_TEXT(r.err, line);
	program_result_free(&r);
}
#define CHECK_REFUSAL(status, want, ...) check_refusal((const char *[]){ __VA_ARGS__, NULL }, status, want)

TEST(step_refuses_command_lines)
{
	const char *sweep = test_write("line.yaml", line_sweep, sizeof line_sweep - 1);

	CHECK_REFUSAL(2, "archsweep step: --batch FILE is missing: the images and their labels; "
	                 "see archsweep step --help\n",
	              "step", sweep, "line/1", "--out", "o.npz");
	CHECK_REFUSAL(2,
	              "archsweep step: --out FILE is missing: where to write the results; see archsweep step --help\n",
	              "step", sweep, "line/1", "--batch", "b.npz");
	CHECK_REFUSAL(2, "archsweep step: \"line/1\" is more than one point: line/1/1, line/1/2; "
	                 "see archsweep step --help\n",
	              "step", sweep, "line/1", "--batch", "b.npz", "--out", "o.npz");
	CHECK_REFUSAL(1, "@/b.npz: cannot be read: No such file or directory\n", /* seeds do not matter here */
	              "step", sweep, "line/1", "--batch", test_path("b.npz"), "--out", "o.npz", "--weights", "w.npz");
	CHECK_REFUSAL(2, "archsweep step: no point is \"x\"; there are line/1; see archsweep step --help\n",
	              "step", sweep, "x", "--batch", "b.npz", "--out", "o.npz", "--weights", "w.npz");
}

/* What was there stays as it was. */
TEST(step_writes_a_whole_file_or_none)
{
	const char *sweep = test_write("line.yaml", line_sweep, sizeof line_sweep - 1), *batch = write_ones(2);
	const char *old = test_write("old.npz", "old", 3);
	struct program_result r =
		run_archsweep((const char *[]){ "step", sweep, "line/1/1", "--batch", batch, "--out", old,
		"--weights", FIXTURE("weights.npz"), NULL });

	CHECK_INT(r.status, 1);
	CHECK(strstr(r.err, "weights.npz: layer 3 (dense), kernel: array \"03_dense/kernel\" is missing\n"));
	program_result_free(&r);
	r = run_program((struct program){ .argv = (const char *[]){ "cat", old, NULL } });
	CHECK_TEXT(r.out, "old");
	program_result_free(&r);
	CHECK_REFUSAL(1, "@/no/o.npz: cannot be written: No such file or directory\n",
	              "step", sweep, "line/1/1", "--batch", batch, "--out", test_path("no/o.npz"));
}

/* --- the network in words ----------------------------------------------------------------------------------------- */

/* PyTorch's network was built from this very text. */
TEST(summary_of_a_layer_of_every_type_is_what_pytorch_read)
{
	struct program_result r = run_archsweep((const char *[]){ "summary", EVERYTHING, "--json", NULL });
	struct program_result want =
		run_program((struct program){ .argv = (const char *[]){ "cat", FIXTURE("layers.json"), NULL } });
	const char *layers = strstr(r.out, "  \"layers\"");

	CHECK_TEXT(layers ? layers : "no layers", want.out);
	program_result_free(&r);
	program_result_free(&want);
}
