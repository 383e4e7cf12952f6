/* What commands do with the sweep that stands first on their command line. Floor 5. */
#ifndef BENCH_COMMAND_WITH_SWEEP_H
#define BENCH_COMMAND_WITH_SWEEP_H

#include "bench/command/options.h"
#include "bench/record/final_weights.h"
#include "bench/record/report_folder.h"
#include "bench/run/pending.h"
#include "bench/sweep/sweep.h"

/* Returns an exit status, as struct command's `run` does. */
typedef int sweep_work(const struct options *given, const struct sweep *sweep, struct error *err);

/* Reads the sweep with what --set says, has the work done, and frees it. EXIT_USAGE where it cannot be read, else what
 * `work` returns. For commands with a --set. */
int with_sweep(const struct options *given, sweep_work *work, struct error *err);

/* The option that takes one of N parts of what --only chose. */
#define OPTION_SHARD { "shard", .argument = "I/N", \
	.help = "only the I-th of N parts of the points, which are about equally long" }

/* The points that --only and --shard choose. An error is one of the command line, or the YAML's. For commands that have
 * both. */
bool sweep_choose(const struct options *given, const struct sweep *sweep, struct pending *to, struct error *err);

/* The options that decide which folder is the sweep's, for the tables of commands that use sweep_folder. */
#define OPTION_SET { "set", 's', "KEY=VALUE", .help = "override a value of the sweep: recipe.epochs=3", \
	.repeats = true }
#define OPTION_NAME { "name", .argument = "NAME", \
	.help = "reports/NAME/ instead of reports/<sweep>/ or reports/<sweep>--KEY=VALUE/" }

/* "reports/fashion", "reports/fashion--recipe.epochs=3", or what --name and --reports make of it. `sweep_path` is the
 * operand, `name` the sweep's. An error is one of the command line. */
bool sweep_folder(const struct options *given, const char *sweep_path, const char *name, struct report_folder *to,
                  struct error *err);

/* The same for the sweep that stands first on the command line. */
bool reports_folder(const struct options *given, const struct sweep *sweep, struct report_folder *to,
                    struct error *err);

/* Another command for the sweep that stands first on the command line, with the same --set, --name and, if wanted,
 * --reports, as a shell reads it: "archsweep run SWEEP --set KEY=VALUE". The program is called as it was. */
void print_sweep_command(const struct options *given, const char *command, bool reports, FILE *to);

/* Fills `to` with all but what the command knows itself: `otherwise`. `folder` and `again` back it. */
enum { AGAIN_BYTES = 512 };
bool weights_search_fill(const struct options *given, struct report_folder *folder, char again[AGAIN_BYTES],
                         struct weights_search *to, struct error *err);

#endif
