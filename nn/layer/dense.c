/* Dense layer: y[o] = bias[o] + sum over i of kernel[o][i] * x[i]. Floor 2.
 *
 * A dense layer is a 1x1 convolution over an image whose pixels are the batch's lane groups. So activations are
 * gathered once into [feature][group][LANES], and then one call serves the whole batch: the convolution kernels for
 * small layers, OpenBLAS' sgemm for large ones, where blocking for the caches pays. Which of the two depends on the
 * layer's size alone. Both are cut into blocks of features, never of images, so no sum crosses two calls. */
#include "nn/base/layout.h"
#include "nn/layer/layer.h"

#include <string.h>

struct dense {
	int units;
	bool bias;
	int init;
};

enum {
	BLAS_WEIGHTS = 1 << 17, /* a layer with at least that many weights uses OpenBLAS */
	BLOCK = 32,             /* features of a block for the convolution kernels: a multiple of CHANNEL_BLOCK */
	/* OpenBLAS: number of blocks, bounds of their length */
	BLAS_BLOCKS = 8, BLAS_SHORTEST = 64, BLAS_LONGEST = 512,
};

static const char *const init_names[] = { "he", "glorot", NULL };

static const struct field fields[] = {
	{ "units", FIELD_COUNT, offsetof(struct dense, units), .min = 1, .max = 1 << 20, .required = 1,
	  .help = "outputs; in the last layer `classes`, as many as the sweep has" },
	{ "bias", FIELD_BOOL, offsetof(struct dense, bias), .fallback = 1,
	  .help = "whether a trained number is added to each output" },
	{ "init", FIELD_CHOICE, offsetof(struct dense, init), .choices = init_names,
	  .help = "how the first weights are drawn, see above" },
	{ 0 }
};

static const char about[] =
	"Every output is a weighted sum of all inputs. In front of it stands `flatten` or `global_average_pool`. The "
	"last one of a network gives the logits: softmax and cross-entropy belong to training, so no activation "
	"follows.";

/* Features in and out, and the offsets of the parts of `shared`. */
struct sizes {
	int in, out, groups;
	bool blas;
	int out_block, in_block;        /* features of a block */
	size_t weights;
	/* weights in the kernels' order; the same transposed, inputs for outputs */
	size_t packed, transposed, packed_len;
	size_t scratch, x, y, len;      /* scratch: of each block; d_x takes the place of x, d_y that of y */
};

static size_t blocks_of(int features, int block)
{
	return (size_t)(features + block - 1) / (size_t)block;
}

/* Short blocks keep more cores busy, long ones let OpenBLAS pack its operands less often. */
static int blas_block(int features)
{
	int block = (features + BLAS_BLOCKS - 1) / BLAS_BLOCKS;

	block = (int)whole_lanes((size_t)block);
	return block < BLAS_SHORTEST ? BLAS_SHORTEST : block > BLAS_LONGEST ? BLAS_LONGEST : block;
}

/* Enough for the last block too, which may be shorter: a test asks. */
static size_t scratch_each(int in)
{
	return conv_weights_scratch_len(in, BLOCK, 1, 1);
}

static struct sizes sizes_of(int in, int out, int groups)
{
	struct sizes s = { .in = in, .out = out, .groups = groups, .weights = (size_t)in * (size_t)out };
	struct layout shared = { 0 };

	s.blas = s.weights >= BLAS_WEIGHTS;
	s.out_block = s.blas ? blas_block(out) : BLOCK;
	s.in_block = s.blas ? blas_block(in) : BLOCK;
	if (!s.blas) {
		s.packed = layout_add(&shared, blocks_of(out, CHANNEL_BLOCK) * CHANNEL_BLOCK * (size_t)in);
		s.transposed = layout_add(&shared, blocks_of(in, CHANNEL_BLOCK) * CHANNEL_BLOCK * (size_t)out);
		s.packed_len = shared.len;
		s.scratch = layout_add(&shared, blocks_of(out, s.out_block) * scratch_each(in));
	}
	s.x = layout_add(&shared, (size_t)in * (size_t)groups * LANES);
	s.y = layout_add(&shared, (size_t)out * (size_t)groups * LANES);
	s.len = shared.len;
	return s;
}

static struct sizes sizes(const struct pass *p)
{
	return sizes_of(p->in[0].shape.c, p->out.shape.c, p->groups);
}

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	const struct dense *d = config;
	struct shape from = in->in[0];

	if (from.h != 1 || from.w != 1)
		return fail_at(err, in->at,
			"dense: its input is %dx%dx%d (height x width x channels); flatten or pool it first",
		               from.h, from.w, from.c);
	size_t weights = (size_t)from.c * (size_t)d->units;
	if (weights > MAX_WEIGHTS)
		return fail_at(err, in->at, "units: %zu weights are more than the %d that a layer may have", weights,
			MAX_WEIGHTS);
	out->out = (struct shape){ d->units, 1, 1 };
	out->params[out->param_count++] = (struct param_plan){ .name = "kernel", .len = weights,
		.axis_count = 2, .axes = { { AXIS_OUTPUT, d->units }, { AXIS_INPUT, from.c } },
		.init = d->init ? INIT_GLOROT : INIT_HE, .fan_in = from.c, .fan_out = d->units, .decays = true };
	if (d->bias)
		out->params[out->param_count++] = (struct param_plan){ .name = "bias", .len = (size_t)d->units,
			.init = INIT_ZERO,
			.axis_count = 1, .axes = { { AXIS_OUTPUT, d->units } } };
	out->macs = (int64_t)weights;
	return true;
}

static void plan_operation(const struct pass *p, struct operation_plan *out)
{
	struct sizes s = sizes(p);

	out->shared_len = s.len;
	out->packed_len = s.packed_len;
	out->uses_blas = s.blas;
}

/* [group][feature][LANES] <-> [feature][group][LANES] for one group. */
static void gather(const struct pass *p, struct tensor from, real *to, int group)
{
	for (int k = 0; k < from.shape.c; k++)
		memcpy(to + ((size_t)k * (size_t)p->groups + (size_t)group) * LANES,
			group_at(from, group) + (size_t)k * LANES,
		       LANES * sizeof *to);
}

static void scatter(const struct pass *p, const real *from, struct tensor to, int group)
{
	for (int k = 0; k < to.shape.c; k++)
		memcpy(group_at(to, group) + (size_t)k * LANES,
			from + ((size_t)k * (size_t)p->groups + (size_t)group) * LANES,
		       LANES * sizeof *from);
}

/* Packed weights as the convolution kernels read them, of the kernel and of its transpose. */
static void prepare(const struct pass *p)
{
	struct sizes s = sizes(p);
	real *packed = p->shared + s.packed, *transposed = p->shared + s.transposed;

	if (s.blas)
		return;
	for (int o = 0; o < s.out; o++)
		for (int i = 0; i < s.in; i++) {
			real weight = p->host->params[(size_t)o * (size_t)s.in + (size_t)i];
			packed[packed_at(o, (size_t)s.in, (size_t)i)] = weight;
			transposed[packed_at(i, (size_t)s.out, (size_t)o)] = weight;
		}
}

/* One matrix product, c = a * b, row by row; transposed as told. */
struct product {
	enum blas_operand a_operand, b_operand;
	int rows, columns, inner;
	const real *a, *b;
	int a_stride, b_stride;
	real *c;
};

static void multiply(const struct pass *p, const struct product *m)
{
	p->gemm(BLAS_ROW_MAJOR, m->a_operand, m->b_operand, m->rows, m->columns, m->inner, 1, m->a, m->a_stride, m->b,
	        m->b_stride, 0, m->c, m->columns);
}

/* A block's first feature and its number of features. */
struct range { int first, count; };

static struct range range_of(int index, int block, int features)
{
	int first = index * block;

	return (struct range){ first, features - first < block ? features - first : block };
}

/* A 1x1 convolution of [from][groups][LANES] into features r of [to][groups][LANES]. */
static void convolve(const struct pass *p, const real *x, int from, struct conv_job job)
{
	job.in = x;
	job.in_shape = (struct shape){ from, 1, p->groups };
	job.rows = 1;
	job.columns = p->groups;
	job.out_step = 1;
	job.kernel.h = job.kernel.w = 1;
	job.stride = 1;
	p->kernels->conv(&job);
}

static void forward_gather(const struct pass *p, int group)
{
	gather(p, p->in[0], p->shared + sizes(p).x, group);
}

static int forward_blocks(const struct pass *p)
{
	struct sizes s = sizes(p);

	return (int)blocks_of(s.out, s.out_block);
}

static void add_bias(const struct pass *p, real *y, struct range r)
{
	const struct dense *d = p->host->config;
	size_t vectors = (size_t)p->groups;
	const real *bias = p->host->params + (size_t)p->in[0].shape.c * (size_t)p->out.shape.c;

	for (int o = 0; o < r.count; o++)
		p->kernels->scale_shift(y + (size_t)o * vectors * LANES, y + (size_t)o * vectors * LANES, vectors,
		                        &(struct affine){ 1, d->bias ? bias[r.first + o] : 0, p->activation, false });
}

static void forward_block(const struct pass *p, int index)
{
	struct sizes s = sizes(p);
	struct range r = range_of(index, s.out_block, s.out);
	int columns = p->groups * LANES;
	const struct dense *d = p->host->config;
	real *y = p->shared + s.y + (size_t)r.first * (size_t)columns;

	if (!s.blas) {
		convolve(p, p->shared + s.x, s.in, (struct conv_job){
			.out = y, .out_shape = { r.count, 1, p->groups },
				.weights = p->shared + s.packed + (size_t)r.first * (size_t)s.in,
			.bias = d->bias ? p->host->params + s.weights + r.first : NULL, .activation = p->activation });
		return;
	}
	multiply(p, &(struct product){ BLAS_AS_STORED, BLAS_AS_STORED, r.count, columns, s.in,
	                               p->host->params + (size_t)r.first * (size_t)s.in, p->shared + s.x, s.in, columns,
	                               y });
	add_bias(p, y, r);
}

static void forward_scatter(const struct pass *p, int group)
{
	scatter(p, p->shared + sizes(p).y, p->out, group);
}

static void backward_gather(const struct pass *p, int group)
{
	gather(p, p->d_out, p->shared + sizes(p).y, group);
}

/* Rows r of the weight gradient and of the bias' gradient. */
static void backward_weights(const struct pass *p, int index)
{
	struct sizes s = sizes(p);
	struct range r = range_of(index, s.out_block, s.out);
	int columns = p->groups * LANES;
	const struct dense *d = p->host->config;
	const real *d_y = p->shared + s.y + (size_t)r.first * (size_t)columns;
	real *d_kernel = p->host->d_params + (size_t)r.first * (size_t)s.in;

	if (d->bias)
		p->kernels->channel_sums(d_y, r.count, (size_t)p->groups, p->host->d_params + s.weights + r.first);
	if (s.blas)
		multiply(p, &(struct product){ BLAS_AS_STORED, BLAS_TRANSPOSED, r.count, s.in, columns,
		                               d_y, p->shared + s.x, columns, columns, d_kernel });
	else
		p->kernels->conv_weights(&(struct conv_weights_job){
			.in = p->shared + s.x, .in_shape = { s.in, 1, p->groups }, .d_out = d_y,
				.out_shape = { r.count, 1, p->groups },
			.kernel = { 1, 1 }, .stride = 1, .d_weights = d_kernel,
			.scratch = p->shared + s.scratch + (size_t)index * scratch_each(s.in) });
}

static int backward_data_blocks(const struct pass *p)
{
	struct sizes s = sizes(p);

	return p->d_in[0].at ? (int)blocks_of(s.in, s.in_block) : 0;
}

/* Features r of the gradient with respect to the input, over the gathered input, which is not needed any more. */
static void backward_data(const struct pass *p, int index)
{
	struct sizes s = sizes(p);
	struct range r = range_of(index, s.in_block, s.in);
	int columns = p->groups * LANES;
	real *d_x = p->shared + s.x + (size_t)r.first * (size_t)columns;

	if (s.blas)
		multiply(p, &(struct product){ BLAS_TRANSPOSED, BLAS_AS_STORED, r.count, columns, s.out,
		                               p->host->params + r.first, p->shared + s.y, s.in, columns, d_x });
	else
		convolve(p, p->shared + s.y, s.out, (struct conv_job){
			.out = d_x, .out_shape = { r.count, 1, p->groups },
			.weights = p->shared + s.transposed + (size_t)r.first * (size_t)s.out,
			.activation = ACTIVATION_IDENTITY });
}

static void backward_scatter(const struct pass *p, int group)
{
	if (p->d_in[0].at)
		scatter(p, p->shared + sizes(p).x, p->d_in[0], group);
}

const struct layer_type layer_dense = {
	.kind = { "dense", "fully connected layer", fields, sizeof(struct dense), about },
	.inputs = 1, .plan = plan,
	.alone = {
		.applies_activation = true, .plan = plan_operation, .prepare = prepare,
		.forward = {
			{ .run = forward_gather, .moves = { .in = 2 } },
			{ .run = forward_block, .scope = EACH_BLOCK, .blocks = forward_blocks,
			  .moves = { .in = 1, .out = 1, .params = 1 } },
			{ .run = forward_scatter, .moves = { .out = 2 } },
		},
		.backward = {
			{ .run = backward_gather, .moves = { .d_out = 2 } },
			{ .run = backward_weights, .scope = EACH_BLOCK, .blocks = forward_blocks,
			  .moves = { .in = 1, .d_out = 1, .d_params = 1 } },
			{ .run = backward_data, .scope = EACH_BLOCK, .blocks = backward_data_blocks,
			  .data_moves = { .d_out = 1, .d_in = 1, .params = 1 } },
			{ .run = backward_scatter, .data_moves = { .d_in = 2 } },
		},
	},
};
