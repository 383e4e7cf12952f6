/* The gradient of a convolution with respect to its input, as correlations of d_out with the flipped kernel. Floor 1.
 *
 * With a stride s the rows of d_in fall into s phases, y = s * q + phase, and each phase meets every s-th tap only: s *
 * s small correlations with no wasted zeros between (Dumoulin and Visin 2016, "A guide to convolution arithmetic",
 * section 4.6, without the stretched input). With stride 1 there is one phase. */
#ifndef NN_KERNEL_CONV_PHASE_H
#define NN_KERNEL_CONV_PHASE_H

#include "nn/kernel/kernels.h"
#include "nn/kernel/window.h"

/* Along one axis: which taps the rows y = stride * q + phase of d_in have, and how many rows before q the first one
 * lies on d_out. */
struct conv_phase { int first, count, before; };

struct conv_phase conv_phase(int phase, int stride, int pad, int kernel);

/* Of a job that computes d_in, whose shape is job->out_shape: rows, columns and kernel of the phase (row, column). */
void conv_choose_phase(struct conv_job *job, const struct window *window, int row, int column);

#endif
