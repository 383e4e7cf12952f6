/* See with_sweep.h. */
#include "bench/command/with_sweep.h"

#include "bench/text/words.h"

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
	return sweep_folder(given, given->operands[0], sweep->name, to, err);
}

/* Adds " --OPTION VALUE", as a shell reads it. */
static void print_option(const char *option, const char *value, FILE *to)
{
	static const char plain_characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-=/,:@%+";
	bool plain = !value[strspn(value, plain_characters)];

	fprintf(to, " --%s ", option);
	if (!plain)
		fputc('\'', to);
	for (const char *c = value; *c; c++)
		fputs(*c == '\'' ? "'\\''" : (char[]){ *c, '\0' }, to);
	if (!plain)
		fputc('\'', to);
}

bool weights_search_fill(const struct options *given, struct report_folder *folder, char again[AGAIN_BYTES],
                         struct weights_search *to, struct error *err)
{
	static const char *const kept[] = { "set", "name", "reports" };
	FILE *text = fmemopen(again, AGAIN_BYTES, "w");

	again[0] = '\0';
	for (int k = 0; text && k < 3; k++) {
		const char *values[MAX_OPTION_USES];
		int count = options_values(given, kept[k], values);

		for (int i = 0; i < count; i++)
			print_option(kept[k], values[i], text);
	}
	if (text)
		fclose(text);
	again[AGAIN_BYTES - 1] = '\0';
	to->sweep_path = given->operands[0];
	to->folder = folder->path;
	to->again = again;
	return reports_folder(given, to->sweep, folder, err);
}
