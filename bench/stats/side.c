/* See side.h. Choosing networks; side_pairs.c brings those of two sides together. */
#include "bench/stats/side.h"

#include "bench/summary/summary.h"

#include <stdlib.h>

/* Adds a point to the network before it, or begins another. */
static bool add_point(struct side *side, int *used, const struct point *point, struct error *err)
{
	struct side_network *last = side->count ? &side->networks[side->count - 1] : NULL;
	int *place = &side->points[(*used)++];

	*place = (int)(point - side->sweep->points);
	if (last && point_same_network(last->point, point)) {
		last->seeds++;
		return true;
	}
	last = &side->networks[side->count++];
	*last = (struct side_network){ .point = point, .points = place, .seeds = 1 };
	return point_count(point, &last->cost, err);
}

bool side_choose(struct side *side, const char *pattern, struct error *err)
{
	const struct point_search search = { side->sweep, pattern, true };
	size_t most = (size_t)side->sweep->point_count;
	const struct point *point = point_next(&search, NULL);
	int used = 0;

	side->count = 0;
	side->points = calloc(most + 1, sizeof *side->points);
	side->networks = calloc(most + 1, sizeof *side->networks);
	bool good = (side->points && side->networks) || fail(err, "not enough memory for %zu points", most);
	if (good && !point)
		good = point_refuse(&(struct point_search){ side->sweep, pattern, false }, err);
	for (; good && point; point = point_next(&search, point))
		good = add_point(side, &used, point, err);
	for (int i = 0; i < side->count; i++)
		side->networks[i].by_seed = side->networks[i].seeds == 1 && side->sweep->several_seeds;
	if (!good)
		side_free(side);
	return good;
}

bool side_keep_chosen(struct side *side, struct error *err)
{
	struct summary summary;
	int kept = 0;

	if (!summary_create(side->records, NULL, &summary, err))
		return false;
	for (int i = 0, k = 0; i < side->count; i++) {
		while (k < summary.count && summary.networks[k].first < side->networks[i].points[0])
			k++;
		if (k < summary.count && summary.networks[k].chosen)
			side->networks[kept++] = side->networks[i];
	}
	side->count = kept;
	summary_free(&summary);
	return true;
}

const char *side_network_path(const struct side_network *network, char to[POINT_PATH_BYTES])
{
	return point_path(network->point, network->by_seed, to);
}

void side_free(struct side *side)
{
	free(side->points);
	free(side->networks);
	side->points = NULL;
	side->networks = NULL;
	side->count = 0;
}
