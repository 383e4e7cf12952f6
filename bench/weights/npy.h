/* The header of one .npy array (NEP 1, "A simple file format for NumPy arrays"). Floor 4b; for npz_*.c alone.
 *
 *	\x93NUMPY, version (2 bytes), length of what follows (2 bytes in version 1, 4 in version 2; little-endian), then
 *	{'descr': '<f4', 'fortran_order': False, 'shape': (3, 3, 1, 8), }       and blanks and a newline
 */
#ifndef BENCH_WEIGHTS_NPY_H
#define BENCH_WEIGHTS_NPY_H

#include "bench/weights/npz.h"

#include <stddef.h>

enum { NPY_MAGIC_BYTES = 8, NPY_MAX_HEADER = 1 << 16 };

struct npy_header {
	struct npz_array array;         /* its name is not filled in */
	bool fortran_order;             /* the first dimension is the fastest */
};

/* Reads magic number and version: sets how many bytes the dictionary's length takes. False and an error for others. */
bool npy_prefix(const unsigned char magic[NPY_MAGIC_BYTES], int *length_bytes, struct error *err);
/* Parses the dictionary: `len` bytes, followed by a zero. */
bool npy_parse(const char *text, size_t len, struct npy_header *to, struct error *err);

/* Bytes of one number. */
int npy_size(enum npz_type type);

/* Writes a number's bytes, little-endian. */
void npy_put(unsigned char *to, uint64_t bits, int bytes);
/* The product of the dimensions. */
int64_t npy_count(const struct npz_array *array);

/* A whole header of version 1, a multiple of 64 bytes; returns its length. */
enum { NPY_HEADER_BYTES = 384 };
size_t npy_print(const struct npz_array *array, char to[NPY_HEADER_BYTES]);

#endif
