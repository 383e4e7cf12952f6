/* What commands do with the sweep that stands first on their command line. Floor 5. */
#ifndef BENCH_COMMAND_WITH_SWEEP_H
#define BENCH_COMMAND_WITH_SWEEP_H

#include "bench/command/options.h"
#include "bench/sweep/sweep.h"

/* Returns an exit status, as struct command's `run` does. */
typedef int sweep_work(const struct options *given, const struct sweep *sweep, struct error *err);

/* Reads the sweep with what --set says, has the work done, and frees it. EXIT_USAGE where it cannot be read, else what
 * `work` returns. For commands with a --set. */
int with_sweep(const struct options *given, sweep_work *work, struct error *err);

/* "reports/fashion", or where --reports puts it. For commands with a --reports. */
enum { FOLDER_SIZE = 4096 };
bool reports_folder(const struct options *given, const struct sweep *sweep, char to[FOLDER_SIZE], struct error *err);

#endif
