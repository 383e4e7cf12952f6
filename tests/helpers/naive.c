/* See naive.h. */
#include "tests/helpers/naive.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Inline, so that -O1 does it too: called for each product of each convolution, under the sanitizers as well. */
static inline size_t place(struct shape s, int n, int c, int y, int x)
{
	return (((size_t)n * (size_t)s.c + (size_t)c) * (size_t)s.h + (size_t)y) * (size_t)s.w + (size_t)x;
}

static inline bool inside(struct shape s, int y, int x)
{
	return y >= 0 && y < s.h && x >= 0 && x < s.w;
}

/* One product of the sum: which numbers of in, weight and out meet. */
typedef void meeting(const struct naive_conv *c, size_t in, size_t weight, size_t out);

static void each_tap(const struct naive_conv *c, int n, int o, meeting *meet)
{
	const struct naive_window *w = &c->window;
	int in_each = c->in_shape.c / c->groups, first = o / (c->out_shape.c / c->groups) * in_each;

	for (int y = 0; y < c->out_shape.h; y++)
		for (int x = 0; x < c->out_shape.w; x++)
			for (int i = 0; i < in_each; i++)
				for (int ky = 0; ky < w->kernel.h; ky++)
					for (int kx = 0; kx < w->kernel.w; kx++) {
						int row = y * w->stride + ky - w->top;
						int column = x * w->stride + kx - w->left;
						struct shape kernel = { in_each, w->kernel.h, w->kernel.w };
						if (inside(c->in_shape, row, column))
							meet(c, place(c->in_shape, n, first + i, row, column),
							     place(kernel, o, i, ky, kx),
							     place(c->out_shape, n, o, y, x));
					}
}

static void each_meeting(const struct naive_conv *c, meeting *meet)
{
	for (int n = 0; n < c->images; n++)
		for (int o = 0; o < c->out_shape.c; o++)
			each_tap(c, n, o, meet);
}

static void add_to_out(const struct naive_conv *c, size_t in, size_t weight, size_t out)
{
	c->out[out] += c->in[in] * c->weight[weight];
}

static void add_to_weight(const struct naive_conv *c, size_t in, size_t weight, size_t out)
{
	c->weight[weight] += c->in[in] * c->out[out];
}

static void add_to_in(const struct naive_conv *c, size_t in, size_t weight, size_t out)
{
	c->in[in] += c->weight[weight] * c->out[out];
}

static size_t plane(struct shape s)
{
	return (size_t)s.h * (size_t)s.w;
}

const char *naive_conv_name(const struct naive_conv *c, const char *kernels)
{
	static char text[160];
	const struct naive_window *w = &c->window;

	snprintf(text, sizeof text, "%s: %dx%dx%d -> %dx%dx%d, kernel %dx%d, stride %d, top %d, left %d", kernels,
	         c->in_shape.c, c->in_shape.h, c->in_shape.w, c->out_shape.c, c->out_shape.h, c->out_shape.w,
	         w->kernel.h, w->kernel.w, w->stride, w->top, w->left);
	return text;
}

void naive_conv(const struct naive_conv *c)
{
	for (size_t i = 0; i < image_len(c->out_shape) * (size_t)c->images; i++)
		c->out[i] = c->bias ? c->bias[i / plane(c->out_shape) % (size_t)c->out_shape.c] : 0;
	each_meeting(c, add_to_out);
}

void naive_conv_weights(const struct naive_conv *c)
{
	size_t taps = (size_t)(c->window.kernel.h * c->window.kernel.w);

	memset(c->weight, 0, (size_t)c->out_shape.c * (size_t)(c->in_shape.c / c->groups) * taps * sizeof *c->weight);
	each_meeting(c, add_to_weight);
	for (int o = 0; o < c->out_shape.c && c->bias; o++)
		c->bias[o] = 0;
	for (size_t i = 0; i < image_len(c->out_shape) * (size_t)c->images && c->bias; i++)
		c->bias[i / plane(c->out_shape) % (size_t)c->out_shape.c] += c->out[i];
}

void naive_conv_data(const struct naive_conv *c)
{
	memset(c->in, 0, image_len(c->in_shape) * (size_t)c->images * sizeof *c->in);
	each_meeting(c, add_to_in);
}

/* --- Pooling --- */

/* One window of one channel of one image. */
struct naive_spot { int n, c, y, x; };

static void maximum(const struct naive_pool *p, struct naive_spot s)
{
	const struct naive_window *w = &p->window;
	size_t out = place(p->out_shape, s.n, s.c, s.y, s.x), best = 0;
	bool met = false;

	for (int ky = 0; ky < w->kernel.h; ky++)
		for (int kx = 0; kx < w->kernel.w; kx++) {
			int row = s.y * w->stride + ky - w->top, column = s.x * w->stride + kx - w->left;
			if (!inside(p->in_shape, row, column))
				continue;
			size_t at = place(p->in_shape, s.n, s.c, row, column);
			if (!met || p->in[at] > p->in[best])
				best = at;
			met = true;
		}
	p->out[out] = p->in[best];
	if (p->d_in)
		p->d_in[best] += p->d_out[out];
}

static void average(const struct naive_pool *p, struct naive_spot s)
{
	const struct naive_window *w = &p->window;
	size_t out = place(p->out_shape, s.n, s.c, s.y, s.x), taps[1024];
	int count = 0;
	double sum = 0;

	for (int ky = 0; ky < w->kernel.h; ky++)
		for (int kx = 0; kx < w->kernel.w; kx++) {
			int row = s.y * w->stride + ky - w->top, column = s.x * w->stride + kx - w->left;
			if (inside(p->in_shape, row, column))
				taps[count++] = place(p->in_shape, s.n, s.c, row, column);
		}
	for (int i = 0; i < count; i++)
		sum += p->in[taps[i]];
	p->out[out] = sum / count;
	for (int i = 0; i < count && p->d_in; i++)
		p->d_in[taps[i]] += p->d_out[out] / count;
}

static void each_spot(const struct naive_pool *p, void (*rule)(const struct naive_pool *, struct naive_spot))
{
	if (p->d_in)
		memset(p->d_in, 0, image_len(p->in_shape) * (size_t)p->images * sizeof *p->d_in);
	for (int n = 0; n < p->images; n++)
		for (int c = 0; c < p->out_shape.c; c++)
			for (int y = 0; y < p->out_shape.h; y++)
				for (int x = 0; x < p->out_shape.w; x++)
					rule(p, (struct naive_spot){ n, c, y, x });
}

void naive_max_pool(const struct naive_pool *p)
{
	each_spot(p, maximum);
}

void naive_average_pool(const struct naive_pool *p)
{
	each_spot(p, average);
}

double naive_activate(double x, double slope, double cap)
{
	return fmin(fmax(x, slope * x), cap);
}

double naive_activate_backward(double d, double y, double slope, double cap)
{
	return y >= cap ? 0 : y > 0 ? d : slope * d;
}
