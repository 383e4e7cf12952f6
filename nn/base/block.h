/* Allocates large blocks of memory. Floor 0. */
#ifndef NN_BASE_BLOCK_H
#define NN_BASE_BLOCK_H

#include <stddef.h>

/* `bytes` zeroed bytes, 64-byte aligned; free() releases them. NULL: no memory. */
void *block_allocate(size_t bytes);

#endif
