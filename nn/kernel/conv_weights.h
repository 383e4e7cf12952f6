/* Which way a convolution's weight gradient goes, Winograd's (winograd.h) aside, and the scratch that it takes. Floor 1; nn/kernel/isa
 * computes it.
 *
 * Either blocks of CHANNEL_BLOCK output channels, several at once, whose sums, a lane group a weight, have room in L2. Or, where that
 * pays, a matrix product (nn/kernel/isa/turned.c) whose lanes are channels of one side, of the inputs or of the gradients by the outputs:
 * so many, in whole LANES, of so many pixels at a time. */
#ifndef NN_KERNEL_CONV_WEIGHTS_H
#define NN_KERNEL_CONV_WEIGHTS_H

#include <stdbool.h>
#include <stddef.h>

struct conv_weights_job;

/* Numbers that the sums of one block take, the last CHANNEL_BLOCK * LANES of them the bias's; blocks at once. */
size_t conv_weights_block_len(const struct conv_weights_job *job);
int conv_weights_at_once(const struct conv_weights_job *job);

/* Whether it is a matrix product. */
bool conv_weights_turned(const struct conv_weights_job *job);

/* The same of a 1x1 kernel with stride 1; of the side that is turned with less work: whether it is the outputs', its channels, and those of
 * the other one. */
struct turned_sides { bool pays, outputs; int turned, rows; };
struct turned_sides turned_sides(int in_channels, int out_channels);

/* The columns and pixels of so many turned channels. */
int turned_columns(int channels);
int turned_pixels(int channels);
/* How scratch is cut for it: its sums, [rows][turned_columns()], and what is transposed at a time. In numbers. */
struct turned_layout { size_t sums_len, sums, turned, len; };
struct turned_layout turned_layout(struct turned_sides sides);

/* Numbers of scratch that a job needs. */
size_t conv_weights_scratch_len(int in_channels, int out_channels, int kernel_h, int kernel_w);

#endif
