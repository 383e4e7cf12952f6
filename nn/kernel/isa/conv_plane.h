/* Convolution to one plane, see conv_plane.c. Floor 1; for nn/kernel/isa alone. */
#ifndef NN_KERNEL_ISA_CONV_PLANE_H
#define NN_KERNEL_ISA_CONV_PLANE_H

#include "nn/kernel/isa/vector.h"

/* Pixels whose sums are kept at once: enough for two multiply-adds a cycle of four cycles each, and some more where
 * there are registers. */
#if defined __AVX512F__
enum { PLANE_BLOCK = 12 };
#else
enum { PLANE_BLOCK = 8 };
#endif

enum { PLANE_WEIGHTS_BLOCK = 4 };       /* the same for the weight gradient, whose nine sums stay */

static inline bool is_plane(const struct conv_job *j)
{
	return j->out_shape.c == 1;
}

/* Weight gradients have code of their own for 3x3 kernels with strides 1 and 2 only. */
static inline bool is_plane_weights(const struct conv_weights_job *j)
{
	return j->in_shape.c == 1 && j->out_shape.c == 1 && j->kernel.h == 3 && j->kernel.w == 3 && j->stride <= 2;
}

/* One native vector of the lanes. */
void KERNEL(conv_plane)(const struct conv_job *job);
void KERNEL(conv_plane_weights)(const struct conv_weights_job *job);

/* Planes side by side that differ in their places alone: numbers from one to the next. */
struct planes {
	int count;
	size_t in, out;         /* of a job's in; of its out and mask_by, or of its d_out */
	size_t weights;         /* or scratch */
	size_t bias;            /* 0 or 1 */
};

/* Like conv_plane, for short planes of which there are many: a call takes as long as a row. All lanes. */
void KERNEL(conv_planes)(const struct conv_job *first, const struct planes *planes);
/* Adds some rows of d_out to the sums in scratch, [9][LANES] each. All lanes. */
void KERNEL(conv_planes_weights_add)(const struct conv_weights_job *first, struct range rows,
                                     const struct planes *planes);

#endif
