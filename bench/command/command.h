/* What a command of the program is; bench/command/main.c has the table of them. Floor 5. */
#ifndef BENCH_COMMAND_COMMAND_H
#define BENCH_COMMAND_COMMAND_H

#include "nn/base/error.h"

#include <stdbool.h>

enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,        /* something failed: a file, the data, a point that diverged */
	/* the command line or the YAML is wrong, or the data is not what the YAML says; nothing was run */
	EXIT_USAGE = 2,
	EXIT_EXPECTATION = 3,   /* an expected count does not hold */
};

/* One option of a command. Every command takes --help as well, without a row. */
struct option_row {
	const char *name;       /* "json" for --json */
	char letter;            /* 'j' for -j, 0 for none */
	const char *argument;   /* "FILE": what its value is called in the help; NULL: takes no value */
	const char *help;       /* one line */
	long min, max;          /* max > min: the value is a whole number of this range, both ends included */
	bool repeats;           /* may be given more than once */
	const char *excludes;   /* name of an option that must not be given together with this one, or NULL */
};                              /* a table ends with a row without a name */

struct options;

struct command {
	const char *name, *summary;     /* summary: one line for `archsweep --help` */
	/* "SWEEP.yaml...": the arguments that are no options, in the usage line; "": none */
	const char *operands;
	int min_operands, max_operands; /* how many of them; max 0: any number */
	const struct option_row *options;
	/* what --help says below the options: what it does, examples, exit statuses; ends with a newline */
	const char *help;
	/* main has read the command line by the rows above. Returns an exit status; main prints err's text as it is if
	 * there is one ("file:line:column: ...", or a text that names its own subject), and checks that all of stdout
	 * could be written. */
	int (*run)(const struct options *given, struct error *err);
};

extern const struct command command_run, command_list, command_submit, command_collect, command_params, command_summary,
	command_match, command_plot, command_compare, command_equal, command_ablation, command_bench, command_limits,
	command_export, command_eval, command_step, command_preview, command_verify, command_prune;

#endif
