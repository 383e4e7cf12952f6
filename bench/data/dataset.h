/* Labelled images in memory, as bytes, and the file formats. Floor 4b.
 *
 * A data set consists of named splits, each with a role: training, validation, test, or only reported. A format takes
 * one file and one row of the table in registry.c. Every byte of a data file is checked before it is used. */
#ifndef BENCH_DATA_DATASET_H
#define BENCH_DATA_DATASET_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/tensor.h"

#include <stdbool.h>
#include <stdint.h>

enum { MAX_SPLITS = 6, MAX_CLASSES = 256, MAX_IMAGES = 1 << 28 };

/* Formats refuse more pixels than this: a broken header must not make us allocate all memory. */
#define MAX_PIXEL_BYTES ((uint64_t)4 << 30)

/* ROLE_REPORT: only its accuracy is recorded; there may be several. */
enum split_role { ROLE_TRAINING, ROLE_VALIDATION, ROLE_TEST, ROLE_REPORT };

/* Images first .. first + count - 1 of the data set. Splits may overlap: "both" is "public" and "private". None is
 * empty. */
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
	bool misfit;            /* not read: the data is not what the description says, and nothing else is wrong */
	uint64_t digest;        /* of shape, classes, splits, labels, pixels; the same on every machine */
};

/* The data as the sweep's YAML describes it, with shape and classes, so that counting needs no data. */
struct data_description {
	const struct data_format *format;       /* NULL: the sweep names no data; networks can only be counted */
	const void *config;     /* filled from the format's fields; owned by the sweep */
	struct shape shape;
	int classes;
	const char *const *class_names; /* [classes], as the sweep says; NULL: it says none */
	const char *folder;     /* of the sweep file; relative paths in config start there */
	struct mark at;         /* position of the data in the YAML, for errors; of the sweep if it names none */
};

struct data_format {
	struct kind kind;
	/* Fills a zeroed data set except its digest, and checks it against the description. dataset_read frees whatever
	 * it leaves in `to`, also if it returns false. Only dataset_read calls it. */
	bool (*read)(const struct data_description *description, struct dataset *to, struct error *err);
	/* Names and roles of the splits that read() makes for this config, in order, with first and count 0: column
	 * names are needed before data is read. Returns their number. */
	int (*splits)(const void *config, struct split to[MAX_SPLITS]);
	const char *const *class_names; /* [named_classes]; NULL where the files may hold any data */
	int named_classes;
	/* The split whose accuracy tables and pictures show; NULL: the one that is ROLE_TEST. */
	const char *headline;
};

extern const struct data_format *const data_formats[];  /* NULL at the end */

/* The sweep's name of a class, else the format's where it has as many, else NULL. */
const char *dataset_class_name(const struct data_description *description, int class);

/* The format of that name, or NULL. */
const struct data_format *data_format_find(const char *name);

/* Whether the sweep names its data; the error lists the formats. */
bool dataset_is_named(const struct data_description *description, struct error *err);

/* Reads the data by its format. On false `to` is empty but for `misfit`, and nothing stays allocated. Data that does
 * not fit the description is an error at its mark; a broken data file is an error at the file's line or byte. */
bool dataset_read(const struct data_description *description, struct dataset *to, struct error *err);
void dataset_free(struct dataset *data);

/* Whether the split's accuracy is the one that tables and pictures show. */
bool dataset_is_headline(const struct data_format *format, const struct split *split);

/* The split with that role, or NULL. */
const struct split *dataset_split(const struct dataset *data, enum split_role role);

/* The rest is for formats.
 *
 * `name` is the YAML's value of `key`; relative paths start at the sweep's folder. */
enum { DATA_PATH_MAX = 4096 };
bool dataset_path(const struct data_description *description, const char *key, const char *name, char to[DATA_PATH_MAX],
                  struct error *err);

/* Says of an error that was just reported that data and description contradict each other: a shape, a class count, a
 * number of images. Returns false. */
bool dataset_misfit(struct dataset *to);

/* Whether any of the training images in `path` remain when `validation` of them are held out. */
bool dataset_check_validation(const struct data_description *description, int validation, int training,
                              const char *path, struct error *err);

/* Bytes that data may take: nearly all of the memory that this machine has left. What a file announces, or turns out
 * to hold, is compared with it before memory is taken: beyond it, malloc succeeds and the process is killed later. */
uint64_t dataset_memory_left(void);

/* Memory for to->count images of the description's shape, and for their labels. */
bool dataset_allocate(const struct data_description *description, struct dataset *to, struct error *err);

/* Sets first and count of the format's splits, which follow each other: `counts` has one number per split; 0 means all
 * images of the two splits before it. */
void dataset_lay_splits(const struct data_description *description, struct dataset *to, const int counts[MAX_SPLITS]);

#endif
