/* Pooling of one lane group, and max pooling's gradient taken on through batch norm. Floor 1. Formulas: kernels.h. */
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

/* What becomes of one window. rows and columns are its size, constants where this is inlined, but for unusual sizes. */
typedef void window_rule(const void *job, int c, const struct spot *s, int rows, int columns);

/* Windows of 2 by 2 and 3 by 3 have code without loops. */
INLINE void on_window(const void *job, int c, const struct spot *s, window_rule *rule)
{
	int rows = s->row_end - s->row, columns = s->column_end - s->column;

	if (rows == 3 && columns == 3)
		rule(job, c, s, 3, 3);
	else if (rows == 2 && columns == 2)
		rule(job, c, s, 2, 2);
	else
		rule(job, c, s, rows, columns);
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

INLINE void maximum(const void *job, int c, const struct spot *s, int rows, int columns)
{
	extreme(job, c, s, rows, columns, larger);
}

INLINE void minimum(const void *job, int c, const struct spot *s, int rows, int columns)
{
	extreme(job, c, s, rows, columns, smaller);
}

/* The first position of a window that holds `best` gets d besides: what it has got, later ones do not. */
INLINE void to_winner(const struct pool_job *j, size_t first, int rows, int columns, vec best, vec d)
{
	vec zero = splat(0);

	UNROLL_CONSTANT
	for (int row = 0; row < rows; row++)
		UNROLL_CONSTANT
		for (int column = 0; column < columns; column++) {
			size_t i = first + ((size_t)row * (size_t)j->in_shape.w + (size_t)column) * LANES;
			vec_mask here = equal(load(j->in + i), best);
			store(j->d_in + i, load(j->d_in + i) + choose(here, d, zero));
			d = choose(here, zero, d);
		}
}

INLINE void maximum_backward(const void *job, int c, const struct spot *s, int rows, int columns)
{
	const struct pool_job *j = job;
	vec best = load(j->out + s->out), d_out = load(j->d_out + s->out);

	if (j->gate)
		d_out = gated(d_out, best, *j->gate);
	to_winner(j, at(j, c, s->row, s->column), rows, columns, best, d_out);
}

INLINE void mean(const void *job, int c, const struct spot *s, int rows, int columns)
{
	const struct pool_job *j = job;
	vec sum = splat(0);

	for (int row = 0; row < rows; row++)
		for (int column = 0; column < columns; column++)
			sum += load(j->in + at(j, c, s->row + row, s->column + column));
	store(j->out + s->out, sum / splat((real)(rows * columns)));
}

INLINE void mean_backward(const void *job, int c, const struct spot *s, int rows, int columns)
{
	const struct pool_job *j = job;
	vec share = load(j->d_out + s->out) / splat((real)(rows * columns));

	for (int row = 0; row < rows; row++)
		for (int column = 0; column < columns; column++) {
			real *d = j->d_in + at(j, c, s->row + row, s->column + column);
			store(d, load(d) + share);
		}
}

void KERNEL(max_pool)(const struct pool_job *job)
{
	if (job->smallest)
		each_window(job, minimum);
	else
		each_window(job, maximum);
}

void KERNEL(average_pool)(const struct pool_job *job)
{
	each_window(job, mean);
}

void KERNEL(max_pool_backward)(const struct pool_job *job)
{
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
	j.norm.mask += part * VEC_LEN;
	return j;
}

/* What every pixel of rows [first, last) gets, whether it won or not. */
INLINE void norm_rows(const struct norm_pool_job *j, int first, int last)
{
	const struct batch_norm_job *n = &j->norm;
	vec mask = load(n->mask), mean = splat(n->mean), slope = splat(n->slope), shift = splat(n->shift);

	for (size_t i = at(&j->pool, 0, first, 0), end = at(&j->pool, 0, last, 0); i < end; i += LANES) {
		vec x = load(j->pool.in + i), d = mask * ((x - mean) * slope + shift);
		store(j->pool.d_in + i, j->pool.gate ? gated(d, x, *j->pool.gate) : d);
	}
}

INLINE void norm_winner(const void *job, int c, const struct spot *s, int rows, int columns)
{
	const struct norm_pool_job *j = job;
	vec winner = load(j->pool.out + s->out), d = load(j->norm.mask) * (load(j->pool.d_out + s->out) * splat(j->norm.gain));

	if (j->pool.gate)
		d = gated(d, winner, *j->pool.gate);
	to_winner(&j->pool, at(&j->pool, c, s->row, s->column), rows, columns, winner, d);
}

/* Rows just before the first window that reaches them, so that they are in L1 for all of these. */
void KERNEL(norm_max_pool_backward)(const struct norm_pool_job *job)
{
	for (int part = 0; part < PARTS; part++) {
		struct norm_pool_job j = norm_part_of(job, part);
		int ready = 0;

		for (int y = 0; y < j.pool.out_shape.h; y++)
			for (int x = 0; x < j.pool.out_shape.w; x++) {
				struct spot s = spot(&j.pool, 0, y, x);
				if (ready < s.row_end) {
					norm_rows(&j, ready, s.row_end);
					ready = s.row_end;
				}
				on_window(&j, 0, &s, norm_winner);
			}
		norm_rows(&j, ready, j.pool.in_shape.h);
	}
}
