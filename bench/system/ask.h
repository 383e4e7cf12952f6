/* Runs another program to its end and reads the line that it answers with. Floor 4a. */
#ifndef BENCH_SYSTEM_ASK_H
#define BENCH_SYSTEM_ASK_H

#include "nn/base/error.h"

#include <stddef.h>

/* Runs argv, found in PATH and with NULL at its end; its stdin is empty, its stderr is ours. `to` gets the first line
 * of its stdout, cut to `size` bytes. False where it cannot be started or does not exit with 0. */
bool ask_program(const char *const *argv, char *to, size_t size, struct error *err);

#endif
