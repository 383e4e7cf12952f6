/* See arena.h. */
#include "bench/yaml/arena.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 << 10 };

struct arena_block {
	struct arena_block *older;
	size_t used, size;
	max_align_t bytes[];
};

static struct arena_block *block_add(struct arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	struct arena_block *block = calloc(1, sizeof *block + size);

	if (!block)
		return NULL;
	block->size = size;
	block->older = arena->newest;
	arena->newest = block;
	return block;
}

void *arena_alloc(struct arena *arena, size_t bytes, struct error *err)
{
	size_t need = (bytes + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
	struct arena_block *block = arena->newest;

	if (!block || block->size - block->used < need)
		block = block_add(arena, need);
	if (!block) {
		fail(err, "out of memory: %zu bytes", bytes);
		return NULL;
	}
	void *at = (char *)block->bytes + block->used;
	block->used += need;
	return at;
}

char *arena_copy(struct arena *arena, const char *text, size_t len, struct error *err)
{
	char *copy = arena_alloc(arena, len + 1, err);

	if (copy)
		memcpy(copy, text, len);
	return copy;
}

char *arena_print(struct arena *arena, struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	int len = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	char *text = len < 0 ? NULL : arena_alloc(arena, (size_t)len + 1, err);
	if (!text)
		return NULL;
	va_start(arguments, format);
	vsnprintf(text, (size_t)len + 1, format, arguments);
	va_end(arguments);
	return text;
}

void arena_free(struct arena *arena)
{
	while (arena->newest) {
		struct arena_block *block = arena->newest;

		arena->newest = block->older;
		free(block);
	}
}
