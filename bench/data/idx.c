/* IDX, the format of MNIST and of the data sets that followed it: four files in a folder, each plain or gzipped. Floor
 * 4b.
 *
 * A file holds 0, 0, the type of its numbers (8: unsigned bytes), the number of dimensions, each dimension as a
 * big-endian 32-bit number, then the numbers. Images are [count][rows][columns], labels [count]. */
#include "bench/data/bytes.h"
#include "bench/data/dataset.h"

#include <stdio.h>

#define WHERE_TO_GET_IT "the folder may be any: --set data.idx.folder=DIR; MNIST's four files: " \
	"https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz and so on, or the links at " \
	"https://github.com/cvdfoundation/mnist; Fashion-MNIST's: the Debian package dataset-fashion-mnist " \
	"puts them in /usr/share/datasets/fashion-mnist, or https://github.com/zalandoresearch/fashion-mnist"

struct idx {
	const char *folder;
	int validation;
};

static const struct field fields[] = {
	{ "folder", FIELD_TEXT, offsetof(struct idx, folder), .required = 1,
	  .help = "folder of the four files" },
	{ "validation", FIELD_INT, offsetof(struct idx, validation), .max = MAX_IMAGES,
	  .help = "last training images, held out for validation; 0: nothing validates" },
	{ 0 }
};

static const char what_it_is[] =
	"The files are `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, `t10k-images-idx3-ubyte` and "
	"`t10k-labels-idx1-ubyte`, each plain or with `.gz`; a dot in place of the hyphen before `idx` will do. "
	"Images have one channel. The splits are training, validation and test.\n"
	"MNIST's files are at `https://ossci-datasets.s3.amazonaws.com/mnist/` (`train-images-idx3-ubyte.gz` and so "
	"on) or through `https://github.com/cvdfoundation/mnist`; Fashion-MNIST's are in Debian's package "
	"dataset-fashion-mnist, which puts them in `/usr/share/datasets/fashion-mnist`, or through "
	"`https://github.com/zalandoresearch/fashion-mnist`. Another folder without an edit: `--set "
	"data.idx.folder=DIR`.";

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, FILES, MAX_DIMENSIONS = 3 };

/* What each of the four files must be. */
static const struct part {
	const char *set, *content;
	int dimensions;
} parts[FILES] = {
	{ "train", "images", 3 }, { "train", "labels", 1 }, { "t10k", "images", 3 }, { "t10k", "labels", 1 },
};

struct file {
	const struct part *part;
	struct dataset *to;     /* borrowed */
	char path[DATA_PATH_MAX];
	struct bytes *in;               /* owned */
	uint32_t dimensions[MAX_DIMENSIONS];    /* count, then rows and columns of images */
	size_t header_len, content_len; /* bytes; the content's according to the header */
};

/* Tries the usual spellings: a hyphen or a dot before "idx", plain before gzipped. */
static bool find_file(const struct data_description *description, struct file *file, struct error *err)
{
	const struct idx *config = description->config;
	const struct part *part = file->part;
	char folder[DATA_PATH_MAX];

	if (!dataset_path(description, "folder", config->folder, folder, err))
		return false;
	for (int i = 0; i < 4; i++) {
		int len = snprintf(file->path, sizeof file->path, "%s/%s-%s%cidx%d-ubyte%s", folder, part->set,
		                   part->content, "--.."[i], part->dimensions, i % 2 ? ".gz" : "");
		if (len < 0 || (size_t)len >= sizeof file->path)
			return fail_at(err, description->at, "folder: the path is longer than %d bytes",
			               DATA_PATH_MAX - 1);
		if (!bytes_missing(file->path))
			return true;
	}
	return fail_at(err, description->at,
	               "folder: %.400s has no %s-%s-idx%d-ubyte, plain or with .gz; " WHERE_TO_GET_IT, folder,
	               part->set, part->content, part->dimensions);
}

/* Checks the first four bytes, which also reveal a mislabelled file. */
static bool check_magic(const struct file *file, const uint8_t magic[4], struct error *err)
{
	const struct part *part = file->part;

	if (magic[0] || magic[1])
		return fail(err, "%s: byte 0: found %02x %02x, but an IDX file begins with 00 00", file->path, magic[0],
		            magic[1]);
	if (magic[2] != 8)
		return fail(err, "%s: byte 2: found numbers of type %02x; only 08, unsigned bytes, is accepted",
		            file->path, magic[2]);
	if (magic[3] == 4 && part->dimensions == 3)
		return fail(err, "%s: byte 3: found 4 dimensions; "
		                 "only images of one channel are accepted: 3 dimensions, for count, "
		            "rows and columns", file->path);
	if (magic[3] != part->dimensions)
		return fail(err, "%s: byte 3: found %d dimension%s, but %s have %d", file->path, magic[3],
		            magic[3] == 1 ? "" : "s", part->content, part->dimensions);
	return true;
}

static uint32_t load_dimension(const uint8_t at[4])
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool read_header(struct file *file, struct error *err)
{
	const int dimensions = file->part->dimensions;
	uint8_t header[4 + 4 * MAX_DIMENSIONS];
	size_t got;

	file->header_len = 4 + 4 * (size_t)dimensions;
	if (!bytes_read(file->in, header, file->header_len, &got, err) || (got >= 4 && !check_magic(file, header, err)))
		return false;
	if (got < file->header_len)
		return fail(err, "%s: is cut short: it ends inside its header of %zu bytes", file->path,
		            file->header_len);
	for (int i = 0; i < dimensions; i++)
		file->dimensions[i] = load_dimension(header + 4 + 4 * i);
	return true;
}

static bool check_shape(const struct data_description *description, const struct file *images, struct error *err)
{
	struct shape s = description->shape;

	return (s.c == 1 && (uint32_t)s.h == images->dimensions[1] && (uint32_t)s.w == images->dimensions[2]) ||
	       fail_at(err, description->at, "input: %dx%dx%d does not fit the data: %s has %ux%ux1", s.h, s.w, s.c,
	               images->path, images->dimensions[1], images->dimensions[2]) ||
	       dataset_misfit(images->to);
}

static bool fail_cut_short(const struct file *file, struct error *err)
{
	return fail(err, "%s: is cut short: it ends before the %zu bytes that its header announces", file->path,
	            file->header_len + file->content_len);
}

/* Checks the header against the file's size before any memory is allocated. */
static bool check_size(struct file *file, size_t item_len, struct error *err)
{
	uint32_t count = file->dimensions[0], most = MAX_IMAGES;

	if (most > MAX_PIXEL_BYTES / item_len)
		most = (uint32_t)(MAX_PIXEL_BYTES / item_len);
	if (count == 0 || count > most)
		return fail(err, "%s: byte 4: found %u %s; 1..%u are accepted", file->path, count, file->part->content,
		            most);
	file->content_len = count * item_len;
	return bytes_most(file->in) >= file->header_len + file->content_len || fail_cut_short(file, err);
}

static bool check_counts(const struct file *images, const struct file *labels, struct error *err)
{
	return images->dimensions[0] == labels->dimensions[0] ||
	       fail(err, "%s: byte 4: found %u labels, but %s has %u images", labels->path, labels->dimensions[0],
	            images->path, images->dimensions[0]);
}

static bool open_file(const struct data_description *description, struct file *file, struct error *err)
{
	bool images = file->part->dimensions == 3;

	if (!find_file(description, file, err))
		return false;
	file->in = bytes_open(file->path, err);
	return file->in && read_header(file, err) && (!images || check_shape(description, file, err)) &&
	       check_size(file, images ? image_len(description->shape) : 1, err);
}

/* Reads the rest of the file, which must end there. */
static bool read_content(struct file *file, uint8_t *to, struct error *err)
{
	uint8_t more;
	size_t got;

	if (!bytes_read(file->in, to, file->content_len, &got, err))
		return false;
	if (got < file->content_len)
		return fail_cut_short(file, err);
	return bytes_read(file->in, &more, 1, &got, err) &&
	       (got == 0 || fail(err, "%s: byte %zu: found more bytes after all that its header announces", file->path,
	                         file->header_len + file->content_len));
}

static bool read_labels(struct file *file, int classes, uint8_t *to, struct error *err)
{
	if (!read_content(file, to, err))
		return false;
	for (uint32_t i = 0; i < file->dimensions[0]; i++)
		if (to[i] >= classes)
			return fail(err, "%s: byte %zu: label %d is outside 0..%d", file->path, file->header_len + i,
			            to[i], classes - 1) || dataset_misfit(file->to);
	return true;
}

static bool read_all(const struct data_description *description, struct file files[FILES], struct dataset *to,
                     struct error *err)
{
	int training = (int)files[TRAIN_IMAGES].dimensions[0];
	uint8_t *test_pixels = to->pixels + (size_t)training * image_len(description->shape);

	return read_content(&files[TRAIN_IMAGES], to->pixels, err) &&
	       read_content(&files[TEST_IMAGES], test_pixels, err) &&
	       read_labels(&files[TRAIN_LABELS], description->classes, to->labels, err) &&
	       read_labels(&files[TEST_LABELS], description->classes, to->labels + training, err);
}

static bool read_files(const struct data_description *description, struct file files[FILES], struct dataset *to,
                       struct error *err)
{
	const struct idx *config = description->config;

	for (int i = 0; i < FILES; i++) {
		files[i].part = &parts[i];
		files[i].to = to;
		if (!open_file(description, &files[i], err))
			return false;
	}
	if (!check_counts(&files[TRAIN_IMAGES], &files[TRAIN_LABELS], err) ||
	    !check_counts(&files[TEST_IMAGES], &files[TEST_LABELS], err))
		return false;
	int training = (int)files[TRAIN_IMAGES].dimensions[0], test = (int)files[TEST_IMAGES].dimensions[0];
	to->count = training + test;
	if (!dataset_check_validation(description, config->validation, training, files[TRAIN_IMAGES].path, err))
		return dataset_misfit(to);
	if (!dataset_allocate(description, to, err) || !read_all(description, files, to, err))
		return false;
	const int held[MAX_SPLITS] = { training - config->validation, config->validation, test };
	const int whole[MAX_SPLITS] = { training, test };
	dataset_lay_splits(description, to, config->validation ? held : whole);
	return true;
}

static bool read_idx(const struct data_description *description, struct dataset *to, struct error *err)
{
	struct file files[FILES] = { { .in = NULL } };

	bool done = read_files(description, files, to, err);
	for (int i = 0; i < FILES; i++)
		bytes_close(files[i].in);
	return done;
}

static int idx_splits(const void *about, struct split to[MAX_SPLITS])
{
	const struct idx *config = about;
	int count = 0;

	to[count++] = (struct split){ .name = "training", .role = ROLE_TRAINING };
	if (config->validation)
		to[count++] = (struct split){ .name = "validation", .role = ROLE_VALIDATION };
	to[count++] = (struct split){ .name = "test", .role = ROLE_TEST };
	return count;
}

const struct data_format data_idx = {
	.kind = { .name = "idx", .help = "MNIST's four IDX files, plain or gzipped", .fields = fields,
	          .config_size = sizeof(struct idx), .about = what_it_is },
	.read = read_idx, .splits = idx_splits,
};
