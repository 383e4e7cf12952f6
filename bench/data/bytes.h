/* Reads a file from front to back, plain or gzipped: its first bytes tell which, not its name. Floor 4b.
 *
 * Inflates only what the caller requests, so a small gzipped file cannot fill the memory. A gzip stream that is cut
 * short or corrupt, and bytes after its end, are errors, never a silent end. Errors name the path and the byte. */
#ifndef BENCH_DATA_BYTES_H
#define BENCH_DATA_BYTES_H

#include "nn/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes;

/* NULL and an error unless it is a readable regular file that is not empty. The path is borrowed. */
struct bytes *bytes_open(const char *path, struct error *err);
void bytes_close(struct bytes *in);     /* NULL is fine */

/* Reads the next `len` bytes. *got is less than len only at the end of the file, which was then intact. */
bool bytes_read(struct bytes *in, void *to, size_t len, size_t *got, struct error *err);

/* Upper bound of the bytes that can be read: the file's size, times 1032 (deflate's limit) if it is gzipped. */
uint64_t bytes_most(const struct bytes *in);

/* Whether nothing exists at that path. */
bool bytes_missing(const char *path);

/* Quotes foreign text for a message: at most 32 bytes, '?' for bytes that are not printable ASCII. Returns `to`. */
enum { SHOWN_LEN = 40 };
const char *bytes_show(char to[SHOWN_LEN], const char *text, size_t len);

#endif
