/* See recipe_diff.h. A description's lines begin with what they are about and say each fact once, so the difference is
 * one of sets, and keeps their order. */
#include "bench/stats/recipe_diff.h"

#include "bench/text/text.h"

#include <stdlib.h>
#include <string.h>

/* The lines of a text, sorted and in their order. */
struct lines {
	char *text;             /* owned; line ends are zeros */
	int count;
	char **in_order, **sorted;      /* [count], owned */
};

static int compare_lines(const void *left, const void *right)
{
	return strcmp(*(char *const *)left, *(char *const *)right);
}

static void lines_free(struct lines *lines)
{
	free(lines->text);
	free(lines->in_order);
	free(lines->sorted);
}

static bool lines_read(struct described of, struct lines *to, struct error *err)
{
	size_t most = 1;

	to->text = point_describe(of.sweep, of.point);
	for (const char *c = to->text; c && *c; c++)
		most += *c == '\n';
	to->in_order = calloc(most, sizeof *to->in_order);
	to->sorted = calloc(most, sizeof *to->sorted);
	if (!to->text || !to->in_order || !to->sorted)
		return fail(err, "not enough memory to describe a point");
	char *rest = to->text;
	for (char *line; (line = strsep(&rest, "\n")) && rest;)
		to->in_order[to->count++] = line;
	memcpy(to->sorted, to->in_order, (size_t)to->count * sizeof *to->sorted);
	qsort(to->sorted, (size_t)to->count, sizeof *to->sorted, compare_lines);
	return true;
}

/* Returns how many lines only the first has; `left`: how many may be printed. */
static int print_only(const struct lines *lines, const struct lines *other, char sign, bool layers, int left, FILE *to)
{
	int found = 0;

	for (int i = 0; i < lines->count; i++) {
		char *line = lines->in_order[i];

		if ((!layers && strncmp(line, "layer ", 6) == 0) ||
		    bsearch(&line, other->sorted, (size_t)other->count, sizeof line, compare_lines))
			continue;
		if (found++ < left) {
			fprintf(to, "%c ", sign);
			print_plain_text(line, to);
			fputc('\n', to);
		}
	}
	return found;
}

bool recipe_diff_print(struct described a, struct described b, bool layers, int most, FILE *to, struct error *err)
{
	struct lines from = { 0 }, with = { 0 };
	bool read = lines_read(a, &from, err) && lines_read(b, &with, err);

	if (read) {
		int gone = print_only(&from, &with, '-', layers, most, to);
		int left = gone < most ? most - gone : 0;
		int come = print_only(&with, &from, '+', layers, left, to);

		if (gone + come > most)
			fprintf(to, "... and %d more lines\n", gone + come - most);
	}
	lines_free(&from);
	lines_free(&with);
	return read;
}
