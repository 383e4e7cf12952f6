/* See with_sweep.h. */
#include "bench/command/with_sweep.h"

#include "bench/run/shard.h"
#include "bench/sweep/point_teachers.h"
#include "bench/text/shell_word.h"
#include "bench/text/words.h"

#include <errno.h>

int with_sweep(const struct options *given, sweep_work *work, struct error *err)
{
	const char *sets[MAX_OPTION_USES];
	struct sweep *sweep = sweep_read(given->operands[0], sets, options_values(given, "set", sets), err);

	if (!sweep)
		return EXIT_USAGE;
	int status = work(given, sweep, err);
	sweep_destroy(sweep);
	return status;
}

bool sweep_folder(const struct options *given, const char *sweep_path, const char *name, struct report_folder *to,
                  struct error *err)
{
	const char *reports = options_value(given, "reports"), *chosen = options_value(given, "name");
	const char *sets[MAX_OPTION_USES];
	char own[REPORT_NAME_BYTES], shown[SHOWN_BYTES];
	int count = options_values(given, "set", sets);

	*to = (struct report_folder){ .sweep_path = sweep_path };
	for (int i = 0; i < count; i++)
		if (report_set_counts(sets[i]))
			to->sets[to->set_count++] = sets[i];
	if (chosen && !words_is_name(chosen))
		return options_fail(given, err, "--name: \"%s\" is not a name; accepted: " WORDS_NAME,
		                    words_show(chosen, shown)), false;
	report_name(to, name, own);
	int len = snprintf(to->path, sizeof to->path, "%s/%s", reports ? reports : "reports", chosen ? chosen : own);
	return len < REPORT_PATH_BYTES || fail(err, "--reports: the path is too long");
}

bool reports_folder(const struct options *given, const struct sweep *sweep, struct report_folder *to,
                    struct error *err)
{
	return point_teachers_there(sweep, err) && sweep_folder(given, given->operands[0], sweep->name, to, err);
}

bool sweep_choose(const struct options *given, const struct sweep *sweep, struct pending *to, struct error *err)
{
	const char *patterns[MAX_OPTION_USES], *part = options_value(given, "shard");
	int count = options_values(given, "only", patterns);
	struct error refused = { "" };
	struct shard shard;

	if (part && !shard_parse(part, &shard, &refused))
		return options_fail(given, err, "--shard: %s", refused.text), false;
	if (!pending_choose(sweep, patterns, count, to, err))
		return false;
	if (!part || shard_take(shard, to, err))
		return true;
	pending_free(to);
	return false;
}

static void print_options(const struct options *given, const char *name, FILE *to)
{
	const char *values[MAX_OPTION_USES];
	int count = options_values(given, name, values);

	for (int i = 0; i < count; i++) {
		fprintf(to, " --%s ", name);
		print_shell_word(values[i], to);
	}
}

static void print_folder_options(const struct options *given, bool reports, FILE *to)
{
	print_options(given, "set", to);
	print_options(given, "name", to);
	if (reports)
		print_options(given, "reports", to);
}

void print_sweep_command(const struct options *given, const char *command, bool reports, FILE *to)
{
	const char *path = given->operands[0];

	print_shell_word(program_invocation_name, to);
	fprintf(to, " %s %s", command, *path == '-' ? "./" : "");
	print_shell_word(path, to);
	print_folder_options(given, reports, to);
}

bool weights_search_fill(const struct options *given, struct report_folder *folder, char again[AGAIN_BYTES],
                         struct weights_search *to, struct error *err)
{
	FILE *text = fmemopen(again, AGAIN_BYTES, "w");

	again[0] = '\0';
	if (text) {
		print_folder_options(given, true, text);
		fclose(text);
	}
	again[AGAIN_BYTES - 1] = '\0';
	to->sweep_path = given->operands[0];
	to->folder = folder->path;
	to->again = again;
	return reports_folder(given, to->sweep, folder, err);
}
