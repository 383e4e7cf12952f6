/* Pooling of one lane group. Floor 1. Formulas: kernels.h. */
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

typedef void window_rule(const struct pool_job *j, int c, const struct spot *s);

/* Every window of every channel, in reading order, one native vector of the lanes at a time. */
INLINE void each_window(const struct pool_job *job, window_rule *rule)
{
	for (int part = 0; part < PARTS; part++) {
		struct pool_job j = *job;
		j.in += part * VEC_LEN;
		j.out += part * VEC_LEN;
		if (j.d_out) {
			j.d_out += part * VEC_LEN;
			j.d_in += part * VEC_LEN;
		}
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
