/* See evaluate_views.h. */
#include "bench/run/evaluate_views.h"

#include "bench/eval/evaluate.h"
#include "bench/record/point_files.h"
#include "bench/sweep/point_find.h"
#include "bench/system/lock.h"
#include "bench/system/machine.h"

#include <string.h>

/* Where the data has no split for the headline, there is nothing to evaluate. */
static bool lacks_views(const struct sweep *sweep, const struct record *record)
{
	return record->status == POINT_DONE && record->last.accuracy == record->last.accuracy &&
	       strcmp(record->views, sweep->views.text) != 0;
}

int views_missing(const struct sweep *sweep, const struct pending *pending, const struct records *records)
{
	int missing = 0;

	for (int i = 0; sweep->views.count && i < pending->count; i++) {
		int point = pending->points[i].index;

		missing += records->states[point] == RECORD_READ && lacks_views(sweep, &records->of[point]);
	}
	return missing;
}

static const struct split *headline(const struct train_request *request)
{
	for (int i = 0; i < request->data->split_count; i++)
		if (dataset_is_headline(request->sweep->data.format, &request->data->splits[i]))
			return &request->data->splits[i];
	return NULL;
}

static bool evaluate_record(const struct train_request *request, struct evaluator *evaluator,
                            const struct point *point, struct record *record, struct error *err)
{
	char weights[FILE_PATH_BYTES];
	struct outcome outcome = { .confusion = NULL };

	if (!point_file_path(request->folder, point->id, POINT_WEIGHTS, weights, err))
		return false;
	bool good = evaluate_point(evaluator, point, weights, &outcome, err);
	if (good) {
		memcpy(record->views, request->sweep->views.text, sizeof record->views);
		record->by_views = outcome.by_views;
		good = record_rewrite(request->folder, record, err);
	}
	outcomes_free(&outcome, 1);
	return good;
}

/* Its lock is held: another run may have evaluated it, or begun to train it again. */
static bool evaluate_locked(const struct train_request *request, struct evaluator *evaluator, int index, int *done,
                            struct error *err)
{
	const struct point *point = &request->sweep->points[index];
	struct error ignored = { "" };
	struct record record;

	if (!record_read(request->folder, point->id, &record, &ignored))
		return true;
	if (lacks_views(request->sweep, &record)) {
		if (!evaluate_record(request, evaluator, point, &record, err))
			return false;
		++*done;
	}
	records_put(request->records, index, &record);
	return true;
}

static bool evaluate_one(const struct train_request *request, struct evaluator *evaluator, int index, int *done,
                         struct error *err)
{
	uint64_t place = lock_place(request->sweep->points[index].id);
	enum lock_state state = lock_try(request->lock, place, LOCK_ALONE, err);

	if (state != LOCK_TAKEN)
		return state == LOCK_BUSY;
	bool good = evaluate_locked(request, evaluator, index, done, err);
	lock_release(request->lock, place);
	return good;
}

static bool is_stopped(const struct train_request *request)
{
	return request->stop && *request->stop;
}

/* Of an evaluation that was interrupted it says how many are left. */
static bool explain(const struct train_request *request, const struct error *trouble, struct error *err)
{
	if (!is_stopped(request))
		return fail(err, "%s", trouble->text);
	return fail(err, "interrupted: %d of %d points are left to be evaluated by views; what is done is kept, and "
	            "the same command goes on from there",
	            views_missing(request->sweep, request->pending, request->records), request->pending->count);
}

bool evaluate_views(const struct train_request *request, int *done, struct error *err)
{
	struct evaluator evaluator = { .sweep = request->sweep, .data = request->data, .kernels = machine_kernels(err),
		.threads = request->threads, .views = &request->sweep->views, .stop = request->stop,
		.split_count = 1, .splits = { headline(request) } };

	*done = 0;
	if (!evaluator.kernels)
		return false;
	for (int i = 0; evaluator.splits[0] && i < request->pending->count; i++) {
		int index = request->pending->points[i].index;
		const struct records *records = request->records;
		struct error trouble = { "" };

		if (records->states[index] != RECORD_READ || !lacks_views(request->sweep, &records->of[index]))
			continue;
		if (is_stopped(request) || !evaluate_one(request, &evaluator, index, done, &trouble))
			return explain(request, &trouble, err);
	}
	return true;
}
