/* Writes and reads a network's weights in Keras' layout: convolution kernels [rows, columns, in, out] (in groups:
 * [rows, columns, in / groups, out]), depthwise ones [rows, columns, channels, multiplier], dense ones [in, out], batch
 * norm gamma, beta, moving mean, moving variance; features of a flattened map in the order row, column, channel. Floor
 * 4b.
 *
 * Memory has other layouts (nn/layer says which), so arrays are converted when they are read and written. Our files
 * name them "NN_type/array", where NN is the layer's number in `archsweep summary`: "01_conv/kernel",
 * "02_batch_norm/moving_mean". */
#ifndef BENCH_WEIGHTS_WEIGHTS_H
#define BENCH_WEIGHTS_WEIGHTS_H

#include "bench/weights/npz.h"
#include "nn/model/network.h"

enum { WEIGHT_NAME_BYTES = 80 };

/* One array. */
struct weight {
	char name[WEIGHT_NAME_BYTES];
	const char *array;              /* the name's second half: "kernel" */
	int layer;                      /* in the network's list, from 0 */
	bool trained;                   /* part of the parameters; else of the running state */
	size_t at;                      /* offset of its first number there */
	int rank;
	int64_t dims[MAX_AXES], count;  /* in the file */
	size_t strides[MAX_AXES];       /* numbers of memory from one index of a dimension to the next */
	const int *orders[MAX_AXES];    /* index in memory for each index in the file; NULL: the same */
};

struct weights;

/* Both are borrowed and must outlive the list. NULL and an error without memory. */
struct weights *weights_create(const struct network *network, const struct model_plan *plan, struct error *err);
void weights_destroy(struct weights *weights);          /* NULL is fine */

/* Arrays in Keras' get_weights() order: layer by layer, trained before running state. */
int weights_count(const struct weights *weights);
const struct weight *weights_at(const struct weights *weights, int i);

/* Addresses of the numbers: params and state of model_memory(), or arrays of the same lengths. */
struct weight_values { float *params, *state; };

/* Lengths of the two, in numbers. */
size_t weights_params_len(const struct weights *weights);
size_t weights_state_len(const struct weights *weights);

/* What to put into a file and how. */
struct weights_source {
	const char *prefix;             /* in front of every name: "" or "grad/" */
	struct weight_values from;      /* NULL: without those arrays; gradients have the order of params */
	enum npz_type type;             /* NPZ_FLOAT16 or NPZ_FLOAT32 */
};
/* The weights and the numbers are borrowed until the draft is saved. */
bool weights_add(const struct weights *weights, struct npz_draft *draft, const struct weights_source *source,
                 struct error *err);
/* Writes a file of these arrays only, under our names. */
bool weights_write(const struct weights *weights, const char *path, const struct weights_source *source,
                   struct error *err);

/* Fills all of `to` from a file. If a name in it is of our kind, arrays are found by name, and any that is missing,
 * unknown or of another shape is an error. Otherwise the file must hold all arrays in get_weights() order: by number if
 * all are named arr_0, arr_1, ... as numpy.savez does, else in the order of the file. Floats of any width; every number
 * must be finite. */
bool weights_read(const struct weights *weights, const char *path, struct weight_values to, struct error *err);

#endif
