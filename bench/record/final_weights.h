/* The final weights of a finished point: points/<id>.npz beside its record. Floor 4d.
 *
 * They are training_weights(): the averaged ones where the recipe averages. They are written before the record, so that
 * a point that counts as done has them; a point that diverged or failed has none. */
#ifndef BENCH_RECORD_FINAL_WEIGHTS_H
#define BENCH_RECORD_FINAL_WEIGHTS_H

#include "bench/sweep/sweep.h"
#include "bench/system/atomic_file.h"
#include "bench/weights/weights.h"
#include "nn/train/train.h"

/* Writes them into folder/points, which it makes where it is missing. `folder` is reports/<sweep>. */
bool final_weights_write(const char *folder, const struct point *point, const struct training *training,
                         struct error *err);

/* Where a point's final weights are looked for. */
struct weights_search {
	const struct sweep *sweep;
	const char *sweep_path; /* as the user gave it */
	const char *folder;     /* reports/<sweep> */
	const char *again;      /* the options that `run` needs to find the same folder: " --reports DIR", or "" */
	const char *otherwise;  /* "; or ...": another way out than training, or "" */
};

/* The path of a point's weights, or an error that says how to come by them. */
bool final_weights_find(const struct weights_search *search, const struct point *point, char to[FILE_PATH_BYTES],
                        struct error *err);

#endif
