/* See point_find.h. */
#include "bench/sweep/point_find.h"

#include "bench/sweep/cost.h"
#include "bench/text/words.h"

#include <stdio.h>
#include <string.h>

enum { LIST_BYTES = 480 };

const char *point_path(const struct point *point, bool seed, char to[POINT_PATH_BYTES])
{
	char width[NUMBER_BYTES];
	const char *variant = point->variant->name;
	int used = snprintf(to, POINT_PATH_BYTES, "%s/%s%s%s", point->family, words_number(point->width, width),
	                    *variant ? "/" : "", variant);

	if (seed && used < POINT_PATH_BYTES)
		snprintf(to + used, (size_t)(POINT_PATH_BYTES - used), "/%d", point->seed);
	return to;
}

const char *point_name(const struct sweep *sweep, const struct point *point, char to[POINT_NAME_BYTES])
{
	char path[POINT_PATH_BYTES];

	snprintf(to, POINT_NAME_BYTES, "%.*s", POINT_NAME_BYTES - 1, point_path(point, sweep->several_seeds, path));
	return to;
}

const struct point *point_next(const struct point_search *search, const struct point *last)
{
	const struct point *end = search->sweep->points + search->sweep->point_count;

	for (const struct point *point = last ? last + 1 : search->sweep->points; point < end; point++) {
		bool same = last && !search->by_seed && point_same_network(last, point);
		if (!same && (!search->pattern || point_matches(point, search->pattern)))
			return point;
	}
	return NULL;
}

/* "plain/3, plain/6, ...": as many matches as fit. */
static const char *list_matches(const struct point_search *search, char to[LIST_BYTES])
{
	const struct point *point = point_next(search, NULL);
	char path[POINT_PATH_BYTES];
	size_t used = 0;

	to[0] = '\0';
	for (; point; point = point_next(search, point)) {
		point_path(point, search->by_seed, path);
		bool fits = used + strlen(path) + sizeof ", , ..." <= LIST_BYTES;
		used += (size_t)snprintf(to + used, LIST_BYTES - used, "%s%s", used ? ", " : "", fits ? path : "...");
		if (!fits)
			break;
	}
	return to;
}

bool point_refuse(const struct point_search *search, struct error *err)
{
	const struct point_search all = { search->sweep, NULL, search->by_seed };
	char list[LIST_BYTES], shown[SHOWN_BYTES];

	return fail(err, "no point is \"%s\"; there are %s", words_show(search->pattern, shown),
	            list_matches(&all, list));
}

const struct point *point_find(const struct point_search *search, struct error *err)
{
	const struct point *found = point_next(search, NULL);
	char list[LIST_BYTES], shown[SHOWN_BYTES];

	if (found && !point_next(search, found))
		return found;
	if (found)
		fail(err, "\"%s\" is more than one point: %s", words_show(search->pattern, shown),
		     list_matches(search, list));
	else
		point_refuse(search, err);
	return NULL;
}
