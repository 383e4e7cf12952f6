/* An arena: memory that is freed all at once, a list of growing blocks. Floor 4b.
 *
 * What is read from a sweep's files lives as long as the sweep, so nodes, names and numbers need no owners of their
 * own. */
#ifndef BENCH_YAML_ARENA_H
#define BENCH_YAML_ARENA_H

#include "nn/base/error.h"

#include <stddef.h>

struct arena {
	struct arena_block *newest;     /* owned; a zeroed arena is empty and ready */
};

/* Zeroed memory, aligned for anything. NULL and an error without memory. */
void *arena_alloc(struct arena *arena, size_t bytes, struct error *err);

/* A copy of `len` bytes, with a zero after them. */
char *arena_copy(struct arena *arena, const char *text, size_t len, struct error *err);

char *arena_print(struct arena *arena, struct error *err, const char *format,
                  ...) __attribute__((format(printf, 3, 4)));

/* Frees everything; the arena is empty and ready again. */
void arena_free(struct arena *arena);

#endif
