/* See conv_weights.h. */
#include "nn/base/layout.h"
#include "nn/kernel/kernels.h"

enum {
	SUMS_AT_ONCE = 1 << 15,         /* numbers of weight sums between bands of rows: 128 KiB of an L2 cache */
	TRANSPOSED_AT_ONCE = 1 << 15,   /* numbers that are transposed */
};

size_t conv_weights_block_len(const struct conv_weights_job *j)
{
	return ((size_t)j->in_shape.c * (size_t)j->kernel.h * (size_t)j->kernel.w + 1) * CHANNEL_BLOCK * LANES;
}

int conv_weights_at_once(const struct conv_weights_job *j)
{
	int blocks = (j->out_shape.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK;
	int fitting = (int)(SUMS_AT_ONCE / conv_weights_block_len(j));

	return fitting < 1 ? 1 : fitting < blocks ? fitting : blocks;
}

int transposed_columns(int channels)
{
	return (int)whole_lanes((size_t)channels);
}

/* The cost of a matrix product in which one side is transposed, which takes as long as TRANSPOSING rows of the other
 * side. */
static int64_t product_cost(int transposed, int rows)
{
	enum { TRANSPOSING = 16 };

	return (int64_t)transposed_columns(transposed) * (rows + TRANSPOSING);
}

/* The product is half again as fast, but its lanes are not all filled. */
struct product_sides product_sides(int in, int out)
{
	enum { LEAST_CHANNELS = 24 };
	struct product_sides s = { .outputs = product_cost(out, in) < product_cost(in, out) };

	s.transposed = s.outputs ? out : in;
	s.rows = s.outputs ? in : out;
	s.pays = s.transposed >= LEAST_CHANNELS && 3 * (int64_t)in * out > 2 * product_cost(s.transposed, s.rows);
	return s;
}

bool conv_weights_is_product(const struct conv_weights_job *j)
{
	bool alike = j->kernel.h * j->kernel.w == 1 && j->stride == 1 && !j->top && !j->left &&
		j->in_shape.h == j->out_shape.h &&
	             j->in_shape.w == j->out_shape.w;

	return alike && product_sides(j->in_shape.c, j->out_shape.c).pays;
}

int transposed_pixels(int channels)
{
	int pixels = TRANSPOSED_AT_ONCE / (transposed_columns(channels) * LANES);

	return pixels < 1 ? 1 : pixels;
}

struct product_layout product_layout(struct product_sides s)
{
	struct layout all = { 0 };
	size_t columns = (size_t)transposed_columns(s.transposed);
	struct product_layout l = { .sums_len = (size_t)s.rows * columns };

	l.sums = layout_add(&all, l.sums_len);
	l.transposed = layout_add(&all, (size_t)transposed_pixels(s.transposed) * LANES * columns);
	l.len = all.len;
	return l;
}

size_t conv_weights_scratch_len(int in_channels, int out_channels, int kernel_h, int kernel_w)
{
	struct conv_weights_job job = { .in_shape.c = in_channels, .out_shape.c = out_channels,
		.kernel = { kernel_h, kernel_w } };
	size_t waiting = (size_t)conv_weights_at_once(&job) * conv_weights_block_len(&job);
	struct product_sides s = product_sides(in_channels, out_channels);
	size_t product = product_layout(s).len;

	return kernel_h * kernel_w == 1 && s.pays && product > waiting ? product : waiting;
}
