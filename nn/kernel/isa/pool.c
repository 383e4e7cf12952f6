/* Pooling of one lane group, and max pooling of what batch norm makes of it. Floor 1. Formulas: kernels.h. */
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

INLINE real taps(const struct spot *s)
{
	return (real)((s->row_end - s->row) * (s->column_end - s->column));
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

typedef void window_rule(const struct pool_job *j, int c, const struct spot *s);

/* Every window of every channel, in reading order, one native vector of the lanes at a time. */
INLINE void each_window(const struct pool_job *job, window_rule *rule)
{
	for (int part = 0; part < PARTS; part++) {
		struct pool_job j = part_of(job, part);
		for (int c = 0; c < j.out_shape.c; c++)
			for (int y = 0; y < j.out_shape.h; y++)
				for (int x = 0; x < j.out_shape.w; x++) {
					struct spot s = spot(&j, c, y, x);
					rule(&j, c, &s);
				}
	}
}

INLINE void maximum(const struct pool_job *j, int c, const struct spot *s)
{
	vec best = load(j->in + at(j, c, s->row, s->column));

	for (int row = s->row; row < s->row_end; row++)
		for (int column = s->column; column < s->column_end; column++) {
			vec x = load(j->in + at(j, c, row, column));
			best = larger(x, best);         /* in this order a NaN does not hide the maximum */
		}
	store(j->out + s->out, best);
}

/* The first position that holds the maximum takes the gradient; `open` are the lanes in which none has been met. */
INLINE void maximum_backward(const struct pool_job *j, int c, const struct spot *s)
{
	vec best = load(j->out + s->out), d_out = load(j->d_out + s->out), zero = splat(0);
	vec_mask open = equal(zero, zero);

	if (j->gate)
		d_out = gated(d_out, best, *j->gate);
	for (int row = s->row; row < s->row_end; row++)
		for (int column = s->column; column < s->column_end; column++) {
			size_t i = at(j, c, row, column);
			vec_mask here = equal(load(j->in + i), best) & open;
			store(j->d_in + i, load(j->d_in + i) + choose(here, d_out, zero));
			open = open & ~here;
		}
}

INLINE void mean(const struct pool_job *j, int c, const struct spot *s)
{
	vec sum = splat(0);

	for (int row = s->row; row < s->row_end; row++)
		for (int column = s->column; column < s->column_end; column++)
			sum += load(j->in + at(j, c, row, column));
	store(j->out + s->out, sum / splat(taps(s)));
}

INLINE void mean_backward(const struct pool_job *j, int c, const struct spot *s)
{
	vec share = load(j->d_out + s->out) / splat(taps(s));

	for (int row = s->row; row < s->row_end; row++)
		for (int column = s->column; column < s->column_end; column++) {
			real *d = j->d_in + at(j, c, row, column);
			store(d, load(d) + share);
		}
}

void KERNEL(max_pool)(const struct pool_job *job)
{
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

/* 2 or 3 for a whole window of that many rows and columns, for which there is code without loops; 0 for others. */
INLINE int usual_size(const struct spot *s)
{
	int rows = s->row_end - s->row, columns = s->column_end - s->column;

	return rows == columns && (rows == 2 || rows == 3) ? rows : 0;
}

static struct norm_pool_job norm_part_of(const struct norm_pool_job *job, int part)
{
	struct norm_pool_job j = *job;

	j.pool = part_of(&job->pool, part);
	j.winners += part * VEC_LEN;
	return j;
}

/* rows and columns are constants where this is inlined, but for windows of unusual sizes or at an edge. */
INLINE void norm_maximum(const struct norm_pool_job *j, const struct spot *s, int rows, int columns)
{
	vec scale = splat(j->affine.scale), shift = splat(j->affine.shift);
	const real *in = j->pool.in + at(&j->pool, 0, s->row, s->column);
	vec winner = load(in), best = winner * scale + shift;

	UNROLL_CONSTANT
	for (int row = 0; row < rows; row++)
		UNROLL_CONSTANT
		for (int column = 0; column < columns; column++) {
			vec x = load(in + ((ptrdiff_t)row * j->pool.in_shape.w + column) * LANES), y = x * scale + shift;
			winner = choose(above(y, best), x, winner);
			best = larger(y, best);
		}
	store(j->winners + s->out, winner);
	store(j->pool.out + s->out, activated(best, j->affine.activation));
}

void KERNEL(norm_max_pool)(const struct norm_pool_job *job)
{
	for (int part = 0; part < PARTS; part++) {
		struct norm_pool_job j = norm_part_of(job, part);
		for (int y = 0; y < j.pool.out_shape.h; y++)
			for (int x = 0; x < j.pool.out_shape.w; x++) {
				struct spot s = spot(&j.pool, 0, y, x);
				switch (usual_size(&s)) {
				case 3: norm_maximum(&j, &s, 3, 3); break;
				case 2: norm_maximum(&j, &s, 2, 2); break;
				default: norm_maximum(&j, &s, s.row_end - s.row, s.column_end - s.column);
				}
			}
	}
}

/* What every pixel of rows [first, last) gets, whether it won or not. */
INLINE void norm_rows(const struct norm_pool_job *j, vec mask, int first, int last)
{
	const struct batch_norm_job *n = &j->norm;
	vec mean = splat(n->mean), slope = splat(n->slope), shift = splat(n->shift);

	for (size_t i = at(&j->pool, 0, first, 0), end = at(&j->pool, 0, last, 0); i < end; i += LANES) {
		vec x = load(j->pool.in + i), d = mask * ((x - mean) * slope + shift);
		store(j->pool.d_in + i, j->pool.gate ? gated(d, x, *j->pool.gate) : d);
	}
}

/* What the winner gets besides. */
INLINE void norm_winner(const struct norm_pool_job *j, vec mask, const struct spot *s, int rows, int columns)
{
	size_t first = at(&j->pool, 0, s->row, s->column);
	vec winner = load(j->winners + s->out), d = mask * (load(j->pool.d_out + s->out) * splat(j->norm.gain)), zero = splat(0);
	vec_mask open = equal(zero, zero);

	if (j->pool.gate)
		d = gated(d, winner, *j->pool.gate);
	UNROLL_CONSTANT
	for (int row = 0; row < rows; row++)
		UNROLL_CONSTANT
		for (int column = 0; column < columns; column++) {
			size_t i = first + ((size_t)row * (size_t)j->pool.in_shape.w + (size_t)column) * LANES;
			vec_mask here = equal(load(j->pool.in + i), winner) & open;
			store(j->pool.d_in + i, load(j->pool.d_in + i) + choose(here, d, zero));
			open = open & ~here;
		}
}

/* Rows just before the first window that reaches them, so that they are in L1 for all of these. */
void KERNEL(norm_max_pool_backward)(const struct norm_pool_job *job)
{
	for (int part = 0; part < PARTS; part++) {
		struct norm_pool_job j = norm_part_of(job, part);
		vec mask = load(job->norm.mask + part * VEC_LEN);
		int ready = 0;

		for (int y = 0; y < j.pool.out_shape.h; y++)
			for (int x = 0; x < j.pool.out_shape.w; x++) {
				struct spot s = spot(&j.pool, 0, y, x);
				if (ready < s.row_end) {
					norm_rows(&j, mask, ready, s.row_end);
					ready = s.row_end;
				}
				switch (usual_size(&s)) {
				case 3: norm_winner(&j, mask, &s, 3, 3); break;
				case 2: norm_winner(&j, mask, &s, 2, 2); break;
				default: norm_winner(&j, mask, &s, s.row_end - s.row, s.column_end - s.column);
				}
			}
		norm_rows(&j, mask, ready, j.pool.in_shape.h);
	}
}
