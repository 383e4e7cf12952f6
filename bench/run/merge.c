/* See merge.h. */
#include "bench/run/merge.h"

#include "bench/record/point_copy.h"
#include "bench/record/point_files.h"
#include "bench/system/lock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* The folder that a point's record is in, or will come from. */
static const char *folder_of(const struct merge *m, int point)
{
	return m->from[point] == MERGE_STAYS ? m->folder : m->sources[m->from[point]];
}

static bool record_counts(const char *folder, const struct pending_point *point, const struct record *record,
                          struct error *why)
{
	if (record->format < RECORD_WITH_DIGESTS)
		return fail(why, "%s/points/%s.tsv: is of an older version", folder, record->id);
	if (record->status != POINT_DONE)
		return point_files_check(folder, record, why);
	return pending_is_whole(folder, point, record, NULL, why);
}

/* --- what is there ------------------------------------------------------------------------------------------------ */

static void look_at_own(struct merge *m)
{
	for (int i = 0; i < m->points.count; i++) {
		struct error why = { "" };
		struct record *record = &m->records.of[i];

		if (m->records.states[i] == RECORD_READ &&
		    record_counts(m->folder, &m->points.points[i], record, &why))
			continue;
		if (m->records.faults[i])
			m->passed_over(m->records.faults[i]);
		else if (why.text[0])
			m->passed_over(why.text);
		free(m->records.faults[i]);
		m->records.faults[i] = NULL;
		m->records.states[i] = RECORD_MISSING;
	}
}

/* --- what there is elsewhere -------------------------------------------------------------------------------------- */

static bool refuse_pair(const struct merge *m, int point, const char *source, const char *difference,
                        struct error *err)
{
	const char *id = m->records.of[point].id;

	return fail(err, "%s/points/%s.tsv and %s/points/%s.tsv are records of one point, but differ in \"%s\"",
	            folder_of(m, point), id, source, id, difference);
}

/* One more record of a point. */
static bool consider(struct merge *m, int point, int source, const struct record *record, struct error *err)
{
	const struct record *best = &m->records.of[point];
	char difference[DIFFERENCE_BYTES];
	bool there = m->records.states[point] == RECORD_READ;

	if (!there || (best->status == POINT_FAILED && record->status != POINT_FAILED)) {
		records_put(&m->records, point, record);
		m->from[point] = source;
		return true;
	}
	if (record->status == POINT_FAILED || record_same_results(best, record, difference, err))
		return true;
	return refuse_pair(m, point, m->sources[source], difference, err);
}

static bool look_at(struct merge *m, int point, int source, struct error *err)
{
	const struct pending_point *p = &m->points.points[point];
	const char *folder = m->sources[source];
	struct error why = { "" };
	struct record record;

	if (record_read(folder, p->point->id, &record, &why) && record_counts(folder, p, &record, &why))
		return consider(m, point, source, &record, err);
	if (why.text[0])
		m->passed_over(why.text);
	return true;
}

static bool check_source(const char *folder, struct error *err)
{
	char path[FILE_PATH_BYTES];
	struct stat about;

	if (snprintf(path, sizeof path, "%s/points", folder) >= FILE_PATH_BYTES)
		return fail(err, "%.100s...: the path is too long", folder);
	if (stat(path, &about) != 0)
		return fail(err, "%s: no folder of points: %s", path, strerror(errno));
	return S_ISDIR(about.st_mode) || fail(err, "%s: no folder of points", path);
}

/* --- all together ------------------------------------------------------------------------------------------------- */

static bool check_data(const struct merge *m, struct error *err)
{
	int first = -1;

	for (int i = 0; i < m->points.count; i++) {
		if (m->records.states[i] != RECORD_READ || m->records.of[i].status == POINT_FAILED)
			continue;
		if (first >= 0 && m->records.of[i].data_digest != m->records.of[first].data_digest)
			return fail(err, "%s/points/%s.tsv and %s/points/%s.tsv were trained on different data",
			            folder_of(m, first), m->records.of[first].id, folder_of(m, i),
			            m->records.of[i].id);
		first = first < 0 ? i : first;
	}
	return true;
}

static bool begin(struct merge *m, struct error *err)
{
	if (!pending_choose(m->sweep, NULL, 0, &m->points, err) ||
	    !records_read(m->folder, m->sweep, &m->records, err))
		return false;
	m->from = calloc((size_t)m->points.count + 1, sizeof *m->from);
	for (int i = 0; m->from && i < m->points.count; i++)
		m->from[i] = MERGE_STAYS;
	return m->from || fail(err, "not enough memory for %d points", m->points.count);
}

bool merge_plan(struct merge *m, struct error *err)
{
	m->points = (struct pending){ 0 };
	m->records = (struct records){ .count = 0 };
	m->from = NULL;
	for (int s = 0; s < m->source_count; s++)
		if (!check_source(m->sources[s], err))
			return false;
	if (!begin(m, err))
		return false;
	look_at_own(m);
	for (int s = 0; s < m->source_count; s++)
		for (int i = 0; i < m->points.count; i++)
			if (!look_at(m, i, s, err))
				return false;
	return check_data(m, err);
}

static bool copy_one(struct merge *m, int point, int lock, struct error *err)
{
	const struct record *record = &m->records.of[point];
	uint64_t place = lock_place(record->id);
	enum lock_state state = lock_try(lock, place, LOCK_ALONE, err);
	char reason[FILE_PATH_BYTES];

	if (state == LOCK_BUSY) {
		snprintf(reason, sizeof reason, "%.3000s/points/%s.tsv: a run trains this point at the moment",
		         m->folder, record->id);
		m->passed_over(reason);
		m->records.states[point] = RECORD_MISSING;
		return true;
	}
	bool good = state == LOCK_TAKEN && point_copy(m->sources[m->from[point]], record, m->folder, err);
	lock_release(lock, place);
	return good;
}

bool merge_copy(struct merge *m, int lock, struct error *err)
{
	for (int i = 0; i < m->points.count; i++)
		if (m->from[i] != MERGE_STAYS && !copy_one(m, i, lock, err))
			return false;
	return true;
}

void merge_free(struct merge *m)
{
	pending_free(&m->points);
	records_free(&m->records);
	free(m->from);
}
