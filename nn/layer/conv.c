/* Convolution, plain, in groups, and depthwise: one shape rule, one forward, one backward. Floor 2.
 *
 *   out[o][y][x] = bias[o] + sum over i, ky, kx of kernel[o][i][ky][kx] *
 *       in[i][y * stride + ky - top][x * stride + kx - left]
 *
 * The gradient with respect to the input is again a correlation, with the kernel flipped; with a stride it is several,
 * one per phase: see nn/kernel/conv_phase.h. */
#include "nn/layer/conv.h"
#include "nn/kernel/conv_pack.h"
#include "nn/kernel/conv_phase.h"

struct conv {
	int channels;           /* depthwise: output channels per input channel */
	struct pair kernel;
	int stride;
	struct padding padding;
	int groups;             /* 0: depthwise, as many as input channels */
	bool bias;
	int init;
};

static void choose_algorithm(struct conv_geometry *g, bool bf16)
{
	struct shape in = { g->in_each, g->in.h, g->in.w }, out = { g->out_each, g->window.out_h, g->window.out_w };
	struct pair kernel = g->window.kernel;
	bool may = kernel.h == kernel.w && g->window.stride == 1;

	g->bf16 = bf16 && bf16_pays(g->in_each, g->out_each);
	may = may && !g->bf16;
	g->winograd = may ? winograd_outputs(kernel.h, in, out) : 0;
	g->winograd_weights = may ? winograd_weights_outputs(kernel.h, in, out) : 0;
}

/* Of the three jobs' scratch the largest. The gradient with respect to the input reads d_out; its phases' kernels are
 * no larger than the whole one. */
static size_t bf16_scratch(const struct conv_geometry *g)
{
	const struct window *w = &g->window;
	struct conv_job forward = { .in_shape = { g->in_each, g->in.h, g->in.w }, .columns = w->out_w,
		.stride = w->stride,
	                            .kernel = { w->kernel.h, w->kernel.w } };
	struct conv_job data = { .in_shape = { g->out_each, w->out_h, w->out_w }, .columns = g->in.w, .stride = 1,
	                         .kernel = { w->kernel.h, w->kernel.w } };
	struct conv_weights_job weights = { .in_shape = forward.in_shape, .out_shape = data.in_shape,
		.stride = w->stride,
	                                    .kernel = { w->kernel.h, w->kernel.w } };
	size_t len = bf16_layout(&weights).len, ways[] = { bf16_scratch_len(&forward), bf16_scratch_len(&data) };

	for (int i = 0; i < 2; i++)
		len = ways[i] > len ? ways[i] : len;
	return len;
}

/* Numbers of scratch that any of a convolution group's jobs needs. */
static size_t job_scratch_len(const struct conv_geometry *g)
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

/* Numbers of the flipped kernel, packed, of that many taps or points. */
static size_t flipped_len(const struct conv_geometry *g, size_t taps)
{
	return conv_blocks(g->in_each) * conv_places(g->out_each, g->bf16) * taps;
}

static bool geometry_of(const struct conv *c, const struct plan_request *in, struct conv_geometry *g, struct error *err)
{
	size_t taps = (size_t)c->kernel.h * (size_t)c->kernel.w;
	size_t outputs = (size_t)c->channels * (c->groups ? 1 : (size_t)in->in[0].c);

	*g = (struct conv_geometry){ .in = in->in[0], .window = { .kernel = c->kernel, .stride = c->stride } };
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
		return fail_at(err, in->at, "kernel: %zu weights are more than the %d that a layer may have",
			g->kernel_len, MAX_WEIGHTS);
	g->out = (struct shape){ (int)outputs, g->window.out_h, g->window.out_w };
	g->out_each = g->out.c / g->groups;
	choose_algorithm(g, in->bf16);
	size_t points = g->winograd ? (size_t)winograd_points((struct winograd_form){ c->kernel.h, g->winograd })
		: taps;
	g->packed_each = conv_blocks(g->out_each) * conv_places(g->in_each, g->bf16) * points;
	g->flipped_each = flipped_len(g, points);
	return true;
}

struct conv_geometry conv_geometry(const struct member *m)
{
	struct conv_geometry g;
	struct plan_request in = { .input_count = 1, .in = { m->in }, .bf16 = m->plan->bf16 };

	geometry_of(m->config, &in, &g, NULL);
	return g;
}

/* [out][in_each][h][w]; a depthwise kernel is [in][multiplier][h][w]. */
static void plan_kernel_axes(const struct conv *c, const struct conv_geometry *g, struct param_plan *kernel)
{
	bool depthwise = c->groups == 0;

	kernel->axis_count = 4;
	kernel->axes[0] = depthwise ? (struct axis){ AXIS_INPUT, g->in.c } : (struct axis){ AXIS_OUTPUT, g->out.c };
	kernel->axes[1] = depthwise ? (struct axis){ AXIS_OUTPUT, c->channels }
		: (struct axis){ AXIS_INPUT, g->in_each };
	kernel->axes[2] = (struct axis){ AXIS_ROW, c->kernel.h };
	kernel->axes[3] = (struct axis){ AXIS_COLUMN, c->kernel.w };
}

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	const struct conv *c = config;
	struct conv_geometry g;

	if (!geometry_of(c, in, &g, err))
		return false;
	int taps = c->kernel.h * c->kernel.w;
	out->out = g.out;
	out->params[out->param_count++] = (struct param_plan){ .name = "kernel", .len = g.kernel_len,
		.init = c->init ? INIT_GLOROT : INIT_HE, .fan_in = g.in_each * taps, .fan_out = g.out.c * taps,
		.decays = true };
	plan_kernel_axes(c, &g, &out->params[0]);
	if (c->bias)
		out->params[out->param_count++] = (struct param_plan){ .name = "bias", .len = (size_t)g.out.c,
			.init = INIT_ZERO,
			.axis_count = 1, .axes = { { AXIS_OUTPUT, g.out.c } } };
	out->bf16 = g.bf16;
	out->macs = (int64_t)g.kernel_len * g.out.h * g.out.w;
	out->kernel = c->kernel;
	return true;
}

static void resolve(void *config, const struct plan_request *in)
{
	struct conv *c = config;
	struct conv_geometry g;

	if (geometry_of(c, in, &g, NULL))
		c->padding = window_padding(&g.window);
}

/* Phases are packed one after the other, row phases outermost. */
static void prepare_flipped(const struct conv_geometry *g, struct conv_taps t, real *to)
{
	for (int a = 0; a < g->window.stride; a++)
		for (int b = 0; b < g->window.stride; b++) {
			struct conv_phase y = conv_phase(a, g->window.stride, g->window.top, g->window.kernel.h);
			struct conv_phase x = conv_phase(b, g->window.stride, g->window.left, g->window.kernel.w);
			t.first = (struct pair){ y.first, x.first };
			t.count = (struct pair){ y.count, x.count };
			conv_pack_flipped(&t, to);
			to += flipped_len(g, (size_t)(y.count * x.count));
		}
}

static void prepare_winograd(const struct conv_geometry *g, const real *kernels, real *forward, real *flipped)
{
	size_t taps = (size_t)(g->window.kernel.h * g->window.kernel.w), row = (size_t)g->in_each * taps;
	struct winograd_pack pack = { .form = { g->window.kernel.h, g->winograd }, .kernels = kernels,
		.read = g->in_each, .written = g->out_each, .read_step = taps, .written_step = row };

	winograd_pack(&pack, forward);
	pack = (struct winograd_pack){ .form = pack.form, .kernels = kernels, .read = g->out_each,
		.written = g->in_each,
		.read_step = row, .written_step = taps, .flipped = true };
	winograd_pack(&pack, flipped);
}

size_t conv_packed_len(const struct conv_geometry *g)
{
	return (size_t)g->groups * (g->packed_each + g->flipped_each);
}

static size_t packed_at_group(const struct conv_geometry *g, int k)
{
	return (size_t)k * g->packed_each;
}

static size_t flipped_at_group(const struct conv_geometry *g, int k)
{
	return (size_t)g->groups * g->packed_each + (size_t)k * g->flipped_each;
}

const real *conv_packed(const struct pass *p, const struct conv_geometry *g, int k)
{
	return p->shared + packed_at_group(g, k);
}

const real *conv_flipped(const struct pass *p, const struct conv_geometry *g, int k)
{
	return p->shared + flipped_at_group(g, k);
}

void conv_prepare(const struct pass *p)
{
	struct conv_geometry g = conv_geometry(p->host);
	struct conv_taps t = { .out_each = g.out_each, .in_each = g.in_each, .size = g.window.kernel,
		.step = g.window.stride,
	                       .bf16 = g.bf16 };

	for (int k = 0; k < g.groups; k++) {
		real *packed = p->shared + packed_at_group(&g, k), *flipped = p->shared + flipped_at_group(&g, k);
		t.kernel = p->host->params + (size_t)k * (g.kernel_len / (size_t)g.groups);
		if (g.winograd) {
			prepare_winograd(&g, t.kernel, packed, flipped);
		} else {
			conv_pack(&t, packed);
			prepare_flipped(&g, t, flipped);
		}
	}
}

/* --- One convolution group ---------------------------------------------------------------------------------------- */

/* Of the channels that one convolution group writes. */
static size_t out_len(const struct conv_geometry *g)
{
	return group_len((struct shape){ g->out_each, g->out.h, g->out.w });
}

/* Where d_out's last step is deferred to this operation, scratch begins with the finished gradient of one convolution
 * group. */
size_t conv_scratch_len(const struct pass *p, const struct conv_geometry *g)
{
	return job_scratch_len(g) + (p->deferred ? out_len(g) : 0);
}

static const real *finished_gradient(const struct pass *p, const struct conv_call *call)
{
	const struct conv_geometry *g = call->g;

	if (!p->deferred)
		return channel_at(p->d_out, call->group, call->k * g->out_each);
	for (int c = 0; c < g->out_each; c++)
		p->finish(p->deferred, call->group, call->k * g->out_each + c,
		          call->scratch + (size_t)c * out_len(g) / (size_t)g->out_each);
	return call->scratch;
}

static real *job_scratch(const struct pass *p, const struct conv_call *call)
{
	return call->scratch + (p->deferred ? out_len(call->g) : 0);
}

void conv_forward(const struct pass *p, const struct conv_call *call)
{
	const struct conv_geometry *g = call->g;
	const struct conv *c = p->host->config;
	int k = call->k;

	p->kernels->conv(&(struct conv_job){
		.in = call->in, .in_shape = { g->in_each, g->in.h, g->in.w },
		.out = channel_at(p->out, call->group, k * g->out_each),
		.out_shape = { g->out_each, g->out.h, g->out.w }, .rows = g->out.h, .columns = g->out.w, .out_step = 1,
		.kernel = { c->kernel.h, c->kernel.w }, .stride = c->stride, .top = g->window.top,
		.left = g->window.left,
		.weights = conv_packed(p, g, k),
		.bias = c->bias ? p->host->params + g->kernel_len + k * g->out_each : NULL,
		.activation = p->activation, .stream = streams_past(p->out),
		.winograd = g->winograd, .bf16 = g->bf16, .scratch = job_scratch(p, call),
	});
}

/* The gradient with respect to the input, for d_in's rows and columns of one phase. */
static struct conv_job data_job(const struct pass *p, const struct conv_call *call, const real *d_out)
{
	const struct conv_geometry *g = call->g;

	return (struct conv_job){
		.in = d_out, .in_shape = { g->out_each, g->out.h, g->out.w },
		.out = channel_at(p->d_in[0], call->group, call->k * g->in_each),
		.out_shape = { g->in_each, g->in.h, g->in.w },
		.out_step = g->window.stride, .stride = 1,
		.weights = conv_flipped(p, g, call->k),
		.activation = ACTIVATION_IDENTITY, .stream = call->stream,
		.winograd = g->winograd, .bf16 = g->bf16, .scratch = job_scratch(p, call),
		.mask_by = call->mask ? call->in : NULL,
		.mask_activation = call->mask ? *call->mask : ACTIVATION_IDENTITY,
	};
}

/* Of the output channels of convolution group k; NULL without a bias. */
static real *d_bias_of(const struct pass *p, const struct conv_call *call)
{
	real *d_bias = member_d_bias(p->host, call->group);

	return d_bias ? d_bias + call->k * call->g->out_each : NULL;
}

static struct conv_weights_job weights_job(const struct pass *p, const struct conv_call *call, const real *d_out)
{
	const struct conv_geometry *g = call->g;

	return (struct conv_weights_job){
		.in = call->in, .in_shape = { g->in_each, g->in.h, g->in.w },
		.d_out = d_out, .out_shape = { g->out_each, g->out.h, g->out.w },
		.kernel = { g->window.kernel.h, g->window.kernel.w }, .stride = g->window.stride,
		.top = g->window.top, .left = g->window.left,
		.d_weights = member_d_params(p->host, call->group) +
		(size_t)call->k * (g->kernel_len / (size_t)g->groups),
		.d_bias = d_bias_of(p, call),
		.winograd = g->winograd_weights, .bf16 = g->bf16, .scratch = job_scratch(p, call),
	};
}

/* With stride 1 there is one phase. */
void conv_backward(const struct pass *p, const struct conv_call *call)
{
	const struct conv_geometry *g = call->g;
	const real *d_out = finished_gradient(p, call);
	struct conv_weights_job weights = weights_job(p, call, d_out);
	int stride = g->window.stride;

	if (!p->d_in[0].at || stride > 1)
		p->kernels->conv_weights(&weights);
	if (!p->d_in[0].at)
		return;
	struct conv_job data = data_job(p, call, d_out);
	for (int a = 0; a < stride; a++)
		for (int b = 0; b < stride; b++) {
			conv_choose_phase(&data, &g->window, a, b);
			if (stride == 1)
				p->kernels->conv_backward(&weights, &data);
			else
				p->kernels->conv(&data);
			data.weights += flipped_len(g, (size_t)(data.kernel.h * data.kernel.w));
		}
}

bool conv_is_pointwise(const void *config)
{
	const struct conv *c = config;
	bool pads = c->padding.top || c->padding.bottom || c->padding.left || c->padding.right;

	return c->kernel.h == 1 && c->kernel.w == 1 && c->stride == 1 && c->groups == 1 && !pads;
}

/* --- The layer by itself ------------------------------------------------------------------------------------------ */

static void plan_operation(const struct pass *p, struct operation_plan *out)
{
	struct conv_geometry g = conv_geometry(p->host);

	out->shared_len = out->packed_len = conv_packed_len(&g);
	out->scratch_len = conv_scratch_len(p, &g);
	out->grouped_gradient[0] = true;
	out->needs_in = true;
}

/* Of all convolution groups, one after the other. */
static void each_group(const struct pass *p, int group, void (*run)(const struct pass *, const struct conv_call *))
{
	struct conv_geometry g = conv_geometry(p->host);
	struct conv_call call = { .g = &g, .group = group, .scratch = p->scratch, .mask = p->mask,
		.stream = streams_past(p->d_in[0]) };

	for (call.k = 0; call.k < g.groups; call.k++) {
		call.in = channel_at(p->in[0], group, call.k * g.in_each);
		run(p, &call);
	}
}

static void forward(const struct pass *p, int group)
{
	each_group(p, group, conv_forward);
}

static void backward(const struct pass *p, int group)
{
	each_group(p, group, conv_backward);
}

static const char *const init_names[] = { "he", "glorot", NULL };

#define WINDOW_FIELDS \
	{ "kernel", FIELD_PAIR, offsetof(struct conv, kernel), .min = 1, .max = 1024, .required = 1, \
	  .help = "rows and columns of each window" }, \
	{ "stride", FIELD_INT, offsetof(struct conv, stride), .fallback = 1, .min = 1, .max = 16, \
	  .help = "rows and columns from one window to the next" }, \
	{ "padding", FIELD_PADDING, offsetof(struct conv, padding), .fallback = PADDING_SAME, .min = 0, .max = 1024, \
	  .help = "zeros around the input, see above" }, \
	{ "bias", FIELD_BOOL, offsetof(struct conv, bias), .fallback = 1, \
	  .help = "whether a trained number is added to each output channel; without use in front of batch norm" }, \
	{ "init", FIELD_CHOICE, offsetof(struct conv, init), .choices = init_names, \
	  .help = "how the first weights are drawn, see above" }

static const struct field conv_fields[] = {
	{ "channels", FIELD_COUNT, offsetof(struct conv, channels), .min = 1, .max = 65536, .required = 1,
	  .help = "output channels, that is, how many filters there are" },
	{ "groups", FIELD_COUNT, offsetof(struct conv, groups), .fallback = 1, .min = 1, .max = 65536,
	  .help = "convolutions side by side, each on its share of input and output channels; must divide both" },
	WINDOW_FIELDS,
	{ 0 }
};

static const struct field depthwise_fields[] = {
	{ "multiplier", FIELD_INT, offsetof(struct conv, channels), .fallback = 1, .min = 1, .max = 1024,
	  .help = "output channels for each input channel" },
	WINDOW_FIELDS,
	{ 0 }
};

static const char conv_about[] =
	"A filter sees a window of all input channels, or with `groups` of its group's.";

static const char depthwise_about[] =
	"Each input channel has filters of its own and no other channel is seen; a 1x1 `conv` behind it mixes the "
	"channels, as in MobileNets.";

#define ALONE \
	.applies_activation = true, .masks = true, .plan = plan_operation, .prepare = conv_prepare, \
	.forward = { { .run = forward, .moves = { .in = 1, .out = 1, .params = 1 } } }, \
	.backward = { { .run = backward, .moves = { .in = 1, .d_out = 1, .d_params = 1 }, \
	                .data_moves = { .d_in = 1, .params = 1 } } }

const struct layer_type layer_conv = {
	.kind = { "conv", "convolution", conv_fields, sizeof(struct conv), conv_about },
	.inputs = 1, .plan = plan, .resolve = resolve, .alone = { ALONE },
};

const struct layer_type layer_depthwise = {
	.kind = { "depthwise", "convolution of each channel by itself", depthwise_fields,
	          sizeof(struct conv), depthwise_about },
	.inputs = 1, .plan = plan, .resolve = resolve, .alone = { ALONE, .takes_deferred = true },
};
