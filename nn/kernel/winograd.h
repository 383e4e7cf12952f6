/* Winograd's F(2x2, 3x3) and F(2x2, 5x5): four outputs of a correlation by 16 products instead of 36, or by 36 instead of 100 (Lavin and
 * Gray 2015, "Fast algorithms for convolutional neural networks", section 4.1). Floor 1. What is here is plain and rare; in
 * nn/kernel/isa, conv_winograd.c computes outputs and conv_winograd_weights.c weight gradients with it, of winograd_tile.h's transforms.
 *
 *   Y = At ((G g Gt) . (Bt d B)) A      g: kernel, d: inputs of a tile, Y: its 2x2 outputs, . number by number
 *   dg = Gt ((A dY At) . (Bt d B)) G    the same, derived by g
 *
 *             1   0   0            1  0 -1  0           1  1  1  0
 *   3x3:  G = .5  .5  .5     Bt =  0  1  1  0     At =  0  1 -1 -1
 *             .5 -.5  .5           0 -1  1  0
 *             0   0   1            0  1  0 -1
 *
 *             1     0     0     0     0             1  1.5 -2  -1.5  1   0           1  1  1  1   1  0
 *            -1/3  -1/3  -1/3  -1/3  -1/3           0 -1  -2.5 -.5   1   0     At =  0  1 -1  2 -.5  1
 *   5x5:  G = 1/3  -1/3   1/3  -1/3   1/3     Bt =  0  1   .5  -2.5  1   0
 *             1/15  2/15  4/15  8/15 16/15          0 -.5 -1    .5   1   0
 *           -16/15  8/15 -4/15  2/15 -1/15          0  2  -1   -2    1   0
 *             0     0     0     0     1             0  1   1.5 -2  -1.5  1
 *
 * Those of 5x5 follow by Toom's and Cook's rule from the points 0, 1, -1, 2, -1/2 and infinity: of the sets of small numbers that
 * were tried the most exact one (errors relative to the largest output 1e-6; with 0, 1, -1, 2, -2 2.3e-6, directly 2e-7).
 *
 * Sums over input channels, or over tiles, are taken between the transforms, so a layer is 16 or 36 matrix products. */
#ifndef NN_KERNEL_WINOGRAD_H
#define NN_KERNEL_WINOGRAD_H

#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stddef.h>

/* The largest: points along an axis of a tile, points of a tile, tiles computed at a time. */
enum { WINOGRAD_AXIS = 6, WINOGRAD_POINTS = WINOGRAD_AXIS * WINOGRAD_AXIS, WINOGRAD_TILES = 6 };

/* A convolution of stride 1 with a square kernel of `kernel` (3 or 5) taps a side. */
struct winograd {
	int kernel;
	int in_channels, out_channels;
};

/* Whether a convolution of stride 1 with a kernel of that many taps a side is faster this way: forward and by data; by the weights. */
bool winograd_pays(int kernel, struct shape in, struct shape out);
bool winograd_weights_pays(int kernel, struct shape in, struct shape out);

static inline int winograd_points(int kernel)
{
	return (kernel + 1) * (kernel + 1);
}

/* G, [kernel + 1][kernel]. */
const real *winograd_g(int kernel);

/* points = G weights Gt of one kernel, rows first. */
void winograd_kernel(int kernel, const real *weights, real *points);

/* How many tiles are computed at a time. */
int winograd_tiles(const struct winograd *w);

/* Numbers from one point's transformed inputs (channels, tiles, LANES) to the next point's: not a multiple of a page. */
size_t winograd_stride(int channels, int tiles);

/* Numbers of scratch that a conv job needs. */
size_t winograd_scratch_len(const struct winograd *w);

/* How scratch is cut for a weight gradient: for each point the tiles' transformed inputs, [tiles][LANES][columns]; for each point their
 * transformed gradients, [rows][tiles][LANES]; the sums of the points' products, [point][rows][columns]; and a block of LANES input
 * channels before it is turned, [point][LANES channels][LANES images]. */
struct winograd_layout {
	int tiles;              /* computed at a time */
	int rows, columns;      /* output channels in whole CHANNEL_BLOCKs; input channels in whole LANES */
	size_t inputs_stride, gradients_stride; /* numbers from one point's to the next one's */
	size_t gradients_at, sums_at, turn_at, len;     /* the inputs lie at 0 */
};

struct winograd_layout winograd_layout(const struct winograd *w);

#endif
