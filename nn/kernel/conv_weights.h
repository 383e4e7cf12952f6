/* The choice among algorithms for a convolution's weight gradient, Winograd's (winograd.h) aside, and their scratch.
 * Floor 1; nn/kernel/isa computes.
 *
 * Either blocks of CHANNEL_BLOCK output channels, several at once, whose sums, a lane group a weight, have room in L2.
 * Or, where that is faster, a matrix product (isa/transpose.h) whose lanes are channels of the inputs or of the
 * outputs' gradients, in whole LANES. */
#ifndef NN_KERNEL_CONV_WEIGHTS_H
#define NN_KERNEL_CONV_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

struct conv_weights_job;

/* Numbers that the sums of one block take, the last CHANNEL_BLOCK * LANES of them the bias's; blocks at once. */
size_t conv_weights_block_len(const struct conv_weights_job *job);
int conv_weights_at_once(const struct conv_weights_job *job);

/* Whether a job is computed as a matrix product. */
bool conv_weights_is_product(const struct conv_weights_job *job);

/* For a 1x1 kernel with stride 1: whether a matrix product pays; and of the side whose transposition makes less work
 * whether it is the outputs', its channels, and the other side's. */
struct product_sides { bool pays, outputs; int transposed, rows; };
struct product_sides product_sides(int in_channels, int out_channels);

/* The columns that some transposed channels take, and how many pixels of them are transposed at a time. */
int transposed_columns(int channels);
int transposed_pixels(int channels);
/* How scratch is cut for it: its sums, [rows][transposed_columns()], and what is transposed at a time. Offsets and
 * lengths in numbers. */
struct product_layout { size_t sums_len, sums, transposed, len; };
struct product_layout product_layout(struct product_sides sides);

/* Numbers of scratch that a job needs. */
size_t conv_weights_scratch_len(int in_channels, int out_channels, int kernel_h, int kernel_w);

#endif
