/* A 1x1 convolution, its activation, batch norm and a max pooling in one go; see transition.h. Floor 1.
 *
 * Bands of rows of windows, from the first one to the last. x of the rows that a band meets is made in scratch; rows that the band before
 * met as well are moved there. Forward, the moments and the windows' winners are all that is kept. Back, the gradient by x, beside it in
 * scratch, is whole for the rows that no later window sees: those go to the weights and to the input.
 *
 * Of arrays of x's size, the largest one of a stage that widens at its end, none is written or read, instead of 2 passes forward and 3
 * back; what is made twice is one convolution of few inputs. What it gained, images/s of one core (Emerald Rapids): conv1x1 6 10 %, 12 10
 * to 12 %, 24 2 to 5 %, 48 nothing; conv1x1 3, whose x is 0.9 MB, loses 1 %, so arrays that fit L2 stay. Bands of x of 256 and 512 KiB
 * instead of 384: within 1 %; of 1 MiB, beside as much of d: a loss of 5 to 8 %. */
#include "nn/kernel/transition.h"
#include "nn/kernel/isa/conv_weights.h"
#include "nn/kernel/isa/turned.h"

#include <string.h>

/* Windows, the rows of x that they meet, and those of them that the band before had already, and that no later band needs. Rows that no
 * window sees belong to the windows behind them, and to the last ones. */
struct band { struct range windows, rows; int had, done; };

/* x and its gradient in scratch, [channels] of `shape`; what the weight gradient needs. */
struct places {
	struct shape shape;
	real *x, *d, *rest;
};

static struct places places(const struct transition_job *j)
{
	struct places at = { .shape = { j->channels, transition_rows(j->in_shape, j->channels, j->windows), j->in_shape.w } };

	at.x = j->scratch;
	at.d = at.x + group_len(at.shape);
	at.rest = at.d + group_len(at.shape);
	return at;
}

static int clipped(int row, int height)
{
	return row < 0 ? 0 : row < height ? row : height;
}

/* The rows that windows up to one before y meet; the first row that windows from y on meet. */
static int last_row(const struct transition_job *j, int y)
{
	const struct window *w = j->windows;

	return y == w->out_h ? j->in_shape.h : clipped((y - 1) * w->stride + w->kernel.h - w->top, j->in_shape.h);
}

static int first_row(const struct transition_job *j, int y)
{
	int last = last_row(j, y), first = clipped(y * j->windows->stride - j->windows->top, j->in_shape.h);

	return y == 0 ? 0 : y == j->windows->out_h || first > last ? last : first;
}

static struct band band_of(const struct transition_job *j, int y)
{
	int all = j->windows->out_h, step = transition_windows(j->in_shape, j->channels, j->windows), end = y + step < all ? y + step : all;
	int first = first_row(j, y);

	return (struct band){ { y, end }, { first, last_row(j, end) }, .had = y ? last_row(j, y) - first : 0,
		.done = first_row(j, end) - first };
}

typedef void run_band(const struct transition_job *j, const struct places *at, const struct band *b);

static void each_band(const struct transition_job *j, const struct places *at, run_band *run)
{
	for (int y = 0; y < j->windows->out_h; ) {
		struct band b = band_of(j, y);
		run(j, at, &b);
		y = b.windows.last;
	}
}

/* Numbers of a row of one channel. */
static size_t row_len(const struct transition_job *j)
{
	return (size_t)j->in_shape.w * LANES;
}

/* Rows from `done` on become the first ones of every channel: those of the next band. */
static void move_on(const struct transition_job *j, const struct places *at, const struct band *b, real *x)
{
	int rows = b->rows.last - b->rows.first - b->done;

	for (int c = 0; c < j->channels; c++, x += plane_len(at->shape))
		memmove(x, x + (size_t)b->done * row_len(j), (size_t)rows * row_len(j) * sizeof *x);
}

/* A 1x1 convolution of whole rows, as one long one. */
static struct conv_job long_row(const real *in, struct shape in_shape, real *out, struct shape out_shape, int pixels)
{
	return (struct conv_job){ .in = in, .in_shape = { in_shape.c, 1, in_shape.h * in_shape.w }, .out = out,
		.out_shape = { out_shape.c, 1, out_shape.h * out_shape.w }, .rows = 1, .columns = pixels, .out_step = 1,
		.kernel = { 1, 1 }, .stride = 1, .activation = ACTIVATION_IDENTITY };
}

/* x of the rows that the band before has not had. */
static void make(const struct transition_job *j, const struct places *at, const struct band *b)
{
	int first = b->rows.first + b->had;
	struct conv_job job = long_row(j->in + (size_t)first * row_len(j), j->in_shape, at->x + (size_t)b->had * row_len(j), at->shape,
	                               (b->rows.last - first) * j->in_shape.w);

	job.weights = j->weights;
	job.bias = j->bias;
	job.activation = j->activation;
	job.hot = true;
	KERNEL(conv)(&job);
}

/* The pooling of channel c. */
static struct pool_job pool_job(const struct transition_job *j, const struct places *at, const struct band *b, int c)
{
	const struct window *w = j->windows;
	struct shape out = { 1, w->out_h, w->out_w };

	return (struct pool_job){
		.in = at->x + (size_t)c * plane_len(at->shape), .in_shape = { 1, b->rows.last - b->rows.first, j->in_shape.w },
		.out = j->winners + (size_t)c * group_len(out) + (size_t)(b->windows.first * w->out_w) * LANES,
		.out_shape = { 1, b->windows.last - b->windows.first, w->out_w }, .window = { w->kernel.h, w->kernel.w },
		.stride = w->stride, .top = w->top + b->rows.first - b->windows.first * w->stride, .left = w->left,
		.winner = winner_under(j->gamma[c]) };
}

/* While a channel is pooled, the windows' numbers of the next one are asked for, which lie in pieces too short for prefetchers in hardware.
 * The same for the input's rows gains nothing more. */
static void ask_for_windows(const struct transition_job *j, const struct band *b, int next)
{
	const struct window *w = j->windows;
	size_t first = (size_t)(next * w->out_h + b->windows.first) * (size_t)w->out_w * LANES;
	size_t last = first + (size_t)(b->windows.last - b->windows.first) * (size_t)w->out_w * LANES;

	for (size_t i = first; next < j->channels && i < last; i += LANES) {
		__builtin_prefetch(j->winners + i);
		if (j->d_out)
			__builtin_prefetch(j->d_out + i);
	}
}

static void add_moments(const struct transition_job *j, const struct places *at, const struct band *b, int c)
{
	size_t had = (size_t)b->had * row_len(j), rows = (size_t)(b->rows.last - b->rows.first - b->had);
	double sums[2];

	KERNEL(channel_moments)(at->x + (size_t)c * plane_len(at->shape) + had, rows * (size_t)j->in_shape.w, j->mask, sums);
	j->sums[2 * c] += sums[0];
	j->sums[2 * c + 1] += sums[1];
}

static void forward_band(const struct transition_job *j, const struct places *at, const struct band *b)
{
	make(j, at, b);
	for (int c = 0; c < j->channels; c++) {
		struct pool_job job = pool_job(j, at, b, c);
		ask_for_windows(j, b, c + 1);
		KERNEL(max_pool)(&job);
		if (j->sums)
			add_moments(j, at, b, c);
	}
	move_on(j, at, b, at->x);
}

void KERNEL(transit)(const struct transition_job *j)
{
	struct places at = places(j);

	for (int i = 0; j->sums && i < 2 * j->channels; i++)
		j->sums[i] = 0;
	each_band(j, &at, forward_band);
}

/* The gradient by x: whole for the rows that are done, and for those that the next band has too what this band's windows give. */
static void make_gradient(const struct transition_job *j, const struct places *at, const struct band *b)
{
	for (int c = 0; c < j->channels; c++) {
		struct norm_pool_job job = { .pool = pool_job(j, at, b, c), .ready = b->had, .cached = true,
			.norm = { .mask = j->mask, .mean = j->mean[c], .gain = j->gain[c], .slope = j->slope[c], .shift = j->shift[c] } };
		ask_for_windows(j, b, c + 1);
		job.pool.d_out = j->d_out + (job.pool.out - j->winners);
		job.pool.d_in = at->d + (size_t)c * plane_len(at->shape);
		job.pool.gate = &j->activation;
		KERNEL(norm_max_pool_backward)(&job);
	}
}

static struct conv_weights_job weights_job(const struct transition_job *j, const struct places *at, int first)
{
	return (struct conv_weights_job){ .in = j->in, .in_shape = j->in_shape, .d_out = at->d, .out_shape = at->shape,
		.kernel = { 1, 1 }, .stride = 1, .top = -first, .d_weights = j->d_weights, .d_bias = j->d_bias, .scratch = at->rest };
}

static void go_back(const struct transition_job *j, const struct places *at, const struct band *b)
{
	size_t before = (size_t)b->rows.first * row_len(j);
	struct conv_job job = long_row(at->d, at->shape, j->d_in + before, j->in_shape, b->done * j->in_shape.w);

	job.weights = j->turned;
	job.gate = j->gate ? j->in + before : NULL;
	job.gate_activation = j->gate ? *j->gate : ACTIVATION_IDENTITY;
	job.stream = j->stream;
	KERNEL(conv)(&job);
}

static void backward_band(const struct transition_job *j, const struct places *at, const struct band *b)
{
	struct conv_weights_job weights = weights_job(j, at, b->rows.first);

	make(j, at, b);
	make_gradient(j, at, b);
	KERNEL(conv_weights_add)(&weights, (struct range){ 0, b->done });
	if (j->d_in)
		go_back(j, at, b);
	move_on(j, at, b, at->x);
	move_on(j, at, b, at->d);
}

void KERNEL(transit_backward)(const struct transition_job *j)
{
	struct places at = places(j);
	struct conv_weights_job weights = weights_job(j, &at, 0);

	KERNEL(conv_weights_begin)(&weights);
	each_band(j, &at, backward_band);
	KERNEL(conv_weights_end)(&weights);
}
