/* Pooling of one lane group, and the gradient of a max pooling together with the batch norm before it. Floor 1.
 * Formulas: kernel_list.h. */
#include "nn/kernel/isa/vector.h"

#include <string.h>

/* One window: the input rows and columns inside the image, and its output pixel. */
struct spot {
	int row, row_end, column, column_end;
	size_t out;             /* numbers from the output's start */
};

static struct spot spot(const struct pool_job *j, int c, int y, int x)
{
	int row = y * j->stride - j->top, column = x * j->stride - j->left;
	int row_end = row + j->window.h, column_end = column + j->window.w;

	return (struct spot){
		row < 0 ? 0 : row, row_end > j->in_shape.h ? j->in_shape.h : row_end,
		column < 0 ? 0 : column, column_end > j->in_shape.w ? j->in_shape.w : column_end,
		(((size_t)c * (size_t)j->out_shape.h + (size_t)y) * (size_t)j->out_shape.w + (size_t)x) * LANES,
	};
}

INLINE size_t at(const struct pool_job *j, int c, int row, int column)
{
	return (((size_t)c * (size_t)j->in_shape.h + (size_t)row) * (size_t)j->in_shape.w + (size_t)column) * LANES;
}

/* One native vector of the lanes of a job. */
static struct pool_job part_of(const struct pool_job *job, int part)
{
	struct pool_job j = *job;

	j.in += part * VEC_LEN;
	j.out += part * VEC_LEN;
	if (j.d_out) {
		j.d_out += part * VEC_LEN;
		j.d_in += part * VEC_LEN;
	}
	return j;
}

/* What is computed for one window. rows and columns are its size, constants where this is inlined, but for unusual
 * sizes. */
typedef void window_rule(const struct pool_job *j, int c, const struct spot *s, int rows, int columns);

/* Windows of 2 by 2 and 3 by 3 have code without loops. */
INLINE void on_window(const struct pool_job *j, int c, const struct spot *s, window_rule *rule)
{
	int rows = s->row_end - s->row, columns = s->column_end - s->column;

	if (rows == 3 && columns == 3)
		rule(j, c, s, 3, 3);
	else if (rows == 2 && columns == 2)
		rule(j, c, s, 2, 2);
	else
		rule(j, c, s, rows, columns);
}

/* Every window of every channel, in reading order, one native vector of the lanes at a time. */
INLINE void each_window(const struct pool_job *job, window_rule *rule)
{
	for (int part = 0; part < PARTS; part++) {
		struct pool_job j = part_of(job, part);
		for (int c = 0; c < j.out_shape.c; c++)
			for (int y = 0; y < j.out_shape.h; y++)
				for (int x = 0; x < j.out_shape.w; x++) {
					struct spot s = spot(&j, c, y, x);
					on_window(&j, c, &s, rule);
				}
	}
}

/* In this order of arguments a NaN does not hide the maximum. */
INLINE void extreme(const struct pool_job *j, int c, const struct spot *s, int rows, int columns, vec (*of)(vec, vec))
{
	const real *in = j->in + at(j, c, s->row, s->column);
	vec best = load(in);

	UNROLL_CONSTANT
	for (int row = 0; row < rows; row++)
		UNROLL_CONSTANT
		for (int column = 0; column < columns; column++)
			best = of(load(in + ((ptrdiff_t)row * j->in_shape.w + column) * LANES), best);
	store(j->out + s->out, best);
}

INLINE void maximum(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	extreme(j, c, s, rows, columns, larger);
}

INLINE void minimum(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	extreme(j, c, s, rows, columns, smaller);
}

INLINE void first_pixel(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	(void)rows;
	(void)columns;
	store(j->out + s->out, load(j->in + at(j, c, s->row, s->column)));
}

/* The gradient goes to the argmax: the first pixel that holds the maximum. `alone`: no other window sees these
 * pixels. */
INLINE void pass_gradient(const struct pool_job *j, int c, const struct spot *s, int rows, int columns, bool alone)
{
	const size_t first = at(j, c, s->row, s->column);
	vec best = load(j->out + s->out), d = load(j->d_out + s->out), zero = splat(0);

	if (j->mask)
		d = masked(d, best, *j->mask);
	UNROLL_CONSTANT
	for (int row = 0; row < rows; row++)
		UNROLL_CONSTANT
		for (int column = 0; column < columns; column++) {
			size_t i = first + ((size_t)row * (size_t)j->in_shape.w + (size_t)column) * LANES;
			vec_mask here = equal(load(j->in + i), best);
			vec share = choose(here, d, zero);
			if (!alone)
				share += load(j->d_in + i);
			store(j->d_in + i, share);
			d = choose(here, zero, d);
		}
}

INLINE void maximum_backward(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	pass_gradient(j, c, s, rows, columns, false);
}

INLINE void maximum_backward_alone(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	pass_gradient(j, c, s, rows, columns, true);
}

INLINE void mean(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	vec sum = splat(0);

	for (int row = 0; row < rows; row++)
		for (int column = 0; column < columns; column++)
			sum += load(j->in + at(j, c, s->row + row, s->column + column));
	store(j->out + s->out, sum / splat((real)(rows * columns)));
}

INLINE void mean_backward(const struct pool_job *j, int c, const struct spot *s, int rows, int columns)
{
	vec share = load(j->d_out + s->out) / splat((real)(rows * columns));

	for (int row = 0; row < rows; row++)
		for (int column = 0; column < columns; column++) {
			real *d = j->d_in + at(j, c, s->row + row, s->column + column);
			store(d, load(d) + share);
		}
}

void KERNEL(max_pool)(const struct pool_job *job)
{
	switch (job->choice) {
	case CHOOSE_LARGEST: each_window(job, maximum); break;
	case CHOOSE_SMALLEST: each_window(job, minimum); break;
	case CHOOSE_FIRST: each_window(job, first_pixel); break;
	}
}

void KERNEL(average_pool)(const struct pool_job *job)
{
	each_window(job, mean);
}

/* Whether every pixel lies in one window. */
static bool windows_tile(const struct pool_job *j)
{
	return j->window.h == j->stride && j->window.w == j->stride && !j->top && !j->left &&
	       j->in_shape.h == j->out_shape.h * j->stride && j->in_shape.w == j->out_shape.w * j->stride;
}

/* Windows that tile the image write every pixel, so they need no zeros to begin with. */
void KERNEL(max_pool_backward)(const struct pool_job *job)
{
	if (windows_tile(job)) {
		each_window(job, maximum_backward_alone);
		return;
	}
	memset(job->d_in, 0, group_len(job->in_shape) * sizeof *job->d_in);
	each_window(job, maximum_backward);
}

void KERNEL(average_pool_backward)(const struct pool_job *job)
{
	memset(job->d_in, 0, group_len(job->in_shape) * sizeof *job->d_in);
	each_window(job, mean_backward);
}

static struct norm_pool_job norm_part_of(const struct norm_pool_job *job, int part)
{
	struct norm_pool_job j = *job;

	j.pool = part_of(&job->pool, part);
	j.norm.lane_mask += part * VEC_LEN;
	return j;
}

/* What a channel's pixels have in common. */
struct norm {
	vec lane_mask, mean, slope, shift, gain;
	struct activation activation;
	size_t ahead;           /* how far ahead x is prefetched, see pointwise.c */
};

/* The part of the gradient that every pixel gets, argmax or not. */
INLINE vec norm_pixel(enum masking masking, const struct norm *n, vec x)
{
	return masked_as(masking, n->activation, n->lane_mask * ((x - n->mean) * n->slope + n->shift), x);
}

/* Rows and columns of a window that an earlier window has seen. */
struct seen { int rows, columns; };

/* One window: the part that each of its pixels gets, unless an earlier window has written it already, and the argmax's
 * own. rows, columns and seen are constants where this is inlined, but for windows of unusual sizes. */
INLINE void norm_window(const struct norm_pool_job *j, enum masking masking, const struct norm *n, const struct spot *s,
                        int rows, int columns, struct seen seen)
{
	const ptrdiff_t width = j->pool.in_shape.w;
	const size_t first = at(&j->pool, 0, s->row, s->column);
	const real *in = j->pool.in + first;
	real *d_in = j->pool.d_in + first;
	vec best = load(j->pool.out + s->out), zero = splat(0);
	vec d_argmax = masked_as(masking, n->activation, n->lane_mask * (load(j->pool.d_out + s->out) * n->gain), best);

	UNROLL_CONSTANT
	for (int row = 0; row < rows; row++)
		UNROLL_CONSTANT
		for (int column = 0; column < columns; column++) {
			ptrdiff_t i = (row * width + column) * LANES;
			if (row >= seen.rows && column >= seen.columns)
				__builtin_prefetch(in + i + n->ahead);
			vec x = load(in + i);
			vec d = row < seen.rows || column < seen.columns ? load(d_in + i) : norm_pixel(masking, n, x);
			vec_mask here = equal(x, best);
			store(d_in + i, d + choose(here, d_argmax, zero));
			d_argmax = choose(here, zero, d_argmax);
		}
}

/* The windows inside an image, 3 by 3 with stride 2 and 2 by 2 with stride 2, have code without loops. */
INLINE void norm_known_window(const struct norm_pool_job *j, enum masking masking, const struct norm *n,
                              const struct spot *s, struct seen seen)
{
	int rows = s->row_end - s->row, columns = s->column_end - s->column;

	if (rows == 3 && columns == 3 && seen.rows == 1 && seen.columns == 1)
		norm_window(j, masking, n, s, 3, 3, (struct seen){ 1, 1 });
	else if (rows == 2 && columns == 2 && seen.rows == 0 && seen.columns == 0)
		norm_window(j, masking, n, s, 2, 2, (struct seen){ 0, 0 });
	else
		norm_window(j, masking, n, s, rows, columns, seen);
}

/* Pixels that no window sees. */
INLINE void norm_unseen(const struct norm_pool_job *j, enum masking masking, const struct norm *n, struct range rows,
                        struct range columns)
{
	for (int row = rows.first; row < rows.last; row++)
		for (int column = columns.first; column < columns.last; column++) {
			size_t i = at(&j->pool, 0, row, column);
			store(j->pool.d_in + i, norm_pixel(masking, n, load(j->pool.in + i)));
		}
}

static int larger_of(int a, int b)
{
	return a > b ? a : b;
}

/* One row of windows; rows before `ready` are written. */
INLINE int norm_window_row(const struct norm_pool_job *j, enum masking masking, const struct norm *n, int y, int ready)
{
	int ready_column = 0;
	struct spot s = spot(&j->pool, 0, y, 0);
	const struct range rows = { larger_of(ready, s.row), s.row_end }, all = { 0, j->pool.in_shape.w };

	norm_unseen(j, masking, n, (struct range){ ready, s.row }, all);
	for (int x = 0; x < j->pool.out_shape.w; x++) {
		s = spot(&j->pool, 0, y, x);
		norm_unseen(j, masking, n, rows, (struct range){ ready_column, s.column });
		norm_known_window(j, masking, n, &s, (struct seen){ rows.first - s.row,
			larger_of(ready_column, s.column) - s.column });
		ready_column = larger_of(ready_column, s.column_end);
	}
	norm_unseen(j, masking, n, rows, (struct range){ ready_column, all.last });
	return larger_of(ready, s.row_end);
}

INLINE void norm_windows(const struct norm_pool_job *j, enum masking masking)
{
	const struct batch_norm_job *b = &j->norm;
	const struct norm n = { load(b->lane_mask), splat(b->mean), splat(b->slope), splat(b->shift), splat(b->gain),
	                        j->pool.mask ? *j->pool.mask : ACTIVATION_IDENTITY, j->cached ? 0 : PAGE };
	int ready = j->ready;

	for (int y = 0; y < j->pool.out_shape.h; y++)
		ready = norm_window_row(j, masking, &n, y, ready);
	norm_unseen(j, masking, &n, (struct range){ ready, j->pool.in_shape.h },
	            (struct range){ 0, j->pool.in_shape.w });
}

void KERNEL(norm_max_pool_backward)(const struct norm_pool_job *job)
{
	for (int part = 0; part < PARTS; part++) {
		struct norm_pool_job j = norm_part_of(job, part);
		switch (masking_of(job->pool.mask)) {
		case NO_MASK: norm_windows(&j, NO_MASK); break;
		case RELU_MASK: norm_windows(&j, RELU_MASK); break;
		case ANY_MASK: norm_windows(&j, ANY_MASK); break;
		}
	}
}
