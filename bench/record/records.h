/* All records of a sweep in memory: read once, kept up to date while points train, written out as tables. Floor 4d.
 *
 * reports/<sweep>/points.tsv       results of all records, a row each, in the sweep's order: families, widths, seeds
 * reports/<sweep>/curves.tsv       all learning curves, with family, width and seed in front
 *
 * reports/<sweep>/times.tsv        what made each record and how fast: all that may differ between two runs
 *
 * points.tsv holds texts as they are; its last column is the sweep's title. In the others a double quote becomes a
 * single one, since gnuplot and spreadsheets take it for the beginning of a quoted field. */
#ifndef BENCH_RECORD_RECORDS_H
#define BENCH_RECORD_RECORDS_H

#include "bench/record/record.h"
#include "bench/text/table.h"

/* RECORD_STALE: only one with the id that older programs gave the point (describe_id_before), which does not count. */
enum record_state { RECORD_MISSING, RECORD_STALE, RECORD_BROKEN, RECORD_READ };

struct records {
	int count;                      /* points */
	enum record_state *states;      /* [count], owned */
	/* [count], owned; of a point without a record: its id, family, width and seed */
	struct record *of;
	char *title;                    /* the sweep's, owned; NULL where a table has no rows */
	char **faults;                  /* [count], owned, as are the texts: why a record is broken; else NULL */
};

/* Reads the records of the sweep's points from `folder`, reports/<sweep>. Family, width and seed are the sweep's own:
 * the id, a hash of contents, need not know them. Records of other points are not looked at. */
bool records_read(const char *folder, const struct sweep *sweep, struct records *to, struct error *err);

/* Reads a points.tsv again, its columns by name; all its rows are RECORD_READ, without circumstances. It must have the
 * columns `needed`, NULL at the end (NULL: all); others that it lacks are empty, and unknown ones are passed over. */
bool records_read_table(const char *path, const char *const *needed, struct records *to, struct error *err);

void records_free(struct records *records);

/* Copies the records [count] of these points, for tables of them alone; `to` has no faults. */
bool records_choose(const struct records *records, const int *points, int count, struct records *to,
                    struct error *err);

/* Why the first broken record could not be read, or NULL. */
const char *records_fault(const struct records *records);

/* A point has been trained; its record has been written. Threads may put different points at the same time. */
void records_put(struct records *records, int point, const struct record *record);

/* Writes points.tsv, times.tsv and curves.tsv to `folder`. Points without a record are left out. So is a broken record
 * or curve, and its error is given, but all others are written first. `found` gets how many rows points.tsv has. */
bool records_collect(const struct records *records, const char *folder, int *found, struct error *err);

/* All points for people or machines; those without a record are "not trained". */
bool records_print(const struct records *records, enum table_format format, FILE *to, struct error *err);

/* Saves a draft as folder/name, with double quotes made single. */
bool table_file_save(struct draft *draft, const char *folder, const char *name, struct error *err);

#endif
