/* See with_sweep.h. */
#include "bench/command/with_sweep.h"

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

bool reports_folder(const struct options *given, const struct sweep *sweep, char to[FOLDER_SIZE], struct error *err)
{
	const char *reports = options_value(given, "reports");
	int len = snprintf(to, FOLDER_SIZE, "%s/%s", reports ? reports : "reports", sweep->name);

	return len < FOLDER_SIZE || fail(err, "--reports: the path is too long");
}
