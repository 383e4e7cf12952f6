/* The files beside a point's record, and whether they are whole. Floor 4d.
 *
 *	points/<id>.curve.tsv           record.h
 *	points/<id>.npz                 the final weights: final_weights.h
 *	points/<id>.logits.npz          the network's outputs for each image of the test images and of splits that are
 *	                                only reported: an array [images, classes] for each, by the split's name
 *
 * The record holds the digest of each and is written last. A point that diverged or failed has its curve alone. */
#ifndef BENCH_RECORD_POINT_FILES_H
#define BENCH_RECORD_POINT_FILES_H

#include "bench/record/record.h"

/* folder/points/<id>.npz and so on. `folder` is reports/<sweep>. */
bool point_file_path(const char *folder, const char *id, enum point_file which, char to[FILE_PATH_BYTES],
                     struct error *err);

/* Removes it, where there is one. */
bool point_file_remove(const char *folder, const char *id, enum point_file which, struct error *err);

/* The outputs for one split's images. */
struct split_logits {
	const char *split;      /* borrowed */
	int images;
	float *at;              /* [images][classes], owned by whoever collects them */
};
bool point_logits_write(const char *folder, const char *id, const struct split_logits *splits, int count, int classes,
                        struct error *err);

/* Reads one split's outputs into to->at, which has room for to->images x classes; the file must be the one that was
 * written with the record, and have exactly that many of each. Numbers that are not finite are read as they are. */
bool point_logits_read(const char *folder, const struct record *record, const struct split_logits *to, int classes,
                       struct error *err);

/* Puts the digest of a file that was just written into the record. */
bool point_file_digest(const char *folder, struct record *record, enum point_file which, struct error *err);

/* Whether every file that the record says it has is there, byte for byte as it was written; `why` names the first that
 * is not. */
bool point_files_check(const char *folder, const struct record *record, struct error *why);

#endif
