/* A large piece of memory. Floor 0. */
#ifndef NN_BASE_BLOCK_H
#define NN_BASE_BLOCK_H

#include <stddef.h>

/* So many bytes of zeros, 64-byte aligned, or NULL. The caller frees them. */
void *block_allocate(size_t bytes);

#endif
