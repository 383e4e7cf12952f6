/* See compare.h. Gathering; compare_table.c prints. */
#include "bench/measure/compare.h"

#include <stdlib.h>

/* The digest of the data that is compared: that of the base's seeds, or where the base has no record of the first
 * network behind it that has one. NULL: there is no record. */
static const uint64_t *find_data(const struct comparison_source *source)
{
	const struct records *records = source->records;

	for (int i = 0; i < records->count; i++) {
		int point = (source->base + i) % records->count;

		if (records->states[point] == RECORD_READ)
			return &records->of[point].data_digest;
	}
	return NULL;
}

static bool add_variant(const struct comparison_source *source, const struct network_summary *summary,
                        struct comparison *to, struct error *err)
{
	struct contender *variant = &to->variants[to->count++];
	const struct timing *timing = &source->timings->of[summary->first];

	*variant = (struct contender){ .point = &source->sweep->points[summary->first], .summary = summary,
		.timing = timing->rounds ? timing : NULL };
	if (source->base >= summary->first && source->base < summary->first + summary->seeds)
		to->base = variant;
	to->lacking += summary->done < summary->seeds;
	return point_count(variant->point, &variant->cost, err);
}

bool comparison_create(const struct comparison_source *source, struct comparison *to, struct error *err)
{
	*to = (struct comparison){ .sweep = source->sweep };
	if (!summary_create(source->records, find_data(source), &to->summary, err))
		return false;
	to->variants = calloc((size_t)to->summary.count + 1, sizeof *to->variants);
	bool good = to->variants || fail(err, "not enough memory for %d networks", to->summary.count);
	for (int i = 0; good && i < to->summary.count; i++)
		good = add_variant(source, &to->summary.networks[i], to, err);
	if (!good)
		comparison_free(to);
	return good;
}

void comparison_free(struct comparison *comparison)
{
	free(comparison->variants);
	comparison->variants = NULL;
	summary_free(&comparison->summary);
}
