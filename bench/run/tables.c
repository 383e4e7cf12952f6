/* See tables.h. */
#include "bench/run/tables.h"

#include "bench/measure/compare.h"
#include "bench/stats/ablation.h"
#include "bench/stats/equal.h"
#include "bench/system/lock.h"

/* Points of a forced run that was interrupted before it came to them. */
static void leave_out_other_data(uint64_t data_digest, struct records *records)
{
	for (int i = 0; i < records->count; i++)
		if (records->states[i] == RECORD_READ && records->of[i].data_digest != data_digest)
			records->states[i] = RECORD_STALE;
}

static bool save_ensembles(const struct tables_request *request, const struct records *now, struct error *err)
{
	const struct ensemble_source source = { request->sweep, now, request->data, request->folder, request->missing };

	return !request->data || (ensemble_results_create(&source, request->ensembles, err) &&
	                          ensemble_results_save(request->ensembles, request->folder, err));
}

bool tables_write(const struct tables_request *request, struct records *now, struct error *err)
{
	int found;

	*now = (struct records){ .count = 0 };
	*request->ensembles = (struct ensemble_results){ .count = 0 };
	if (!lock_wait(request->lock, LOCK_TABLES, err))
		return false;
	bool read = records_read(request->folder, request->sweep, now, err);
	leave_out_other_data(request->data_digest, now);
	bool collected = read && records_collect(now, request->folder, &found, err);
	/* The tables of differences that are kept are of the records before. */
	bool compared = read && comparison_save(request->sweep, request->folder, now, err) &&
	                encounters_save(NULL, 0, request->folder, err) && ablation_save(NULL, 0, request->folder, err);
	bool evaluated = read && save_ensembles(request, now, err);
	lock_release(request->lock, LOCK_TABLES);
	return collected && compared && evaluated;
}
