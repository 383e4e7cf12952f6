/* Winograd's F(2x2, 3x3), F(4x4, 3x3) and F(2x2, 5x5): outputs of a correlation by 4, 2.25 and 9 products each instead
 * of 9, 9 and 25 (Lavin and Gray 2015, "Fast algorithms for convolutional neural networks", section 4.1). Floor 1;
 * nn/kernel/isa computes.
 *
 *   Y = At ((G g Gt) . (Bt d B)) A      g: kernel, d: inputs of a tile, Y: its outputs, . number by number
 *   dg = Gt ((A dY At) . (Bt d B)) G    the same, derived with respect to g
 *
 * Sums over input channels, or over tiles, are taken between the transforms, so a layer is 16 or 36 matrix products. */
#ifndef NN_KERNEL_WINOGRAD_H
#define NN_KERNEL_WINOGRAD_H

#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stddef.h>

/* The largest of any form. */
enum {
	WINOGRAD_AXIS = 6,      /* points along an axis of a tile */
	WINOGRAD_POINTS = WINOGRAD_AXIS * WINOGRAD_AXIS,
	WINOGRAD_TILES = 6,     /* tiles computed at a time */
	WINOGRAD_OUTPUTS = 4,   /* outputs of a tile along an axis */
	WINOGRAD_TAPS = 25,     /* taps of a kernel */
};

/* Along an axis: taps of the kernel, outputs of a tile. */
struct winograd_form { int kernel, outputs; };

/* A convolution of stride 1 with a square kernel. */
struct winograd {
	struct winograd_form form;
	int in_channels, out_channels;
};

/* The fastest form for a convolution of stride 1 with a kernel of that many taps a side, as the outputs along an axis
 * of a tile; 0: none. Forward and for the gradient with respect to the input; for the weight gradient. */
int winograd_outputs(int kernel, struct shape in, struct shape out);
int winograd_weights_outputs(int kernel, struct shape in, struct shape out);

/* Points along an axis of a tile, and of a tile. */
static inline int winograd_axis(struct winograd_form form)
{
	return form.kernel + form.outputs - 1;
}

static inline int winograd_points(struct winograd_form form)
{
	return winograd_axis(form) * winograd_axis(form);
}

/* G, [winograd_axis][kernel].
 *
 *                    1   0   0            1  0 -1  0           1  1  1  0
 *   F(2x2, 3x3): G = .5  .5  .5     Bt =  0  1  1  0     At =  0  1 -1 -1
 *                    .5 -.5  .5           0 -1  1  0
 *                    0   0   1            0  1  0 -1
 *
 *                    1     0     0     0     0            1  1.5 -2  -1.5  1   0
 *                   -1/3  -1/3  -1/3  -1/3  -1/3          0 -1  -2.5 -.5   1   0          1  1  1  1   1  0
 *   F(2x2, 5x5): G = 1/3  -1/3   1/3  -1/3   1/3    Bt =  0  1   .5  -2.5  1   0    At =  0  1 -1  2 -.5  1
 *                    1/15  2/15  4/15  8/15 16/15         0 -.5 -1    .5   1   0
 *                  -16/15  8/15 -4/15  2/15 -1/15         0  2  -1   -2    1   0
 *                    0     0     0     0     1            0  1   1.5 -2  -1.5  1
 *
 * These follow by the rule of Toom and Cook from the points 0, 1, -1, 2, -1/2 and infinity. So do those of F(4x4, 3x3):
 * the same Bt; G has the first three columns, and 1 in its last row's last; At has four rows of powers, 1 x x^2 x^3,
 * and 1 in its last column's last. */
const real *winograd_g(struct winograd_form form);

/* The kernels of a convolution, for a job that reads and writes channels like this: numbers from one channel's to the
 * next one's. */
struct winograd_pack {
	struct winograd_form form;
	const real *kernels;
	int read, written;
	size_t read_step, written_step;
	bool flipped;   /* each kernel is flipped first */
};

/* to = [point, rows first][blocks of written][read][CHANNEL_BLOCK], G weights Gt of each kernel; 0 behind the last
 * channel of a block. */
void winograd_pack(const struct winograd_pack *pack, real *to);

/* How many tiles are computed at a time. */
int winograd_tiles(const struct winograd *w);

/* Numbers from one point's transformed inputs (channels, tiles, LANES) to the next point's: not a multiple of a
 * page. */
size_t winograd_stride(int channels, int tiles);

/* How scratch is cut for a conv job: for each point the tiles' transformed inputs, [in_channels][tiles][LANES], and for
 * each point the sums of their products, [out_channels][tiles][LANES]. Offsets and lengths in numbers. */
struct winograd_conv_layout {
	int tiles;                      /* computed at a time */
	size_t in_stride, out_stride;   /* from one point's to the next one's */
	size_t inputs, sums, len;
};

struct winograd_conv_layout winograd_conv_layout(const struct winograd *w);
size_t winograd_scratch_len(const struct winograd *w);

/* How scratch is cut for a weight gradient: for each point the tiles' transformed inputs, [tiles][LANES][columns]; for
 * each point their transformed gradients, [rows][tiles][LANES]; the sums of the points' products,
 * [point][rows][columns]; and a block of LANES input channels before it is transposed, [point][LANES channels][LANES
 * images]. */
struct winograd_layout {
	int tiles;              /* computed at a time */
	int rows, columns;      /* output channels in whole CHANNEL_BLOCKs; input channels in whole LANES */
	size_t inputs_stride, gradients_stride; /* numbers from one point's to the next one's */
	size_t inputs, gradients, sums, untransposed, len;
};

struct winograd_layout winograd_layout(const struct winograd *w);

#endif
