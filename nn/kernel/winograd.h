/* Winograd's F(2x2, 3x3): four outputs of a 3x3 correlation by 16 products instead of 36 (Lavin and Gray 2015, "Fast algorithms for
 * convolutional neural networks", section 4.1). Floor 1. What is here is plain and rare; nn/kernel/isa/conv_winograd.c computes with it.
 *
 *   Y = At ((G g Gt) . (Bt d B)) A      g: 3x3 kernel, d: 4x4 inputs, Y: 2x2 outputs, . number by number
 *
 *       1   0   0            1  0 -1  0           1  1  1  0
 *   G = .5  .5  .5     Bt =  0  1  1  0     At =  0  1 -1 -1
 *       .5 -.5  .5           0 -1  1  0
 *       0   0   1            0  1  0 -1
 *
 * Sums over input channels are taken between, so a layer is 16 matrix products. */
#ifndef NN_KERNEL_WINOGRAD_H
#define NN_KERNEL_WINOGRAD_H

#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stddef.h>

enum { WINOGRAD_POINTS = 16, WINOGRAD_TILES = 6 };      /* products of a tile; tiles computed at a time */

/* Whether a 3x3 convolution with stride 1 is faster this way, both forward and by data. */
bool winograd_pays(struct shape in, struct shape out);

/* G kernel Gt of one 3x3 kernel, rows first. */
void winograd_kernel(const real kernel[9], real points[WINOGRAD_POINTS]);

/* Numbers from one point's transformed inputs (channels, tiles, LANES) to the next point's: not a multiple of a page. */
size_t winograd_stride(int channels);

/* Numbers of scratch that a conv job needs. */
size_t winograd_scratch_len(int in_channels, int out_channels);

#endif
