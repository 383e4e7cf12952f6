/* Reads the command line of a command by the rows of its struct command. Floor 5.
 *
 *	static const struct option_row options[] = {
 *		{ "only", 'o', "GLOB", .help = "run only the points that match; may be repeated", .repeats = true },
 *		{ "threads", 't', "N", .help = "threads to use", .min = 1, .max = 1024 },
 *		{ "force", .help = "train again what has been trained" },
 *		{ 0 }
 *	};
 *	...
 *	int threads = (int)options_number(given, "threads", processors);
 *	bool force = options_has(given, "force");
 *
 * Asserts that names are in the table. */
#ifndef BENCH_COMMAND_OPTIONS_H
#define BENCH_COMMAND_OPTIONS_H

#include "bench/command/command.h"
#include "bench/text/table.h"

#include <stdio.h>

enum { MAX_OPTION_USES = 128 };

/* One option as it was given. */
struct option_use {
	const struct option_row *row;
	const char *value;      /* NULL: the option takes none */
};

struct options {
	const struct command *command;
	int use_count;
	struct option_use uses[MAX_OPTION_USES];        /* in the order given; values borrowed from argv */
	int operand_count;
	char **operands;        /* borrowed from argv, which was reordered */
	bool help;              /* --help was given; nothing else was checked */
};

/* Reads argv (argv[0] is the command's name) and checks options, values and the number of operands. Errors are whole
 * lines: `archsweep run: unknown option "--foo"; see archsweep run --help`. */
bool options_read(const struct command *command, int argc, char **argv, struct options *to, struct error *err);

/* Whether the option was given. */
bool options_has(const struct options *given, const char *name);
/* Its last value, or NULL. */
const char *options_value(const struct options *given, const char *name);
/* Its last value as a number (only rows with a range), or `fallback`. */
long options_number(const struct options *given, const char *name, long fallback);
/* All its values in the order given, for options that repeat; returns how many. */
int options_values(const struct options *given, const char *name, const char *values[MAX_OPTION_USES]);

/* Makes the last use of `name` one of the option `other`, with that value, which is borrowed. */
void options_set(struct options *given, const char *name, const char *other, const char *value);

/* The format that --json, --tsv or --markdown select, for commands that have some of them in their table. */
enum table_format options_format(const struct options *given);

/* Writes the table as TSV to the file of --save, if there is one. */
bool options_save_table(const struct options *given, const struct table *table, struct error *err);
/* Prints the table to stdout in the selected format, and saves it. For commands that have --save. */
bool options_print_table(const struct options *given, const struct table *table, struct error *err);
/* The row of --save. */
#define OPTION_SAVE { "save", 'w', "FILE", .help = "write the table as tab-separated values to FILE as well" }

/* Reports a usage mistake that only the command can find: fills err with "archsweep NAME: ...; see archsweep NAME
 * --help", returns EXIT_USAGE. */
int options_fail(const struct options *given, struct error *err, const char *format,
                 ...) __attribute__((format(printf, 3, 4)));

/* Prints the text of `archsweep NAME --help`: usage line, summary, options, help. */
void options_print_help(const struct command *command, FILE *to);

#endif
