/* See side.h. Which networks of two sides belong together: by name, or by size. */
#include "bench/stats/side.h"

#include <stdlib.h>
#include <string.h>

#define MOST_APART 1.05

static bool reserve(struct pairs *to, int more, struct error *err)
{
	struct network_pair *grown = realloc(to->of, ((size_t)to->count + (size_t)more + 1) * sizeof *grown);

	if (!grown)
		return fail(err, "not enough memory for %d pairs of networks", to->count + more);
	to->of = grown;
	return true;
}

/* --- by name ------------------------------------------------------------------------------------------------------ */

struct named {
	char path[POINT_PATH_BYTES];
	const struct side_network *network;
};

static int compare_names(const void *left, const void *right)
{
	const struct named *a = left, *b = right;

	return strcmp(a->path, b->path);
}

static struct named *sort_names(const struct side *side)
{
	struct named *names = calloc((size_t)side->count + 1, sizeof *names);

	for (int i = 0; names && i < side->count; i++) {
		names[i].network = &side->networks[i];
		point_path(side->networks[i].point, false, names[i].path);
	}
	if (names)
		qsort(names, (size_t)side->count, sizeof *names, compare_names);
	return names;
}

static bool find_by_name(const struct side *a, const struct side *b, struct pairs *to, struct error *err)
{
	struct named *names = sort_names(b), wanted;

	if (!names)
		return fail(err, "not enough memory for %d networks", b->count);
	for (int i = 0; i < a->count; i++) {
		point_path(a->networks[i].point, false, wanted.path);
		const struct named *found = bsearch(&wanted, names, (size_t)b->count, sizeof *names, compare_names);
		if (found)
			to->of[to->count++] = (struct network_pair){ &a->networks[i], found->network };
	}
	free(names);
	return true;
}

/* --- by size ------------------------------------------------------------------------------------------------------ */

/* Ratio of the larger to the smaller; a network without parameters counts as one with a single one. */
static double apart(int64_t a, int64_t b)
{
	double x = a > 1 ? (double)a : 1, y = b > 1 ? (double)b : 1;

	return x > y ? x / y : y / x;
}

bool counts_meet(int64_t a, int64_t b)
{
	return apart(a, b) <= MOST_APART;
}

/* Networks of a side: all, or those of one family. */
struct group {
	const struct side *side;
	const char *family;
};

static bool is_in(const struct group *group, const struct side_network *network)
{
	return !group->family || strcmp(network->point->family, group->family) == 0;
}

static bool same_variant(const struct side_network *a, const struct side_network *b)
{
	return strcmp(a->point->variant->name, b->point->variant->name) == 0;
}

/* The first of the nearest, of its own variant if there is one; NULL: the group is empty. */
static const struct side_network *nearest(const struct group *group, const struct side_network *to)
{
	const struct side_network *best = NULL;

	for (int i = 0; i < group->side->count; i++) {
		const struct side_network *n = &group->side->networks[i];

		if (!is_in(group, n))
			continue;
		bool nearer = best && apart(n->cost.total, to->cost.total) < apart(best->cost.total, to->cost.total);
		bool same = same_variant(n, to), best_same = best && same_variant(best, to);
		if (!best || (same && !best_same) || (same == best_same && nearer))
			best = n;
	}
	return best;
}

static void find_by_size(const struct group *a, const struct group *b, struct pairs *to)
{
	for (int i = 0; i < a->side->count; i++) {
		const struct side_network *n = &a->side->networks[i];
		const struct side_network *other = is_in(a, n) ? nearest(b, n) : NULL;

		if (other && counts_meet(n->cost.total, other->cost.total) && nearest(a, other) == n)
			to->of[to->count++] = (struct network_pair){ n, other };
	}
}

bool pairs_add_families(const struct side *side, const char *a, const char *b, struct pairs *to, struct error *err)
{
	if (!reserve(to, side->count, err))
		return false;
	find_by_size(&(struct group){ side, a }, &(struct group){ side, b }, to);
	return true;
}

/* --- by variant --------------------------------------------------------------------------------------------------- */

/* How many networks from this one on differ from it in their variant alone. */
static int count_variants(const struct side *side, int first)
{
	const struct point *of = side->networks[first].point;
	int count = 1;

	while (first + count < side->count && side->networks[first + count].point->width == of->width &&
	       strcmp(side->networks[first + count].point->family, of->family) == 0)
		count++;
	return count;
}

bool pairs_add_variants(const struct side *side, const char *against, struct pairs *to, struct error *err)
{
	if (!reserve(to, side->count, err))
		return false;
	for (int i = 0, end; i < side->count; i = end) {
		int base = i;

		end = i + count_variants(side, i);
		while (against && base < end && strcmp(side->networks[base].point->variant->group, against) != 0)
			base++;
		for (int k = i; k < end && base < end; k++)
			if (k != base)
				to->of[to->count++] = (struct network_pair){ &side->networks[base],
					&side->networks[k] };
		to->only_b += base == end ? end - i : end - i == 1;
	}
	return true;
}

bool pairs_find(const struct side *a, const struct side *b, bool by_name, struct pairs *to, struct error *err)
{
	*to = (struct pairs){ .count = 0 };
	if (!reserve(to, a->count, err))
		return false;
	if (a->count == 1 && b->count == 1)
		to->of[to->count++] = (struct network_pair){ &a->networks[0], &b->networks[0] };
	else if (by_name && !find_by_name(a, b, to, err)) {
		pairs_free(to);
		return false;
	} else if (!by_name)
		find_by_size(&(struct group){ a, NULL }, &(struct group){ b, NULL }, to);
	to->only_a = a->count - to->count;
	to->only_b = b->count - to->count;
	return true;
}

void pairs_free(struct pairs *pairs)
{
	free(pairs->of);
	*pairs = (struct pairs){ .count = 0 };
}
