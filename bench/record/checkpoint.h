/* A point's training while it is under way: points/<id>.checkpoint beside its record to come. Floor 4d.
 *
 * With it a training goes on where it was, and ends with the bytes of one that nobody disturbed. It is written between
 * two batches, whole or not at all (atomic_file.h), and removed when the record stands.
 *
 *	format<TAB>1, digest, text_bytes, array_bytes           one line, a value behind each name
 *	name<TAB>value                                          a line for each of checkpoint.c's cells
 *	epoch<TAB>learning_rate...                              the learning curve so far, as in its own file
 *	numbers                                                 training_arrays, as they are in memory
 *
 * The digest is of all that follows the first line. Numbers are those of this kind of processor. */
#ifndef BENCH_RECORD_CHECKPOINT_H
#define BENCH_RECORD_CHECKPOINT_H

#include "bench/record/record.h"

struct checkpoint {
	char id[POINT_ID_LEN + 1];
	uint64_t data_digest;
	char version[16], kernels[16];  /* of whoever computed it: others might round otherwise */
	struct training_position at;
	int ended, diverged;            /* 1: the last epoch is over, and its last loss was not finite */
	int best_epoch;                 /* as in the record; best_validation: its accuracy */
	double best_validation;
	double train_seconds, wall_seconds;     /* spent so far */
	int threads;
	int rows;                       /* of the curve */
	struct curve curve;             /* owned by whoever has the checkpoint */
};

/* folder/points/<id>.checkpoint. */
bool checkpoint_path(const char *folder, const char *id, char to[FILE_PATH_BYTES], struct error *err);

/* Writes it; the folder points is made where it is missing. */
bool checkpoint_write(const char *folder, const struct checkpoint *c, const struct training *t, struct error *err);

/* Reads it and puts the training there. `want` says whose it must be: id, data, version, kernels. False without an
 * error where there is none; with one where it cannot be used, and the training may then be anywhere: start with a new
 * one. */
bool checkpoint_read(const char *folder, const struct checkpoint *want, struct training *t, struct checkpoint *to,
                     struct error *err);

bool checkpoint_exists(const char *folder, const char *id);

/* Removes it, where there is one. */
bool checkpoint_remove(const char *folder, const char *id, struct error *err);

#endif
