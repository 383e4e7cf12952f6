/* Convolution of one lane group in bfloat16, see nn/kernel/bf16.h. Floor 1. Formula and memory layout: struct conv_job
 * in kernels.h.
 *
 * Some rows of the input are rounded and paired, channel 0 with channel 1, 2 with 3, with zeros left and right of the
 * image: [pair of channels][row][column][LANES]. Then the blocks of conv_direct.c go over the pairs as if they were
 * numbers. The pairs stay in L2 until all output channels have read them. */
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/conv_algorithms.h"
#include "nn/kernel/isa/pairs.h"

/* The piece of an image that is paired: rows inside the image, and columns of which some may lie outside. */
struct piece { struct range rows, columns; };

static const _Alignas(64) real zeros[LANES];

static void zero_pixels(real *to, int pixels)
{
	memset(to, 0, (size_t)pixels * LANES * sizeof *to);
}

/* One row of channels i and i + 1. */
static void pair_row(const struct conv_job *j, int i, int row, struct range columns, real *to)
{
	const int width = j->in_shape.w;        /* columns first .. last - 1 lie inside */
	const int first = clamp(columns.first, 0, columns.last), last = clamp(first, width, columns.last);
	const size_t plane = (size_t)j->in_shape.h * (size_t)width * LANES;
	const real *low = j->in + (size_t)i * plane + (size_t)row * (size_t)width * LANES;
	const bool alone = i + 1 == j->in_shape.c;

	zero_pixels(to, first - columns.first);
	to += (first - columns.first) * LANES;
	for (int column = first; column < last; column++, to += LANES) {
		const real *at = low + (size_t)column * LANES;
		pair_channels(at, alone ? zeros : at + plane, to);
	}
	zero_pixels(to, columns.last - last);
}

/* to = [pair of channels][rows][columns][LANES]. */
static void pair_piece(const struct conv_job *j, const struct piece *piece, real *to)
{
	size_t row_len = (size_t)(piece->columns.last - piece->columns.first) * LANES;

	for (int i = 0; i < j->in_shape.c; i += 2)
		for (int row = piece->rows.first; row < piece->rows.last; row++, to += row_len)
			pair_row(j, i, row, piece->columns, to);
}

/* The output rows and columns that a job names. */
static void conv_piece(const struct conv_job *job)
{
	const struct halo halo = { job->kernel.h, job->stride, job->top, job->in_shape.h };
	int width = (job->columns - 1) * job->stride + job->kernel.w;
	struct piece piece = { rows_under(halo, (struct range){ job->first_row, job->rows }),
		{ -job->left, width - job->left } };

	struct conv_job paired = *job;

	pair_piece(job, &piece, job->scratch);
	paired.in = job->scratch;
	paired.in_shape = (struct shape){ bf16_pairs(job->in_shape.c), piece.rows.last - piece.rows.first, width };
	paired.top += piece.rows.first;
	paired.left = 0;
	for (int part = 0; part < PARTS; part++) {
		struct conv_job j = conv_part(&paired, part);
		KERNEL(conv_blocks)(&j);
	}
}

/* A plane as one long row under a 1x1 kernel: some pixels at a time. */
static void conv_pixels(const struct conv_job *job)
{
	int step = bf16_pixels(job), end = job->columns;

	for (struct range b = band_from(0, step, end); b.first < end; b = band_from(b.last, step, end)) {
		struct conv_job j = *job;
		j.left = -b.first;
		j.columns = band_len(b);
		j.out += (size_t)b.first * LANES;
		j.mask_by = j.mask_by ? j.mask_by + (size_t)b.first * LANES : NULL;
		conv_piece(&j);
	}
}

void KERNEL(conv_bf16)(const struct conv_job *job)
{
	struct conv_job j = *job;
	int step = bf16_rows(job), end = job->rows;

	if (job->in_shape.h == 1 && job->rows == 1 && job->kernel.w == 1 && job->stride == 1 && job->out_step == 1) {
		conv_pixels(job);
		return;
	}
	for (struct range b = band_from(job->first_row, step, end); b.first < end; b = band_from(b.last, step, end)) {
		j.first_row = b.first;
		j.rows = b.last;
		conv_piece(&j);
	}
}
