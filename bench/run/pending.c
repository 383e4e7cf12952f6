/* See pending.h. */
#include "bench/run/pending.h"

#include "bench/record/point_files.h"
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
	return fail(err, "--only \"%s\" matches none of the %d points, which are %s to %s", words_show(pattern, shown),
	            sweep->point_count, point_name(sweep, &sweep->points[0], first),
	            point_name(sweep, &sweep->points[sweep->point_count - 1], last));
}

bool pending_choose(const struct sweep *sweep, const char *const *patterns, int pattern_count, struct pending *to,
                    struct error *err)
{
	*to = (struct pending){ 0 };
	for (int i = 0; i < pattern_count; i++)
		if (!check_pattern(sweep, patterns[i], err))
			return false;
	to->points = calloc((size_t)sweep->point_count + 1, sizeof *to->points);
	if (!to->points)
		return fail(err, "not enough memory for %d points", sweep->point_count);
	for (int i = 0; i < sweep->point_count; i++) {
		const struct point *point = &sweep->points[i];
		struct pending_point *p = &to->points[to->count];

		if (!matches_any(point, patterns, pattern_count))
			continue;
		*p = (struct pending_point){ .point = point, .index = i, .reason = PENDING_NEW };
		to->count++;
		if (to->count > 1 && point_same_network(p[-1].point, point)) {
			p->cost = p[-1].cost;
			p->teachers = p[-1].teachers;
		} else if (!point_count(point, &p->cost, err) || !point_count_teachers(point, &p->teachers, err)) {
			pending_free(to);
			return false;
		}
	}
	to->to_train = to->count;
	return true;
}

int pending_check_counts(const struct pending *pending)
{
	int failed = 0;

	for (int i = 0; i < pending->count; i++) {
		const struct pending_point *p = &pending->points[i];

		if (i == 0 || !point_same_layers(p[-1].point, p->point))
			failed += point_check_aloud(p->point, &p->cost);
	}
	return failed;
}

void pending_free(struct pending *pending)
{
	free(pending->points);
	*pending = (struct pending){ 0 };
}

static int compare_places(const void *key, const void *item)
{
	const struct point *point = key, *other = ((const struct pending_point *)item)->point;

	return (point > other) - (point < other);
}

void pending_take_teachers(const struct pending *pending, const struct point *point, bool *taken)
{
	for (int i = 0; i < point->teacher_count; i++) {
		const struct point *teacher = point->teachers[i].point;
		const struct pending_point *found = teacher ? bsearch(teacher, pending->points, (size_t)pending->count,
			sizeof *pending->points, compare_places) : NULL;

		if (!found || taken[found - pending->points])
			continue;
		taken[found - pending->points] = true;
		pending_take_teachers(pending, teacher, taken);
	}
}

/* Whether the record can be this network's, trained by this recipe. */
static bool fits_network(const struct pending_point *point, const struct record *record)
{
	const struct cost *cost = &point->cost;

	return record->trainable == cost->trainable && record->total == cost->total && record->macs == cost->macs &&
	       record->epochs >= 1 && record->epochs <= point->point->variant->recipe.epochs &&
	       record->best_epoch <= record->epochs;
}

bool pending_is_whole(const char *folder, const struct pending_point *point, const struct record *record,
                      const uint64_t *data_digest, struct error *why)
{
	if (data_digest && record->data_digest != *data_digest)
		return fail(why, "%s/points/%s.tsv: was trained on other data", folder, record->id);
	if (!fits_network(point, record))
		return fail(why, "%s/points/%s.tsv: does not fit the network: %lld trainable, %lld total, %lld MACs, "
		            "%d epochs, the best %d", folder, record->id, (long long)record->trainable,
		            (long long)record->total, (long long)record->macs, record->epochs, record->best_epoch);
	return point_files_check(folder, record, why);
}

static enum pending_reason judge(const struct pending_point *point, const struct records *records,
                                 const struct pending_source *source)
{
	const struct record *record = &records->of[point->index];
	enum record_state state = records->states[point->index];
	struct error why = { "" };

	if (state != RECORD_READ)
		return state == RECORD_BROKEN ? PENDING_BROKEN : state == RECORD_STALE ? PENDING_STALE : PENDING_NEW;
	if (record->status != POINT_DONE)
		return record->status == POINT_DIVERGED ? PENDING_DIVERGED : PENDING_FAILED;
	if (source->data_digest && record->data_digest != *source->data_digest)
		return PENDING_OTHER_DATA;
	if (record->format < RECORD_WITH_DIGESTS)
		return PENDING_STALE;
	return pending_is_whole(source->folder, point, record, NULL, &why) ? UP_TO_DATE : PENDING_DAMAGED;
}

void pending_check(struct pending *pending, const struct records *records, const struct pending_source *source)
{
	pending->to_train = 0;
	for (int i = 0; i < pending->count; i++) {
		struct pending_point *p = &pending->points[i];

		p->reason = judge(p, records, source);
		if (source->force && p->reason == UP_TO_DATE)
			p->reason = PENDING_FORCED;
		pending->to_train += p->reason != UP_TO_DATE;
	}
}

bool pending_check_data(const struct records *records, const char *folder, uint64_t data_digest, struct error *err)
{
	int others = 0;

	for (int i = 0; i < records->count; i++)
		others += records->states[i] == RECORD_READ && records->of[i].data_digest != data_digest;
	return others == 0 ||
	       fail(err, "%s: holds %d point%s trained on other images than those of now; give these a folder of their "
	            "own: --name NAME, or replace what is there: --force", folder, others, others == 1 ? "" : "s");
}

const char *pending_reason_text(enum pending_reason reason)
{
	static const char *const texts[] = {
		[UP_TO_DATE] = "up to date", [PENDING_NEW] = "new", [PENDING_DIVERGED] = "diverged before",
		[PENDING_FAILED] = "failed before",
		[PENDING_STALE] = "record is of an older version",
		[PENDING_BROKEN] = "record is broken", [PENDING_OTHER_DATA] = "data has changed",
		[PENDING_DAMAGED] = "files are damaged",
		[PENDING_FORCED] = "forced",
	};

	return texts[reason];
}

void pending_count_answers(struct pending *pending, const struct dataset *data)
{
	int64_t numbers = (int64_t)dataset_split(data, ROLE_TRAINING)->count * data->classes;

	for (int i = 0; i < pending->count; i++) {
		struct pending_point *p = &pending->points[i];

		if (p->point->teacher_count > 0)
			p->cost.memory_bytes += p->point->variant->recipe.keep_views * numbers * (int64_t)sizeof(real);
	}
}

bool pending_fits(const struct pending *pending, int64_t memory_bytes, struct error *err)
{
	const struct pending_point *largest = NULL;
	char needs[NUMBER_BYTES], there[NUMBER_BYTES], width[NUMBER_BYTES];

	for (int i = 0; i < pending->count; i++)
		if (pending->points[i].reason != UP_TO_DATE &&
		    (!largest || pending->points[i].cost.memory_bytes > largest->cost.memory_bytes))
			largest = &pending->points[i];
	if (!largest || largest->cost.memory_bytes <= memory_bytes)
		return true;
	return fail(err, "%s at width %s needs %s of memory, and %s are available; a smaller batch needs less",
	            largest->point->family, words_number(largest->point->width, width),
	            format_bytes(largest->cost.memory_bytes, needs), format_bytes(memory_bytes, there));
}
