/* The sets with fused multiply-add give the same bytes, kernel by kernel, over numbers that do round. And how a set is
 * chosen. */
#include "nn/kernel/conv_norm_depthwise.h"
#include "nn/kernel/window.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <string.h>

/* Everything one kernel wrote, for two sets side by side. */
struct written { const real *at; size_t len; };

/* Numbers for one round; every set starts from the same. */
struct round {
	struct rng rng;
	struct shape in, out;
	struct window window;
	const struct kernels *kernels;
	const struct activation *mask_by;  /* in every other round */
	bool stream;
};

/* One of a thousand: the logarithms and cosines of a fresh one each time would be most of what these tests compute. */
static real normal(struct rng *rng)
{
	static real table[1000];
	const size_t count = sizeof table / sizeof *table;
	struct rng own = rng_seed(62, 0);       /* the same table for every set */

	for (size_t i = 0; table[count - 1] == 0 && i < count; i++)
		table[i] = (real)rng_normal(&own);
	return table[rng_below(rng, count)];
}

static real *take_normals(struct round *r, size_t len)
{
	real *to = take_reals(len);

	for (size_t i = 0; i < len; i++)
		to[i] = normal(&r->rng);
	return to;
}

static struct written run_conv(struct round *r)
{
	struct window *w = &r->window;
	int blocks = (r->out.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
	struct conv_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in,
		.out = take_reals(group_len(r->out)), .out_shape = r->out, .rows = r->out.h, .columns = r->out.w,
		.out_step = 1, .kernel = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top,
		.left = w->left, .bias = take_normals(r, (size_t)r->out.c),
		.weights = take_normals(r, (size_t)(blocks * CHANNEL_BLOCK * r->in.c * w->kernel.h * w->kernel.w)),
		.activation = { (real)0.3, 6 }, .stream = r->stream };

	if (r->mask_by) {
		job.mask_by = take_normals(r, group_len(r->out));
		job.mask_activation = *r->mask_by;
		job.slope = r->stream ? take_normals(r, (size_t)r->out.c) : NULL;
	}
	r->kernels->conv(&job);
	return (struct written){ job.out, group_len(r->out) };
}

/* 5x5 in rounds with a mask, else 3x3 by tiles of either size. */
static struct winograd_form form_of(const struct round *r)
{
	return (struct winograd_form){ r->mask_by ? 5 : 3, r->mask_by || r->stream ? 2 : 4 };
}

static struct written run_winograd(struct round *r)
{
	const struct winograd_form form = form_of(r);
	int blocks = (r->out.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK, size = form.kernel;
	struct conv_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in, .out = NULL,
		.out_shape = { r->out.c, r->in.h, r->in.w }, .rows = r->in.h, .columns = r->in.w, .out_step = 1,
		.kernel = { size, size }, .stride = 1, .top = 1, .left = 1, .bias = take_normals(r, (size_t)r->out.c),
		.weights = take_normals(r, (size_t)(winograd_points(form) * blocks * CHANNEL_BLOCK * r->in.c)),
		.activation = { (real)0.3, 6 }, .stream = r->stream, .winograd = form.outputs,
		.scratch = take_reals(winograd_scratch_len(&(struct winograd){ form, r->in.c, r->out.c })) };

	job.out = take_reals(group_len(job.out_shape));
	r->kernels->conv(&job);
	return (struct written){ job.out, group_len(job.out_shape) };
}

static struct written run_conv_bf16(struct round *r)
{
	struct window *w = &r->window;
	struct shape out = { r->out.c, r->out.h + 1, r->out.w * 2 };
	real *weights;
	int places = (r->out.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK * CHANNEL_BLOCK * bf16_pairs(r->in.c) *
		w->kernel.h * w->kernel.w;
	struct conv_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in,
		.out = take_normals(r, group_len(out)), .out_shape = out, .rows = r->out.h, .columns = r->out.w,
		.out_step = 1, .out_column = 1, .kernel = { w->kernel.h, w->kernel.w }, .stride = w->stride,
		.top = w->top, .left = w->left, .bias = take_normals(r, (size_t)r->out.c),
		.activation = { (real)0.3, 6 }, .bf16 = true };

	job.weights = weights = take_reals((size_t)places);
	for (int k = 0; k < places; k++) {
		real_bits pair = bf16_pair((real)rng_normal(&r->rng), (real)rng_normal(&r->rng));
		memcpy(weights + k, &pair, sizeof pair);
	}
	job.scratch = take_reals(bf16_scratch_len(&job));
	r->kernels->conv(&job);
	return (struct written){ job.out, group_len(out) };
}

static struct written run_conv_weights_bf16(struct round *r)
{
	struct window *w = &r->window;
	size_t len = (size_t)(r->out.c * r->in.c * w->kernel.h * w->kernel.w);
	struct conv_weights_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in,
		.d_out = take_normals(r, group_len(r->out)), .out_shape = r->out,
		.kernel = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top, .left = w->left,
		.d_weights = take_reals(len), .bf16 = true };

	job.scratch = take_reals(bf16_layout(&job).len);
	r->kernels->conv_weights(&job);
	return (struct written){ job.d_weights, len };
}

static struct written run_conv_weights(struct round *r)
{
	struct window *w = &r->window;
	size_t len = (size_t)(r->out.c * r->in.c * w->kernel.h * w->kernel.w);
	struct conv_weights_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in,
		.d_out = take_normals(r, group_len(r->out)), .out_shape = r->out,
		.kernel = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top, .left = w->left,
		.d_weights = take_reals(len),
		.scratch = take_reals(conv_weights_scratch_len(r->in.c, r->out.c, w->kernel.h, w->kernel.w)) };

	r->kernels->conv_weights(&job);
	return (struct written){ job.d_weights, len };
}

static struct written run_winograd_weights(struct round *r)
{
	const struct winograd_form form = form_of(r);
	int size = form.kernel;
	struct winograd w = { form, r->in.c, r->out.c };
	struct shape out = { r->out.c, r->in.h, r->in.w };
	size_t len = (size_t)(r->out.c * r->in.c * size * size);
	struct conv_weights_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in,
		.d_out = take_normals(r, group_len(out)), .out_shape = out, .kernel = { size, size }, .stride = 1,
		.top = 1, .left = 1, .winograd = form.outputs, .d_weights = take_reals(len),
		.scratch = take_reals(winograd_layout(&w).len) };

	r->kernels->conv_weights(&job);
	return (struct written){ job.d_weights, len };
}

static struct written run_product(struct round *r)
{
	struct shape in = { r->in.c + 30, r->in.h, r->in.w }, out = { r->out.c + 60, r->in.h, r->in.w };
	size_t len = (size_t)(in.c * out.c);
	struct conv_weights_job job = { .in = take_normals(r, group_len(in)), .in_shape = in,
		.d_out = take_normals(r, group_len(out)), .out_shape = out, .kernel = { 1, 1 }, .stride = 1,
		.d_weights = take_reals(len), .scratch = take_reals(conv_weights_scratch_len(in.c, out.c, 1, 1)) };

	r->kernels->conv_weights(&job);
	return (struct written){ job.d_weights, len };
}

typedef void pool_kernel(const struct pool_job *job);

/* Output and gradient in one array. */
static struct written run_pool(struct round *r, pool_kernel *forward, pool_kernel *backward)
{
	struct window *w = &r->window;
	struct shape out = { r->in.c, r->out.h, r->out.w };
	real *both = take_reals(group_len(out) + group_len(r->in));
	struct pool_job job = { .in = take_normals(r, group_len(r->in)), .in_shape = r->in, .out = both,
		.out_shape = out, .window = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top,
		.left = w->left };

	forward(&job);
	job.d_out = take_normals(r, group_len(out));
	job.d_in = both + group_len(out);
	job.mask = r->mask_by;
	backward(&job);
	return (struct written){ both, group_len(out) + group_len(r->in) };
}

static struct written run_norm_max_pool(struct round *r)
{
	struct window *w = &r->window;
	struct shape in = { 1, r->in.h, r->in.w }, out = { 1, r->out.h, r->out.w };
	real *all = take_reals(group_len(out) + group_len(in)), *mask = take_reals(LANES);
	struct norm_pool_job job = { .pool = { .in = take_normals(r, group_len(in)), .in_shape = in, .out = all,
		.out_shape = out, .window = { w->kernel.h, w->kernel.w }, .stride = w->stride, .top = w->top,
		.left = w->left, .choice = CHOOSE_SMALLEST } };

	r->kernels->max_pool(&job.pool);
	for (int i = 0; i < LANES; i++)
		mask[i] = i < 13;
	job.pool.d_out = take_normals(r, group_len(out));
	job.pool.d_in = all + group_len(out);
	job.pool.mask = r->mask_by;
	job.norm = (struct batch_norm_job){ .lane_mask = mask, .mean = (real)0.123, .gain = (real)1.37,
	                                    .slope = (real)-0.71, .shift = (real)0.19 };
	r->kernels->norm_max_pool_backward(&job);
	return (struct written){ all, group_len(out) + group_len(in) };
}

static struct written run_max_pool(struct round *r)
{
	return run_pool(r, r->kernels->max_pool, r->kernels->max_pool_backward);
}

static struct written run_average_pool(struct round *r)
{
	return run_pool(r, r->kernels->average_pool, r->kernels->average_pool_backward);
}

static struct written run_activation(struct round *r)
{
	size_t vectors = image_len(r->in), len = vectors * LANES;
	real *both = take_reals(2 * len);
	struct activation a = { (real)0.3, 1 };

	r->kernels->activate(take_normals(r, len), both, vectors, a);
	r->kernels->activate_backward(both, take_normals(r, len), both + len, vectors, a);
	return (struct written){ both, 2 * len };
}

static struct written run_batch_norm(struct round *r)
{
	size_t pixels = image_len(r->in), len = pixels * LANES;
	real *both = take_reals(2 * len), *x = take_normals(r, len), *d = take_normals(r, len);
	real *mask = take_reals(LANES);

	for (int i = 0; i < LANES; i++)
		mask[i] = i < 13;
	r->kernels->scale_shift(x, both, pixels, &(struct affine){ (real)1.7, (real)0.3, { (real)0.1, 6 }, r->stream });
	r->kernels->batch_norm_backward(&(struct batch_norm_job){
		.x = x, .d_y = d, .d_x = both + len, .pixels = pixels, .lane_mask = mask,
		.mean = (real)0.123, .gain = (real)1.37, .slope = (real)-0.71, .shift = (real)0.19,
		.mask = r->mask_by, .stream = r->stream });
	return (struct written){ both, 2 * len };
}

/* Sums, as the pieces that make them up: doubles that rounded to real would hide differences. */
static struct written run_sums(struct round *r)
{
	size_t pixels = image_len(r->in), len = pixels * LANES, reals = sizeof(double) / sizeof(real);
	real *x = take_normals(r, len), *d = take_normals(r, len), *mask = take_reals(LANES);
	real *all = take_reals(4 * reals + 1);
	double *sums = (double *)(void *)all;

	for (int i = 0; i < LANES; i++)
		mask[i] = i < 13;
	r->kernels->channel_moments(x, pixels, mask, sums);
	r->kernels->channel_products(x, d, pixels, (real)0.3, sums + 2);
	r->kernels->channel_sums(x, 1, pixels, all + 4 * reals);
	return (struct written){ all, 4 * reals + 1 };
}

/* Outputs, then all gradients, one after the other. */
static struct written run_conv_norm_depthwise(struct round *r)
{
	struct window w = { .kernel = { 3, 3 }, .stride = 1 + (r->mask_by != NULL) };
	int channels = 4 * r->out.c + 1;
	size_t c = (size_t)channels, packed = (c + 3) * (size_t)r->in.c, taps = c * 9 * CHANNEL_BLOCK, len[4];

	window_place(&w, r->in, (struct padding){ .rule = PADDING_SAME }, (struct mark){ 0 }, NULL);
	len[0] = group_len((struct shape){ channels, w.out_h, w.out_w });
	len[1] = group_len(r->in);
	len[2] = c * conv_norm_depthwise_columns(r->in.c);
	len[3] = c * 9;
	real *all = take_reals(len[0] + len[1] + (len[2] + LANES) / LANES * LANES + len[3]);
	struct conv_norm_depthwise_job job = { .in = take_normals(r, len[1]), .in_shape = r->in, .channels = channels,
		.weights = take_normals(r, packed), .bias = take_normals(r, c), .activation = { (real)0.3, 6 },
		.window = &w, .taps = take_normals(r, taps),
		.scratch = take_reals(conv_norm_depthwise_scratch_len(r->in, channels, &w)), .out = all,
		.out_activation = { (real)0.1, 3 }, .stream = r->stream, .d_out = take_normals(r, len[0]),
		.flipped_taps = take_normals(r, taps), .transposed_weights = take_normals(r, ((size_t)r->in.c + 3) * c),
		.d_in = all + len[0], .products = all + len[0] + len[1], .d_taps = all + len[0] + len[1] + len[2] };

	r->kernels->conv_norm_depthwise(&job);
	r->kernels->conv_norm_depthwise_backward(&job);
	return (struct written){ all, len[0] + len[1] + len[2] + len[3] };
}

static struct written run_gram(struct round *r)
{
	size_t n = (size_t)r->in.c;
	real *all = take_reals(n * n + n);
	struct gram_job job = { .x = take_normals(r, group_len(r->in)), .channels = r->in.c, .height = r->in.h,
		.width = r->in.w, .products = all, .sums = all + n * n,
		.scratch = take_reals(conv_weights_scratch_len(r->in.c, r->in.c, 1, 1)) };

	r->kernels->channel_gram(&job);
	return (struct written){ all, n * n + n };
}

static struct written run_dropout_and_add(struct round *r)
{
	size_t vectors = image_len(r->in), len = vectors * LANES;
	real *x = take_normals(r, len), *y = take_reals(len);

	r->kernels->dropout(x, y, 3, vectors, (real)0.7, 9);
	r->kernels->add(x, y, y, vectors);
	return (struct written){ y, len };
}

static struct written run_scale_bytes(struct round *r)
{
	size_t vectors = image_len(r->in), len = vectors * LANES;
	const uint8_t *x = (const uint8_t *)take_normals(r, len);
	real *y = take_reals(len);

	r->kernels->scale_bytes(x, y, vectors, (real)127.3, (real)0.0123);
	return (struct written){ y, len };
}

static const struct { const char *name; struct written (*run)(struct round *r); } kernels_run[] = {
	{ "conv", run_conv }, { "conv in bf16", run_conv_bf16 }, { "winograd", run_winograd },
	{ "conv_weights", run_conv_weights }, { "conv_weights in bf16", run_conv_weights_bf16 },
	{ "conv_norm_depthwise", run_conv_norm_depthwise }, { "gram", run_gram },
	{ "winograd weights", run_winograd_weights }, { "weights product", run_product }, { "max_pool", run_max_pool },
	{ "norm_max_pool", run_norm_max_pool }, { "average_pool", run_average_pool }, { "activate", run_activation },
	{ "batch norm", run_batch_norm }, { "sums", run_sums }, { "dropout and add", run_dropout_and_add },
	{ "scale_bytes", run_scale_bytes },
};

static struct written run_on(const struct kernels *k, size_t kernel, int round)
{
	static const struct activation mask_by = { (real)0.2, (real)1.5 };
	struct round r = { .rng = rng_seed(61, (uint64_t)round), .kernels = k, .mask_by = round % 2 ? &mask_by : NULL,
		.stream = round % 3 == 1 };

	r.in = (struct shape){ draw_between(&r.rng, 1, 9), draw_between(&r.rng, 5, 14), draw_between(&r.rng, 5, 14) };
	r.window.kernel = (struct pair){ draw_between(&r.rng, 1, 5), draw_between(&r.rng, 1, 5) };
	r.window.stride = draw_between(&r.rng, 1, 3);
	window_place(&r.window, r.in, (struct padding){ .rule = PADDING_SAME }, (struct mark){ 0 }, NULL);
	r.out = (struct shape){ draw_between(&r.rng, 1, 9), r.window.out_h, r.window.out_w };
	return kernels_run[kernel].run(&r);
}

static void check_same_bytes(const struct kernels *wide, const struct kernels *narrow)
{
	for (size_t kernel = 0; kernel < sizeof kernels_run / sizeof *kernels_run; kernel++)
		for (int round = 0; round < 25; round++, take_nothing()) {
			struct written a = run_on(wide, kernel, round), b = run_on(narrow, kernel, round);
			if (memcmp(a.at, b.at, a.len * sizeof *a.at))
				test_fail(__FILE__, __LINE__, "%s of %s differs in round %d", kernels_run[kernel].name,
				          wide->name, round);
		}
}

TEST(kernels_with_avx512_and_avx2_give_the_same_bytes)
{
	const struct kernels *wide = kernels_choose("avx512"), *narrow = kernels_choose("avx2");
	const struct kernels *wider = kernels_choose("avx512bf16");

	if (!wide || !narrow) {
		printf("skipped: this processor has not both AVX-512 and AVX2\n");
		return;
	}
	check_same_bytes(wide, narrow);
	if (wider)
		check_same_bytes(wider, narrow);
}

TEST(kernels_are_chosen_by_name_or_the_best_first)
{
	CHECK(kernels_choose(NULL) == *next_set(kernels_all));
	CHECK(kernels_choose("") == *next_set(kernels_all));
	CHECK(!kernels_choose("avx"));
	for (const struct kernels *const *k = kernels_all; *k; k++)
		CHECK(kernels_choose((*k)->name) == ((*k)->runs_here() ? *k : NULL));
	CHECK_TEXT(kernels_choose("portable")->name, "portable");
}
