/* The weight gradient of a convolution in bfloat16, of one lane group; see nn/kernel/bf16.h. Floor 1. Formula: struct
 * conv_weights_job in kernels.h.
 *
 * A sum over images and pixels may add them in any pairs. So numbers are rounded but keep their order: two pixels of 16
 * images take the place of one, and the blocks of conv_weights_blocks.c go over pairs of pixels as if they were pixels.
 * A tap to the right of an even column begins in the middle of a vector. With a stride, columns are sorted by their
 * remainder, so that the inputs of neighbouring outputs are neighbours. */
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/conv_weights.h"
#include "nn/kernel/isa/pairs.h"

static const _Alignas(64) real zeros[LANES];

/* A row's pixels at first, first + step, ..., zeros outside, as `pairs` pairs. */
INLINE void pair_row(const real *row, int width, int first, int step, int pairs, real *to)
{
	for (int k = 0, x = first; k < pairs; k++, x += 2 * step, to += LANES) {
		const real *a = (unsigned)x < (unsigned)width ? row + (ptrdiff_t)x * LANES : zeros;
		const real *b = (unsigned)(x + step) < (unsigned)width ? row + (ptrdiff_t)(x + step) * LANES : zeros;
		pair_pixels(a, b, to);
	}
}

/* to = [channel][rows][pair][LANES]. */
static void pair_gradients(const struct conv_weights_job *j, const struct bf16_layout *l, struct range rows, real *to)
{
	for (int o = 0; o < j->out_shape.c; o++)
		for (int y = rows.first; y < rows.last; y++, to += l->out_width * LANES) {
			size_t row = (size_t)o * (size_t)j->out_shape.h + (size_t)y, width = (size_t)j->out_shape.w;
			pair_row(j->d_out + row * width * LANES, j->out_shape.w, 0, 1, l->out_width, to);
		}
}

/* to = [channel][rows][step][pair][LANES]. */
static void pair_inputs(const struct conv_weights_job *j, const struct bf16_layout *l, struct range rows, real *to)
{
	for (int i = 0; i < j->in_shape.c; i++)
		for (int y = rows.first; y < rows.last; y++) {
			const real *row = j->in + ((size_t)i * (size_t)j->in_shape.h + (size_t)y) *
				(size_t)j->in_shape.w * LANES;
			for (int step = 0; step * l->step_width < l->in_width; step++, to += l->step_width * LANES)
				pair_row(row, j->in_shape.w, step - j->left, j->stride, l->step_width, to);
		}
}

static struct halo halo_of(const struct conv_weights_job *j)
{
	return (struct halo){ j->kernel.h, j->stride, j->top, j->in_shape.h };
}

/* The job over some rows, as if their pairs were all the pixels there are. */
static struct conv_weights_job paired(const struct conv_weights_job *job, const struct bf16_layout *l,
                                      struct range rows)
{
	struct conv_weights_job j = *job;
	struct range in = rows_under(halo_of(job), rows);

	j.d_out = job->scratch + l->d_out;
	j.out_shape = (struct shape){ j.out_shape.c, rows.last - rows.first, l->out_width };
	j.in = job->scratch + l->in;
	j.in_shape = (struct shape){ j.in_shape.c, in.last - in.first, l->in_width };
	j.top = in.first - (rows.first * job->stride - job->top);
	return j;
}

/* Sums wait while one band of rows after the other is paired. */
static void sum_bands(const struct conv_weights_job *job, const struct bf16_layout *l)
{
	const int end = job->out_shape.h;

	KERNEL(conv_weights_blocks_begin)(job);
	for (struct range rows = band_from(0, l->rows, end); rows.first < end;
	     rows = band_from(rows.last, l->rows, end)) {
		struct conv_weights_job j = paired(job, l, rows);
		pair_inputs(job, l, rows_under(halo_of(job), rows), job->scratch + l->in);
		pair_gradients(job, l, rows, job->scratch + l->d_out);
		KERNEL(conv_weights_blocks_add)(&j, (struct range){ 0, band_len(rows) });
	}
	KERNEL(conv_weights_blocks_end)(job);
}

/* All rows at once; the inputs are paired already. */
static void sum_plane(const struct conv_weights_job *job, const struct bf16_layout *l)
{
	struct range rows = { 0, job->out_shape.h };
	struct conv_weights_job j = paired(job, l, rows);

	pair_gradients(job, l, rows, job->scratch + l->d_out);
	KERNEL(conv_weights_plane)(&j);
}

void KERNEL(conv_bf16_weights)(const struct conv_weights_job *job)
{
	const struct conv_weights_job all = bf16_long_rows(job);
	const struct bf16_layout l = bf16_layout(job);
	size_t each = (size_t)(all.in_shape.c * all.kernel.h * all.kernel.w);
	size_t plane = (size_t)all.out_shape.h * (size_t)all.out_shape.w * LANES;

	if (l.whole)
		pair_inputs(&all, &l, rows_under(halo_of(&all), (struct range){ 0, all.out_shape.h }),
		            all.scratch + l.in);
	for (int o = 0; o < all.out_shape.c; o += l.channels) {
		struct conv_weights_job j = all;
		j.out_shape.c = all.out_shape.c - o < l.channels ? all.out_shape.c - o : l.channels;
		j.d_out = all.d_out + (size_t)o * plane;
		j.d_weights = all.d_weights + (size_t)o * each;
		(l.whole ? sum_plane : sum_bands)(&j, &l);
	}
}
