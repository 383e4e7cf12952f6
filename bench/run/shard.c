/* See shard.h. */
#include "bench/run/shard.h"

#include "bench/run/estimate.h"

#include <stdlib.h>
#include <string.h>

/* --- reading ------------------------------------------------------------------------------------------------------ */

/* A number of digits alone, and what ends it; -1: it is none, or has more than nine. */
static long parse_count(const char **text, char end)
{
	size_t digits = strspn(*text, "0123456789");
	long count = strtol(*text, NULL, 10);

	if (digits == 0 || digits > 9 || (*text)[digits] != end)
		return -1;
	*text += digits + (end != '\0');
	return count;
}

bool shard_parse(const char *text, struct shard *to, struct error *err)
{
	const char *at = text;
	char shown[SHOWN_BYTES];
	long part = parse_count(&at, '/'), parts = part < 0 ? -1 : parse_count(&at, '\0');

	if (part < 0 || parts < 0)
		return fail(err, "\"%s\" is not a part; accepted: I/N, the I-th of N parts: 2/3",
		            words_show(text, shown));
	if (parts < 1 || parts > MAX_SHARDS)
		return fail(err, "%s: %ld parts is outside 1..%d", text, parts, MAX_SHARDS);
	if (part < 1 || part > parts)
		return fail(err, "%s: part %ld is outside 1..%ld", text, part, parts);
	*to = (struct shard){ (int)part, (int)parts };
	return true;
}

/* --- sharing out -------------------------------------------------------------------------------------------------- */

double shard_cost(const struct pending_point *point)
{
	return estimate_work(point) * point->point->variant->recipe.epochs;
}

/* A point on its way to a part. */
struct parcel {
	const struct pending_point *point;
	double cost;
	int part;
};

/* What a part has so far. */
struct load {
	double cost;
	int part;
};

/* The costliest first, equal ones by their ids. */
static int compare_parcels(const void *left, const void *right)
{
	const struct parcel *a = left, *b = right;

	if (a->cost != b->cost)
		return a->cost < b->cost ? 1 : -1;
	return strcmp(a->point->point->id, b->point->point->id);
}

static bool is_lighter(const struct load *a, const struct load *b)
{
	return a->cost < b->cost || (a->cost == b->cost && a->part < b->part);
}

/* Loads are a heap whose lightest is the first; that one has become heavier. */
static void sift_first(struct load *loads, int count)
{
	for (int i = 0, child; (child = 2 * i + 1) < count; i = child) {
		child += child + 1 < count && is_lighter(&loads[child + 1], &loads[child]);
		if (!is_lighter(&loads[child], &loads[i]))
			return;
		struct load heavier = loads[i];
		loads[i] = loads[child];
		loads[child] = heavier;
	}
}

static void share_out(struct parcel *parcels, int count, struct load *loads, int parts)
{
	for (int i = 0; i < parts; i++)
		loads[i] = (struct load){ 0, i + 1 };
	qsort(parcels, (size_t)count, sizeof *parcels, compare_parcels);
	for (int i = 0; i < count; i++) {
		parcels[i].part = loads[0].part;
		loads[0].cost += parcels[i].cost;
		sift_first(loads, parts);
	}
}

static int compare_places(const void *left, const void *right)
{
	const struct parcel *a = left, *b = right;

	return (a->point > b->point) - (a->point < b->point);
}

/* In the sweep's order, so that a point never moves onto one that is still to be looked at. */
static void keep_part(struct parcel *parcels, int part, bool *taken, struct pending *pending)
{
	int kept = 0;

	qsort(parcels, (size_t)pending->count, sizeof *parcels, compare_places);
	for (int i = 0; i < pending->count; i++)
		if (parcels[i].part == part) {
			taken[i] = true;
			pending_take_teachers(pending, pending->points[i].point, taken);
		}
	for (int i = 0; i < pending->count; i++)
		if (taken[i])
			pending->points[kept++] = pending->points[i];
	pending->count = pending->to_train = kept;
}

bool shard_take(struct shard shard, struct pending *pending, struct error *err)
{
	struct parcel *parcels = calloc((size_t)pending->count + 1, sizeof *parcels);
	struct load *loads = calloc((size_t)shard.parts, sizeof *loads);
	bool *taken = calloc((size_t)pending->count + 1, sizeof *taken);
	bool good = parcels && loads && taken;

	for (int i = 0; good && i < pending->count; i++)
		parcels[i] = (struct parcel){ &pending->points[i], shard_cost(&pending->points[i]), 0 };
	if (good) {
		share_out(parcels, pending->count, loads, shard.parts);
		keep_part(parcels, shard.part, taken, pending);
	}
	free(parcels);
	free(loads);
	free(taken);
	return good || fail(err, "not enough memory for %d points", pending->count);
}
