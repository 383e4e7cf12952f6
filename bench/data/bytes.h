/* A file's bytes, front to back, whether it is gzipped or not: the beginning of the file tells, not its name. Floor 4b.
 *
 * Nothing is read ahead of the caller's wish, so a small gzipped file cannot fill the memory. A gzip stream that is cut short or
 * corrupt, and bytes after its end, are errors: a reader never mistakes them for the end. Errors name the path and the byte. */
#ifndef BENCH_DATA_BYTES_H
#define BENCH_DATA_BYTES_H

#include "nn/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes;

/* NULL and an error for anything but a regular file that can be read and is not empty. The path is borrowed. */
struct bytes *bytes_open(const char *path, struct error *err);
void bytes_close(struct bytes *in);     /* NULL is fine */

/* The next `len` bytes; *got is less than len only at the end of the file, and then the whole file was sound. */
bool bytes_read(struct bytes *in, void *to, size_t len, size_t *got, struct error *err);

/* No more than this many bytes can come out: the file's size, or 1032 times that (deflate's limit) if it is gzipped. */
uint64_t bytes_most(const struct bytes *in);

/* Whether there is nothing at all at that path. */
bool bytes_missing(const char *path);

/* Text from outside in quotes for a message: at most 32 bytes of it, and '?' for what is not printable ASCII. Returns `to`. */
enum { SHOWN_LEN = 40 };
const char *bytes_show(char to[SHOWN_LEN], const char *text, size_t len);

#endif
