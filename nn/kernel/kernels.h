/* The arithmetic: arrays in, arrays out, one lane group at a time. Floor 1; knows no layers, no networks, no YAML.
 *
 * One source is compiled once per instruction set (AVX-512 with and without BF16, AVX2, and whatever the compiler targets by
 * default); each build is one `struct kernels`, and the program chooses among those that the processor can run. Arrays are
 * [c][h][w][LANES], 64-byte aligned. */
#ifndef NN_KERNEL_KERNELS_H
#define NN_KERNEL_KERNELS_H

#include "nn/base/tensor.h"
#include "nn/kernel/bf16.h"
#include "nn/kernel/conv_weights.h"
#include "nn/kernel/winograd.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

/* y = min(max(x, slope * x), cap). Identity is slope 1, relu slope 0, leaky relu between; cap is INFINITY but for relu6. */
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

struct expansion_job;   /* expansion.h */
struct gram_job;
struct projection_job;  /* projection.h */
struct transition_job;  /* transition.h */

enum { CHANNEL_BLOCK = 4 };     /* output channels whose weights lie side by side in packed weights */

/* The place of channel o's k-th weight of `len` in packed weights. */
static inline size_t packed_at(int o, size_t len, size_t k)
{
	return ((size_t)(o / CHANNEL_BLOCK) * len + k) * CHANNEL_BLOCK + (size_t)(o % CHANNEL_BLOCK);
}

/* Whether a kernel should write a lane group's array past the caches. A store that goes by the caches does not first read the line which it
 * overwrites; but whoever reads the array next must then fetch it from memory. An array larger than L2, and with the other groups' larger
 * than a core's share of L3, is not there any more anyway. Measured at 256 KiB, 1, 1.5 and 2 MiB, and never: from 1.5 MiB on it gains most
 * for conv1x1 12 (3.7 to 4.3 thousand images/s) and costs mobilenet-v1, whose arrays are smaller, least. */
enum { STREAM_BYTES = 3 << 19 };

static inline bool streams(struct shape shape)
{
	return group_len(shape) * sizeof(real) >= STREAM_BYTES;
}

/* A correlation of one lane group:
 *   out[o][y * out_step + out_row][x * out_step + out_column] = activation(bias[o] + sum over i, ky, kx of
 *       in[i][y * stride + ky - top][x * stride + kx - left] * weight[o][i][ky][kx])
 * with zeros outside the input. Forward convolution has out_step 1. A gradient by data is one such job per phase of the stride. */
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
	const real *gate;       /* an array like `out`, or NULL: what is written is a gradient by these outputs of gate_activation, */
	struct activation gate_activation;      /* and is taken on to its inputs */
	const real *slope;      /* [o], or NULL: with a gate, slope[o] times its number is added before that */
	bool stream;            /* see streams() */
	bool hot;               /* what is written lies in L2 already */
	/* Not 0: a 3x3 or 5x5 kernel with stride 1 and out_step 1 by Winograd's algorithm, in tiles of so many outputs along an axis.
	 * Weights are [winograd_points()][ceil(o / CHANNEL_BLOCK)][i][CHANNEL_BLOCK], see winograd_pack(). */
	int winograd;
	/* In bfloat16, see bf16.h. */
	bool bf16;
	real *scratch;          /* winograd_scratch_len() or bf16_scratch_len() numbers, 64-byte aligned; neither: unused */
};

/* The weight gradient of one lane group, summed over pixels and lanes:
 *   d_weights[o][i][ky][kx] = sum over y, x, lanes of d_out[o][y][x] * in[i][y * stride + ky - top][x * stride + kx - left] */
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
	bool upper;             /* of a 1x1 kernel those with i >= o alone, the others hold whatever: for struct gram_job */
	real *scratch;          /* conv_weights_scratch_len() numbers, or of winograd_layout() or bf16_layout(), 64-byte aligned */
};

/* Which number of a window is taken: its maximum, its minimum, or the first one. */
enum winner { WINNER_LARGEST, WINNER_SMALLEST, WINNER_FIRST };

/* Where the largest of gamma * x, plus a constant and taken through any activation, is met first: an activation never falls. */
static inline enum winner winner_under(real gamma)
{
	return gamma > 0 ? WINNER_LARGEST : gamma < 0 ? WINNER_SMALLEST : WINNER_FIRST;
}

struct pool_job {
	const real *in;
	struct shape in_shape;
	real *out;
	struct shape out_shape;
	struct { int h, w; } window;
	int stride, top, left;
	enum winner winner;     /* max pooling forward only */
	const real *d_out;      /* backward only */
	real *d_in;             /* backward only, overwritten */
	/* Max pooling backward only, or NULL: `in` are this activation's outputs, d_in becomes the gradient by its inputs. */
	const struct activation *gate;
};

struct affine {
	real scale, shift;
	struct activation activation;
	bool stream;            /* see streams() */
};

/* d_x = mask * (d_y * gain + (x - mean) * slope + shift) over the pixels of one channel; d_x may be d_y. Where x are outputs of the
 * activation `gate`, d_x is taken on to its inputs. */
struct batch_norm_job {
	const real *x, *d_y;
	real *d_x;
	size_t pixels;
	const real *mask;       /* [LANES], 64-byte aligned: 1 for lanes that carry an image, else 0 */
	real mean, gain, slope, shift;
	const struct activation *gate;  /* or NULL */
	bool stream;            /* see streams() */
};

/* The gradient of one channel's batch norm with a max pooling behind it: batch_norm's formula, d_y being d_out at winners, 0 elsewhere. */
struct norm_pool_job {
	struct pool_job pool;   /* of one channel: in = x, out = of each window the x that won, d_in = d_x, gate as in batch_norm */
	struct batch_norm_job norm;     /* mask, mean, gain, slope, shift */
	int ready;                      /* rows of d_x that windows before the job's have written: to them is added */
	bool cached;                    /* x lies in a cache */
};

/* Sizes of limit_multiply: sums kept in registers, and the turns whose operands lie in L1. */
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

/* The best build that runs here, or the one that `wanted` names (NULL or empty: the best). NULL where there is no such name or the
 * processor cannot run it. */
const struct kernels *kernels_choose(const char *wanted);

#endif
