/* Labelled images in memory, as bytes, and the formats that they are read from. Floor 4b.
 *
 * A data set is a number of named splits, each with a role: what is trained on, what is watched, what is reported. A format is
 * one file and one row of the table in registry.c. Every byte of a data file is checked before it is believed. */
#ifndef BENCH_DATA_DATASET_H
#define BENCH_DATA_DATASET_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_SPLITS = 6, MAX_CLASSES = 256, MAX_IMAGES = 1 << 28 };

/* Formats refuse more pixels than this: a broken header must not ask for all of the memory. */
#define MAX_PIXEL_BYTES ((uint64_t)4 << 30)

/* ROLE_REPORT: its accuracy is written down, nothing more; there may be several. */
enum split_role { ROLE_TRAINING, ROLE_VALIDATION, ROLE_TEST, ROLE_REPORT };

/* Images first .. first + count - 1 of the data set. Splits may overlap: "both" is "public" and "private". None is empty. */
struct split {
	const char *name;       /* static: "training", "validation", "test"; FER2013's "public", "private", "both" */
	enum split_role role;
	int first, count;
};

struct dataset {
	struct shape shape;
	int classes;
	int count;              /* all images */
	uint8_t *pixels;        /* owned: [count][c][h][w] */
	uint8_t *labels;        /* owned: [count], each < classes */
	int split_count;        /* exactly one split is ROLE_TRAINING, at most one ROLE_VALIDATION and one ROLE_TEST */
	struct split splits[MAX_SPLITS];
	uint64_t digest;        /* of shape, classes, splits, labels, pixels: what was really trained on; the same on every machine */
};

/* What the sweep's YAML says of the data: the shape and classes stand there, so that counting needs no data. */
struct data_description {
	const struct data_format *format;       /* NULL: the sweep names no data, so its networks can be counted but not trained */
	const void *config;     /* filled from the format's fields; owned by the sweep */
	struct shape shape;
	int classes;
	const char *folder;     /* of the sweep file: relative paths in config start there */
	struct mark at;         /* the data's place in the YAML, for errors; the sweep's where it names none */
};

struct data_format {
	struct kind kind;
	/* Fills a zeroed data set, digest apart, and checks it against the description. Whatever it leaves in `to`, also when it
	 * returns false, is the data set's: dataset_read frees it. Called by dataset_read alone. */
	bool (*read)(const struct data_description *description, struct dataset *to, struct error *err);
	/* Names and roles of the splits that read() will make for this config, in that order, first and count 0: column names are
	 * needed before data is read. Returns how many. */
	int (*splits)(const void *config, struct split to[MAX_SPLITS]);
};

extern const struct data_format *const data_formats[];  /* NULL at the end */

/* The format of that name, or NULL. */
const struct data_format *data_format_find(const char *name);

/* Whether the sweep names its data; the error says which formats there are. */
bool dataset_is_named(const struct data_description *description, struct error *err);

/* Reads by the description's format. On false `to` is empty and nothing is left allocated. What does not fit the description is an
 * error at its mark; what is wrong inside a data file is an error at the file's line or byte. */
bool dataset_read(const struct data_description *description, struct dataset *to, struct error *err);
void dataset_free(struct dataset *data);

/* The split with that role, or NULL. */
const struct split *dataset_split(const struct dataset *data, enum split_role role);

/* The rest is for formats.
 *
 * `name` as the YAML states it under `key`; a relative one starts at the sweep's folder. */
enum { DATA_PATH_MAX = 4096 };
bool dataset_path(const struct data_description *description, const char *key, const char *name, char to[DATA_PATH_MAX],
                  struct error *err);

/* Whether holding out `validation` of the training images that `path` has leaves any to train on. */
bool dataset_check_validation(const struct data_description *description, int validation, int training, const char *path,
                              struct error *err);

/* Memory for to->count images of the description's shape, and for their labels. */
bool dataset_allocate(const struct data_description *description, struct dataset *to, struct error *err);

/* Gives the format's splits their images: `counts` has one number per split, laid one after the other; 0 means all images of the
 * two splits before it. */
void dataset_lay_splits(const struct data_description *description, struct dataset *to, const int counts[MAX_SPLITS]);

#endif
