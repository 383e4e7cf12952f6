/* A 1x1 convolution, its activation and a depthwise convolution, fused; see nn/kernel/conv_norm_depthwise.h. Floor 1.
 *
 * Forward: some rows of the input, as many as stay in L2, are read for one chunk of channels of y after the other; each
 * chunk is computed, and read by the depthwise convolution, in cache. At the border between two bands the rows of y
 * that both need are computed twice.
 *
 * Backward: some rows of all channels of y at a time. They are computed again, by the same kernel from the same
 * numbers; multiplied with d_out for the gradient with respect to the taps; then overwritten, channel by channel, with
 * the gradient with respect to themselves. That one, still in cache, is multiplied with the input for the weight
 * gradient, as a matrix product, and with the weights for d_in. The band of the input is a copy whose channels share no
 * set of L1. */
#include "nn/kernel/conv_norm_depthwise.h"
#include "nn/kernel/conv_phase.h"
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/conv_plane.h"
#include "nn/kernel/isa/conv_weights.h"
#include "nn/kernel/isa/transpose.h"

enum { TAPS = 9 };

/* Some rows of all channels of an array, side by side, so far apart that the channels of a pixel share no set of L1. */
struct band { real *at; struct range rows; int pixels; };

static struct band band(real *at, struct range rows, int width)
{
	return (struct band){ at, rows, band_len(rows) * width };
}

static struct shape shape_of(const struct band *b, int channels)
{
	return (struct shape){ channels, 1, conv_norm_depthwise_row(b->pixels) };
}

static real *channel_of(const struct band *b, int c)
{
	return b->at + (size_t)c * plane_len(shape_of(b, 1));
}

static void copy_input(const struct conv_norm_depthwise_job *j, const struct band *b)
{
	const real *from = j->in + (ptrdiff_t)b->rows.first * j->in_shape.w * LANES;

	for (int i = 0; i < j->in_shape.c; i++, from += plane_len(j->in_shape))
		memcpy(channel_of(b, i), from, (size_t)b->pixels * LANES * sizeof *from);
}

/* Channels o of y. */
static void compute_y(const struct conv_norm_depthwise_job *j, struct range o, const struct band *in,
                      const struct band *y)
{
	KERNEL(conv)(&(struct conv_job){
		.in = in->at, .in_shape = shape_of(in, j->in_shape.c), .out = y->at,
		.out_shape = shape_of(y, band_len(o)), .rows = 1, .columns = y->pixels, .out_step = 1,
		.kernel = { 1, 1 }, .stride = 1, .weights = j->weights + packed_at(o.first, (size_t)j->in_shape.c, 0),
		.bias = j->bias + o.first, .activation = j->activation, .hot = true,
	});
}

static size_t out_plane(const struct conv_norm_depthwise_job *j)
{
	return plane_len((struct shape){ 1, j->window->out_h, j->window->out_w });
}

/* Output rows of channels o from their rows of y. */
static void convolve(const struct conv_norm_depthwise_job *j, struct range o, struct range rows, const struct band *y)
{
	const struct window *w = j->window;
	struct conv_job job = {
		.in = y->at, .in_shape = { 1, band_len(y->rows), j->in_shape.w },
		.out = j->out + (size_t)o.first * out_plane(j), .out_shape = { 1, w->out_h, w->out_w },
		.first_row = rows.first, .rows = rows.last, .columns = w->out_w, .out_step = 1, .kernel = { 3, 3 },
		.stride = w->stride, .top = w->top + y->rows.first, .left = w->left,
		.weights = j->taps + o.first * TAPS * CHANNEL_BLOCK, .bias = j->out_bias ? j->out_bias + o.first : NULL,
		.activation = j->out_activation, .stream = j->stream,
	};

	KERNEL(conv_planes)(&job, &(struct planes){ band_len(o), .in = plane_len(shape_of(y, 1)), .out = out_plane(j),
		.weights = TAPS * CHANNEL_BLOCK, .bias = 1 });
}

/* How the windows lie on the input's rows. */
static struct halo halo_of(const struct conv_norm_depthwise_job *j)
{
	return (struct halo){ j->window->kernel.h, j->window->stride, j->window->top, j->in_shape.h };
}

static void forward_band(const struct conv_norm_depthwise_job *j, const struct conv_norm_depthwise_layout *l,
                         struct range rows)
{
	struct range from = rows_under(halo_of(j), rows);
	struct band in = band(j->scratch + l->in, from, j->in_shape.w);
	struct band y = band(j->scratch + l->y, from, j->in_shape.w);

	copy_input(j, &in);
	for (struct range o = band_from(0, CONV_NORM_DEPTHWISE_CHUNK, j->channels); o.first < j->channels;
	     o = band_from(o.last, CONV_NORM_DEPTHWISE_CHUNK, j->channels)) {
		compute_y(j, o, &in, &y);
		convolve(j, o, rows, &y);
	}
}

void KERNEL(conv_norm_depthwise)(const struct conv_norm_depthwise_job *j)
{
	const struct conv_norm_depthwise_layout l = conv_norm_depthwise_forward_layout(j->in_shape, j->window);
	int step = conv_norm_depthwise_out_rows(j->in_shape, j->window), end = j->window->out_h;

	for (struct range b = band_from(0, step, end); b.first < end; b = band_from(b.last, step, end))
		forward_band(j, &l, b);
	if (j->stream)
		stream_end();
}

/* Backward's scratch: see struct conv_norm_depthwise_layout. */
struct backward { real *taps, *transposed; struct band in, y; };

/* The share of some rows of y in the gradient with respect to the taps. */
static void add_taps(const struct conv_norm_depthwise_job *j, const struct band *y, real *sums)
{
	const struct window *w = j->window;
	struct conv_weights_job job = {
		.in = y->at, .in_shape = { 1, band_len(y->rows), j->in_shape.w },
		.d_out = j->d_out, .out_shape = { 1, w->out_h, w->out_w }, .kernel = { 3, 3 }, .stride = w->stride,
		.top = w->top + y->rows.first, .left = w->left, .scratch = sums,
	};

	KERNEL(conv_planes_weights_add)(&job, rows_over(halo_of(j), y->rows, w->out_h), &(struct planes){ j->channels,
		.in = plane_len(shape_of(y, 1)), .out = out_plane(j), .weights = TAPS * LANES });
}

/* d overwrites y: one correlation for each phase of the stride. */
static void overwrite_y(const struct conv_norm_depthwise_job *j, const struct band *y)
{
	const struct window *w = j->window;
	struct planes planes = { j->channels, .in = out_plane(j), .out = plane_len(shape_of(y, 1)),
		.weights = TAPS * CHANNEL_BLOCK };
	struct conv_job job = { .in = j->d_out, .in_shape = { 1, w->out_h, w->out_w }, .out = y->at,
		.out_shape = { 1, j->in_shape.h, j->in_shape.w }, .out_step = w->stride, .stride = 1,
		.weights = j->flipped_taps, .activation = ACTIVATION_IDENTITY,
		.mask_by = is_identity(j->activation) ? NULL : y->at, .mask_activation = j->activation };

	for (int a = 0; a < w->stride; a++)
		for (int b = 0; b < w->stride; b++) {
			conv_choose_phase(&job, w, a, b);
			job.first_row = ceil_div(y->rows.first - a, w->stride);
			job.rows = ceil_div(y->rows.last - a, w->stride);
			job.out_row = a - y->rows.first;
			KERNEL(conv_planes)(&job, &planes);
			job.weights += job.kernel.h * job.kernel.w * CHANNEL_BLOCK;
		}
}

/* The share of some rows of d in the weight gradient, and those rows of d_in. */
static void use_d(const struct conv_norm_depthwise_job *j, const struct backward *at)
{
	const struct band *d = &at->y;
	size_t first = (size_t)d->rows.first * (size_t)j->in_shape.w * LANES;

	KERNEL(add_transposed)(&(struct transposed_planes){ .in = at->in.at, .channels = j->in_shape.c, .ones = true,
		.plane = plane_len(shape_of(&at->in, 1)), .pixels = (size_t)d->pixels, .gradients = d->at,
		.rows = j->channels, .row = plane_len(shape_of(d, 1)), .sums = j->products,
		.scratch = at->transposed });
	if (j->d_in)
		KERNEL(conv)(&(struct conv_job){
			.in = d->at, .in_shape = shape_of(d, j->channels), .out = j->d_in + first,
			.out_shape = { j->in_shape.c, 1, j->in_shape.h * j->in_shape.w }, .rows = 1,
			.columns = d->pixels, .out_step = 1, .kernel = { 1, 1 }, .stride = 1,
			.weights = j->transposed_weights, .activation = ACTIVATION_IDENTITY,
		});
}

static void backward_band(const struct conv_norm_depthwise_job *j, const struct conv_norm_depthwise_layout *l,
                          struct range rows)
{
	const struct backward at = { j->scratch + l->taps, j->scratch + l->transposed,
		band(j->scratch + l->in, rows, j->in_shape.w), band(j->scratch + l->y, rows, j->in_shape.w) };

	copy_input(j, &at.in);
	compute_y(j, (struct range){ 0, j->channels }, &at.in, &at.y);
	add_taps(j, &at.y, at.taps);
	overwrite_y(j, &at.y);
	use_d(j, &at);
}

void KERNEL(conv_norm_depthwise_backward)(const struct conv_norm_depthwise_job *j)
{
	const struct conv_norm_depthwise_layout l = conv_norm_depthwise_backward_layout(j->in_shape, j->channels,
	                                                                                j->window);
	int step = conv_norm_depthwise_rows(j->in_shape, j->channels, j->window->stride), end = j->in_shape.h;

	clear(j->scratch + l.taps, (size_t)j->channels * TAPS * LANES);
	clear(j->products, (size_t)j->channels * conv_norm_depthwise_columns(j->in_shape.c));
	for (struct range b = band_from(0, step, end); b.first < end; b = band_from(b.last, step, end))
		backward_band(j, &l, b);
	for (int k = 0; k < j->channels * TAPS; k++)
		j->d_taps[k] = lane_sum(j->scratch + l.taps + k * LANES);
}

/* The matrix is symmetric: one half is computed, the other one copied. */
void KERNEL(channel_gram)(const struct gram_job *j)
{
	struct shape shape = { j->channels, j->height, j->width };

	KERNEL(conv_weights_blocks)(&(struct conv_weights_job){ .in = j->x, .in_shape = shape, .d_out = j->x,
		.out_shape = shape, .kernel = { 1, 1 }, .stride = 1, .d_weights = j->products, .upper = true,
		.scratch = j->scratch });
	for (int o = 0; o < j->channels; o++)
		for (int i = 0; i < o; i++)
			j->products[o * j->channels + i] = j->products[i * j->channels + o];
	KERNEL(channel_sums)(j->x, j->channels, (size_t)(j->height * j->width), j->sums);
}
