/* See difference.h. What stands below the table of differences, for people. */
#include "bench/stats/difference.h"

#include "bench/stats/recipe_diff.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_LINES = 24, MOST_BLOCKS = 8 };

static bool has_one_seed(const struct difference *differences, int count)
{
	for (int i = 0; i < count; i++)
		if (differences[i].images && (differences[i].a.seeds == 1 || differences[i].b.seeds == 1))
			return true;
	return false;
}

static bool has_interval(const struct difference *differences, int count)
{
	for (int i = 0; i < count; i++)
		if (differences[i].images)
			return true;
	return false;
}

void differences_legend(const struct contest *c, const struct difference *differences, int count,
                        const char *difference)
{
	printf("accuracy: images of split \"");
	print_plain_text(c->split->name, stdout);
	printf("\", final epoch; %s in points\n", difference);
	if (!has_interval(differences, count))
		return;
	printf("interval: paired bootstrap over images, and over seeds where there are several; McNemar's p: exact, "
	       "two-sided\n");
	if (has_one_seed(differences, count))
		printf("where a network has one seed, nothing is known of what another seed would give\n");
}

static void print_lonely(const struct pairs *pairs)
{
	if (pairs->only_a || pairs->only_b)
		printf("without a counterpart: %d network%s of a, %d of b\n", pairs->only_a,
		       pairs->only_a == 1 ? "" : "s", pairs->only_b);
}

/* The lines of one pair, owned by the caller; NULL without memory. */
static char *describe(const struct contest *c, const struct difference *d, struct error *err)
{
	const struct described a = { c->a->sweep, d->a.network->point }, b = { c->b->sweep, d->b.network->point };
	char a_path[POINT_PATH_BYTES], b_path[POINT_PATH_BYTES], *text = NULL;
	bool same = strcmp(point_path(a.point, false, a_path), point_path(b.point, false, b_path)) == 0;
	size_t len;
	FILE *to = open_memstream(&text, &len);
	bool good = to && recipe_diff_print(a, b, same, MOST_LINES, to, err);

	if (to && fclose(to) == 0 && good)
		return text;
	free(text);
	fail(err, "not enough memory to describe a point");
	return NULL;
}

/* `on`: of which pair it is said, with all below; NULL: there is but one. */
static void print_description(const char *text, const struct difference *on, bool fenced)
{
	char path[POINT_PATH_BYTES];

	printf("\ndescribed %s%s%s%s%s\n", *text ? "differently" : "alike", on ? ", from " : "",
	       on ? side_network_path(on->a.network, path) : "", on ? " on" : "", *text ? " (- a, + b):" : "");
	fputs(*text && fenced ? "\n```diff\n" : "", stdout);
	fputs(text, stdout);
	fputs(*text && fenced ? "```\n" : "", stdout);
}

bool differences_describe(const struct contest *contest, const struct difference *differences, int count, bool fenced,
                          struct error *err)
{
	char *last = NULL;
	int blocks = 0;

	for (int i = 0; i < count && blocks < MOST_BLOCKS; i++) {
		char *text = describe(contest, &differences[i], err);

		if (text && strcmp(last ? last : "", text) != 0) {
			print_description(text, count > 1 ? &differences[i] : NULL, fenced);
			blocks++;
		}
		free(last);
		last = text;
		if (!text)
			return false;
	}
	free(last);
	return true;
}

void differences_explain(const struct contest *contest, const struct pairs *pairs,
                         const struct difference *differences)
{
	differences_legend(contest, differences, pairs->count, "b - a");
	print_lonely(pairs);
}
