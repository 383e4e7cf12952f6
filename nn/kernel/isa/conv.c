/* Convolution of one lane group: chooses the algorithm. Floor 1. Formula and memory layout: struct conv_job in
 * kernels.h. */
#include "nn/kernel/isa/conv_algorithms.h"

/* Of a 1x1 kernel over whole rows, rows don't matter: as one long row they fill blocks better. */
static struct conv_job flattened(const struct conv_job *job)
{
	struct conv_job j = *job;
	ptrdiff_t before = (ptrdiff_t)j.first_row * j.in_shape.w * LANES;

	if (j.kernel.h * j.kernel.w != 1 || j.stride != 1 || j.out_step != 1 || j.top || j.left ||
	    j.columns != j.in_shape.w || j.in_shape.w != j.out_shape.w || j.rows > j.in_shape.h)
		return j;
	j.in += before;
	j.out += before;
	j.mask_by = j.mask_by ? j.mask_by + before : NULL;
	j.columns *= j.rows - j.first_row;
	j.first_row = 0;
	j.rows = 1;
	j.in_shape = (struct shape){ j.in_shape.c, 1, j.in_shape.h * j.in_shape.w };
	j.out_shape = (struct shape){ j.out_shape.c, 1, j.out_shape.h * j.out_shape.w };
	return j;
}

void KERNEL(conv)(const struct conv_job *job)
{
	struct conv_job flat = flattened(job);

	if (job->winograd)
		KERNEL(conv_winograd)(job);
	else if (job->bf16)
		KERNEL(conv_bf16)(&flat);
	else
		KERNEL(conv_direct)(&flat);
	if (job->stream)
		stream_end();
}
