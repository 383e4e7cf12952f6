/* See probe.h.
 *
 * (loss(x + h) - loss(x - h)) / 2h is off by about h^2, and by 1e-16 / h from rounding: with h = 1e-5 by 1e-10 and
 * 1e-11. Numbers are compared on the scale of their own gradient, or of a hundredth of the largest one where their own
 * is smaller. */
#include "tests/gradients/probe.h"
#include "nn/base/rng.h"
#include "nn/model/model.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

_Static_assert(sizeof(real) == sizeof(double), "finite differences are only sharp in double precision");

static const double STEP = 1e-5, TOLERANCE = 1e-6;

struct subject {
	const struct probe *probe;
	struct net net;
	struct model_plan *plan;
	struct model *model;
	struct team team;
	struct batch batch;
	struct rng rng;
	real *input;            /* owned: what the model's input is before each pass, which may overwrite it */
	size_t input_len;
};

/* Ranks of an image's numbers, shuffled, become the numbers: far apart from each other and from 0, where kinks lie. */
static void fill_image(struct subject *s, int n)
{
	int len = (int)image_len(s->net.network.input), *ranks = calloc((size_t)len, sizeof *ranks);
	real *to = s->input + n / LANES * len * LANES + n % LANES;

	for (int i = 0; i < len; i++)
		ranks[i] = i;
	rng_shuffle(&s->rng, ranks, len);
	for (int i = 0; i < len; i++)
		to[i * LANES] = s->probe->reach * ((2 * ranks[i] + 1.1) / len - 1);
	model_targets(s->model, n / LANES)[n % LANES] =
		target_of((int)rng_below(&s->rng, (uint64_t)s->net.network.classes));
	free(ranks);
}

static void fill(struct subject *s, int images)
{
	struct model_memory m = model_memory(s->model);

	s->input_len = image_len(s->net.network.input) * LANES * (size_t)((images + LANES - 1) / LANES);
	for (size_t i = 0; i < m.params_len; i++)
		m.params[i] += 0.2 * rng_normal(&s->rng);
	for (int n = 0; n < (images + LANES - 1) / LANES * LANES; n++)
		fill_image(s, n);       /* empty lanes too: they must not matter */
	s->batch = (struct batch){ .images = images, .training = true, .label_smoothing = 0.1, .noise = 5 };
}

static double loss_of(struct subject *s)
{
	double sum = 0;

	memcpy(model_input(s->model, 0), s->input, s->input_len * sizeof *s->input);
	model_forward(s->model, &s->team, &s->batch, true);
	for (int i = 0; i < s->batch.images; i++)
		sum += model_loss(s->model, i);
	return sum / s->batch.images;
}

static double difference(struct subject *s, real *x)
{
	const real before = *x;

	*x = before + STEP;
	double above = loss_of(s);
	*x = before - STEP;
	double below = loss_of(s);
	*x = before;
	return (above - below) / (2 * STEP);
}

/* One array of numbers that the loss depends on, and its gradient by the backward pass. */
struct array {
	const char *name;
	real *at;
	const double *gradient;
	size_t len;
};

static void check_array(struct subject *s, const struct array *a)
{
	double largest = 0;
	size_t most = s->probe->most ? (size_t)s->probe->most : PROBES;

	for (size_t i = 0; i < a->len; i++)
		largest = fmax(largest, fabs(a->gradient[i]));
	if (a->len > 0 && !(largest > 1e-6 && isfinite(largest)))
		test_fail(__FILE__, __LINE__, "%s: gradients by %s: the largest is %g", s->probe->text, a->name,
		          largest);
	for (size_t k = 0; k < most && k < a->len; k++) {
		size_t i = a->len <= most ? k : rng_below(&s->rng, a->len);
		double want = difference(s, &a->at[i]), got = a->gradient[i];
		if (!(fabs(got - want) <= TOLERANCE * fmax(fabs(want), largest / 100)))
			test_fail(__FILE__, __LINE__,
			          "%s: %d images: by %s %zu of %zu: backward %.10g, difference %.10g",
			          s->probe->text, s->batch.images, a->name, i, a->len, got, want);
	}
}

static double *copy_of(const real *from, size_t len)
{
	double *to = calloc(len + 1, sizeof *to);

	memcpy(to, from, len * sizeof *to);
	return to;
}

/* An image may lie in any lane; its numbers are LANES apart. Empty lanes must have no gradient. */
static void check_input(struct subject *s, const double *gradient, int image)
{
	size_t len = image_len(s->net.network.input);
	size_t start = (size_t)(image / LANES) * len * LANES + (size_t)(image % LANES);
	size_t most = s->probe->most ? (size_t)s->probe->most / 2 : PROBES / 2;
	double largest = 0;

	for (size_t i = 0; i < len; i++)
		largest = fmax(largest, fabs(gradient[start + i * LANES]));
	for (size_t k = 0; k < most; k++) {
		size_t i = rng_below(&s->rng, len);
		double want = difference(s, &s->input[start + i * LANES]);
		double got = gradient[start + i * LANES];
		if (!(fabs(got - want) <= TOLERANCE * fmax(fabs(want), largest / 100)))
			test_fail(__FILE__, __LINE__,
			          "%s: %d images: by input %zu of image %d: backward %.10g, difference %.10g",
			          s->probe->text, s->batch.images, i, image, got, want);
	}
	if (!(largest > 1e-8))
		test_fail(__FILE__, __LINE__, "%s: no gradient by image %d", s->probe->text, image);
}

static void check_empty_lanes(const struct subject *s, const double *gradient)
{
	size_t len = image_len(s->net.network.input), lanes = (size_t)((s->batch.images + LANES - 1) / LANES) * LANES;

	for (size_t n = (size_t)s->batch.images; n < lanes; n++)
		for (size_t i = 0; i < len; i++)
			CHECK(gradient[n / LANES * len * LANES + i * LANES + n % LANES] == 0);
}

static void check_batch(struct subject *s, int images)
{
	struct model_memory m = model_memory(s->model);

	fill(s, images);
	loss_of(s);
	model_backward(s->model, &s->team);
	double *by_params = copy_of(m.gradients, m.params_len), *by_input = copy_of(m.d_input, s->input_len);
	check_array(s, &(struct array){ "parameter", m.params, by_params, m.params_len });
	check_input(s, by_input, 0);
	check_input(s, by_input, images - 1);
	check_empty_lanes(s, by_input);
	free(by_params);
	free(by_input);
}

void check_gradients(const struct probe *probe)
{
	struct subject s = { .probe = probe, .rng = rng_seed(71, 0) };
	struct error err = { "" };

	net_read(&s.net, probe->input, probe->classes, probe->text);
	s.net.network.layers = s.net.layers;
	s.net.network.input_gradient = true;
	team_init(&s.team);
	s.plan = model_plan_create(&s.net.network, 20, 0, &err);
	s.model = s.plan ? model_create(s.plan, kernels_choose(NULL), &err) : NULL;
	if (!s.model) {
		test_fail(__FILE__, __LINE__, "%s: %s", probe->text, err.text);
		abort();
	}
	s.input = calloc(group_len(probe->input) * 2, sizeof *s.input);
	model_initialise(s.model, 3);
	check_batch(&s, 5);
	check_batch(&s, 19);
	free(s.input);
	model_destroy(s.model);
	model_plan_destroy(s.plan);
}
