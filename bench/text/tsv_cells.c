/* See tsv_cells.h. */
#include "bench/text/tsv_cells.h"

#include <assert.h>
#include <string.h>

static int find_field(const struct tsv_row *header, const char *name, int from)
{
	for (int i = from; i < header->count; i++)
		if (strcmp(header->fields[i], name) == 0)
			return i;
	return -1;
}

bool tsv_cells_find(const struct cell *cells, const struct tsv_row *header, struct tsv_cells *to, struct error *err)
{
	to->cells = cells;
	to->fields = header->count;
	for (int i = 0; cells[i].name; i++) {
		assert(i < TSV_FIELDS);
		to->place[i] = find_field(header, cells[i].name, 0);
		int again = to->place[i] < 0 ? -1 : find_field(header, cells[i].name, to->place[i] + 1);

		if (again >= 0)
			return fail_at(err, header->at[again], "column \"%s\" stands twice", cells[i].name);
	}
	return true;
}

static bool is_among(const char *name, const char *const *names)
{
	for (; names && *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return !names;
}

bool tsv_cells_have(const struct tsv_cells *cells, const struct tsv_row *header, const char *const *names,
                    struct error *err)
{
	for (int i = 0; cells->cells[i].name; i++)
		if (cells->place[i] < 0 && is_among(cells->cells[i].name, names))
			return fail_at(err, header->at[0], "column \"%s\" is missing", cells->cells[i].name);
	return true;
}

bool tsv_cells_parse(const struct tsv_cells *cells, const struct tsv_row *row, void *to, struct error *err)
{
	if (row->count != cells->fields)
		return fail_at(err, row->at[0], "found %d values, %d belong here", row->count, cells->fields);
	for (int i = 0; cells->cells[i].name; i++) {
		int place = cells->place[i];

		if (place >= 0 && !cell_parse(&cells->cells[i], row->fields[place], row->at[place], to, err))
			return false;
	}
	return true;
}
