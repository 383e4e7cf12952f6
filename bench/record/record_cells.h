/* The columns of records and learning curves: what record.h's files have in common. Floor 4d; for record*.c alone. */
#ifndef BENCH_RECORD_RECORD_CELLS_H
#define BENCH_RECORD_RECORD_CELLS_H

#include "bench/record/record.h"
#include "bench/system/atomic_file.h"
#include "bench/text/cell.h"

enum { RECORD_FORMAT = 2 };     /* to be raised when columns change; record_read.c says how older ones are read */

/* One row of a learning curve. */
struct curve_line {
	struct epoch_row row;
	double seconds;
};

extern const struct cell record_head[];         /* of struct record: who and how well; columns of splits follow */
extern const struct cell record_tail[];         /* of struct record: by what means */
extern const struct cell split_cells[];         /* of struct score; a split's name is added to theirs: "accuracy_", "loss_" */
extern const struct cell curve_owner[];         /* of struct record: whose curve it is, in curves.tsv */
extern const struct cell curve_cells[];         /* of struct curve_line */

/* Whether a split has columns of its own: "validation" has its place in record_head. */
bool split_is_written(const char *name);

enum record_file { RECORD_FILE, CURVE_FILE };

/* folder/points/<id>.tsv or folder/points/<id>.curve.tsv. */
bool record_path(const char *folder, const char *id, enum record_file which, char to[FILE_PATH_BYTES], struct error *err);

/* Checks the record's curve and prints its lines with curve_owner in front: all of them, or none and an error at its place. */
bool curve_copy(const char *folder, const struct record *record, FILE *to, struct error *err);

#endif
