/* See conv_weights.h. */
#include "nn/base/layout.h"
#include "nn/kernel/kernels.h"

enum {
	SUMS_AT_ONCE = 1 << 15,         /* numbers of weight sums that may wait between bands of rows: 128 KiB of an L2 cache */
	TURNED_AT_ONCE = 1 << 15,       /* numbers that are turned */
};

size_t conv_weights_block_len(const struct conv_weights_job *j)
{
	return ((size_t)j->in_shape.c * (size_t)j->kernel.h * (size_t)j->kernel.w + 1) * CHANNEL_BLOCK * LANES;
}

int conv_weights_at_once(const struct conv_weights_job *j)
{
	int blocks = (j->out_shape.c + CHANNEL_BLOCK - 1) / CHANNEL_BLOCK, fitting = (int)(SUMS_AT_ONCE / conv_weights_block_len(j));

	return fitting < 1 ? 1 : fitting < blocks ? fitting : blocks;
}

int turned_columns(int channels)
{
	return (int)whole_lanes((size_t)channels);
}

/* What a matrix product costs in which one side is turned, which takes as long as TURNING rows of the other side. */
static int64_t turned_cost(int turned, int rows)
{
	enum { TURNING = 16 };

	return (int64_t)turned_columns(turned) * (rows + TURNING);
}

/* Measured: the product is half again as fast, but its lanes are not all filled. */
struct turned_sides turned_sides(int in, int out)
{
	enum { LEAST_CHANNELS = 24 };
	struct turned_sides s = { .outputs = turned_cost(out, in) < turned_cost(in, out) };

	s.turned = s.outputs ? out : in;
	s.rows = s.outputs ? in : out;
	s.pays = s.turned >= LEAST_CHANNELS && 3 * (int64_t)in * out > 2 * turned_cost(s.turned, s.rows);
	return s;
}

bool conv_weights_turned(const struct conv_weights_job *j)
{
	bool alike = j->kernel.h * j->kernel.w == 1 && j->stride == 1 && !j->top && !j->left && j->in_shape.h == j->out_shape.h &&
	             j->in_shape.w == j->out_shape.w;

	return alike && turned_sides(j->in_shape.c, j->out_shape.c).pays;
}

int turned_pixels(int channels)
{
	int pixels = TURNED_AT_ONCE / (turned_columns(channels) * LANES);

	return pixels < 1 ? 1 : pixels;
}

struct turned_layout turned_layout(struct turned_sides s)
{
	struct layout all = { 0 };
	size_t columns = (size_t)turned_columns(s.turned);
	struct turned_layout l = { .sums_len = (size_t)s.rows * columns };

	l.sums = layout_add(&all, l.sums_len);
	l.turned = layout_add(&all, (size_t)turned_pixels(s.turned) * LANES * columns);
	l.len = all.len;
	return l;
}

size_t conv_weights_scratch_len(int in_channels, int out_channels, int kernel_h, int kernel_w)
{
	struct conv_weights_job job = { .in_shape.c = in_channels, .out_shape.c = out_channels, .kernel = { kernel_h, kernel_w } };
	size_t waiting = (size_t)conv_weights_at_once(&job) * conv_weights_block_len(&job);
	struct turned_sides s = turned_sides(in_channels, out_channels);
	size_t turned = turned_layout(s).len;

	return kernel_h * kernel_w == 1 && s.pays && turned > waiting ? turned : waiting;
}
