/* archsweep prune: lists, and if asked removes, files of points that the sweep no longer has. Floor 5. */
#include "bench/command/command.h"

#include "bench/command/with_sweep.h"
#include "bench/record/leftovers.h"
#include "bench/system/lock.h"
#include "bench/text/table.h"
#include "bench/text/text.h"

#include <string.h>

static const struct option_row options[] = {
	{ "remove", .help = "remove them" },
	OPTION_SET,
	OPTION_NAME,
	{ "reports", 'r', "DIR", .help = "look in DIR/<sweep>/ instead of reports/<sweep>/" },
	{ "json", 'j', .help = "an array of objects", .excludes = "tsv" },
	{ "tsv", .help = "tab-separated values below a line of names" },
	{ 0 }
};

static const char help[] =
	"A point's files are named by a hash of all that it is. After a change of the YAML or of the data those of\n"
	"before stay in reports/<sweep>/points/ until --remove: records, curves, weights, logits and checkpoints\n"
	"whose ids no point of the sweep has. Files of other names are left alone, and so are those of a point that\n"
	"some run trains at the moment.\n"
	"\n"
	"Exit status: 0 done, 1 a file could not be removed, 2 the command line or the YAML is wrong.\n";

static const struct column columns[] = {
	{ "file", .kind = COLUMN_TEXT },
	{ "bytes", .kind = COLUMN_INT },
	{ "removed", .kind = COLUMN_BOOL },
	{ 0 }
};

/* False with an error, or without one where a run has locked the point. */
static bool remove_one(const char *folder, int lock, const struct leftover *leftover, struct error *err)
{
	uint64_t place = lock_place(leftover->name);

	if (lock_try(lock, place, LOCK_ALONE, err) != LOCK_TAKEN)
		return false;
	bool removed = leftover_remove(folder, leftover, err);
	lock_release(lock, place);
	return removed;
}

static void print_sum(const struct leftovers *found, int removed)
{
	char bytes[NUMBER_BYTES];

	printf("%d file%s of points that the sweep does not have, %s", found->count, found->count == 1 ? "" : "s",
	       format_bytes(found->bytes, bytes));
	if (removed > 0)
		printf("; %d removed\n", removed);
	else
		printf("%s\n", found->count > 0 ? "; --remove removes them" : "");
}

static bool print_all(const struct options *given, const char *folder, int lock, const struct leftovers *found,
                      struct error *err)
{
	struct error trouble = { "" };
	struct table *table = table_create(columns);
	int removed = 0;

	for (int i = 0; i < found->count; i++) {
		bool gone = lock >= 0 && remove_one(folder, lock, &found->of[i], &trouble);

		removed += gone;
		table_text(table, found->of[i].name);
		table_int(table, found->of[i].bytes);
		table_bool(table, gone);
	}
	bool human = options_format(given) == TABLE_HUMAN;
	bool printed = (human && found->count == 0) || table_print(table, options_format(given), stdout, err);
	table_destroy(table);
	if (human)
		print_sum(found, removed);
	return printed && (!trouble.text[0] || fail(err, "%s", trouble.text));
}

static int run_sweep(const struct options *given, const struct sweep *sweep, struct error *err)
{
	struct report_folder folder;
	struct leftovers found;
	int lock = -1;

	if (!reports_folder(given, sweep, &folder, err) || !report_folder_check(&folder, err))
		return EXIT_USAGE;
	if (!leftovers_find(folder.path, sweep, &found, err))
		return EXIT_FAILED;
	if (options_has(given, "remove") && found.count > 0)
		lock = lock_open(folder.path, err);
	bool good = !err->text[0] && print_all(given, folder.path, lock, &found, err);
	if (lock >= 0)
		lock_close(lock);
	leftovers_free(&found);
	return good ? EXIT_DONE : EXIT_FAILED;
}

static int run(const struct options *given, struct error *err)
{
	return with_sweep(given, run_sweep, err);
}

const struct command command_prune = {
	.name = "prune", .summary = "list, or remove, files of points that a sweep no longer has",
	.operands = "SWEEP.yaml", .min_operands = 1, .max_operands = 1, .options = options, .help = help, .run = run,
};
