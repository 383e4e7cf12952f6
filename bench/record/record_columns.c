/* See record_columns.h. */
#include "bench/record/record_columns.h"

#include "bench/text/table.h"

#include <assert.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define RECORD(member) .offset = offsetof(struct record, member)
#define RECORD_TEXT(member) RECORD(member), .size = sizeof ((struct record *)0)->member
#define LINE(member) .offset = offsetof(struct curve_line, member)

#define MAX_COUNT 9e18          /* below 2^63, and a double */
#define ACCURACY .max = 1
#define LOSS .min = -HUGE_VAL, .max = HUGE_VAL
#define UP_TO(most) .max = most
#define CIRCUMSTANCE .behind_splits = true, .circumstance = true
#define FILE_ONLY .behind_splits = true, .file_only = true

static const char *const statuses[] = {
	[POINT_DONE] = "done", [POINT_DIVERGED] = "diverged", [POINT_FAILED] = "failed", NULL
};

const struct record_column record_columns[] = {
	{ { "id", CELL_TEXT, RECORD_TEXT(id) }, .since = 1, .shown = 40, .machine_only = true },
	{ { "family", CELL_TEXT, RECORD_TEXT(family) }, .since = 1, .shown = 10 },
	{ { "width", CELL_REAL, RECORD(width), UP_TO(MAX_WIDTH) }, .since = 1, .shown = 20,
	  .decimals = DECIMALS_NEEDED },
	{ { "variant", CELL_TEXT, RECORD_TEXT(variant) }, .table_only = true, .shown = 25, .if_differs = true },
	{ { "group", CELL_TEXT, RECORD_TEXT(group) }, .table_only = true },
	{ { "seed", CELL_INT, RECORD(seed), .min = INT_MIN, .max = INT_MAX }, .since = 1, .shown = 30,
	  .if_differs = true },
	{ { "status", CELL_WORD, RECORD(status), .words = statuses }, .since = 1, .shown = 120 },
	{ { "message", CELL_TEXT, RECORD_TEXT(message) }, .since = 1, .shown = 130, .machine_only = true },
	{ { "trainable", CELL_COUNT, RECORD(trainable), UP_TO(MAX_COUNT) }, .since = 1, .shown = 50, .spare = 2 },
	{ { "total", CELL_COUNT, RECORD(total), UP_TO(MAX_COUNT) }, .since = 1, .shown = 60 },
	{ { "macs", CELL_COUNT, RECORD(macs), UP_TO(MAX_COUNT) }, .since = 1, .shown = 70, .title = "MACs" },
	{ { "epochs", CELL_INT, RECORD(epochs), UP_TO(INT_MAX) }, .since = 1, .shown = 110, .spare = 5 },
	{ { "accuracy", CELL_SCORE, RECORD(last.accuracy), ACCURACY }, .since = 1, .shown = 80, .title = "accuracy %",
	  .decimals = 2, .percent = true },
	{ { "loss", CELL_SCORE, RECORD(last.loss), LOSS }, .since = 1 },
	{ { "accuracy_validation", CELL_SCORE, RECORD(validation.accuracy), ACCURACY }, .since = 1 },
	{ { "loss_validation", CELL_SCORE, RECORD(validation.loss), LOSS }, .since = 1 },
	{ { "best_epoch", CELL_INT, RECORD(best_epoch), UP_TO(INT_MAX) }, .since = 1, .shown = 100,
	  .spare = 6, .title = "at epoch", .zero_is_none = true },
	{ { "accuracy_best", CELL_SCORE, RECORD(best.accuracy), ACCURACY }, .since = 1, .shown = 90,
	  .spare = 4, .title = "best %", .decimals = 2, .percent = true },
	{ { "loss_best", CELL_SCORE, RECORD(best.loss), LOSS }, .since = 1 },
	{ { "precision", CELL_WORD, RECORD(precision), .words = precision_names }, .since = 2, .before = "float32",
	  .behind_splits = true },
	{ { "data_digest", CELL_DIGEST, RECORD(data_digest) }, .since = 1, .behind_splits = true },
	{ { "views", CELL_TEXT, RECORD_TEXT(views) }, .since = 5, .behind_splits = true },
	{ { "accuracy_views", CELL_SCORE, RECORD(by_views.accuracy), ACCURACY }, .since = 5, .behind_splits = true,
	  .shown = 85, .title = "views %", .decimals = 2, .percent = true },
	{ { "loss_views", CELL_SCORE, RECORD(by_views.loss), LOSS }, .since = 5, .behind_splits = true },
	{ { "kernels", CELL_TEXT, RECORD_TEXT(kernels) }, .since = 1, CIRCUMSTANCE },
	{ { "train_seconds", CELL_REAL, RECORD(train_seconds), UP_TO(1e12) }, .since = 1, CIRCUMSTANCE },
	{ { "wall_seconds", CELL_REAL, RECORD(wall_seconds), UP_TO(1e12) }, .since = 1, CIRCUMSTANCE,
	  .shown = 140, .spare = 1, .title = "seconds", .decimals = 1 },
	{ { "images_per_second", CELL_REAL, RECORD(images_per_second), UP_TO(1e12) }, .since = 1, CIRCUMSTANCE,
	  .shown = 150, .spare = 3, .title = "images/s", .zero_is_none = true },
	{ { "threads", CELL_INT, RECORD(threads), UP_TO(INT_MAX) }, .since = 1, CIRCUMSTANCE },
	{ { "version", CELL_TEXT, RECORD_TEXT(version) }, .since = 3, CIRCUMSTANCE },
	{ { "commit", CELL_TEXT, RECORD_TEXT(commit) }, .since = 3, CIRCUMSTANCE },
	{ { "compiler", CELL_TEXT, RECORD_TEXT(compiler) }, .since = 3, CIRCUMSTANCE },
	{ { "openblas", CELL_TEXT, RECORD_TEXT(openblas) }, .since = 3, CIRCUMSTANCE },
	{ { "processor", CELL_TEXT, RECORD_TEXT(processor) }, .since = 3, CIRCUMSTANCE },
	{ { "date", CELL_TEXT, RECORD_TEXT(date) }, .since = 3, CIRCUMSTANCE },
	{ { "curve_digest", CELL_DIGEST, RECORD(file_digests[POINT_CURVE]) }, .since = 4, FILE_ONLY },
	{ { "weights_digest", CELL_DIGEST, RECORD(file_digests[POINT_WEIGHTS]) }, .since = 4, FILE_ONLY },
	{ { "logits_digest", CELL_DIGEST, RECORD(file_digests[POINT_LOGITS]) }, .since = 4, FILE_ONLY },
	{ .since = 0 }
};

/* What every split has; the split's name follows the prefix. */
static const struct { const char *prefix; struct cell cell; } split_columns[2] = {
	{ "accuracy_", { .kind = CELL_SCORE, .offset = offsetof(struct score, accuracy), ACCURACY } },
	{ "loss_", { .kind = CELL_SCORE, .offset = offsetof(struct score, loss), LOSS } },
};

const struct cell curve_owner[] = {
	{ "family", CELL_TEXT, RECORD_TEXT(family) },
	{ "width", CELL_REAL, RECORD(width), UP_TO(MAX_WIDTH) },
	{ "variant", CELL_TEXT, RECORD_TEXT(variant) },
	{ "seed", CELL_INT, RECORD(seed), .min = INT_MIN, .max = INT_MAX },
	{ 0 }
};

#define CURVE_RESULTS \
	{ "epoch", CELL_INT, LINE(row.epoch), .min = 1, .max = INT_MAX }, \
	{ "learning_rate", CELL_REAL, LINE(row.learning_rate), UP_TO(1e9) }, \
	{ "loss_training", CELL_SCORE, LINE(row.training.loss), LOSS }, \
	{ "accuracy_training", CELL_SCORE, LINE(row.training.accuracy), ACCURACY }, \
	{ "loss_validation", CELL_SCORE, LINE(row.validation.loss), LOSS }, \
	{ "accuracy_validation", CELL_SCORE, LINE(row.validation.accuracy), ACCURACY },

const struct cell curve_cells[] = {
	CURVE_RESULTS
	{ 0 }
};

const struct cell curve_file_cells[] = {
	CURVE_RESULTS
	{ "elapsed_seconds", CELL_REAL, LINE(seconds), UP_TO(1e12) },
	{ 0 }
};

struct cell split_column_cell(int split, int part)
{
	struct cell cell = split_columns[part].cell;

	cell.offset += offsetof(struct record, splits) + (size_t)split * sizeof(struct score);
	return cell;
}

const char *split_column_prefix(int part)
{
	return split_columns[part].prefix;
}

static void add_cell(struct record_layout *layout, struct cell cell)
{
	layout->cells[layout->count++] = cell;
}

static void add_splits(const char (*splits)[SPLIT_NAME_BYTES], int count, struct record_layout *to)
{
	for (int i = 0; i < 2 * count; i++) {
		struct cell cell = split_column_cell(i / 2, i % 2);

		if (strcmp(splits[i / 2], "validation") == 0)
			continue;
		snprintf(to->names[i], sizeof to->names[i], "%s%s", split_columns[i % 2].prefix, splits[i / 2]);
		cell.name = to->names[i];
		add_cell(to, cell);
	}
}

/* Whether points.tsv, or a record's file, has the column. */
static bool has_column(const struct record_column *column, bool table)
{
	return table ? !column->circumstance && !column->file_only : !column->table_only;
}

static void lay_out(const char (*splits)[SPLIT_NAME_BYTES], int count, bool table, struct record_layout *to)
{
	bool behind = false;

	to->count = 0;
	assert(sizeof record_columns / sizeof *record_columns <= MAX_RECORD_COLUMNS + 1);
	for (const struct record_column *column = record_columns; column->cell.name; column++) {
		if (column->behind_splits && !behind)
			add_splits(splits, count, to);
		behind = behind || column->behind_splits;
		if (has_column(column, table))
			add_cell(to, column->cell);
	}
	to->cells[to->count] = (struct cell){ 0 };
}

void record_layout(const char (*splits)[SPLIT_NAME_BYTES], int count, struct record_layout *to)
{
	lay_out(splits, count, false, to);
}

void record_layout_results(const char (*splits)[SPLIT_NAME_BYTES], int count, struct record_layout *to)
{
	lay_out(splits, count, true, to);
}

int record_format(void)
{
	int format = 1;

	for (const struct record_column *column = record_columns; column->cell.name; column++)
		format = column->since > format ? column->since : format;
	return format;
}

void record_clear(struct record *record)
{
	*record = (struct record){ 0 };
	for (const struct record_column *column = record_columns; column->cell.name; column++) {
		if (column->cell.kind == CELL_SCORE)
			cell_parse(&column->cell, "nan", (struct mark){ 0 }, record, NULL);
		if (column->before)
			cell_parse(&column->cell, column->before, (struct mark){ 0 }, record, NULL);
	}
}

int record_column_find(const char *name)
{
	for (int i = 0; record_columns[i].cell.name; i++)
		if (strcmp(record_columns[i].cell.name, name) == 0)
			return i;
	return -1;
}

const char *split_column_find(const char *column, int *part)
{
	for (*part = 0; *part < 2; ++*part) {
		size_t len = strlen(split_columns[*part].prefix);

		if (strncmp(column, split_columns[*part].prefix, len) == 0 && record_column_find(column) < 0)
			return column + len;
	}
	return NULL;
}
