/* See record_cells.h. A new column is one row here; then RECORD_FORMAT goes up by one, and record_read.c says what older
 * records meant without it. */
#include "bench/record/record_cells.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define RECORD(member) .offset = offsetof(struct record, member)
#define RECORD_TEXT(member) RECORD(member), .size = sizeof ((struct record *)0)->member
#define SCORE(member) .offset = offsetof(struct score, member)
#define LINE(member) .offset = offsetof(struct curve_line, member)

#define MAX_COUNT 9e18          /* below 2^63, and a double */
#define MAX_LOSS HUGE_VAL

static const char *const statuses[] = { [POINT_DONE] = "done", [POINT_DIVERGED] = "diverged", [POINT_FAILED] = "failed", NULL };

const struct cell record_head[] = {
	{ "id", CELL_TEXT, RECORD_TEXT(id) },
	{ "family", CELL_TEXT, RECORD_TEXT(family) },
	{ "width", CELL_REAL, RECORD(width), .min = 0, .max = 1e9 },
	{ "seed", CELL_INT, RECORD(seed), .min = INT_MIN, .max = INT_MAX },
	{ "status", CELL_WORD, RECORD(status), .words = statuses },
	{ "message", CELL_TEXT, RECORD_TEXT(message) },
	{ "trainable", CELL_COUNT, RECORD(trainable), .max = MAX_COUNT },
	{ "total", CELL_COUNT, RECORD(total), .max = MAX_COUNT },
	{ "macs", CELL_COUNT, RECORD(macs), .max = MAX_COUNT },
	{ "epochs", CELL_INT, RECORD(epochs), .max = INT_MAX },
	{ "accuracy", CELL_SCORE, RECORD(last.accuracy), .max = 1 },
	{ "loss", CELL_SCORE, RECORD(last.loss), .min = -MAX_LOSS, .max = MAX_LOSS },
	{ "accuracy_validation", CELL_SCORE, RECORD(validation.accuracy), .max = 1 },
	{ "loss_validation", CELL_SCORE, RECORD(validation.loss), .min = -MAX_LOSS, .max = MAX_LOSS },
	{ "best_epoch", CELL_INT, RECORD(best_epoch), .max = INT_MAX },
	{ "accuracy_best", CELL_SCORE, RECORD(best.accuracy), .max = 1 },
	{ "loss_best", CELL_SCORE, RECORD(best.loss), .min = -MAX_LOSS, .max = MAX_LOSS },
	{ 0 }
};

const struct cell record_tail[] = {
	{ "precision", CELL_WORD, RECORD(precision), .words = precision_names },
	{ "data_digest", CELL_DIGEST, RECORD(data_digest) },
	{ "kernels", CELL_TEXT, RECORD_TEXT(kernels) },
	{ "train_seconds", CELL_REAL, RECORD(train_seconds), .max = 1e12 },
	{ "wall_seconds", CELL_REAL, RECORD(wall_seconds), .max = 1e12 },
	{ "images_per_second", CELL_REAL, RECORD(images_per_second), .max = 1e12 },
	{ "threads", CELL_INT, RECORD(threads), .max = INT_MAX },
	{ 0 }
};

const struct cell split_cells[] = {
	{ "accuracy_", CELL_SCORE, SCORE(accuracy), .max = 1 },
	{ "loss_", CELL_SCORE, SCORE(loss), .min = -MAX_LOSS, .max = MAX_LOSS },
	{ 0 }
};

const struct cell curve_owner[] = {
	{ "family", CELL_TEXT, RECORD_TEXT(family) },
	{ "width", CELL_REAL, RECORD(width) },
	{ "seed", CELL_INT, RECORD(seed) },
	{ 0 }
};

const struct cell curve_cells[] = {
	{ "epoch", CELL_INT, LINE(row.epoch), .min = 1, .max = INT_MAX },
	{ "learning_rate", CELL_REAL, LINE(row.learning_rate), .max = 1e9 },
	{ "loss_training", CELL_SCORE, LINE(row.training.loss), .min = -MAX_LOSS, .max = MAX_LOSS },
	{ "accuracy_training", CELL_SCORE, LINE(row.training.accuracy), .max = 1 },
	{ "loss_validation", CELL_SCORE, LINE(row.validation.loss), .min = -MAX_LOSS, .max = MAX_LOSS },
	{ "accuracy_validation", CELL_SCORE, LINE(row.validation.accuracy), .max = 1 },
	{ "elapsed_seconds", CELL_REAL, LINE(seconds), .max = 1e12 },
	{ 0 }
};

bool split_is_written(const char *name)
{
	return strcmp(name, "validation") != 0;
}

bool record_path(const char *folder, const char *id, enum record_file which, char to[FILE_PATH_BYTES], struct error *err)
{
	int len = snprintf(to, FILE_PATH_BYTES, "%s/points/%s%s.tsv", folder, id, which == CURVE_FILE ? ".curve" : "");

	return len < FILE_PATH_BYTES || fail(err, "%.100s...: the path is too long", folder);
}
