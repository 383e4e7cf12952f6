/* Finds files that are installed with the program. Floor 4a. */
#ifndef BENCH_SYSTEM_SHARE_H
#define BENCH_SYSTEM_SHARE_H

#include <stdbool.h>

enum { SHARE_PATH_BYTES = 4096 };

/* The path of "plots" or "sweeps/families/plain.yaml": ../share/archsweep/NAME beside the program, where it is
 * installed, else ../NAME, where it was built in its tree. False where neither can be read. */
bool share_find(const char *name, char to[SHARE_PATH_BYTES]);

#endif
