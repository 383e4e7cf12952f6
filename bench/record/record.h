/* What a finished point leaves: a record and a learning curve, files that are written whole or not at all. Floor 4d.
 *
 * reports/<sweep>/points/<id>.tsv          "format<TAB>5", a line "column<TAB>value" for each column, in any order,
 *                                          and last "digest<TAB>" of all lines above
 * reports/<sweep>/points/<id>.curve.tsv    a header line, then a row for each epoch
 * reports/<sweep>/points/<id>.npz          its final weights: point_files.h
 * reports/<sweep>/points/<id>.logits.npz   what they say of each image: point_files.h
 *
 * Everything but the columns of circumstances in record_columns.c, and a curve's elapsed_seconds, is a function of the
 * point's description and its data alone, byte for byte. Accuracies are 0..1; a
 * missing number is "nan"; numbers are as short as they can be and read back as the same bits. records.h has all of a
 * sweep. */
#ifndef BENCH_RECORD_RECORD_H
#define BENCH_RECORD_RECORD_H

#include "bench/sweep/sweep.h"
#include "bench/system/atomic_file.h"
#include "nn/train/train.h"

enum { SPLIT_NAME_BYTES = 32, RECORD_WITH_DIGESTS = 4 };  /* the first format with digests */

/* What lies beside a record. */
enum point_file { POINT_CURVE, POINT_WEIGHTS, POINT_LOGITS, POINT_FILES };

enum point_status { POINT_DONE, POINT_DIVERGED, POINT_FAILED };

struct record {
	int format;                     /* of the file that it was read from */
	char id[POINT_ID_LEN + 1];
	char family[64];
	double width;
	/* The point's variant, and what `best` chooses within: see sweep.h. */
	char variant[VARIANT_NAME_BYTES], group[VARIANT_NAME_BYTES];
	int seed;
	enum point_status status;
	char message[256];              /* why it failed or where it diverged; empty when done */
	int64_t trainable, total, macs;
	int epochs;                     /* epochs run */
	struct score last;              /* final epoch, test images: the headline */
	struct score validation;        /* final epoch, validation images; not a number where there are none */
	int best_epoch;                 /* by validation accuracy, the first of equals; 0: no validation images */
	struct score best;              /* test images at best_epoch: second column, chosen by validation only */
	/* Final epoch, all splits but the training images, in the data set's order: columns accuracy_<name> and
	 * loss_<name>. One that is called "validation" is in `validation` and is not written again. */
	int split_count;
	char split_names[MAX_SPLITS][SPLIT_NAME_BYTES];
	struct score splits[MAX_SPLITS];
	uint64_t data_digest;
	char views[VIEWS_TEXT_BYTES];   /* by which it was evaluated once more, struct views' text; "": by none */
	struct score by_views;          /* of the mean over them, for the split of the headline */
	enum precision precision;       /* the recipe's */
	char kernels[16];               /* instruction set that computed it */
	double train_seconds, wall_seconds;     /* times: in training updates, and all */
	double images_per_second;       /* training images */
	int threads;                    /* most threads that worked on it */
	/* The program that made it (bench/system/program.h), and when, in UTC; "" in records of older formats. */
	char version[16], commit[40], compiler[64], openblas[96], processor[64], date[24];
	uint64_t file_digests[POINT_FILES];     /* of the files beside it; 0: it has none */
};

/* The learning curve of a running point grows row by row in memory and is written with its record. */
struct curve {
	int count, capacity;
	struct epoch_row *rows;         /* owned */
	double *seconds;                /* owned: since the point's start, at each epoch's end */
};

bool curve_add(struct curve *curve, const struct epoch_row *row, double seconds, struct error *err);
void curve_free(struct curve *curve);

/* A header line and a row for each epoch. */
void curve_print(const struct curve *curve, FILE *to);
/* Reads them back to the end of the file, which must have exactly so many rows. On false `to` may hold some. */
struct tsv;
bool curve_read(struct tsv *file, int rows, struct curve *to, struct error *err);

/* Writes both files into folder/points (atomic_file.h), which is made where it is missing; the record last, so that a
 * record without its curve never exists. The curve's digest is put into the record. `folder` is reports/<sweep>. */
bool record_write(const char *folder, struct record *record, const struct curve *curve, struct error *err);

/* Writes the record alone, in place of one whose other files stay as they are. */
bool record_rewrite(const char *folder, const struct record *record, struct error *err);

/* Reads one record, finding its columns by name. False without an error text where there is no such file; with one, at
 * its file and line, where it is broken or newer than this program: then it does not count as done. */
bool record_read(const char *folder, const char *id, struct record *to, struct error *err);

enum record_file { RECORD_FILE, CURVE_FILE };

/* folder/points/<id>.tsv or folder/points/<id>.curve.tsv. */
bool record_path(const char *folder, const char *id, enum record_file which, char to[FILE_PATH_BYTES],
                 struct error *err);

/* Checks the record's curve and prints its lines with family, width and seed in front: all of them, or none and an
 * error at its place. */
bool curve_copy(const char *folder, const struct record *record, FILE *to, struct error *err);

#endif
