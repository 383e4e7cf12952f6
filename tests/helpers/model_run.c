/* See model_run.h. */
#include "tests/helpers/model_run.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/test.h"

#include <stdlib.h>
#include <string.h>

const char *const every_layer_text =
	/* 0 .. 2: 6 x 9 x 11 */
	"conv channels=6 kernel=3x2; batch_norm; relu6;"
	/* 3 .. 5: 6 x 5 x 6 */
	"depthwise kernel=3 stride=2; batch_norm; leaky_relu slope=0.1;"
	/* 6 .. 9 */
	"conv channels=6 kernel=1 groups=2; relu; add from=5,7; add from=8,6;"
	/* 10 .. 12: 6 x 2 x 3 */
	"max_pool window=2 stride=1; average_pool window=2 padding=same; spatial_dropout rate=0.2;"
	/* 13 .. 16 */
	"conv channels=5 kernel=3 stride=2 bias=0; flatten; dense units=9; relu;"
	/* 17 .. 20 */
	"global_average_pool from=13; dense units=9 bias=0; add from=16,18; dropout rate=0.2;"
	"dense units=4";

const char *const expansions_text =
	/* 0, 1: 13 x 9 x 11 */
	"conv channels=13 kernel=3; leaky_relu slope=0.1;"
	/* 2 .. 7: 250 x 9 x 11 */
	"conv channels=250 kernel=1; batch_norm; relu6; depthwise kernel=3; batch_norm; relu;"
	/* 8 .. 10: 13 x 9 x 11 */
	"conv channels=13 kernel=1; batch_norm; add from=9,1;"
	/* 11 .. 13: 126 x 5 x 6 */
	"conv channels=126 kernel=1 bias=0; batch_norm; depthwise kernel=3 stride=2 bias=0;"
	"batch_norm; relu6; global_average_pool; dense units=4";

const char *const norms_text =
	/* 0 .. 4: 9 x 9 x 11 */
	"conv channels=6 kernel=3; leaky_relu slope=0.1; batch_norm; conv channels=9 kernel=1; relu;"
	/* 5 .. 8: 9 x 5 x 6 */
	"batch_norm; dropout rate=0.2; depthwise kernel=3 stride=2 bias=0; relu6;"
	/* 9 .. 12: 33 x 5 x 6 */
	"batch_norm; conv channels=70 kernel=1 bias=0; batch_norm; conv channels=33 kernel=1;"
	"add from=12,12; global_average_pool; dense units=4";

const char *const projections_text =
	/* 0 .. 3: 12 x 9 x 11 */
	"conv channels=6 kernel=3; relu; depthwise kernel=3 multiplier=2; leaky_relu slope=0.1;"
	/* 4 .. 7: 9 x 9 x 11 */
	"batch_norm; relu6; conv channels=9 kernel=1; relu;"
	/* 8 .. 11: 30 x 5 x 6 */
	"depthwise kernel=3 stride=2 bias=0; batch_norm; leaky_relu slope=0.2; conv channels=30 kernel=1 bias=0;"
	"batch_norm; relu; conv channels=5 kernel=1; add from=14,14; global_average_pool; dense units=4";

const char *const transitions_text =
	/* 0 .. 3: 250 x 9 x 11 */
	"conv channels=6 kernel=3; leaky_relu slope=0.1; conv channels=250 kernel=1; relu6;"
	/* 4 .. 7: 30 x 8 x 10 */
	"batch_norm; max_pool window=2 stride=1; conv channels=30 kernel=1; relu;"
	/* 8 .. 10: 310 x 4 x 5 */
	"conv channels=310 kernel=1 bias=0; batch_norm; max_pool window=3 stride=2 padding=same;"
	"global_average_pool; dense units=4";

/* Test code at fault: nothing below would mean anything. */
static void must(bool well, const struct error *err)
{
	if (well)
		return;
	test_fail(__FILE__, __LINE__, "%s", err->text);
	abort();
}

void model_run_open(struct model_run *r, const char *text, struct shape input, int classes)
{
	*r = (struct model_run){ .step = 0 };
	net_read(&r->net, input, classes, text);
	r->net.network.input_gradient = true;
	team_init(&r->team);
}

void model_run_plan(struct model_run *r, int batch)
{
	struct error err = { "" };

	r->plan = model_plan_create(&r->net.network, batch, 1, &err);
	must(r->plan, &err);
}

void model_run_create(struct model_run *r, const struct kernels *kernels)
{
	struct error err = { "" };

	r->model = model_create(r->plan, kernels, &err);
	must(r->model, &err);
	model_initialise(r->model, 1);
}

void model_run_close(struct model_run *r)
{
	model_destroy(r->model);
	model_plan_destroy(r->plan);
}

void model_run_fill(struct model_run *r, int images, uint64_t seed, double junk)
{
	size_t len = image_len(r->net.network.input);

	r->batch = (struct batch){ .images = images, .training = true, .label_smoothing = 0.1, .noise = seed };
	for (int n = 0; n < groups_of(images) * LANES; n++) {
		struct rng rng = rng_seed(seed, (uint64_t)n);
		real *to = model_input(r->model, n / LANES) + n % LANES;
		for (size_t i = 0; i < len; i++)
			to[i * LANES] = (real)(n < images ? rng_normal(&rng) : junk);
		int label = (int)rng_below(&rng, (uint64_t)r->net.network.classes);
		model_targets(r->model, n / LANES)[n % LANES] = target_of(n < images ? label : 1 << 30);
	}
}

void model_run_train(struct model_run *r)
{
	const struct optimizer_type *sgd = optimizer_types[1];
	_Alignas(16) char config[NET_CONFIG];

	config_read(sgd->kind.fields, config, "weight_decay=0.01");
	model_forward(r->model, &r->team, &r->batch, true);
	model_backward(r->model, &r->team);
	model_update(r->model, &r->team, &(struct model_step){ .optimizer = sgd, .config = config,
		.learning_rate = 0.01, .step = ++r->step });
}

static void append(struct outcome *to, const double *from, size_t len)
{
	memcpy(to->at + to->len, from, len * sizeof *from);
	to->len += len;
}

struct outcome model_run_outcome(const struct model_run *r)
{
	struct model_memory m = model_memory(r->model);
	struct shape logits = { r->net.network.classes, 1, 1 }, input = r->net.network.input;
	size_t images = (size_t)r->batch.images;
	size_t most = images * (2 + image_len(logits) + image_len(input)) + 2 * m.params_len + m.state_len;
	struct outcome o = { take_doubles(most), 0 };

	for (int i = 0; i < r->batch.images; i++) {
		o.at[o.len++] = model_loss(r->model, i);
		o.at[o.len++] = model_correct(r->model, i);
	}
	append(&o, take_plain(model_logits(r->model), logits, r->batch.images), images * image_len(logits));
	if (m.d_input)
		append(&o, take_plain(m.d_input, input, r->batch.images), images * image_len(input));
	append(&o, take_wide(m.gradients, m.params_len), m.params_len);
	append(&o, take_wide(m.params, m.params_len), m.params_len);
	append(&o, take_wide(m.state, m.state_len), m.state_len);
	return o;
}

void check_outcomes(const char *file, int line, const struct outcome outcomes[2], const char *what)
{
	const struct outcome *a = &outcomes[0], *b = &outcomes[1];

	if (a->len != b->len)
		test_fail(file, line, "%s: %zu numbers and %zu", what, a->len, b->len);
	for (size_t i = 0; i < a->len && i < b->len; i++)
		if (memcmp(&a->at[i], &b->at[i], sizeof a->at[i])) {
			test_fail(file, line, "%s: number %zu of %zu is %a and %a", what, i, a->len, a->at[i],
			          b->at[i]);
			return;
		}
}
