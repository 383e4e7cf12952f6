/* The weight gradient of a convolution, of one lane group: chooses the algorithm, for a whole job or for one in steps.
 * Floor 1. Formula: struct conv_weights_job in kernels.h. */
#include "nn/kernel/isa/conv_weights.h"
#include "nn/kernel/isa/conv_plane.h"
#include "nn/kernel/isa/transpose.h"

/* Whether the steps are those of a matrix product: where the job is a part of a 1x1 convolution's, whole rows of it. */
static bool by_product(const struct conv_weights_job *j)
{
	return !j->bf16 && j->kernel.h * j->kernel.w == 1 && j->stride == 1 &&
	       product_sides(j->in_shape.c, j->out_shape.c).pays;
}

bool KERNEL(conv_weights_fit)(const struct conv_weights_job *j)
{
	return !j->winograd && !j->bf16 && !by_product(j) && conv_weights_at_once(j) * CHANNEL_BLOCK >= j->out_shape.c;
}

void KERNEL(conv_weights_begin)(const struct conv_weights_job *j)
{
	if (by_product(j))
		KERNEL(conv_weights_product_begin)(j);
	else
		KERNEL(conv_weights_blocks_begin)(j);
}

void KERNEL(conv_weights_add)(const struct conv_weights_job *j, struct range rows)
{
	int width = j->out_shape.w;

	if (by_product(j))
		KERNEL(conv_weights_product_add)(j, (struct range){ rows.first * width, rows.last * width });
	else
		KERNEL(conv_weights_blocks_add)(j, rows);
}

void KERNEL(conv_weights_end)(const struct conv_weights_job *j)
{
	if (by_product(j))
		KERNEL(conv_weights_product_end)(j);
	else
		KERNEL(conv_weights_blocks_end)(j);
}

/* Whether the job goes in bands of rows, which sum d_bias too. */
static bool by_bands(const struct conv_weights_job *j)
{
	return !j->bf16 && !j->winograd && !conv_weights_is_product(j) && !is_plane_weights(j) &&
	       !KERNEL(conv_weights_one_band)(j);
}

static void weights_alone(const struct conv_weights_job *j)
{
	if (j->bf16)
		KERNEL(conv_bf16_weights)(j);
	else if (j->winograd)
		KERNEL(conv_winograd_weights)(j);
	else if (conv_weights_is_product(j))
		KERNEL(conv_weights_product)(j);
	else if (is_plane_weights(j))
		KERNEL(conv_plane_weights)(j);
	else
		KERNEL(conv_weights_plane)(j);
}

void KERNEL(conv_weights)(const struct conv_weights_job *job)
{
	struct conv_weights_job j = *job;

	if (by_bands(job)) {
		KERNEL(conv_weights_blocks)(job);
		return;
	}
	if (j.d_bias)
		KERNEL(channel_sums)(j.d_out, j.out_shape.c, (size_t)(j.out_shape.h * j.out_shape.w), j.d_bias);
	j.d_bias = NULL;
	weights_alone(&j);
}
