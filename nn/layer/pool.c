/* Max pooling and average pooling: the same windows, two ways to sum them up. Floor 2.
 *
 * Positions outside the input never count: they win no maximum, and a mean is taken over the positions inside. */
#include "nn/layer/pool.h"

struct pool {
	struct pair window;
	int stride;             /* 0: the window's height, windows side by side */
	struct padding padding;
};

static const struct field fields[] = {
	{ "window", FIELD_PAIR, offsetof(struct pool, window), .min = 1, .max = 1024, .required = 1,
	  .help = "rows and columns of each window" },
	{ "stride", FIELD_INT, offsetof(struct pool, stride), .fallback = 0, .min = 0, .max = 1024,
	  .help = "rows and columns from one window to the next; 0: the window's size, which must then be square" },
	{ "padding", FIELD_PADDING, offsetof(struct pool, padding), .fallback = PADDING_VALID, .min = 0, .max = 1024,
	  .help = "rows and columns around the input, see above; they never count" },
	{ 0 }
};

static const char max_about[] =	"Padding is left out; it does not count as 0, so it never wins.";

static const char average_about[] =
	"The mean is taken over the positions inside the input: padding is left out, as in TensorFlow. PyTorch's "
	"AvgPool2d counts padding as zeros unless it has `count_include_pad=False`.";

static bool place(const struct pool *c, const struct plan_request *in, struct window *w, struct error *err)
{
	if (c->stride == 0 && c->window.h != c->window.w)
		return fail_at(err, in->at, "stride: missing, and the window %dx%d is not square", c->window.h,
			c->window.w);
	*w = (struct window){ .kernel = c->window, .stride = c->stride ? c->stride : c->window.h };
	if (!window_place(w, in->in[0], c->padding, in->at, err))
		return false;
	if (w->top >= c->window.h || w->left >= c->window.w ||
	    (w->out_h - 1) * w->stride - w->top >= in->in[0].h || (w->out_w - 1) * w->stride - w->left >= in->in[0].w)
		return fail_at(err, in->at, "padding: a window lies wholly outside the input");
	return true;
}

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	struct window w;

	if (!place(config, in, &w, err))
		return false;
	out->out = (struct shape){ in->in[0].c, w.out_h, w.out_w };
	out->kernel = w.kernel;
	return true;
}

static void plan_max_operation(const struct pass *p, struct operation_plan *out)
{
	(void)p;
	out->needs_in = out->needs_out = true;
}

static void resolve(void *config, const struct plan_request *in)
{
	struct pool *c = config;
	struct window w;

	if (place(c, in, &w, NULL)) {
		c->stride = w.stride;
		c->padding = window_padding(&w);
	}
}

struct window pool_windows(const struct member *m)
{
	struct window w;

	place(m->config, &(struct plan_request){ .input_count = 1, .in = { m->in } }, &w, NULL);
	return w;
}

static struct pool_job job(const struct pass *p, int group)
{
	struct window w = pool_windows(p->host);

	return (struct pool_job){
		.in = group_at(p->in[0], group), .in_shape = p->in[0].shape,
		.out = group_at(p->out, group), .out_shape = p->out.shape,
		.window = { w.kernel.h, w.kernel.w }, .stride = w.stride, .top = w.top, .left = w.left,
	};
}

static struct pool_job job_backward(const struct pass *p, int group)
{
	struct pool_job j = job(p, group);

	j.d_out = group_at(p->d_out, group);
	j.d_in = group_at(p->d_in[0], group);
	j.mask = p->mask;
	return j;
}

static void forward_max(const struct pass *p, int group)
{
	struct pool_job j = job(p, group);
	p->kernels->max_pool(&j);
}

static void backward_max(const struct pass *p, int group)
{
	struct pool_job j = job_backward(p, group);
	p->kernels->max_pool_backward(&j);
}

static void forward_average(const struct pass *p, int group)
{
	struct pool_job j = job(p, group);
	p->kernels->average_pool(&j);
}

static void backward_average(const struct pass *p, int group)
{
	struct pool_job j = job_backward(p, group);
	p->kernels->average_pool_backward(&j);
}

const struct layer_type layer_max_pool = {
	.kind = { "max_pool", "the maximum of each window", fields, sizeof(struct pool), max_about },
	.inputs = 1, .plan = plan, .resolve = resolve,
	.alone = {
		.masks = true, .plan = plan_max_operation,
		.forward = { { .run = forward_max, .moves = { .in = 1, .out = 1 } } },
		.backward = { { .run = backward_max, .moves = { .in = 1, .out = 1, .d_out = 1, .d_in = 1 } } },
	},
};

const struct layer_type layer_average_pool = {
	.kind = { "average_pool", "the mean of each window", fields, sizeof(struct pool), average_about },
	.inputs = 1, .plan = plan, .resolve = resolve,
	.alone = {
		.forward = { { .run = forward_average, .moves = { .in = 1, .out = 1 } } },
		.backward = { { .run = backward_average, .moves = { .d_out = 1, .d_in = 1 } } },
	},
};
