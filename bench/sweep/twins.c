/* See twins.h. */
#include "bench/sweep/twins.h"

#include <stdlib.h>

struct placed { double number; int place; };

static int compare_placed(const void *left, const void *right)
{
	const struct placed *a = left, *b = right;

	if (a->number != b->number)
		return a->number < b->number ? -1 : 1;
	return (a->place > b->place) - (a->place < b->place);
}

int twins_find(const double *numbers, int count, struct error *err)
{
	struct placed *sorted = calloc((size_t)count + 1, sizeof *sorted);
	int first = count;

	if (!sorted) {
		fail(err, "out of memory");
		return -1;
	}
	for (int i = 0; i < count; i++)
		sorted[i] = (struct placed){ numbers[i], i };
	qsort(sorted, (size_t)count, sizeof *sorted, compare_placed);
	for (int i = 1; i < count; i++)
		if (sorted[i].number == sorted[i - 1].number && sorted[i].place < first)
			first = sorted[i].place;
	free(sorted);
	return first;
}
