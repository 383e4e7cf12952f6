/* Starts other programs, without a shell. Floor 4a. */
#ifndef BENCH_SYSTEM_SPAWN_H
#define BENCH_SYSTEM_SPAWN_H

#include <sys/types.h>

/* With /dev/null as stdin and default signals. `out` and `errors` become stdout and stderr; -1: stdout is /dev/null,
 * stderr ours. Returns 0 or an error number. */
int spawn_program(const char *const *argv, int out, int errors, pid_t *child);

/* Waits for it; *status as waitpid gives it. Returns 0 or an error number. */
int spawn_await(pid_t child, int *status);

#endif
