/* A 1x1 convolution, its activation, batch norm and max pooling, fused; see nn/kernel/conv_norm_pool.h. Floor 1.
 *
 * Bands of rows of windows, from the first one to the last. x of the rows that a band sees is computed in scratch,
 * [channels] [rows]; rows that the band before saw too are carried on, see bands.h. Forward, only the moments and each
 * window's x at its argmax are kept. Backward, the gradient with respect to x, beside it in scratch, is complete for
 * the rows that no later window sees: from those come the weight gradient and d_in. */
#include "nn/kernel/conv_norm_pool.h"
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/conv_weights.h"

/* x and its gradient in scratch, [channels] of `shape`; what the weight gradient needs: see struct
 * conv_norm_pool_layout. */
struct work {
	struct shape shape;
	real *x, *d, *weights;
};

static struct work work_of(const struct conv_norm_pool_job *j)
{
	struct conv_norm_pool_layout l = conv_norm_pool_layout(j->in_shape, j->channels, j->windows);

	return (struct work){ l.shape, j->scratch + l.x, j->scratch + l.d, j->scratch + l.weights };
}

typedef void run_band(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b);

static void each_band(const struct conv_norm_pool_job *j, const struct work *at, run_band *run)
{
	const struct window *w = j->windows;
	const struct halo halo = { w->kernel.h, w->stride, w->top, j->in_shape.h };
	int step = conv_norm_pool_windows(j->in_shape, j->channels, w), end = w->out_h;

	for (struct range y = band_from(0, step, end); y.first < end; y = band_from(y.last, step, end)) {
		struct carried b = carried_band(halo, y, end);
		run(j, at, &b);
	}
}

/* Numbers of a row of one channel. */
static size_t row_len(const struct conv_norm_pool_job *j)
{
	return (size_t)j->in_shape.w * LANES;
}

/* The rows of x or of its gradient that the next band needs too. */
static void move_on(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b, real *x)
{
	carry_on(b, (struct carried_rows){ j->channels, row_len(j), plane_len(at->shape) }, x);
}

/* A 1x1 convolution of whole rows, as one long one. */
static struct conv_job long_row(const real *in, struct shape in_shape, real *out, struct shape out_shape, int pixels)
{
	return (struct conv_job){ .in = in, .in_shape = { in_shape.c, 1, in_shape.h * in_shape.w }, .out = out,
		.out_shape = { out_shape.c, 1, out_shape.h * out_shape.w }, .rows = 1, .columns = pixels, .out_step = 1,
		.kernel = { 1, 1 }, .stride = 1, .activation = ACTIVATION_IDENTITY };
}

/* x of the rows that the band before has not computed. */
static void compute_x(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b)
{
	int first = b->rows.first + b->had;
	struct conv_job job = long_row(j->in + (size_t)first * row_len(j), j->in_shape,
	                               at->x + (size_t)b->had * row_len(j), at->shape,
	                               (b->rows.last - first) * j->in_shape.w);

	job.weights = j->weights;
	job.bias = j->bias;
	job.activation = j->activation;
	job.hot = true;
	KERNEL(conv)(&job);
}

/* The pooling of channel c. */
static struct pool_job pool_job(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b,
                                int c)
{
	const struct window *w = j->windows;
	struct shape out = { 1, w->out_h, w->out_w };

	return (struct pool_job){
		.in = at->x + (size_t)c * plane_len(at->shape), .in_shape = { 1, band_len(b->rows), j->in_shape.w },
		.out = j->x_at_argmax + (size_t)c * group_len(out) + (size_t)(b->windows.first * w->out_w) * LANES,
		.out_shape = { 1, band_len(b->windows), w->out_w }, .window = { w->kernel.h, w->kernel.w },
		.stride = w->stride, .top = w->top + b->rows.first - b->windows.first * w->stride, .left = w->left,
		.choice = pool_choice_under(j->gamma[c]) };
}

/* While a channel is pooled, the next one's outputs and their gradients are prefetched: they lie in pieces too short
 * for hardware prefetchers. */
static void prefetch_windows(const struct conv_norm_pool_job *j, const struct carried *b, int next)
{
	const struct window *w = j->windows;
	size_t first = (size_t)(next * w->out_h + b->windows.first) * (size_t)w->out_w * LANES;
	size_t last = first + (size_t)band_len(b->windows) * (size_t)w->out_w * LANES;

	for (size_t i = first; next < j->channels && i < last; i += LANES) {
		__builtin_prefetch(j->x_at_argmax + i);
		if (j->d_out)
			__builtin_prefetch(j->d_out + i);
	}
}

static void add_moments(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b, int c)
{
	size_t had = (size_t)b->had * row_len(j), rows = (size_t)(band_len(b->rows) - b->had);
	double sums[2];

	KERNEL(channel_moments)(at->x + (size_t)c * plane_len(at->shape) + had, rows * (size_t)j->in_shape.w,
	                        j->lane_mask, sums);
	j->sums[2 * c] += sums[0];
	j->sums[2 * c + 1] += sums[1];
}

static void forward_band(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b)
{
	compute_x(j, at, b);
	for (int c = 0; c < j->channels; c++) {
		struct pool_job job = pool_job(j, at, b, c);
		prefetch_windows(j, b, c + 1);
		KERNEL(max_pool)(&job);
		if (j->sums)
			add_moments(j, at, b, c);
	}
	move_on(j, at, b, at->x);
}

void KERNEL(conv_norm_pool)(const struct conv_norm_pool_job *j)
{
	struct work at = work_of(j);

	for (int i = 0; j->sums && i < 2 * j->channels; i++)
		j->sums[i] = 0;
	each_band(j, &at, forward_band);
}

/* The gradient with respect to x: complete for the rows that are done; for those that the next band has too, this
 * band's share. */
static void compute_d(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b)
{
	for (int c = 0; c < j->channels; c++) {
		struct norm_pool_job job = { .pool = pool_job(j, at, b, c), .ready = b->had, .cached = true,
			.norm = { .lane_mask = j->lane_mask, .mean = j->mean[c], .gain = j->gain[c],
			.slope = j->slope[c], .shift = j->shift[c] } };
		prefetch_windows(j, b, c + 1);
		job.pool.d_out = j->d_out + (job.pool.out - j->x_at_argmax);
		job.pool.d_in = at->d + (size_t)c * plane_len(at->shape);
		job.pool.mask = &j->activation;
		KERNEL(norm_max_pool_backward)(&job);
	}
}

static struct conv_weights_job weights_job(const struct conv_norm_pool_job *j, const struct work *at, int first)
{
	return (struct conv_weights_job){ .in = j->in, .in_shape = j->in_shape, .d_out = at->d, .out_shape = at->shape,
		.kernel = { 1, 1 }, .stride = 1, .top = -first, .d_weights = j->d_weights, .d_bias = j->d_bias,
		.scratch = at->weights };
}

static void compute_d_in(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b)
{
	size_t before = (size_t)b->rows.first * row_len(j);
	struct conv_job job = long_row(at->d, at->shape, j->d_in + before, j->in_shape, b->done * j->in_shape.w);

	job.weights = j->transposed_weights;
	job.mask_by = j->mask ? j->in + before : NULL;
	job.mask_activation = j->mask ? *j->mask : ACTIVATION_IDENTITY;
	job.stream = j->stream;
	KERNEL(conv)(&job);
}

static void backward_band(const struct conv_norm_pool_job *j, const struct work *at, const struct carried *b)
{
	struct conv_weights_job weights = weights_job(j, at, b->rows.first);

	compute_x(j, at, b);
	compute_d(j, at, b);
	KERNEL(conv_weights_add)(&weights, (struct range){ 0, b->done });
	if (j->d_in)
		compute_d_in(j, at, b);
	move_on(j, at, b, at->x);
	move_on(j, at, b, at->d);
}

void KERNEL(conv_norm_pool_backward)(const struct conv_norm_pool_job *j)
{
	struct work at = work_of(j);
	struct conv_weights_job weights = weights_job(j, &at, 0);

	KERNEL(conv_weights_begin)(&weights);
	each_band(j, &at, backward_band);
	KERNEL(conv_weights_end)(&weights);
}
