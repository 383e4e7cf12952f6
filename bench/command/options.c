/* See options.h. getopt_long reads argv; messages, numbers and help are ours. */
#include "bench/command/options.h"

#include "bench/system/atomic_file.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum {
	MAX_ROWS = 32,
	ROW_BASE = 256,         /* row i has the value ROW_BASE + i in getopt_long, above every letter */
	HELP_ROW = MAX_ROWS,
	HELP_COLUMN = 28,       /* column where the options' explanations start */
};

static const struct option_row help_row = { "help", 'h', .help = "show this text" };

/* The tables of getopt_long: the rows as words and as letters. */
struct getopt_tables {
	struct option words[MAX_ROWS + 2];
	char letters[2 * MAX_ROWS + 4];
};

static struct option word_of_row(const struct option_row *row, int i)
{
	return (struct option){ row->name, row->argument ? required_argument : no_argument, NULL, ROW_BASE + i };
}

static void tables_fill(struct getopt_tables *tables, const struct option_row *rows)
{
	struct option *word = tables->words;
	char *letter = tables->letters;

	*letter++ = ':';        /* distinguishes a missing value from an unknown option, and silences getopt_long */
	*letter++ = help_row.letter;
	for (int i = 0; rows[i].name; i++) {
		assert(i < MAX_ROWS);
		*word++ = word_of_row(&rows[i], i);
		if (!rows[i].letter)
			continue;
		*letter++ = rows[i].letter;
		if (rows[i].argument)
			*letter++ = ':';
	}
	*word++ = word_of_row(&help_row, HELP_ROW);
	*word = (struct option){ 0 };
	*letter = '\0';
}

/* The row of a value that getopt_long returned or left in optopt; NULL: unknown letter. */
static const struct option_row *row_find(const struct option_row *rows, int value)
{
	if (value == ROW_BASE + HELP_ROW || value == help_row.letter)
		return &help_row;
	if (value >= ROW_BASE)
		return &rows[value - ROW_BASE];
	for (; rows->name; rows++)
		if (rows->letter == value)
			return rows;
	return NULL;
}

static void fail_with(const struct options *given, struct error *err, const char *format, va_list arguments)
{
	const char *name = given->command->name;
	char text[768];

	vsnprintf(text, sizeof text, format, arguments);
	fail(err, "archsweep %s: %s; see archsweep %s --help", name, text, name);
}

bool options_save_table(const struct options *given, const struct table *table, struct error *err)
{
	const char *path = options_value(given, "save");
	struct draft draft;

	if (!path)
		return true;
	if (!draft_open(&draft, err))
		return false;
	if (table_print(table, TABLE_TSV, draft.stream, err))
		return draft_save(&draft, path, err);
	draft_discard(&draft);
	return false;
}

bool options_print_table(const struct options *given, const struct table *table, struct error *err)
{
	return table_print(table, options_format(given), stdout, err) && options_save_table(given, table, err);
}

int options_fail(const struct options *given, struct error *err, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fail_with(given, err, format, arguments);
	va_end(arguments);
	return EXIT_USAGE;
}

/* options_fail for functions that return bool. */
#define REFUSE(...) (options_fail(__VA_ARGS__), false)

static bool number_check(const struct options *given, const struct option_row *row, const char *text, struct error *err)
{
	char *end;

	errno = 0;
	long value = strtol(text, &end, 10);
	if (end == text || *end)
		return REFUSE(given, err, "--%s: \"%s\" is not a whole number", row->name, text);
	if (errno == ERANGE || value < row->min || value > row->max)
		return REFUSE(given, err, "--%s: %s is outside %ld..%ld", row->name, text, row->min, row->max);
	return true;
}

/* An option given earlier that excludes this one, or NULL. */
static const struct option_row *conflict_find(const struct options *given, const struct option_row *row)
{
	for (int i = 0; i < given->use_count; i++) {
		const struct option_row *other = given->uses[i].row;
		if (row->excludes && strcmp(row->excludes, other->name) == 0)
			return other;
		if (other->excludes && strcmp(other->excludes, row->name) == 0)
			return other;
	}
	return NULL;
}

static bool use_add(struct options *given, const struct option_row *row, const char *value, struct error *err)
{
	const struct option_row *conflict = conflict_find(given, row);

	if (row->max > row->min && !number_check(given, row, value, err))
		return false;
	if (!row->repeats && options_has(given, row->name))
		return REFUSE(given, err, "--%s is given twice", row->name);
	if (conflict)
		return REFUSE(given, err, "--%s and --%s exclude each other", conflict->name, row->name);
	if (given->use_count == MAX_OPTION_USES)
		return REFUSE(given, err, "more than %d options", MAX_OPTION_USES);
	given->uses[given->use_count++] = (struct option_use){ row, value };
	return true;
}

/* `found` is getopt_long's ':' for an option without its value, or '?' for an unknown one. */
static bool refuse_option(const struct options *given, int found, const char *word, struct error *err)
{
	const struct option_row *row = row_find(given->command->options, optopt);

	if (found == ':')
		return REFUSE(given, err, "--%s needs a value: --%s %s", row->name, row->name, row->argument);
	if (optopt >= ROW_BASE)
		return REFUSE(given, err, "--%s takes no value", row->name);
	if (optopt)
		return REFUSE(given, err, "unknown option \"-%c\"", optopt);
	return REFUSE(given, err, "unknown option \"%.*s\"", (int)strcspn(word, "="), word);
}

static bool operands_check(const struct options *given, struct error *err)
{
	const struct command *command = given->command;

	if (given->operand_count < command->min_operands)
		return REFUSE(given, err, "not enough arguments: %s", command->operands);
	if ((command->max_operands || !*command->operands) && given->operand_count > command->max_operands)
		return REFUSE(given, err, "unexpected argument \"%s\"", given->operands[command->max_operands]);
	return true;
}

bool options_read(const struct command *command, int argc, char **argv, struct options *to, struct error *err)
{
	struct getopt_tables tables;
	int found;

	*to = (struct options){ .command = command };
	tables_fill(&tables, command->options);
	optind = 0;             /* restarts getopt_long: a process may read several command lines */
	opterr = 0;
	while ((found = getopt_long(argc, argv, tables.letters, tables.words, NULL)) != -1) {
		if (found == '?' || found == ':')
			return refuse_option(to, found, argv[optind - 1], err);
		const struct option_row *row = row_find(command->options, found);
		if (row == &help_row)
			return to->help = true;
		if (!use_add(to, row, row->argument ? optarg : NULL, err))
			return false;
	}
	to->operands = argv + optind;
	to->operand_count = argc - optind;
	return operands_check(to, err);
}

static const struct option_row *row_named(const struct options *given, const char *name)
{
	const struct option_row *row = given->command->options;

	while (row->name && strcmp(row->name, name) != 0)
		row++;
	assert(row->name && "an option that the command's table has");
	return row;
}

static const struct option_use *use_last(const struct options *given, const char *name)
{
	const struct option_row *row = row_named(given, name);

	for (int i = given->use_count; i-- > 0;)
		if (given->uses[i].row == row)
			return &given->uses[i];
	return NULL;
}

void options_set(struct options *given, const char *name, const char *other, const char *value)
{
	const struct option_use *last = use_last(given, name);

	assert(last && "an option that was given");
	given->uses[last - given->uses] = (struct option_use){ row_named(given, other), value };
}

bool options_has(const struct options *given, const char *name)
{
	return use_last(given, name);
}

const char *options_value(const struct options *given, const char *name)
{
	const struct option_use *use = use_last(given, name);

	return use ? use->value : NULL;
}

long options_number(const struct options *given, const char *name, long fallback)
{
	const struct option_use *use = use_last(given, name);

	assert(!use || use->row->max > use->row->min);
	return use ? strtol(use->value, NULL, 10) : fallback;
}

int options_values(const struct options *given, const char *name, const char *values[MAX_OPTION_USES])
{
	const struct option_row *row = row_named(given, name);
	int count = 0;

	for (int i = 0; i < given->use_count; i++)
		if (given->uses[i].row == row)
			values[count++] = given->uses[i].value;
	return count;
}

enum table_format options_format(const struct options *given)
{
	static const struct { const char *name; enum table_format format; } formats[] = {
		{ "json", TABLE_JSON }, { "tsv", TABLE_TSV }, { "markdown", TABLE_MARKDOWN }
	};

	for (int i = 0; i < given->use_count; i++)
		for (size_t k = 0; k < sizeof formats / sizeof *formats; k++)
			if (strcmp(given->uses[i].row->name, formats[k].name) == 0)
				return formats[k].format;
	return TABLE_HUMAN;
}

static void print_row(const struct option_row *row, FILE *to)
{
	int column = row->letter ? fprintf(to, "  -%c, --%s", row->letter, row->name)
	                         : fprintf(to, "      --%s", row->name);

	if (row->argument)
		column += fprintf(to, " %s", row->argument);
	if (column >= HELP_COLUMN)
		column = fprintf(to, "\n") - 1;
	fprintf(to, "%*s%s\n", HELP_COLUMN - column, "", row->help);
}

void options_print_help(const struct command *command, FILE *to)
{
	fprintf(to, "usage: archsweep %s [options]%s%s\n\n%s\n\noptions:\n", command->name,
	        *command->operands ? " " : "",
	        command->operands, command->summary);
	for (const struct option_row *row = command->options; row->name; row++)
		print_row(row, to);
	print_row(&help_row, to);
	if (command->help)
		fprintf(to, "\n%s", command->help);
}
