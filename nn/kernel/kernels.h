/* The arithmetic: arrays in, arrays out, one lane group at a time. Floor 1; sees no layers, networks or YAML.
 *
 * One source is compiled once per instruction set (AVX-512 with and without BF16, AVX2, and whatever the compiler
 * targets by default); each build is one `struct kernels`, and the program chooses among those that the processor can
 * run. Arrays are [c][h][w][LANES], 64-byte aligned. */
#ifndef NN_KERNEL_KERNELS_H
#define NN_KERNEL_KERNELS_H

#include "nn/base/tensor.h"
#include "nn/kernel/bf16.h"
#include "nn/kernel/conv_weights.h"
#include "nn/kernel/resample.h"
#include "nn/kernel/winograd.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* y = min(max(x, slope * x), cap). Identity is slope 1, relu slope 0, leaky relu between; cap is INFINITY but for
 * relu6. */
struct activation { real slope, cap; };

#define ACTIVATION_IDENTITY ((struct activation){ 1, (real)INFINITY })

static inline bool is_identity(struct activation a)
{
	return a.slope == 1 && a.cap > (real)3e38;
}

static inline bool is_relu(struct activation a)
{
	return a.slope == 0 && a.cap > (real)3e38;
}

struct conv_norm_depthwise_job; /* conv_norm_depthwise.h */
struct gram_job;
struct active_norm_conv_job;    /* active_norm_conv.h */
struct conv_norm_pool_job;      /* conv_norm_pool.h */

enum { CHANNEL_BLOCK = 4 };     /* output channels whose weights lie side by side in packed weights */

/* The place of the k-th of `len` weights of channel o in packed weights. */
static inline size_t packed_at(int o, size_t len, size_t k)
{
	return ((size_t)(o / CHANNEL_BLOCK) * len + k) * CHANNEL_BLOCK + (size_t)(o % CHANNEL_BLOCK);
}

/* Whether a kernel should write a lane group's array past the caches. Such a store does not first read the line that it
 * overwrites; but whoever reads the array next must fetch it from memory. Of an array larger than L2, which with the
 * other groups' arrays is larger than a core's share of L3, nothing is left in a cache anyway. */
enum { STREAM_BYTES = 3 << 19 };

static inline bool streams(struct shape shape)
{
	return group_len(shape) * sizeof(real) >= STREAM_BYTES;
}

/* A correlation of one lane group:
 *   out[o][y * out_step + out_row][x * out_step + out_column] = activation(bias[o] + sum over i, ky, kx of
 *       in[i][y * stride + ky - top][x * stride + kx - left] * weight[o][i][ky][kx])
 * with zeros outside the input. Forward convolution has out_step 1. The gradient with respect to the input is one such
 * job per phase of the stride, see conv_phase.h. */
struct conv_job {
	const real *in;
	struct shape in_shape;  /* c: channels read */
	real *out;
	struct shape out_shape; /* c: channels written; h, w: of the whole array `out` */
	int rows, columns;      /* output positions computed: first_row <= y < rows, x < columns */
	int first_row;
	int out_step, out_row, out_column;
	struct { int h, w; } kernel;
	int stride, top, left;
	const real *weights;    /* packed: [ceil(o / CHANNEL_BLOCK)][i][ky][kx][CHANNEL_BLOCK] */
	const real *bias;       /* [o], or NULL for none */
	struct activation activation;
	/* Outputs of mask_activation, an array like `out`, or NULL. The sums are gradients with respect to them, and
	 * are multiplied by its derivative. */
	const real *mask_by;
	struct activation mask_activation;
	const real *slope;      /* [o], or NULL: before that, slope[o] times the number of `mask_by` is added */
	bool stream;            /* see streams() */
	bool hot;               /* what is written lies in L2 already */
	/* By Winograd's algorithm, for a 3x3 or 5x5 kernel with stride 1 and out_step 1: outputs of a tile along an
	 * axis; 0: not so. Weights are then [winograd_points()][ceil(o / CHANNEL_BLOCK)][i][CHANNEL_BLOCK], see
	 * winograd_pack(). */
	int winograd;
	/* In bfloat16, see bf16.h. */
	bool bf16;
	real *scratch;          /* winograd_scratch_len() or bf16_scratch_len() numbers, 64-byte aligned; or unused */
};

/* The weight gradient of one lane group, summed over pixels and lanes:
 *   d_weights[o][i][ky][kx] = sum over y, x, lanes of
 *       d_out[o][y][x] * in[i][y * stride + ky - top][x * stride + kx - left] */
struct conv_weights_job {
	const real *in;
	struct shape in_shape;
	const real *d_out;
	struct shape out_shape;
	struct { int h, w; } kernel;
	int stride, top, left;
	real *d_weights;        /* [o][i][ky][kx], overwritten */
	real *d_bias;           /* [o], overwritten: sum over y, x, lanes of d_out[o][y][x]; or NULL */
	int winograd;           /* as in struct conv_job */
	bool bf16;              /* in bfloat16, see bf16.h */
	bool upper;             /* of a 1x1 kernel: only i >= o is computed, for struct gram_job */
	real *scratch;          /* conv_weights_scratch_len(), winograd_layout() or bf16_layout(); 64-byte aligned */
};

/* Which pixel of a window pooling chooses: its largest, its smallest, or its first one. */
enum pool_choice { CHOOSE_LARGEST, CHOOSE_SMALLEST, CHOOSE_FIRST };

/* Which x of a window makes the largest activation(gamma * x + beta), the first of equals: no activation decreases. */
static inline enum pool_choice pool_choice_under(real gamma)
{
	return gamma > 0 ? CHOOSE_LARGEST : gamma < 0 ? CHOOSE_SMALLEST : CHOOSE_FIRST;
}

struct pool_job {
	const real *in;
	struct shape in_shape;
	real *out;
	struct shape out_shape;
	struct { int h, w; } window;
	int stride, top, left;
	enum pool_choice choice;        /* max pooling forward only */
	const real *d_out;      /* backward only */
	real *d_in;             /* backward only, overwritten */
	/* Max pooling backward only, or NULL: `in` are outputs of this activation, d_in is the gradient with respect to
	 * its inputs. */
	const struct activation *mask;
};

struct affine {
	real scale, shift;
	struct activation activation;
	bool stream;            /* see streams() */
};

/* d_x = lane_mask * (d_y * gain + (x - mean) * slope + shift) over the pixels of one channel; d_x may be d_y. Where x
 * are outputs of the activation `mask`, d_x is multiplied by its derivative. */
struct batch_norm_job {
	const real *x, *d_y;
	real *d_x;
	size_t pixels;
	const real *lane_mask;  /* [LANES], 64-byte aligned: 1 for lanes that carry an image, else 0 */
	real mean, gain, slope, shift;
	const struct activation *mask;       /* or NULL */
	bool stream;            /* see streams() */
};

/* The gradient of one channel's batch norm with max pooling behind it: struct batch_norm_job with d_y = d_out at each
 * window's argmax, 0 elsewhere. */
struct norm_pool_job {
	/* Of one channel: in = x, out = of each window the x at its argmax, d_in = d_x, mask as in
	 * batch_norm_job. */
	struct pool_job pool;
	struct batch_norm_job norm;     /* lane_mask, mean, gain, slope, shift */
	int ready;                      /* rows of d_x that earlier windows have written: this job adds to them */
	bool cached;                    /* x lies in a cache */
};

/* Fixed-point numbers of tone_bytes and blend_bytes. */
enum { TONE_BITS = 16, BLEND_WHOLE = 256 };

/* Sizes of limit_multiply: sums kept in registers, and the iterations whose operands lie in L1. */
enum { LIMIT_PIXELS = 6, LIMIT_WEIGHTS = 2, LIMIT_TURNS = 32 };

struct kernels {
	const char *name;               /* "avx512bf16", "avx512", "avx2", "portable" */
	bool (*runs_here)(void);        /* whether this processor has the instructions */
	int lanes;                      /* numbers in one native vector */

#define KERNEL_ROW(name, parameters) void (*name)parameters;
#include "nn/kernel/kernel_list.h"
};

/* All builds, best first, NULL at the end. */
extern const struct kernels *const kernels_all[];

/* The best build that runs here, or the one that `wanted` names (NULL or empty: the best). NULL where there is no such
 * name or the processor cannot run it. */
const struct kernels *kernels_choose(const char *wanted);

#endif
