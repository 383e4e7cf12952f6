/* See winograd.h. */
#include "nn/kernel/winograd.h"

/* Measured, see conv_winograd.c. */
enum { LEAST_CHANNELS = 32 };

/* Whether no more than a fifth of what tiles cover lies outside the plane. */
static bool tiles_fit(struct shape s)
{
	return (s.h + 1) / 2 * 4.0 * ((s.w + 1) / 2) <= 1.25 * s.h * s.w;
}

bool winograd_pays(struct shape in, struct shape out)
{
	return in.c >= LEAST_CHANNELS && out.c >= LEAST_CHANNELS && tiles_fit(in) && tiles_fit(out);
}

/* G times three numbers that lie `step` apart. */
static void transform(const real *from, int step, real to[4])
{
	real first = from[0], middle = from[step], last = from[2 * step];

	to[0] = first;
	to[1] = (first + middle + last) / 2;
	to[2] = (first - middle + last) / 2;
	to[3] = last;
}

void winograd_kernel(const real kernel[9], real points[WINOGRAD_POINTS])
{
	real columns[3][4];     /* G times each column of the kernel */

	for (int column = 0; column < 3; column++)
		transform(kernel + column, 3, columns[column]);
	for (int row = 0; row < 4; row++) {
		const real line[3] = { columns[0][row], columns[1][row], columns[2][row] };
		transform(line, 1, points + row * 4);
	}
}

size_t winograd_stride(int channels)
{
	enum { PAD = 5 };       /* lines */

	return ((size_t)channels * WINOGRAD_TILES + PAD) * LANES;
}

size_t winograd_scratch_len(int in_channels, int out_channels)
{
	return WINOGRAD_POINTS * (winograd_stride(in_channels) + winograd_stride(out_channels));
}
