/* See compare.h. Gathering; compare_table.c prints. */
#include "bench/measure/compare.h"

#include "bench/record/record.h"

#include <math.h>
#include <stdlib.h>

/* The way through the sweep's points. */
struct gathering {
	const struct comparison_source *source;
	bool any_data;                  /* whether `digest` is known */
	uint64_t digest;                /* of the base's data, or else of the first record's */
	struct error *broken;
};

static bool read_record(const struct gathering *g, int point, struct record *to)
{
	return record_read(g->source->folder, g->source->sweep->points[point].id, to, g->broken);
}

/* The base's seeds decide what data is compared; where it has no record, the first that is found. */
static void find_data(struct gathering *g)
{
	const struct sweep *sweep = g->source->sweep;
	struct record record;

	for (int i = 0; i < sweep->point_count && !g->any_data; i++) {
		g->any_data = read_record(g, (g->source->base + i) % sweep->point_count, &record);
		g->digest = record.data_digest;
	}
}

/* NULL: the record has an accuracy that counts. */
static const char *find_fault(const struct gathering *g, bool found, const struct record *record)
{
	if (!found)
		return "not trained";
	if (record->status != POINT_DONE)
		return record->status == POINT_DIVERGED ? "diverged" : "failed";
	if (record->data_digest != g->digest)
		return "other data";
	return isnan(record->last.accuracy) ? "no test images" : NULL;
}

static void add_point(const struct gathering *g, int point, struct variant *to)
{
	struct record record;
	const char *fault = find_fault(g, read_record(g, point, &record), &record);

	to->seeds++;
	if (fault) {
		if (to->done == to->seeds - 1)
			to->status = fault;
		return;
	}
	double accuracy = record.last.accuracy;
	to->accuracy = to->done ? to->accuracy + (accuracy - to->accuracy) / (to->done + 1) : accuracy;
	to->lowest = to->done ? fmin(to->lowest, accuracy) : accuracy;
	to->highest = to->done ? fmax(to->highest, accuracy) : accuracy;
	to->done++;
}

static bool begin_variant(const struct comparison_source *source, int point, struct variant *to, struct error *err)
{
	const struct timing *timing = &source->timings->of[point];

	*to = (struct variant){ .point = &source->sweep->points[point], .status = "done", .accuracy = NAN, .lowest = NAN, .highest = NAN,
		.timing = timing->rounds ? timing : NULL };
	return point_count(source->sweep, to->point, &to->cost, err);
}

static bool gather(struct gathering *g, struct comparison *to, struct error *err)
{
	const struct sweep *sweep = g->source->sweep;

	for (int i = 0; i < sweep->point_count; i++) {
		if (point_begins_network(sweep, i) && !begin_variant(g->source, i, &to->variants[to->count++], err))
			return false;
		add_point(g, i, &to->variants[to->count - 1]);
		if (i == g->source->base)
			to->base = &to->variants[to->count - 1];
	}
	for (int i = 0; i < to->count; i++)
		to->lacking += to->variants[i].done < to->variants[i].seeds;
	return true;
}

bool comparison_create(const struct comparison_source *source, struct comparison *to, struct error *broken, struct error *err)
{
	struct gathering g = { .source = source, .broken = broken };

	*to = (struct comparison){ .sweep = source->sweep };
	to->variants = calloc((size_t)source->sweep->point_count, sizeof *to->variants);
	if (!to->variants)
		return fail(err, "not enough memory for %d networks", source->sweep->point_count);
	find_data(&g);
	if (gather(&g, to, err))
		return true;
	comparison_free(to);
	return false;
}

void comparison_free(struct comparison *comparison)
{
	free(comparison->variants);
	comparison->variants = NULL;
}
