/* Finds the cells of a table (cell.h) in the columns of a TSV file, by the names in the file's first line. Floor 4a. */
#ifndef BENCH_TEXT_TSV_CELLS_H
#define BENCH_TEXT_TSV_CELLS_H

#include "bench/text/cell.h"
#include "bench/text/tsv.h"

struct tsv_cells {
	const struct cell *cells;       /* borrowed; at most TSV_FIELDS of them */
	int fields;                     /* of each line */
	int place[TSV_FIELDS];          /* of each cell in a line; -1: the file has no such column */
};

/* Columns may stand in any order, but none of `cells` twice. Other columns are left to the caller. */
bool tsv_cells_find(const struct cell *cells, const struct tsv_row *header, struct tsv_cells *to, struct error *err);

/* Whether the file has the columns of all cells, or of those with a name in `names`, NULL at the end. */
bool tsv_cells_have(const struct tsv_cells *cells, const struct tsv_row *header, const char *const *names,
                    struct error *err);

/* Parses the cells that the file has; others stay as they are in `to`. */
bool tsv_cells_parse(const struct tsv_cells *cells, const struct tsv_row *row, void *to, struct error *err);

#endif
