/* See conv_phase.h. */
#include "nn/kernel/conv_phase.h"

struct conv_phase conv_phase(int phase, int stride, int pad, int kernel)
{
	int first = (phase + pad) % stride;
	int count = first < kernel ? (kernel - first + stride - 1) / stride : 0;

	return (struct conv_phase){ first, count, count - 1 - (phase + pad - first) / stride };
}

void conv_choose_phase(struct conv_job *job, const struct window *w, int row, int column)
{
	struct conv_phase y = conv_phase(row, w->stride, w->top, w->kernel.h);
	struct conv_phase x = conv_phase(column, w->stride, w->left, w->kernel.w);

	job->rows = (job->out_shape.h - row + w->stride - 1) / w->stride;
	job->columns = (job->out_shape.w - column + w->stride - 1) / w->stride;
	job->out_row = row;
	job->out_column = column;
	job->kernel.h = y.count;
	job->kernel.w = x.count;
	job->top = y.before;
	job->left = x.before;
}
