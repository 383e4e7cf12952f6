/* FER2013 as Kaggle gives it out: a CSV of 35,887 faces, plain or gzipped, about 300 MB of text. Floor 4b.
 *
 * The header names the columns emotion, pixels and Usage, in any order. A row is a label, the pixels row by row with a
 * space between, and one of Training, PublicTest, PrivateTest; any field may stand in double quotes. The file is parsed
 * while it is read, and rows keep their order within a usage. */
#include "bench/data/bytes.h"
#include "bench/data/csv.h"
#include "bench/data/dataset.h"
#include "bench/text/text.h"

#include <stdlib.h>
#include <string.h>

#define WHERE_TO_GET_IT "it is fer2013.csv of Kaggle's \"Challenges in Representation Learning: Facial Expression " \
	"Recognition Challenge\", plain or gzipped"

struct fer2013 {
	const char *file;
	int validation;
};

static const struct field fields[] = {
	{ "file", FIELD_TEXT, offsetof(struct fer2013, file), .required = 1,
	  .help = "path of fer2013.csv, plain or gzipped" },
	{ "validation", FIELD_INT, offsetof(struct fer2013, validation), .max = MAX_IMAGES,
	  .help = "last training images, held out for validation; 0: the public test images validate" },
	{ 0 }
};

static const char what_it_is[] =
	"`fer2013.csv` is part of Kaggle's \"Challenges in Representation Learning: Facial Expression Recognition "
	"Challenge\": 35,887 faces of 48x48 pixels in 7 classes. Its columns are emotion, pixels and Usage, in any "
	"order.\n"
	"The accuracy that tables and pictures show is that of all 7,178 test images, public and private. As in the "
	"contest, the public ones validate, so the best epoch, which they choose, is scored on the private ones "
	"alone; both are reported by themselves as well. With `validation: N` the last N training images validate, "
	"and all test images test. `sweeps/fer2013.yaml` expects the file at `data/fer2013.csv.gz`; elsewhere: "
	"`--set data.fer2013.file=PATH`.";

enum column { EMOTION, PIXELS, USAGE, COLUMNS };
enum usage { TRAINING, PUBLIC, PRIVATE, USAGES };

static const char *const column_names[COLUMNS] = { "emotion", "pixels", "Usage" };
static const char *const class_names[] = { "angry", "disgust", "fear", "happy", "sad", "surprise", "neutral" };
static const char *const usage_names[USAGES] = { "Training", "PublicTest", "PrivateTest" };

/* The images of one usage that were read so far. */
struct pile {
	uint8_t *pixels, *labels;       /* owned: [capacity][pixels of an image], [capacity] */
	int count, capacity;
};

struct reader {
	const struct data_description *description;
	struct dataset *to;             /* borrowed */
	const char *path;
	struct csv *csv;                /* owned */
	int rows;                       /* read so far */
	enum column order[COLUMNS];     /* the file's columns, left to right */
	struct text fields[COLUMNS];    /* of the current line, by enum column */
	struct pile piles[USAGES];
};

/* Index of the text among the names, or -1. */
static int find_name(struct text text, const char *const *names, int count)
{
	for (int i = 0; i < count; i++)
		if (strlen(names[i]) == text.len && memcmp(names[i], text.at, text.len) == 0)
			return i;
	return -1;
}

/* A copy of this file in circulation has spaces after the header's commas; they are skipped. */
static bool read_header(struct reader *r, struct error *err)
{
	struct text names[COLUMNS];
	char shown[SHOWN_LEN];
	int seen = 0;

	if (!csv_next(r->csv, err))
		return false;
	if (!csv_line(r->csv))
		return fail(err, "%s: is empty", r->path);
	if (!csv_split(r->csv, names, COLUMNS, err))
		return false;
	for (int i = 0; i < COLUMNS; i++) {
		for (; names[i].len && *names[i].at == ' '; names[i].at++)
			names[i].len--;
		int column = find_name(names[i], column_names, COLUMNS);
		if (column < 0 || seen & 1 << column)
			return fail_at(err, csv_mark(r->csv, names[i].at),
			               "found column %s%s; the header must name emotion, "
			               "pixels and Usage, each once", bytes_show(shown, names[i].at, names[i].len),
			               column < 0 ? "" : " again");
		seen |= 1 << column;
		r->order[i] = (enum column)column;
	}
	return true;
}

/* Parses a number 0..255 of one to three digits at the front of a text that a non-digit ends. Returns its end, or
 * NULL. */
static inline const char *take_number(const char *at, unsigned *value)
{
	unsigned first = (unsigned char)at[0] - '0';
	if (first > 9)
		return NULL;
	unsigned second = (unsigned char)at[1] - '0';
	if (second > 9) {
		*value = first;
		return at + 1;
	}
	unsigned third = (unsigned char)at[2] - '0';
	if (third > 9) {
		*value = first * 10 + second;
		return at + 2;
	}
	*value = first * 100 + second * 10 + third;
	return *value > 255 || (unsigned char)at[3] - (unsigned)'0' <= 9 ? NULL : at + 3;
}

/* The fast path for nearly all rows: `count` numbers with single spaces between, and nothing else. */
static bool read_pixels(struct text field, uint8_t *to, size_t count)
{
	const char *at = field.at;
	unsigned value;

	for (size_t i = 0; i < count; i++) {
		if (i && *at++ != ' ')
			return false;
		at = take_number(at, &value);
		if (!at)
			return false;
		to[i] = (uint8_t)value;
	}
	return at == field.at + field.len;
}

/* Reports what read_pixels refused. A first row with another number of pixels means that the description is wrong. */
static bool fail_pixels(const struct reader *r, struct error *err)
{
	const struct text field = r->fields[PIXELS];
	const struct shape s = r->description->shape;
	const char *at = field.at, *end = field.at + field.len;
	char shown[SHOWN_LEN];
	size_t count = 0;

	for (;; at++) {
		const char *space = memchr(at, ' ', (size_t)(end - at)), *stop = space ? space : end;
		unsigned value;
		count++;
		if (take_number(at, &value) != stop)
			return fail_at(err, csv_mark(r->csv, at),
			               "pixel %zu: found %s; a whole number 0..255 is accepted, one "
			               "space between", count, bytes_show(shown, at, (size_t)(stop - at)));
		at = stop;
		if (!space)
			break;
	}
	if (r->rows == 0)
		return fail_at(err, r->description->at,
		               "input: %dx%dx%d does not fit the data: %s has rows of %zu pixels", s.h, s.w,
		               s.c, r->path, count) || dataset_misfit(r->to);
	return fail_at(err, csv_mark(r->csv, field.at), "found %zu pixels; %dx%d are %zu", count, s.h, s.w,
	               image_len(s));
}

/* The pile of the current row's usage, or NULL. */
static struct pile *find_pile(struct reader *r, struct error *err)
{
	const struct text field = r->fields[USAGE];
	char shown[SHOWN_LEN];
	int usage = find_name(field, usage_names, USAGES);

	if (usage >= 0)
		return &r->piles[usage];
	fail_at(err, csv_mark(r->csv, field.at), "Usage: found %s; Training, PublicTest and PrivateTest are accepted",
	        bytes_show(shown, field.at, field.len));
	return NULL;
}

static bool read_emotion(const struct reader *r, uint8_t *to, struct error *err)
{
	const struct text field = r->fields[EMOTION];
	char shown[SHOWN_LEN];
	unsigned value;

	bool number = take_number(field.at, &value) == field.at + field.len;

	if (!number || value >= (unsigned)r->description->classes)
		return fail_at(err, csv_mark(r->csv, field.at), "emotion: found %s; 0..%d is accepted",
		               bytes_show(shown, field.at, field.len), r->description->classes - 1) ||
		       (number && dataset_misfit(r->to));
	*to = (uint8_t)value;
	return true;
}

/* Images for which there is memory beside those that all piles have room for: pages that nobody has written to yet do
 * not count as taken. */
static int images_left(const struct reader *r)
{
	size_t len = image_len(r->description->shape) + 1, promised = 0;
	uint64_t left = dataset_memory_left();

	for (int i = 0; i < USAGES; i++)
		promised += (size_t)(r->piles[i].capacity - r->piles[i].count) * len;
	left = left > promised ? (left - promised) / len : 0;
	return left < MAX_IMAGES ? (int)left : MAX_IMAGES;
}

static bool fail_memory(const struct reader *r, int images, struct error *err)
{
	char there[NUMBER_BYTES];

	return fail(err, "%s:%d: not enough memory for %d images: %s are available", r->path, csv_line(r->csv), images,
	            format_bytes((int64_t)dataset_memory_left(), there));
}

/* Makes room for one more image, by doubling as long as there is memory; the C library moves blocks of this size by
 * remapping pages, without copying. */
static bool grow(const struct reader *r, struct pile *pile, struct error *err)
{
	size_t len = image_len(r->description->shape);
	int most = MAX_PIXEL_BYTES / len < MAX_IMAGES ? (int)(MAX_PIXEL_BYTES / len) : MAX_IMAGES;

	if (pile->count < pile->capacity)
		return true;
	if (pile->count == most)
		return fail(err, "%s:%d: more than the %d images that are accepted", r->path, csv_line(r->csv), most);
	int more = pile->capacity ? pile->capacity : 64, left = images_left(r);

	more = more > left ? left : more;
	if (more == 0)
		return fail_memory(r, pile->count + 1, err);
	int capacity = pile->capacity > most - more ? most : pile->capacity + more;
	uint8_t *pixels = realloc(pile->pixels, (size_t)capacity * len);
	pile->pixels = pixels ? pixels : pile->pixels;
	uint8_t *labels = realloc(pile->labels, (size_t)capacity);
	pile->labels = labels ? labels : pile->labels;
	if (!pixels || !labels)
		return fail_memory(r, capacity, err);
	pile->capacity = capacity;
	return true;
}

static bool read_row(struct reader *r, struct error *err)
{
	struct text found[COLUMNS];
	size_t len = image_len(r->description->shape);

	if (!csv_split(r->csv, found, COLUMNS, err))
		return false;
	for (int i = 0; i < COLUMNS; i++)
		r->fields[r->order[i]] = found[i];
	struct pile *pile = find_pile(r, err);
	if (!pile || !grow(r, pile, err) || !read_emotion(r, &pile->labels[pile->count], err))
		return false;
	if (!read_pixels(r->fields[PIXELS], pile->pixels + (size_t)pile->count * len, len))
		return fail_pixels(r, err);
	pile->count++;
	return true;
}

static bool read_rows(struct reader *r, struct error *err)
{
	if (!read_header(r, err))
		return false;
	for (;;) {
		if (!csv_next(r->csv, err))
			return false;
		if (!csv_line(r->csv))
			break;
		if (!read_row(r, err))
			return false;
		r->rows++;
	}
	for (int i = 0; i < USAGES; i++)
		if (r->piles[i].count == 0)
			return fail(err, "%s: none of its %d rows is %s; " WHERE_TO_GET_IT, r->path, r->rows,
			            usage_names[i]);
	return true;
}

/* Appends all other images to the training images, whose memory becomes the data set's. */
static bool join_piles(struct reader *r, struct dataset *to, struct error *err)
{
	struct pile *piles = r->piles;
	size_t len = image_len(r->description->shape), next = (size_t)piles[TRAINING].count;

	to->count = piles[TRAINING].count + piles[PUBLIC].count + piles[PRIVATE].count;
	if ((size_t)(piles[PUBLIC].count + piles[PRIVATE].count) * (len + 1) > dataset_memory_left())
		return fail(err, "%s: not enough memory for its %d images", r->path, to->count);
	to->pixels = realloc(piles[TRAINING].pixels, (size_t)to->count * len);
	piles[TRAINING].pixels = to->pixels ? NULL : piles[TRAINING].pixels;
	to->labels = realloc(piles[TRAINING].labels, (size_t)to->count);
	piles[TRAINING].labels = to->labels ? NULL : piles[TRAINING].labels;
	if (!to->pixels || !to->labels)
		return fail(err, "%s: not enough memory for its %d images", r->path, to->count);
	for (int i = PUBLIC; i < USAGES; i++) {
		memcpy(to->pixels + next * len, piles[i].pixels, (size_t)piles[i].count * len);
		memcpy(to->labels + next, piles[i].labels, (size_t)piles[i].count);
		next += (size_t)piles[i].count;
	}
	return true;
}

static bool read_images(struct reader *r, struct dataset *to, struct error *err)
{
	const struct fer2013 *config = r->description->config;

	if (!read_rows(r, err))
		return false;
	int training = r->piles[TRAINING].count, public = r->piles[PUBLIC].count, private = r->piles[PRIVATE].count;
	if (!dataset_check_validation(r->description, config->validation, training, r->path, err))
		return dataset_misfit(to);
	if (!join_piles(r, to, err))
		return false;
	const int held[MAX_SPLITS] = { training - config->validation, config->validation, public, private };
	const int whole[MAX_SPLITS] = { training, public, private };
	dataset_lay_splits(r->description, to, config->validation ? held : whole);
	return true;
}

static bool open_reader(struct reader *r, char path[DATA_PATH_MAX], struct error *err)
{
	enum { ROW_REST = 1 << 20 };    /* so that a larger image than described is not taken for a broken line */
	const struct data_description *description = r->description;
	const struct fer2013 *config = description->config;
	struct shape s = description->shape;
	char there[NUMBER_BYTES];

	if (s.c != 1)
		return fail_at(err, description->at, "input: %dx%dx%d does not fit the data: faces have 1 channel", s.h,
		               s.w, s.c) || dataset_misfit(r->to);
	if (!dataset_path(description, "file", config->file, path, err))
		return false;
	if (bytes_missing(path))
		return fail_at(err, description->at, "file: %.400s does not exist; " WHERE_TO_GET_IT, path);
	r->path = path;
	if (5 * image_len(s) + ROW_REST > dataset_memory_left())
		return fail(err, "%s: not enough memory for a row of %zu pixels: %s are available", path, image_len(s),
		            format_bytes((int64_t)dataset_memory_left(), there));
	r->csv = csv_open(path, 4 * image_len(s) + ROW_REST, err);
	return r->csv != NULL;
}

static bool read_fer2013(const struct data_description *description, struct dataset *to, struct error *err)
{
	struct reader reader = { .description = description, .to = to };
	char path[DATA_PATH_MAX];

	bool done = open_reader(&reader, path, err) && read_images(&reader, to, err);
	csv_close(reader.csv);
	for (int i = 0; i < USAGES; i++) {
		free(reader.piles[i].pixels);
		free(reader.piles[i].labels);
	}
	return done;
}

/* Public and private images are reported separately and together. If no training images are held out, the public ones
 * choose the best epoch, as in the contest, and then only the private ones are the test. */
static int fer2013_splits(const void *about, struct split to[MAX_SPLITS])
{
	static const struct split held[] = {
		{ "training", ROLE_TRAINING, 0, 0 }, { "validation", ROLE_VALIDATION, 0, 0 },
		{ "public", ROLE_REPORT, 0, 0 }, { "private", ROLE_REPORT, 0, 0 }, { "both", ROLE_TEST, 0, 0 },
	};
	static const struct split whole[] = {
		{ "training", ROLE_TRAINING, 0, 0 }, { "public", ROLE_VALIDATION, 0, 0 },
		{ "private", ROLE_TEST, 0, 0 }, { "both", ROLE_REPORT, 0, 0 },
	};
	bool holds = ((const struct fer2013 *)about)->validation > 0;

	memcpy(to, holds ? held : whole, holds ? sizeof held : sizeof whole);
	return holds ? sizeof held / sizeof *held : sizeof whole / sizeof *whole;
}

const struct data_format data_fer2013 = {
	.kind = { .name = "fer2013", .help = "the faces of Kaggle's FER2013, as CSV, plain or gzipped",
	          .fields = fields,
	          .config_size = sizeof(struct fer2013), .about = what_it_is },
	.read = read_fer2013, .splits = fer2013_splits, .headline = "both",
	.class_names = class_names, .named_classes = sizeof class_names / sizeof *class_names,
};
