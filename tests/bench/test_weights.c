/* Weights between files in Keras' layout and memory. The expected outputs of two networks were computed by numpy in
 * Keras' layout: rows, columns, channels (tests/fixtures/make_npz_fixtures.py), so the check does not use our own
 * conversion. */
#include "bench/weights/weights.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/model_run.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIXTURE(name) "tests/fixtures/npz/" name ".npz"

static const char *const sequence =
	"conv channels=4 kernel=3x2 stride=2; relu; batch_norm; depthwise kernel=2 multiplier=2 padding=valid;"
	"leaky_relu slope=0.1; flatten; dropout rate=0.3; batch_norm; relu; dense units=6; relu; dense units=3";
static const char *const shortcut =
	"conv channels=4 kernel=1 groups=2; max_pool window=2; flatten; dense units=24; add from=2,3;"
	"batch_norm; depthwise kernel=1 multiplier=2; dense units=3";

/* A network with memory and the list of its arrays. */
struct bed {
	struct model_run run;
	struct weights *weights;
	struct weight_values values;
};

static void bed_open(struct bed *bed, const char *text, struct shape input, int classes)
{
	struct error err = { "" };

	model_run_open(&bed->run, text, input, classes);
	model_run_plan(&bed->run, 16);
	model_run_create(&bed->run, kernels_choose(NULL));
	bed->weights = weights_create(&bed->run.net.network, bed->run.plan, &err);
	struct model_memory memory = model_memory(bed->run.model);
	bed->values = (struct weight_values){ memory.params, memory.state };
	CHECK_INT((long long)memory.params_len, (long long)weights_params_len(bed->weights));
	CHECK_INT((long long)memory.state_len, (long long)weights_state_len(bed->weights));
}

static void bed_close(struct bed *bed)
{
	weights_destroy(bed->weights);
	model_run_close(&bed->run);
}

static void open_sequence(struct bed *bed)
{
	bed_open(bed, sequence, (struct shape){ 2, 9, 8 }, 3);
}

static void open_shortcut(struct bed *bed)
{
	bed_open(bed, shortcut, (struct shape){ 4, 4, 6 }, 3);
}

/* An array of a file, whatever its type. */
static const float *read_array(const char *path, const char *name, int64_t *count)
{
	static float to[1 << 12];
	struct error err = { "" };
	struct npz *npz = npz_open(path, &err);
	const struct npz_array *array = npz ? npz_find(npz, name) : NULL;

	if (!array || array->count > 1 << 12 || !npz_read_floats(npz, array, to, &err)) {
		test_fail(__FILE__, __LINE__, "%s: no %s: %s", path, name, err.text);
		abort();
	}
	*count = array->count;
	npz_close(npz);
	return to;
}

/* [image][row][column][channel] of the fixture into lanes of [channel][row][column]. */
static void load_images(struct bed *bed, const float *from, int images)
{
	struct shape s = bed->run.net.network.input;
	real *to = model_input(bed->run.model, 0);

	for (int n = 0; n < images; n++)
		for (int h = 0; h < s.h; h++)
			for (int w = 0; w < s.w; w++)
				for (int c = 0; c < s.c; c++)
					to[((c * s.h + h) * s.w + w) * LANES + n] = *from++;
}

/* Runs the fixture's images and compares with the fixture's logits. */
static void check_logits(struct bed *bed, const char *case_path, const char *logits)
{
	const struct network *network = &bed->run.net.network;
	int64_t count;

	const float *images = read_array(case_path, "images", &count);
	int n = (int)((size_t)count / image_len(network->input));
	load_images(bed, images, n);
	model_forward(bed->run.model, &bed->run.team, &(struct batch){ .images = n }, true);
	const double *got = take_plain(model_logits(bed->run.model), (struct shape){ network->classes, 1, 1 }, n);
	const float *want = read_array(case_path, logits, &count);
	CHECK_INT(count, n * network->classes);
	CHECK_NEAR(logits, got, take_wide(want, (size_t)count), (size_t)count, 2e-6);
	take_nothing();
}

static void check_read(struct bed *bed, const char *path)
{
	struct error err = { "" };
	struct model_memory memory = model_memory(bed->run.model);

	for (size_t i = 0; i < memory.params_len; i++)
		memory.params[i] = NAN;
	for (size_t i = 0; i < memory.state_len; i++)
		memory.state[i] = NAN;
	if (!weights_read(bed->weights, path, bed->values, &err))
		test_fail(__FILE__, __LINE__, "%s", err.text);
}

TEST(weights_are_named_and_shaped_as_in_keras)
{
	static const struct { const char *name, *shape; bool trained; } want[] = {
		{ "01_conv/kernel", "[3, 2, 2, 4]", true }, { "01_conv/bias", "[4]", true },
		{ "03_batch_norm/gamma", "[4]", true },
		{ "03_batch_norm/beta", "[4]", true }, { "03_batch_norm/moving_mean", "[4]", false },
		{ "03_batch_norm/moving_variance", "[4]", false }, { "04_depthwise/kernel", "[2, 2, 4, 2]", true },
		{ "04_depthwise/bias", "[8]", true }, { "08_batch_norm/gamma", "[96]", true },
		{ "08_batch_norm/beta", "[96]", true },
		{ "08_batch_norm/moving_mean", "[96]", false }, { "08_batch_norm/moving_variance", "[96]", false },
		{ "10_dense/kernel", "[96, 6]", true }, { "10_dense/bias", "[6]", true },
		{ "12_dense/kernel", "[6, 3]", true }, { "12_dense/bias", "[3]", true },
	};
	struct bed bed;
	char shape[NPZ_SHAPE_BYTES];

	open_sequence(&bed);
	CHECK_INT(weights_count(bed.weights), 16);
	for (int i = 0; i < 16; i++) {
		const struct weight *w = weights_at(bed.weights, i);
		CHECK_TEXT(w->name, want[i].name);
		CHECK_TEXT(npz_shape(w->rank, w->dims, shape), want[i].shape);
		CHECK(w->trained == want[i].trained);
	}
	bed_close(&bed);
}

/* Kernels of all kinds, and features that go on flattened through dropout, batch norm and activations. */
TEST(weights_by_order_by_name_and_in_half_precision_give_keras_outputs)
{
	struct bed bed;

	open_sequence(&bed);
	check_read(&bed, FIXTURE("sequence-numbers"));
	check_logits(&bed, FIXTURE("sequence-case"), "logits");
	check_read(&bed, FIXTURE("sequence-half"));
	check_logits(&bed, FIXTURE("sequence-case"), "logits_half");
	check_read(&bed, FIXTURE("sequence-names"));
	check_logits(&bed, FIXTURE("sequence-case"), "logits");
	bed_close(&bed);
}

/* A dense layer whose outputs are added to flattened features, and a depthwise layer behind them; a convolution in
 * groups. */
TEST(weights_follow_flattened_features_through_a_shortcut)
{
	struct bed bed;

	open_shortcut(&bed);
	check_read(&bed, FIXTURE("shortcut-numbers"));
	check_logits(&bed, FIXTURE("shortcut-case"), "logits");
	bed_close(&bed);
}

static struct weights_source source_of(const struct bed *bed, enum npz_type type)
{
	return (struct weights_source){ .prefix = "", .from = bed->values, .type = type };
}

TEST(weights_written_are_what_numpy_had)
{
	struct weights_source source;
	struct error err = { "" };
	struct bed bed;

	open_sequence(&bed);
	check_read(&bed, FIXTURE("sequence-numbers"));
	source = source_of(&bed, NPZ_FLOAT32);
	CHECK(weights_write(bed.weights, test_path("a.npz"), &source, &err));
	for (int i = 0; i < weights_count(bed.weights); i++) {
		const char *name = weights_at(bed.weights, i)->name;
		int64_t count, wanted;
		const double *got = take_wide(read_array(test_path("a.npz"), name, &count),
		                              (size_t)weights_at(bed.weights, i)->count);
		const float *want = read_array(FIXTURE("sequence-names"), name, &wanted);
		CHECK_INT(count, wanted);
		CHECK_EQUAL(name, got, take_wide(want, (size_t)wanted), (size_t)wanted);
	}
	take_nothing();
	bed_close(&bed);
}

/* Trained arrays only, under another name: what gradients are written as. */
TEST(weights_with_a_prefix_and_without_state)
{
	struct weights_source source = { .prefix = "grad/", .type = NPZ_FLOAT32 };
	struct error err = { "" };
	struct bed bed;

	open_sequence(&bed);
	check_read(&bed, FIXTURE("sequence-numbers"));
	source.from.params = bed.values.params;
	struct npz_draft *draft = npz_create(&err);
	CHECK(weights_add(bed.weights, draft, &source, &err) && npz_save(draft, test_path("a.npz"), &err));
	struct npz *npz = npz_open(test_path("a.npz"), &err);
	CHECK_INT(npz_count(npz), 12);
	CHECK_TEXT(npz_at(npz, 2)->name, "grad/03_batch_norm/gamma");
	CHECK(!npz_find(npz, "grad/03_batch_norm/moving_mean"));
	npz_close(npz);
	bed_close(&bed);
}

/* Every layer type, features of two flattened maps among them: what is written is read back to the same bits. */
TEST(weights_of_every_layer_come_back)
{
	struct bed bed;
	struct error err = { "" };

	bed_open(&bed, every_layer_text, (struct shape){ 3, 9, 11 }, 4);
	struct model_memory memory = model_memory(bed.run.model);
	for (size_t i = 0; i < memory.params_len; i++)
		memory.params[i] = (real)i;
	for (size_t i = 0; i < memory.state_len; i++)
		memory.state[i] = (real)i + 0.5f;
	struct weights_source source = source_of(&bed, NPZ_FLOAT32);
	CHECK(weights_write(bed.weights, test_path("a.npz"), &source, &err));
	check_read(&bed, test_path("a.npz"));
	for (size_t i = 0; i < memory.params_len; i++)
		CHECK_CLOSE((double)memory.params[i], (double)i, 0);
	for (size_t i = 0; i < memory.state_len; i++)
		CHECK_CLOSE((double)memory.state[i], (double)i + 0.5, 0);
	bed_close(&bed);
}

/* --- what does not fit -------------------------------------------------------------------------------------------- */

static const char *const small = "conv channels=2 kernel=1; flatten; dense units=2";    /* of 1 x 2 x 2 */

struct file_array { const char *name; enum npz_type type; int rank; int64_t dims[4]; };

enum { MOST = 8 };

/* A file of arrays with 0.5 in every place, `odd` in the last of the first. */
static const char *write_arrays(const struct file_array *arrays, float odd)
{
	const char *path = test_path("w.npz");
	struct error err = { "" };
	struct npz_draft *draft = npz_create(&err);
	float values[64];

	for (int i = 0; arrays[i].name; i++) {
		struct npz_array array = { .name = arrays[i].name, .type = arrays[i].type, .rank = arrays[i].rank };
		int64_t count = 1;

		memcpy(array.dims, arrays[i].dims, sizeof arrays[i].dims);
		for (int k = 0; k < array.rank; k++)
			count *= array.dims[k];
		for (int64_t k = 0; k < count; k++)
			values[k] = i == 0 && k == count - 1 ? odd : 0.5f;
		if (array.type == NPZ_INT64)
			CHECK(npz_add_integers(draft, &array, (const int64_t[64]){ 0 }, &err));
		else
			CHECK(npz_add_floats(draft, &array, values, &err));
	}
	CHECK(npz_save(draft, path, &err));
	return path;
}

static void check_refused(const struct file_array *arrays, float odd, const char *want)
{
	struct error err = { "" };
	struct bed bed;
	const char *path = write_arrays(arrays, odd);
	char text[1200];

	bed_open(&bed, small, (struct shape){ 1, 2, 2 }, 2);
	snprintf(text, sizeof text, "%s: %s", path, want);
	CHECK(!weights_read(bed.weights, path, bed.values, &err));
	CHECK_TEXT(err.text, text);
	bed_close(&bed);
}
#define CHECK_REFUSED(want, odd, ...) check_refused((const struct file_array[MOST]){ __VA_ARGS__ }, odd, want)

#define F4 NPZ_FLOAT32
#define KERNEL { "01_conv/kernel", F4, 4, { 1, 1, 1, 2 } }
#define BIAS { "01_conv/bias", F4, 1, { 2 } }
#define DENSE { "03_dense/kernel", F4, 2, { 8, 2 } }
#define DENSE_BIAS { "03_dense/bias", F4, 1, { 2 } }

TEST(weights_that_do_not_fit_by_name_are_refused)
{
	CHECK_REFUSED("layer 3 (dense), bias: array \"03_dense/bias\" is missing", 0, KERNEL, BIAS, DENSE);
	CHECK_REFUSED("array \"04_dense/bias\" belongs to no layer of this network", 0, KERNEL, BIAS, DENSE, DENSE_BIAS,
	              { "04_dense/bias", F4, 1, { 2 } });
	CHECK_REFUSED("array \"extra\" belongs to no layer of this network", 0, KERNEL, BIAS, DENSE, DENSE_BIAS,
	              { "extra", F4, 1, { 2 } });
	CHECK_REFUSED("layer 1 (conv), kernel: array \"01_conv/kernel\" is missing", 0,
	              { "01_dense/kernel", F4, 2, { 4, 2 } });
	CHECK_REFUSED("layer 3 (dense), kernel: the file's array \"03_dense/kernel\" is [2, 8], "
	              "and the network's is [8, 2]", 0,
	              KERNEL, BIAS, { "03_dense/kernel", F4, 2, { 2, 8 } }, DENSE_BIAS);
	CHECK_REFUSED("layer 1 (conv), kernel: the file's array \"01_conv/kernel\" is of type int64; "
	              "accepted: float16, float32, float64", 0, { "01_conv/kernel", NPZ_INT64, 4, { 1, 1, 1, 2 } },
	              BIAS, DENSE, DENSE_BIAS);
	CHECK_REFUSED("layer 1 (conv), kernel: number 1 is not finite", NAN, KERNEL, BIAS, DENSE, DENSE_BIAS);
	CHECK_REFUSED("layer 1 (conv), kernel: number 1 is not finite", INFINITY, KERNEL, BIAS, DENSE, DENSE_BIAS);
}

TEST(weights_that_do_not_fit_by_order_are_refused)
{
	CHECK_REFUSED("layer 3 (dense), kernel: the file's array \"dense/kernel:0\" is [9, 2], "
	              "and the network's is [8, 2]", 0,
	              { "a", F4, 4, { 1, 1, 1, 2 } }, { "b", F4, 1, { 2 } }, { "dense/kernel:0", F4, 2, { 9, 2 } },
	              { "d", F4, 1, { 2 } });
	CHECK_REFUSED("layer 1 (conv), bias: the file's array \"b\" is [1, 2], and the network's is [2]", 0,
	              { "a", F4, 4, { 1, 1, 1, 2 } }, { "b", F4, 2, { 1, 2 } });
	CHECK_REFUSED("3 arrays, and the network has 4", 0,
	              { "a", F4, 4, { 1, 1, 1, 2 } }, { "b", F4, 1, { 2 } }, { "c", F4, 2, { 8, 2 } });
	CHECK_REFUSED("5 arrays, and the network has 4", 0, { "a", F4, 4, { 1, 1, 1, 2 } }, { "b", F4, 1, { 2 } },
	              { "c", F4, 2, { 8, 2 } }, { "d", F4, 1, { 2 } }, { "e", F4, 1, { 2 } });
}

/* In groups, or where two maps were flattened and added, the order of features decides what is computed. */
TEST(weights_by_order_are_refused_where_keras_computes_something_else)
{
	static const struct { const char *text, *layer; struct shape input; } cases[] = {
		{ "flatten; conv channels=2 kernel=1 groups=2", "2 (conv)", { 2, 2, 2 } },
		{ "average_pool window=1x3 stride=1; flatten; conv channels=4 kernel=2x3 padding=valid from=-1; "
		  "flatten; add from=1,3;dense units=2", "5 (add)", { 2, 2, 4 } },
	};
	char want[1200];

	write_arrays((const struct file_array[]){ { "a", F4, 1, { 2 } }, { NULL, F4, 0, { 0 } } }, 0);
	for (int i = 0; i < 2; i++) {
		struct error err = { "" };
		struct bed bed;

		bed_open(&bed, cases[i].text, cases[i].input, 2);
		CHECK(!weights_read(bed.weights, test_path("w.npz"), bed.values, &err));
		snprintf(want, sizeof want,
		         "%s: its arrays must be named as by `archsweep export`: at layer %s of this network features "
		         "that were flattened are mixed by their order, which in Keras is another one",
		         test_path("w.npz"), cases[i].layer);
		CHECK_TEXT(err.text, want);
		bed_close(&bed);
	}
}

TEST(weights_too_large_for_half_precision_are_refused)
{
	struct weights_source source;
	struct error err = { "" };
	struct bed bed;
	char want[600];

	bed_open(&bed, small, (struct shape){ 1, 2, 2 }, 2);
	bed.values.params[1] = 70000;
	source = source_of(&bed, NPZ_FLOAT16);
	CHECK(!weights_write(bed.weights, test_path("a.npz"), &source, &err));
	snprintf(want, sizeof want, "%s: array \"01_conv/kernel\": number 1 is 70000, and float16 ends at 65504",
	         test_path("a.npz"));
	CHECK_TEXT(err.text, want);
	bed_close(&bed);
}
