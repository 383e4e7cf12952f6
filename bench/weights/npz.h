/* Files of named arrays as numpy.savez writes and numpy.load reads them: a zip archive of .npy files. Floor 4b.
 *
 *	struct npz *file = npz_open("weights.npz", &err);       // every header is read and checked, no numbers yet
 *	const struct npz_array *a = npz_find(file, "kernel");   // NULL: no such array
 *	... check a->type, a->rank, a->dims, and have room for a->count numbers ...
 *	bool read = npz_read_floats(file, a, to, &err);
 *	npz_close(file);
 *
 *	struct npz_draft *draft = npz_create(&err);
 *	bool added = npz_add_floats(draft, &array, numbers, &err);
 *	bool saved = npz_save(draft, "out.npz", &err);            // or npz_discard(draft)
 *
 * Reads stored and deflated entries, .npy versions 1 and 2, little-endian floats of 2, 4 or 8 bytes, integers of 1 to
 * 8, C and Fortran order (returned in C order). Writes stored entries, version 1, C order, always the same bytes.
 * Lengths in a file are checked; errors name file and array. */
#ifndef BENCH_WEIGHTS_NPZ_H
#define BENCH_WEIGHTS_NPZ_H

#include "nn/base/error.h"

#include <stdint.h>

enum { NPZ_MAX_RANK = 8, NPZ_MAX_ARRAYS = 8192, NPZ_NAME_BYTES = 256 };

#define NPZ_MAX_COUNT ((int64_t)1 << 31)        /* numbers in one array */

enum npz_type {
	NPZ_FLOAT16, NPZ_FLOAT32, NPZ_FLOAT64,
	NPZ_INT8, NPZ_INT16, NPZ_INT32, NPZ_INT64,
	NPZ_UINT8, NPZ_UINT16, NPZ_UINT32, NPZ_UINT64,
};

struct npz_array {
	const char *name;       /* without ".npy"; borrowed from the file or from the caller */
	enum npz_type type;
	int rank;               /* 0: one number without dimensions */
	int64_t dims[NPZ_MAX_RANK];
	int64_t count;          /* product of the dimensions; ignored when an array is added */
};

struct npz;

/* NULL and an error if it cannot be read, or holds anything that is not an array. */
struct npz *npz_open(const char *path, struct error *err);
void npz_close(struct npz *npz);        /* NULL is fine */

/* Arrays in the order of the file, with distinct names. They live as long as the file. */
int npz_count(const struct npz *npz);
const struct npz_array *npz_at(const struct npz *npz, int i);
const struct npz_array *npz_find(const struct npz *npz, const char *name);

/* Reads all of an array's numbers into to[count]. Integers may be read as floats, rounded; floats are refused as
 * integers, as are integers above INT64_MAX. */
bool npz_read_floats(struct npz *npz, const struct npz_array *array, float *to, struct error *err);
bool npz_read_integers(struct npz *npz, const struct npz_array *array, int64_t *to, struct error *err);

bool npz_is_float(enum npz_type type);
/* "float32", as numpy calls it. */
const char *npz_type_name(enum npz_type type);
/* "[3, 3, 1, 8]", in `to`; "[]" for one number without dimensions. */
enum { NPZ_SHAPE_BYTES = NPZ_MAX_RANK * 22 + 4 };
const char *npz_shape(int rank, const int64_t *dims, char to[NPZ_SHAPE_BYTES]);

/* A file that is being built. */
struct npz_draft;

/* Numbers that are fetched when the file is written, without a copy. They must not change until then. */
struct npz_floats {
	/* Numbers `first` .. `first + count - 1` of the array into to[count]; may be called twice for the same ones. */
	void (*fetch)(const struct npz_floats *from, int64_t first, int count, float *to);
	const float *at;        /* borrowed, for fetch alone, as is `order` */
	const void *order;
};

struct npz_draft *npz_create(struct error *err);
/* Adds an array under a new name, as NPZ_FLOAT16 or NPZ_FLOAT32, and copies its numbers unless they are fetched. A
 * finite number that float16 cannot hold is an error. */
bool npz_add_floats(struct npz_draft *draft, const struct npz_array *array, const float *values, struct error *err);
bool npz_add_fetched(struct npz_draft *draft, const struct npz_array *array, const struct npz_floats *from,
                     struct error *err);
/* As NPZ_INT64. */
bool npz_add_integers(struct npz_draft *draft, const struct npz_array *array, const int64_t *values, struct error *err);
/* Writes the file atomically (atomic_file.h); frees the draft in any case. */
bool npz_save(struct npz_draft *draft, const char *path, struct error *err);
void npz_discard(struct npz_draft *draft);      /* NULL is fine */

#endif
