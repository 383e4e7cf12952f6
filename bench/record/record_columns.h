/* The columns of records and learning curves: the one place that says what a record holds. Floor 4d.
 *
 * A new column is one row of record_columns[], whose `since` is one more than the largest there. The record's file,
 * points.tsv, the table of `archsweep run` and its --json and --tsv follow from it. */
#ifndef BENCH_RECORD_RECORD_COLUMNS_H
#define BENCH_RECORD_RECORD_COLUMNS_H

#include "bench/record/record.h"
#include "bench/text/cell.h"

enum { MAX_RECORD_COLUMNS = 48, SPLIT_COLUMN_BYTES = 48 };

struct record_column {
	struct cell cell;       /* a member of struct record */
	int since;              /* the first format of records that has it */
	const char *before;     /* what older records mean, as it would stand in their file; NULL: none, "" or 0 */
	bool behind_splits;     /* in files the columns of splits stand before the first of these */
	bool circumstance;      /* no result: by what program, on what machine, how fast; these come behind results */
	bool table_only;        /* the sweep's alone: records' files have it not, and it needs no `since` */
	bool file_only;         /* about the record's other files: no table has it; these come last */

	/* How tables for people, --json and --tsv show it. */
	int shown;              /* columns stand in this order; 0: it is not there */
	const char *title;      /* for people; NULL: its name */
	int decimals;           /* of a number that is not whole: digits behind the point, or DECIMALS_NEEDED */
	bool percent;           /* people read 100 times the number, with `decimals`, machines the share as it is */
	bool machine_only;      /* people do not see it */
	bool if_differs;        /* people see it where the points differ in it */
	int spare;              /* as a table's column */
	bool zero_is_none;      /* 0 stands for a number that is missing */
};

extern const struct record_column record_columns[];     /* ends with a column without a name */
extern const struct cell curve_owner[];         /* of struct record: whose curve it is, in curves.tsv */
extern const struct cell curve_cells[];         /* of struct curve_line: what curves.tsv has */
extern const struct cell curve_file_cells[];    /* and the time, which only a point's own curve has */

/* One row of a learning curve. */
struct curve_line {
	struct epoch_row row;
	double seconds;
};

/* The cells of a record with certain splits, in the order of its file. */
struct record_layout {
	int count;
	struct cell cells[MAX_RECORD_COLUMNS + 2 * MAX_SPLITS + 1];     /* of struct record */
	char names[2 * MAX_SPLITS][SPLIT_COLUMN_BYTES];
};

/* `splits` are the record's split_names. "validation" has columns of its own in any record and is passed over. */
void record_layout(const char (*splits)[SPLIT_NAME_BYTES], int count, struct record_layout *to);

/* The same of points.tsv: results alone, and what the sweep says of them. */
void record_layout_results(const char (*splits)[SPLIT_NAME_BYTES], int count, struct record_layout *to);

/* The format that is written: the largest `since`. */
int record_format(void);

/* Every column as it is where a file does not have it. */
void record_clear(struct record *record);

/* The row with this name, or -1. */
int record_column_find(const char *name);

/* The name of a split behind "accuracy_" or "loss_", or NULL: the column belongs to no split. `part` gets 0 or 1. */
const char *split_column_find(const char *column, int *part);

/* A cell of the record's split number `split`, without its name, and what the name begins with. */
struct cell split_column_cell(int split, int part);
const char *split_column_prefix(int part);

#endif
