/* See todo.h. */
#include "bench/run/todo.h"

#include "bench/sweep/cost.h"
#include "bench/sweep/point_find.h"
#include "bench/text/text.h"

#include <stdlib.h>

static bool matches_any(const struct point *point, const char *const *patterns, int count)
{
	for (int i = 0; i < count; i++)
		if (point_matches(point, patterns[i]))
			return true;
	return count == 0;
}

static bool check_pattern(const struct sweep *sweep, const char *pattern, struct error *err)
{
	char shown[SHOWN_BYTES], first[POINT_NAME_BYTES], last[POINT_NAME_BYTES];

	for (int i = 0; i < sweep->point_count; i++)
		if (point_matches(&sweep->points[i], pattern))
			return true;
	return fail(err, "--only \"%s\" matches none of the %d points, which are %s to %s", words_show(pattern, shown), sweep->point_count,
	            point_name(sweep, &sweep->points[0], first), point_name(sweep, &sweep->points[sweep->point_count - 1], last));
}

bool todo_choose(const struct sweep *sweep, const char *const *patterns, int pattern_count, struct todo *to, struct error *err)
{
	*to = (struct todo){ 0 };
	for (int i = 0; i < pattern_count; i++)
		if (!check_pattern(sweep, patterns[i], err))
			return false;
	to->tasks = calloc((size_t)sweep->point_count + 1, sizeof *to->tasks);
	if (!to->tasks)
		return fail(err, "not enough memory for %d points", sweep->point_count);
	for (int i = 0; i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];
		struct task *task = &to->tasks[to->count];

		if (!matches_any(point, patterns, pattern_count))
			continue;
		*task = (struct task){ .point = point, .reason = TODO_NEW };
		to->count++;
		if (to->count > 1 && point_same_network(task[-1].point, point)) {
			task->cost = task[-1].cost;
		} else if (!point_count(sweep, point, &task->cost, err)) {
			todo_free(to);
			return false;
		}
	}
	to->stale = to->count;
	return true;
}

void todo_free(struct todo *todo)
{
	free(todo->tasks);
	*todo = (struct todo){ 0 };
}

static enum todo_reason judge(const char *folder, const struct point *point, const uint64_t *data_digest)
{
	struct error broken = { "" };
	struct record record;

	if (!record_read(folder, point->id, &record, &broken))
		return broken.text[0] ? TODO_BROKEN : TODO_NEW;
	if (record.status != POINT_DONE)
		return record.status == POINT_DIVERGED ? TODO_DIVERGED : TODO_FAILED;
	return data_digest && record.data_digest != *data_digest ? TODO_OTHER_DATA : TODO_UP_TO_DATE;
}

void todo_check(struct todo *todo, const char *folder, const uint64_t *data_digest, bool force)
{
	todo->stale = 0;
	for (int i = 0; i < todo->count; i++) {
		struct task *task = &todo->tasks[i];

		task->reason = judge(folder, task->point, data_digest);
		if (force && task->reason == TODO_UP_TO_DATE)
			task->reason = TODO_FORCED;
		todo->stale += task->reason != TODO_UP_TO_DATE;
	}
}

const char *todo_reason_text(enum todo_reason reason)
{
	static const char *const texts[] = {
		[TODO_UP_TO_DATE] = "up to date", [TODO_NEW] = "new", [TODO_DIVERGED] = "diverged before", [TODO_FAILED] = "failed before",
		[TODO_BROKEN] = "record is broken", [TODO_OTHER_DATA] = "data has changed", [TODO_FORCED] = "forced",
	};

	return texts[reason];
}

bool todo_fits(const struct todo *todo, int64_t memory_bytes, struct error *err)
{
	const struct task *largest = NULL;
	char needs[NUMBER_BYTES], there[NUMBER_BYTES], width[NUMBER_BYTES];

	for (int i = 0; i < todo->count; i++)
		if (todo->tasks[i].reason != TODO_UP_TO_DATE && (!largest || todo->tasks[i].cost.memory_bytes > largest->cost.memory_bytes))
			largest = &todo->tasks[i];
	if (!largest || largest->cost.memory_bytes <= memory_bytes)
		return true;
	return fail(err, "%s at width %s needs %s of memory, and %s are available; a smaller batch needs less", largest->point->family,
	            words_number(largest->point->width, width), format_bytes(largest->cost.memory_bytes, needs),
	            format_bytes(memory_bytes, there));
}
