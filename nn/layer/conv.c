/* Convolution, plain, in groups, and depthwise: one shape rule, one forward, one backward. Floor 2.
 *
 *   out[o][y][x] = bias[o] + sum over i, ky, kx of in[i][y * stride + ky - top][x * stride + kx - left] * kernel[o][i][ky][kx]
 *
 * The gradient by data is again a correlation, or with a stride several: see nn/kernel/conv_phase.h. */
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/conv_phase.h"
#include "nn/kernel/window.h"
#include "nn/layer/layer.h"

struct conv {
	int channels;           /* depthwise: output channels per input channel */
	struct pair kernel;
	int stride;
	struct padding padding;
	int groups;             /* 0: depthwise, as many as input channels */
	bool bias;
	int init;
};

/* All that follows from a config and an input's shape. */
struct geometry {
	struct window window;
	struct shape in, out;
	int groups, in_each, out_each;  /* channels read and written per convolution group */
	size_t kernel_len;              /* of all groups */
	size_t packed_each, turned_each;        /* packed weights per group: forward, and for the gradient by data */
	bool bf16;                      /* see nn/kernel/bf16.h */
	int winograd, winograd_weights; /* outputs of a tile, or 0: both ways; the weight gradient. See nn/kernel/winograd.h */
};

static void choose_algorithm(struct geometry *g, bool bf16)
{
	struct shape in = { g->in_each, g->in.h, g->in.w }, out = { g->out_each, g->window.out_h, g->window.out_w };
	struct pair kernel = g->window.kernel;
	bool may = kernel.h == kernel.w && g->window.stride == 1;

	g->bf16 = bf16 && bf16_pays(g->in_each, g->out_each);
	may = may && !g->bf16;
	g->winograd = may ? winograd_outputs(kernel.h, in, out) : 0;
	g->winograd_weights = may ? winograd_weights_outputs(kernel.h, in, out) : 0;
}

/* Of the three jobs' scratch the largest. The gradient by data reads d_out; its phases' kernels are no larger than the whole one. */
static size_t bf16_scratch(const struct geometry *g)
{
	const struct window *w = &g->window;
	struct conv_job forward = { .in_shape = { g->in_each, g->in.h, g->in.w }, .columns = w->out_w, .stride = w->stride,
	                            .kernel = { w->kernel.h, w->kernel.w } };
	struct conv_job data = { .in_shape = { g->out_each, w->out_h, w->out_w }, .columns = g->in.w, .stride = 1,
	                         .kernel = { w->kernel.h, w->kernel.w } };
	struct conv_weights_job weights = { .in_shape = forward.in_shape, .out_shape = data.in_shape, .stride = w->stride,
	                                    .kernel = { w->kernel.h, w->kernel.w } };
	size_t len = bf16_layout(&weights).len, ways[] = { bf16_scratch_len(&forward), bf16_scratch_len(&data) };

	for (int i = 0; i < 2; i++)
		len = ways[i] > len ? ways[i] : len;
	return len;
}

/* Numbers of scratch that any of a convolution group's jobs needs. */
static size_t scratch_len(const struct geometry *g)
{
	struct winograd w = { { g->window.kernel.h, g->winograd }, g->in_each, g->out_each }, by_weights = w;

	if (g->bf16)
		return bf16_scratch(g);
	by_weights.form.outputs = g->winograd_weights;
	size_t len = g->winograd_weights ? winograd_layout(&by_weights).len :
		conv_weights_scratch_len(g->in_each, g->out_each, g->window.kernel.h, g->window.kernel.w);
	size_t ways = g->winograd ? winograd_scratch_len(&w) : 0;

	return len > ways ? len : ways;
}

/* Packed weights of so many taps, or points, of the turned kernel. */
static size_t turned_len(const struct geometry *g, size_t taps)
{
	return conv_blocks(g->in_each) * conv_places(g->out_each, g->bf16) * taps;
}

static bool geometry_of(const struct conv *c, const struct plan_request *in, struct geometry *g, struct error *err)
{
	size_t taps = (size_t)c->kernel.h * (size_t)c->kernel.w;
	size_t outputs = (size_t)c->channels * (c->groups ? 1 : (size_t)in->in[0].c);

	*g = (struct geometry){ .in = in->in[0], .window = { .kernel = c->kernel, .stride = c->stride } };
	g->groups = c->groups ? c->groups : g->in.c;
	if (g->in.c % g->groups)
		return fail_at(err, in->at, "groups: %d does not divide the %d input channels", g->groups, g->in.c);
	if (outputs % (size_t)g->groups)
		return fail_at(err, in->at, "groups: %d does not divide the %zu output channels", g->groups, outputs);
	if (!window_place(&g->window, g->in, c->padding, in->at, err))
		return false;
	g->in_each = g->in.c / g->groups;
	g->kernel_len = outputs * (size_t)g->in_each * taps;
	if (g->kernel_len > MAX_WEIGHTS)
		return fail_at(err, in->at, "kernel: %zu weights are more than the %d that a layer may have", g->kernel_len, MAX_WEIGHTS);
	g->out = (struct shape){ (int)outputs, g->window.out_h, g->window.out_w };
	g->out_each = g->out.c / g->groups;
	choose_algorithm(g, in->bf16);
	size_t points = g->winograd ? (size_t)winograd_points((struct winograd_form){ c->kernel.h, g->winograd }) : taps;
	g->packed_each = conv_blocks(g->out_each) * conv_places(g->in_each, g->bf16) * points;
	g->turned_each = turned_len(g, points);
	return true;
}

static size_t plane_len(const struct geometry *g)
{
	return group_len((struct shape){ 1, g->in.h, g->in.w });
}

/* Of the channels that one convolution group writes. */
static size_t out_len(const struct geometry *g)
{
	return group_len((struct shape){ g->out_each, g->out.h, g->out.w });
}

static struct geometry geometry(const struct pass *p)
{
	struct geometry g;
	struct plan_request in = { .input_count = 1, .in = { p->in[0].shape }, .bf16 = p->plan->bf16 };

	if (p->expansion.conv)
		in.in[0] = p->expansion.conv->plan->out;

	geometry_of(p->config, &in, &g, NULL);
	return g;
}

/* [out][in_each][h][w]; a depthwise kernel is [in][multiplier][h][w]. */
static void plan_kernel_axes(const struct conv *c, const struct geometry *g, struct param_plan *kernel)
{
	bool depthwise = c->groups == 0;

	kernel->axis_count = 4;
	kernel->axes[0] = depthwise ? (struct axis){ AXIS_INPUT, g->in.c } : (struct axis){ AXIS_OUTPUT, g->out.c };
	kernel->axes[1] = depthwise ? (struct axis){ AXIS_OUTPUT, c->channels } : (struct axis){ AXIS_INPUT, g->in_each };
	kernel->axes[2] = (struct axis){ AXIS_ROW, c->kernel.h };
	kernel->axes[3] = (struct axis){ AXIS_COLUMN, c->kernel.w };
}

/* One whose reader does its work has parameters alone. */
static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	const struct conv *c = config;
	struct geometry g;

	if (!geometry_of(c, in, &g, err))
		return false;
	int taps = c->kernel.h * c->kernel.w;
	out->out = g.out;
	out->params[out->param_count++] = (struct param_plan){ .name = "kernel", .len = g.kernel_len,
		.init = c->init ? INIT_GLOROT : INIT_HE, .fan_in = g.in_each * taps, .fan_out = g.out_each * taps, .decays = true };
	plan_kernel_axes(c, &g, &out->params[0]);
	if (c->bias)
		out->params[out->param_count++] = (struct param_plan){ .name = "bias", .len = (size_t)g.out.c, .init = INIT_ZERO,
			.axis_count = 1, .axes = { { AXIS_OUTPUT, g.out.c } } };
	if (!in->made) {
		out->shared_len = out->packed_len = (size_t)g.groups * (g.packed_each + g.turned_each);
		out->scratch_len = scratch_len(&g) + (in->through ? plane_len(&g) : 0) + (in->unfinished ? out_len(&g) : 0);
		out->grouped_gradient = true;
	}
	out->needs_in = true;
	out->bf16 = g.bf16;
	out->macs = (int64_t)g.kernel_len * g.out.h * g.out.w;
	out->kernel = c->kernel;
	return true;
}

static void resolve(void *config, const struct plan_request *in)
{
	struct conv *c = config;
	struct geometry g;

	if (geometry_of(c, in, &g, NULL))
		c->padding = window_padding(&g.window);
}

/* Phases are packed one after the other, row phases outermost. */
static void prepare_turned(const struct geometry *g, struct conv_taps t, real *to)
{
	for (int a = 0; a < g->window.stride; a++)
		for (int b = 0; b < g->window.stride; b++) {
			struct conv_phase y = conv_phase(a, g->window.stride, g->window.top, g->window.kernel.h);
			struct conv_phase x = conv_phase(b, g->window.stride, g->window.left, g->window.kernel.w);
			t.first = (struct pair){ y.first, x.first };
			t.count = (struct pair){ y.count, x.count };
			conv_pack_flipped(&t, to);
			to += turned_len(g, (size_t)(y.count * x.count));
		}
}

static void prepare_winograd(const struct geometry *g, const real *kernels, real *forward, real *turned)
{
	size_t taps = (size_t)(g->window.kernel.h * g->window.kernel.w), row = (size_t)g->in_each * taps;
	struct winograd_pack pack = { .form = { g->window.kernel.h, g->winograd }, .kernels = kernels,
		.read = g->in_each, .written = g->out_each, .read_step = taps, .written_step = row };

	winograd_pack(&pack, forward);
	pack = (struct winograd_pack){ .form = pack.form, .kernels = kernels, .read = g->out_each, .written = g->in_each,
		.read_step = row, .written_step = taps, .flipped = true };
	winograd_pack(&pack, turned);
}

static void prepare(const struct pass *p)
{
	struct geometry g = geometry(p);
	struct conv_taps t = { .out_each = g.out_each, .in_each = g.in_each, .size = g.window.kernel, .step = g.window.stride,
	                  .bf16 = g.bf16 };

	for (int k = 0; k < g.groups; k++) {
		real *packed = p->shared + (size_t)k * g.packed_each;
		real *turned = p->shared + (size_t)g.groups * g.packed_each + (size_t)k * g.turned_each;
		t.kernel = p->params + (size_t)k * (g.kernel_len / (size_t)g.groups);
		if (g.winograd) {
			prepare_winograd(&g, t.kernel, packed, turned);
		} else {
			conv_pack(&t, packed);
			prepare_turned(&g, t, turned);
		}
	}
}

/* Scratch begins with the input channel that is taken through other layers, if there are such, and with the gradients that this layer
 * finishes. */
static real *scratch_of(const struct pass *p, const struct geometry *g)
{
	return p->scratch + (p->through_count ? plane_len(g) : 0) + (p->unfinished ? out_len(g) : 0);
}

/* The gradients by the output channels of convolution group k. */
static const real *gradient_of(const struct pass *p, const struct geometry *g, int group, int k)
{
	real *to = p->scratch + (p->through_count ? plane_len(g) : 0);

	if (!p->unfinished)
		return channel_at(p->d_out, group, k * g->out_each);
	for (int c = 0; c < g->out_each; c++)
		p->finish(p->unfinished, group, k * g->out_each + c, to + (size_t)c * out_len(g) / (size_t)g->out_each);
	return to;
}

/* The input channels of convolution group k. */
static const real *input_of(const struct pass *p, const struct geometry *g, int group, int k)
{
	return through_forward(p, group, k * g->in_each, p->scratch);
}

static void forward(const struct pass *p, int group)
{
	struct geometry g = geometry(p);
	const struct conv *c = p->config;

	for (int k = 0; k < g.groups; k++)
		p->kernels->conv(&(struct conv_job){
			.in = input_of(p, &g, group, k),
			.in_shape = { g.in_each, g.in.h, g.in.w },
			.out = channel_at(p->out, group, k * g.out_each),
			.out_shape = { g.out_each, g.out.h, g.out.w }, .rows = g.out.h, .columns = g.out.w, .out_step = 1,
			.kernel = { c->kernel.h, c->kernel.w }, .stride = c->stride, .top = g.window.top, .left = g.window.left,
			.weights = p->shared + (size_t)k * g.packed_each,
			.bias = c->bias ? p->params + g.kernel_len + k * g.out_each : NULL,
			.activation = p->activation, .stream = streams_past(p->out),
			.winograd = g.winograd, .bf16 = g.bf16, .scratch = scratch_of(p, &g),
		});
}

/* What one convolution group reads for its gradients. */
struct arrays { const real *in, *d_out; };

/* The gradient by data of one convolution group, for d_in's rows and columns of one phase. */
static struct conv_job data_job(const struct pass *p, const struct geometry *g, int group, int k, const struct arrays *of)
{
	return (struct conv_job){
		.in = of->d_out, .in_shape = { g->out_each, g->out.h, g->out.w },
		.out = channel_at(p->d_in[0], group, k * g->in_each), .out_shape = { g->in_each, g->in.h, g->in.w },
		.out_step = g->window.stride, .stride = 1,
		.activation = ACTIVATION_IDENTITY, .stream = streams_past(p->d_in[0]) && !p->through_count,
		.winograd = g->winograd, .bf16 = g->bf16, .scratch = scratch_of(p, g),
		.mask_by = p->gate ? of->in : NULL,
		.mask_activation = p->gate ? *p->gate : ACTIVATION_IDENTITY,
	};
}

/* Of the output channels of convolution group k; NULL without a bias. */
static real *d_bias_of(const struct pass *p, const struct geometry *g, int group, int k)
{
	const struct conv *c = p->config;

	return c->bias ? p->d_params + (size_t)group * p->d_params_stride + g->kernel_len + (size_t)(k * g->out_each) : NULL;
}

static struct conv_weights_job weights_job(const struct pass *p, const struct geometry *g, int group, int k, const struct arrays *of)
{
	real *d_kernel = p->d_params + (size_t)group * p->d_params_stride;

	return (struct conv_weights_job){
		.in = of->in, .in_shape = { g->in_each, g->in.h, g->in.w },
		.d_out = of->d_out,
		.out_shape = { g->out_each, g->out.h, g->out.w },
		.kernel = { g->window.kernel.h, g->window.kernel.w }, .stride = g->window.stride,
		.top = g->window.top, .left = g->window.left,
		.d_weights = d_kernel + (size_t)k * (g->kernel_len / (size_t)g->groups), .d_bias = d_bias_of(p, g, group, k),
		.winograd = g->winograd_weights, .bf16 = g->bf16, .scratch = scratch_of(p, g),
	};
}

/* One convolution group. With stride 1 there is one phase. */
static void backward_group(const struct pass *p, const struct geometry *g, int group, int k)
{
	struct arrays of = { input_of(p, g, group, k), gradient_of(p, g, group, k) };
	struct conv_weights_job weights = weights_job(p, g, group, k, &of);
	int stride = g->window.stride;

	if (!p->d_in[0].at || stride > 1)
		p->kernels->conv_weights(&weights);
	if (!p->d_in[0].at)
		return;
	struct conv_job data = data_job(p, g, group, k, &of);
	data.weights = p->shared + (size_t)g->groups * g->packed_each + (size_t)k * g->turned_each;
	for (int a = 0; a < stride; a++)
		for (int b = 0; b < stride; b++) {
			conv_choose_phase(&data, &g->window, a, b);
			if (stride == 1)
				p->kernels->conv_backward(&weights, &data);
			else
				p->kernels->conv(&data);
			data.weights += turned_len(g, (size_t)(data.kernel.h * data.kernel.w));
		}
	through_backward(p, group, k * g->in_each);
}

static void backward(const struct pass *p, int group)
{
	struct geometry g = geometry(p);

	for (int k = 0; k < g.groups; k++)
		backward_group(p, &g, group, k);
}

static bool pointwise(const void *config)
{
	const struct conv *c = config;
	bool pads = c->padding.top || c->padding.bottom || c->padding.left || c->padding.right;

	return c->kernel.h == 1 && c->kernel.w == 1 && c->stride == 1 && c->groups == 1 && !pads;
}

/* The channels that lie between the convolutions. */
static struct plan_request behind(const struct plan_request *in)
{
	struct plan_request request = *in;

	request.in[0].c = in->expanded;
	return request;
}

static bool expands(const void *config, struct shape in, int channels)
{
	const struct conv *c = config;
	struct plan_request whole = { .input_count = 1, .in = { in }, .expanded = channels }, request = behind(&whole);
	struct geometry g;

	return geometry_of(c, &request, &g, NULL) && conv_norm_depthwise_fits(&g.window, c->channels) &&
	       conv_norm_depthwise_pays(in, channels, c->stride);
}

static bool plan_expansion(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	struct plan_request request = behind(in);
	struct geometry g;

	if (!geometry_of(config, &request, &g, err) || !plan(config, &request, out, err))
		return false;
	expansion_plan(in, &g.window, out);
	return true;
}

static void forward_expansion(const struct pass *p, int group)
{
	const struct conv *c = p->config;
	struct geometry g = geometry(p);
	struct conv_norm_depthwise_job job = conv_norm_depthwise_job(p, group);

	job.window = &g.window;
	job.taps = p->shared;
	job.out = group_at(p->out, group);
	job.out_bias = c->bias ? p->params + g.kernel_len : NULL;
	job.out_activation = p->activation;
	job.stream = streams_past(p->out);
	p->kernels->conv_norm_depthwise(&job);
}

static void backward_expansion(const struct pass *p, int group)
{
	struct geometry g = geometry(p);
	struct conv_norm_depthwise_job job = conv_norm_depthwise_job(p, group);
	const struct conv *c = p->config;
	real *d_kernel = p->d_params + (size_t)group * p->d_params_stride;

	job.window = &g.window;
	job.d_out = group_at(p->d_out, group);
	job.flipped_taps = p->shared + (size_t)g.groups * g.packed_each;
	job.d_taps = d_kernel;
	p->kernels->conv_norm_depthwise_backward(&job);
	if (c->bias)
		p->kernels->channel_sums(job.d_out, g.out.c, (size_t)(g.out.h * g.out.w), d_bias_of(p, &g, group, 0));
}

static const char *const init_names[] = { "he", "glorot", NULL };

#define WINDOW_FIELDS \
	{ "kernel", FIELD_PAIR, offsetof(struct conv, kernel), .min = 1, .max = 1024, .required = 1, .help = "rows and columns of taps" }, \
	{ "stride", FIELD_INT, offsetof(struct conv, stride), .fallback = 1, .min = 1, .max = 16, .help = "step from window to window" }, \
	{ "padding", FIELD_PADDING, offsetof(struct conv, padding), .fallback = PADDING_SAME, .min = 0, .max = 1024, \
	  .help = "zeros around the input" }, \
	{ "bias", FIELD_BOOL, offsetof(struct conv, bias), .fallback = 1, .help = "add a trained number to each channel" }, \
	{ "init", FIELD_CHOICE, offsetof(struct conv, init), .choices = init_names, .help = "spread of the first weights" }

static const struct field conv_fields[] = {
	{ "channels", FIELD_COUNT, offsetof(struct conv, channels), .min = 1, .max = 65536, .required = 1, .help = "output channels" },
	{ "groups", FIELD_COUNT, offsetof(struct conv, groups), .fallback = 1, .min = 1, .max = 65536,
	  .help = "convolutions side by side, each on its share of the channels" },
	WINDOW_FIELDS,
	{ 0 }
};

static const struct field depthwise_fields[] = {
	{ "multiplier", FIELD_INT, offsetof(struct conv, channels), .fallback = 1, .min = 1, .max = 1024,
	  .help = "output channels for each input channel" },
	WINDOW_FIELDS,
	{ 0 }
};

#define STEPS \
	.forward = { { forward, EACH_GROUP, NULL, { .in = 1, .out = 1, .params = 1 }, { 0 } } }, \
	.backward = { { backward, EACH_GROUP, NULL, { .in = 1, .d_out = 1, .d_params = 1 }, { .d_in = 1, .params = 1 } } }

const struct layer_type layer_conv = {
	.kind = { "conv", "convolution", conv_fields, sizeof(struct conv) },
	.inputs = 1, .applies_activation = true, .gates = true, .pointwise = pointwise, .with_norm = &layer_conv_with_norm,
	.with_active_norm = &layer_projection, .with_pooled_norm = &layer_transition,
	.plan = plan, .resolve = resolve, .prepare = prepare, STEPS,
};

#define DEPTHWISE \
	.kind = { "depthwise", "convolution of each channel by itself", depthwise_fields, sizeof(struct conv) }, \
	.inputs = 1, .applies_activation = true, .gates = true, .resolve = resolve, .prepare = prepare

static const struct layer_type with_expansion = {
	DEPTHWISE, .plan = plan_expansion,
	.forward = {
		{ expansion_measure, EACH_GROUP, NULL, { .in = 1 }, { 0 } },
		{ expansion_settle, ONCE, NULL, { 0 }, { 0 } },
		{ forward_expansion, EACH_GROUP, NULL, { .in = 1, .out = 1, .params = 1 }, { 0 } },
	},
	.backward = {
		{ backward_expansion, EACH_GROUP, NULL, { .in = 1, .d_out = 1, .d_params = 1 }, { .d_in = 1, .params = 1 } },
		{ expansion_settle_backward, ONCE, NULL, { 0 }, { 0 } },
		{ expansion_finish, EACH_GROUP, NULL, { 0 }, { .in = 1, .d_in = 2 } },
	},
};

const struct layer_type layer_depthwise = {
	DEPTHWISE, .plan = plan, .reads_through = true, .finishes = true, .with_expansion = &with_expansion, .expands = expands, STEPS,
};
