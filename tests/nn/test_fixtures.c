/* Whole networks against PyTorch: logits, losses, gradients, moving statistics, inference, on every instruction set
 * that runs here. The numbers and networks in tests/fixtures/ are made by its make_network_fixtures.py, in double
 * precision. */
#include "bench/sweep/family.h"
#include "nn/kernel/kernels.h"
#include "nn/model/model.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARRAYS = 16, LAST = 4 };      /* LAST: images at the end whose gradient with respect to the input is kept */

struct array {
	char name[32];
	int len;
	double *at;             /* owned */
};

struct fixture {
	struct array arrays[MAX_ARRAYS];
	int array_count;
	int images;
	struct shape shape;
	struct arena arena;     /* holds the network */
	struct document *document;
	struct network network;
};

static const struct array *array_named(const struct fixture *f, const char *name)
{
	for (int i = 0; i < f->array_count; i++)
		if (!strcmp(f->arrays[i].name, name))
			return &f->arrays[i];
	test_fail(__FILE__, __LINE__, "the fixture has no array %s", name);
	abort();
}

static bool read_array(FILE *file, struct array *a)
{
	if (fscanf(file, "%31s %d", a->name, &a->len) != 2)
		return false;
	a->at = calloc((size_t)a->len, sizeof *a->at);
	for (int i = 0; i < a->len; i++)
		if (fscanf(file, "%lf", &a->at[i]) != 1)
			test_fail(__FILE__, __LINE__, "%s ends after %d numbers", a->name, i);
	return true;
}

static void read_arrays(const char *path, struct fixture *f)
{
	FILE *file = fopen(path, "r");

	if (!file) {
		test_fail(__FILE__, __LINE__, "%s cannot be read", path);
		abort();
	}
	while (f->array_count < MAX_ARRAYS && read_array(file, &f->arrays[f->array_count]))
		f->array_count++;
	fclose(file);
}

static void read_network(const char *path, struct fixture *f)
{
	struct error err = { "" };
	struct family family;
	struct binding binding = { .classes = f->network.classes };

	f->document = document_read(path, &err);
	if (!f->document || !family_read(document_root(f->document), &f->arena, &family, &err) ||
	    !family_network(&family, &binding, &f->network, &err)) {
		test_fail(__FILE__, __LINE__, "%s", err.text);
		abort();
	}
}

static void fixture_open(const char *name, struct fixture *f)
{
	char path[64];

	*f = (struct fixture){ .images = 0 };
	snprintf(path, sizeof path, "tests/fixtures/%s.txt", name);
	read_arrays(path, f);
	const double *shape = array_named(f, "shape")->at;
	f->shape = (struct shape){ (int)shape[0], (int)shape[1], (int)shape[2] };
	f->images = (int)array_named(f, "images")->at[0];
	f->network.classes = (int)array_named(f, "classes")->at[0];
	snprintf(path, sizeof path, "tests/fixtures/%s.yaml", name);
	read_network(path, f);
	f->network.input = f->shape;
	f->network.dropout = 1;
	f->network.input_gradient = true;
}

static void fixture_close(struct fixture *f)
{
	for (int i = 0; i < f->array_count; i++)
		free(f->arrays[i].at);
	arena_free(&f->arena);
	document_destroy(f->document);
}

/* Lanes without an image get numbers that would be seen in any sum. */
static void load_images(const struct fixture *f, struct model *model)
{
	const double *pixels = array_named(f, "pixels")->at, *labels = array_named(f, "labels")->at;
	size_t len = image_len(f->shape);

	for (int i = 0; i < (f->images + LANES - 1) / LANES * LANES; i++) {
		real *to = model_input(model, i / LANES) + i % LANES;
		for (size_t k = 0; k < len; k++)
			to[k * LANES] = i < f->images ? (real)(pixels[(size_t)i * len + k] / 255) : 50;
		model_targets(model, i / LANES)[i % LANES] = target_of(i < f->images ? (int)labels[i] : -1);
	}
}

static void load_params(const struct fixture *f, struct model *model)
{
	struct model_memory memory = model_memory(model);
	const struct array *params = array_named(f, "params"), *state = array_named(f, "state");

	CHECK_INT((long long)memory.params_len, params->len);
	CHECK_INT((long long)memory.state_len, state->len);
	for (int i = 0; i < params->len; i++)
		memory.params[i] = (real)params->at[i];
	for (int i = 0; i < state->len; i++)
		memory.state[i] = (real)state->at[i];
}

/* Image after image from `first` on, n numbers each, out of lane groups [n][LANES]. */
static void copy_images(const real *lanes, int first, struct array *to, int n)
{
	for (int i = 0; i < to->len; i++) {
		int image = first + i / n;
		to->at[i] = (double)lanes[((size_t)(image / LANES) * (size_t)n + (size_t)(i % n)) * LANES +
		                          (size_t)(image % LANES)];
	}
}

/* Errors are relative to the array's largest number, since single numbers may be small by cancellation. */
static void check_array(const struct array *got, const struct array *want, const char *kernels)
{
	double largest = 0, worst = 0;
	int at = 0;

	for (int i = 0; i < want->len; i++)
		largest = fmax(largest, fabs(want->at[i]));
	for (int i = 0; i < want->len; i++)
		if (!(fabs(got->at[i] - want->at[i]) <= worst)) {
			worst = fabs(got->at[i] - want->at[i]);
			at = i;
		}
	if (!(worst <= 1e-5 * largest))
		test_fail(__FILE__, __LINE__, "%s: %s[%d] is %.9g, PyTorch has %.9g", kernels, want->name, at,
		          got->at[at], want->at[at]);
}

/* A zeroed array as long as the wanted one. */
static struct array array_like(const struct array *want)
{
	return (struct array){ .len = want->len, .at = calloc((size_t)want->len, sizeof *want->at) };
}

static void check_lanes(const struct fixture *f, const char *name, const real *lanes, const char *kernels)
{
	const struct array *want = array_named(f, name);
	struct array got = array_like(want);
	bool by_input = !strcmp(name, "last_input_gradients");

	copy_images(lanes, by_input ? f->images - LAST : 0, &got,
	            by_input ? (int)image_len(f->shape) : f->network.classes);
	check_array(&got, want, kernels);
	free(got.at);
}

static void check_reals(const struct fixture *f, const char *name, const real *at, const char *kernels)
{
	const struct array *want = array_named(f, name);
	struct array got = array_like(want);

	for (int i = 0; i < got.len; i++)
		got.at[i] = (double)at[i];
	check_array(&got, want, kernels);
	free(got.at);
}

static void check_losses(const struct fixture *f, const struct model *model, const char *kernels)
{
	const struct array *want = array_named(f, "losses");
	struct array got = array_like(want);

	for (int i = 0; i < got.len; i++)
		got.at[i] = model_loss(model, i);
	check_array(&got, want, kernels);
	free(got.at);
}

static void check_passes(const struct fixture *f, struct model *model, const char *kernels)
{
	struct team team;
	struct batch batch = { .images = f->images, .training = true,
	                       .label_smoothing = array_named(f, "label_smoothing")->at[0] };

	team_init(&team);
	load_params(f, model);
	load_images(f, model);
	model_forward(model, &team, &batch, true);
	check_lanes(f, "logits", model_logits(model), kernels);
	check_losses(f, model, kernels);
	check_reals(f, "state_after", model_memory(model).state, kernels);
	model_backward(model, &team);
	check_reals(f, "gradients", model_memory(model).gradients, kernels);
	check_lanes(f, "last_input_gradients", model_memory(model).d_input, kernels);

	load_images(f, model);
	model_forward(model, &team, &(struct batch){ .images = f->images }, false);
	check_lanes(f, "inference_logits", model_logits(model), kernels);
	check_reals(f, "state_after", model_memory(model).state, kernels);
}

static void check_fixture(const char *name)
{
	struct fixture f;
	struct error err = { "" };

	fixture_open(name, &f);
	struct model_plan *plan = model_plan_create(&f.network, f.images, 0, &err);
	CHECK_TEXT(err.text, "");
	for (const struct kernels *const *k = kernels_all; plan && *k; k++) {
		if (!(*k)->runs_here())
			continue;
		struct model *model = model_create(plan, *k, &err);
		CHECK_TEXT(err.text, "");
		if (model)
			check_passes(&f, model, (*k)->name);
		model_destroy(model);
	}
	model_plan_destroy(plan);
	fixture_close(&f);
}

TEST(network_with_biases_and_max_pooling_agrees_with_pytorch)
{
	check_fixture("plain");
}

TEST(network_of_depthwise_convolutions_agrees_with_pytorch)
{
	check_fixture("mobile");
}

TEST(network_of_odd_sizes_agrees_with_pytorch)
{
	check_fixture("odd");
}
