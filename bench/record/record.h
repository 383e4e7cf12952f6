/* What is kept of a finished point: one record and one learning curve, each a file, each written whole or not at all. Floor 4d.
 *
 * reports/<sweep>/points/<id>.tsv          "format<TAB>2", then one "column<TAB>value" line per column
 * reports/<sweep>/points/<id>.curve.tsv    a header line, then one row per epoch
 * reports/<sweep>/points/<id>.npz          its final weights: kept.h
 * reports/<sweep>/points.tsv               all records of the sweep, one row each, sorted by family order, width and seed
 * reports/<sweep>/curves.tsv               all curves, with family, width and seed in front
 *
 * Everything but the columns whose names end in "_seconds" or "_per_second", and "threads", is a function of the point's description and
 * its data alone, byte for byte. The columns are the rows of the tables in record_cells.c. Accuracies are 0..1; a missing number is
 * "nan"; numbers are as short as they can be and read back as the same bits. In points.tsv a double quote becomes a single one,
 * since gnuplot and spreadsheets take it for the beginning of a quoted field; its last column is the sweep's title. */
#ifndef BENCH_RECORD_RECORD_H
#define BENCH_RECORD_RECORD_H

#include "bench/sweep/sweep.h"
#include "nn/train/train.h"

enum point_status { POINT_DONE, POINT_DIVERGED, POINT_FAILED };

struct record {
	char id[POINT_ID_LEN + 1];
	char family[64];
	double width;
	int seed;
	enum point_status status;
	char message[256];              /* why it failed or where it diverged; empty when done */
	int64_t trainable, total, macs;
	int epochs;                     /* epochs run */
	struct score last;              /* final epoch, test images: the headline */
	struct score validation;        /* final epoch, validation images; not a number where there are none */
	int best_epoch;                 /* by validation accuracy, the first of equals; 0 where there is no validation */
	struct score best;              /* test images at best_epoch: second column, chosen by validation only */
	/* All splits but the training images, final epoch: names and scores, in the data set's order; columns accuracy_<name> and
	 * loss_<name>. One named "validation" is in `validation` and is not written again. */
	int split_count;
	char split_names[MAX_SPLITS][32];
	struct score splits[MAX_SPLITS];
	uint64_t data_digest;
	enum precision precision;       /* the recipe's */
	char kernels[16];               /* instruction set that computed it */
	double train_seconds, wall_seconds;     /* times: in training updates, and all */
	double images_per_second;       /* training images */
	int threads;                    /* most threads that worked on it */
};

/* The learning curve of a running point grows row by row in memory and is written with its record. */
struct curve {
	int count, capacity;
	struct epoch_row *rows;         /* owned */
	double *seconds;                /* owned: since the point's start, at each epoch's end */
};

bool curve_add(struct curve *curve, const struct epoch_row *row, double seconds, struct error *err);
void curve_free(struct curve *curve);

/* Writes both files into folder/points (atomic_file.h), which it makes where it is missing; the record last, so that a record
 * without its curve never exists. `folder` is reports/<sweep> here and below. */
bool record_write(const char *folder, const struct record *record, const struct curve *curve, struct error *err);

/* Reads one record. False without an error text where there is no such file; with one, at its file and line, where it is broken or of
 * another format: then it does not count as done. */
bool record_read(const char *folder, const char *id, struct record *to, struct error *err);

/* Gathers the sweep's points that have records into points.tsv and curves.tsv of `folder`, in the sweep's order; points without a record
 * are left out, and so are records that no point of the sweep asks for. Family and width are the sweep's own: the id, a hash of
 * contents, need not know them. A broken record or curve is left out too, and its error is given, but all others are written first.
 * `found` gets how many rows points.tsv has. Removes what killed runs left behind. */
bool record_collect(const char *folder, const struct sweep *sweep, int *found, struct error *err);

#endif
