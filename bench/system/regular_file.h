/* Opens files for reading without waiting for what is no file. Floor 4a. */
#ifndef BENCH_SYSTEM_REGULAR_FILE_H
#define BENCH_SYSTEM_REGULAR_FILE_H

#include "nn/base/error.h"

#include <stdint.h>

/* A descriptor for close(), and the file's size in bytes; -1 and an error for a folder, a device, a pipe, and what
 * cannot be read. */
int regular_open(const char *path, uint64_t *size, struct error *err);

#endif
