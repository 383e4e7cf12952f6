/* IDX files as bench/data/idx.c reads them: good ones in every spelling, each way to be broken by its exact message,
 * and every byte of small valid files flipped and cut off. */
#include "bench/data/dataset.h"
#include "tests/helpers/data_files.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TRAIN_IMAGES, TRAIN_LABELS, TEST_IMAGES, TEST_LABELS, FILES };
enum { TRAIN = 5, TEST = 2, ROWS = 2, COLUMNS = 3, IMAGE = ROWS * COLUMNS, CLASSES = 3, ROOM = 128 };

static const char *const names[FILES] = {
	"train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte",
};

struct bytes_of_file { uint8_t at[ROOM]; size_t len; };
struct folder { struct bytes_of_file files[FILES]; };

static size_t header_len(int file)
{
	return file % 2 ? 8 : 16;
}

/* Pixels and labels that differ from place to place, so that a shifted read shows. */
static struct folder small_folder(void)
{
	struct folder f = { { { { 0 }, 0 } } };

	for (int i = 0; i < FILES; i++) {
		struct bytes_of_file *file = &f.files[i];
		int images = i < TEST_IMAGES ? TRAIN : TEST, content = i % 2 ? images : images * IMAGE;
		const uint8_t header[16] = { 0, 0, 8, i % 2 ? 1 : 3, 0, 0, 0, (uint8_t)images, 0, 0, 0, ROWS, 0, 0, 0,
		                             COLUMNS };
		memcpy(file->at, header, header_len(i));
		file->len = header_len(i) + (size_t)content;
		for (int k = 0; k < content; k++)
			file->at[header_len(i) + (size_t)k] = (uint8_t)(i % 2 ? (k + 2) % CLASSES : 250 - 7 * k - i);
	}
	return f;
}

static void write_files(const struct folder *f)
{
	for (int i = 0; i < FILES; i++)
		write_anew(names[i], f->files[i].at, f->files[i].len);
}

static struct bytes_of_file gzipped(const struct bytes_of_file *file)
{
	struct bytes_of_file out;

	out.len = gzip_bytes(file->at, file->len, out.at, ROOM);
	return out;
}

static void init(struct data_case *c)
{
	data_case_init(c, "idx", (struct shape){ 1, ROWS, COLUMNS }, CLASSES);
	data_case_set_text(c, "folder", test_folder());
}

/* Whether the data set holds the files' bytes, all of them and in order. */
static void check_content(const struct dataset *data, const struct folder *f)
{
	CHECK_INT(data->count, TRAIN + TEST);
	CHECK_BYTES(data->pixels, f->files[TRAIN_IMAGES].at + 16, TRAIN * IMAGE);
	CHECK_BYTES(data->pixels + TRAIN * IMAGE, f->files[TEST_IMAGES].at + 16, TEST * IMAGE);
	CHECK_BYTES(data->labels, f->files[TRAIN_LABELS].at + 8, TRAIN);
	CHECK_BYTES(data->labels + TRAIN, f->files[TEST_LABELS].at + 8, TEST);
}

static void check_reads(const struct data_case *c, const struct folder *f, const char *splits)
{
	struct dataset data;
	char got[256];

	if (!CHECK_DATA_READ(c, &data))
		return;
	check_content(&data, f);
	CHECK_TEXT(describe_splits(&data, got), splits);
	CHECK_INT(data.shape.c, 1);
	CHECK_INT(data.shape.h, ROWS);
	CHECK_INT(data.shape.w, COLUMNS);
	CHECK_INT(data.classes, CLASSES);
	dataset_free(&data);
}

TEST(idx_reads_plain_and_gzipped_in_both_spellings)
{
	const struct folder f = small_folder();
	struct data_case c;
	char name[64];

	init(&c);
	for (int spelling = 0; spelling < 4; spelling++) {
		for (int i = 0; i < FILES; i++) {
			struct bytes_of_file file = spelling % 2 ? gzipped(&f.files[i]) : f.files[i];
			snprintf(name, sizeof name, "%s%s", names[i], spelling % 2 ? ".gz" : "");
			if (spelling >= 2)
				*(strstr(name, "idx") - 1) = '.';
			write_anew(name, file.at, file.len);
		}
		check_reads(&c, &f, "training 0 0+5, test 2 5+2");
		for (int i = 0; i < FILES; i++) {
			snprintf(name, sizeof name, "%s%s", names[i], spelling % 2 ? ".gz" : "");
			if (spelling >= 2)
				*(strstr(name, "idx") - 1) = '.';
			CHECK_INT(unlink(test_path(name)), 0);
		}
	}
}

TEST(idx_tells_gzip_by_content_not_by_name)
{
	const struct folder f = small_folder();
	struct data_case c;

	init(&c);
	write_files(&f);
	struct bytes_of_file packed = gzipped(&f.files[TRAIN_LABELS]);
	write_anew(names[TRAIN_LABELS], packed.at, packed.len);
	check_reads(&c, &f, "training 0 0+5, test 2 5+2");
}

/* As `cat a.gz b.gz` makes them, and as some compressors end every file, with an empty stream. */
TEST(idx_reads_several_gzip_streams_in_a_row)
{
	const struct folder f = small_folder();
	const struct bytes_of_file *whole = &f.files[TRAIN_IMAGES];
	uint8_t packed[3 * ROOM];
	struct data_case c;

	init(&c);
	write_files(&f);
	size_t len = gzip_bytes(whole->at, 20, packed, ROOM);
	len += gzip_bytes(whole->at + 20, whole->len - 20, packed + len, ROOM);
	len += gzip_bytes("", 0, packed + len, ROOM);
	write_anew(names[TRAIN_IMAGES], packed, len);
	check_reads(&c, &f, "training 0 0+5, test 2 5+2");
}

TEST(idx_holds_out_the_last_training_images)
{
	const struct folder f = small_folder();
	struct split splits[MAX_SPLITS];
	struct data_case c;

	init(&c);
	write_files(&f);
	data_case_set_int(&c, "validation", 2);
	check_reads(&c, &f, "training 0 0+3, validation 1 3+2, test 2 5+2");
	CHECK_INT(c.description.format->splits(c.description.config, splits), 3);
	CHECK_TEXT(splits[1].name, "validation");
	data_case_set_int(&c, "validation", 4);
	check_reads(&c, &f, "training 0 0+1, validation 1 1+4, test 2 5+2");
	data_case_set_int(&c, "validation", 5);
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: validation: 5 leaves nothing to train on: @/train-images-idx3-ubyte "
	                     "has 5 training "
	                 "images");
}

TEST(idx_folder_is_relative_to_the_sweep)
{
	const struct folder f = small_folder();
	struct data_case c;

	init(&c);
	CHECK_INT(mkdir(test_path("below"), 0777), 0);
	for (int i = 0; i < FILES; i++) {
		char name[64];
		snprintf(name, sizeof name, "below/%s", names[i]);
		write_anew(name, f.files[i].at, f.files[i].len);
	}
	data_case_set_text(&c, "folder", "below/../below");
	check_reads(&c, &f, "training 0 0+5, test 2 5+2");
	data_case_set_text(&c, "folder", "");
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: folder: found an empty path");
}

#define SOURCES "the folder may be any: --set data.idx.folder=DIR; MNIST's four files: " \
	"https://ossci-datasets.s3.amazonaws.com/mnist/train-images-idx3-ubyte.gz and so on, or the links at " \
	"https://github.com/cvdfoundation/mnist; Fashion-MNIST's: the Debian package dataset-fashion-mnist " \
	"puts them in /usr/share/datasets/fashion-mnist, or https://github.com/zalandoresearch/fashion-mnist"

TEST(idx_says_where_missing_data_comes_from)
{
	const struct folder f = small_folder();
	struct data_case c;

	init(&c);
	data_case_set_text(&c, "folder", "none");
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: folder: @/none has no train-images-idx3-ubyte, "
	                     "plain or with .gz; " SOURCES);
	write_files(&f);
	CHECK_INT(unlink(test_path(names[TEST_LABELS])), 0);
	data_case_set_text(&c, "folder", ".");
	CHECK_DATA_ERROR(&c,
	                 "sweeps/x.yaml:5:3: folder: @/. has no t10k-labels-idx1-ubyte, plain or with .gz; " SOURCES);
}

TEST(idx_path_too_long)
{
	static char longest[DATA_PATH_MAX + 1];
	struct data_case c;

	init(&c);
	memset(longest, '/', DATA_PATH_MAX);
	data_case_set_text(&c, "folder", longest);
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: folder: the path is longer than 4095 bytes");
	longest[DATA_PATH_MAX - 10] = '\0';
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: folder: the path is longer than 4095 bytes");
}

/* Beginnings of messages. */
#define TRAIN_X "@/train-images-idx3-ubyte: "
#define TRAIN_Y "@/train-labels-idx1-ubyte: "
#define TEST_X "@/t10k-images-idx3-ubyte: "
#define TEST_Y "@/t10k-labels-idx1-ubyte: "

/* One broken file. */
enum damage { CUT, SET, GROW };
static const struct broken {
	enum damage damage;
	int file;
	size_t at;              /* CUT: bytes left; SET: where */
	uint8_t value;
	const char *want;
} broken[] = {
	{ CUT, TRAIN_IMAGES, 0, 0, TRAIN_X "is empty" },
	{ CUT, TRAIN_IMAGES, 1, 0, TRAIN_X "is cut short: it ends inside its header of 16 bytes" },
	{ CUT, TRAIN_IMAGES, 15, 0, TRAIN_X "is cut short: it ends inside its header of 16 bytes" },
	{ CUT, TRAIN_LABELS, 7, 0, TRAIN_Y "is cut short: it ends inside its header of 8 bytes" },
	{ CUT, TRAIN_IMAGES, 16, 0, TRAIN_X "is cut short: it ends before the 46 bytes that its header announces" },
	{ CUT, TRAIN_IMAGES, 45, 0, TRAIN_X "is cut short: it ends before the 46 bytes that its header announces" },
	{ CUT, TEST_LABELS, 9, 0, TEST_Y "is cut short: it ends before the 10 bytes that its header announces" },
	{ GROW, TEST_IMAGES, 0, 0, TEST_X "byte 28: found more bytes after all that its header announces" },
	{ GROW, TRAIN_LABELS, 0, 0, TRAIN_Y "byte 13: found more bytes after all that its header announces" },
	{ SET, TRAIN_IMAGES, 0, 0x89, TRAIN_X "byte 0: found 89 00, but an IDX file begins with 00 00" },
	{ SET, TEST_LABELS, 1, 7, TEST_Y "byte 0: found 00 07, but an IDX file begins with 00 00" },
	{ SET, TRAIN_IMAGES, 2, 0x0d,
	  TRAIN_X "byte 2: found numbers of type 0d; only 08, unsigned bytes, is accepted" },
	{ SET, TRAIN_IMAGES, 3, 4, TRAIN_X "byte 3: found 4 dimensions; only images of one channel are accepted: "
	  "3 dimensions, for count, rows and columns" },
	{ SET, TRAIN_IMAGES, 3, 1, TRAIN_X "byte 3: found 1 dimension, but images have 3" },
	{ SET, TEST_LABELS, 3, 3, TEST_Y "byte 3: found 3 dimensions, but labels have 1" },
	{ SET, TRAIN_LABELS, 3, 4, TRAIN_Y "byte 3: found 4 dimensions, but labels have 1" },
	{ SET, TRAIN_IMAGES, 7, 0, TRAIN_X "byte 4: found 0 images; 1..268435456 are accepted" },
	{ SET, TRAIN_LABELS, 7, 0, TRAIN_Y "byte 4: found 0 labels; 1..268435456 are accepted" },
	{ SET, TRAIN_IMAGES, 4, 0xff, TRAIN_X "byte 4: found 4278190085 images; 1..268435456 are accepted" },
	{ SET, TRAIN_IMAGES, 4, 0x0f, TRAIN_X "is cut short: it ends before the 1509949486 bytes that its header "
	  "announces" },
	{ SET, TRAIN_IMAGES, 7, 6, TRAIN_X "is cut short: it ends before the 52 bytes that its header announces" },
	{ SET, TRAIN_IMAGES, 11, 3,
	  "sweeps/x.yaml:5:3: input: 2x3x1 does not fit the data: @/train-images-idx3-ubyte has 3x3x1" },
	{ SET, TEST_IMAGES, 12, 1,
	  "sweeps/x.yaml:5:3: input: 2x3x1 does not fit the data: @/t10k-images-idx3-ubyte has 2x16777219x1" },
	{ SET, TRAIN_IMAGES, 8, 0xff,
	  "sweeps/x.yaml:5:3: input: 2x3x1 does not fit the data: @/train-images-idx3-ubyte has 4278190082x3x1" },
	{ SET, TRAIN_LABELS, 10, 3, TRAIN_Y "byte 10: label 3 is outside 0..2" },
	{ SET, TEST_LABELS, 9, 255, TEST_Y "byte 9: label 255 is outside 0..2" },
};

static void damage_file(struct bytes_of_file *file, const struct broken *b)
{
	if (b->damage == CUT)
		file->len = b->at;
	else if (b->damage == GROW)
		file->at[file->len++] = 0;
	else
		file->at[b->at] = b->value;
}

TEST(idx_names_what_is_wrong_in_a_file)
{
	struct data_case c;

	init(&c);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		struct folder f = small_folder();
		damage_file(&f.files[broken[i].file], &broken[i]);
		write_files(&f);
		CHECK_DATA_ERROR(&c, broken[i].want);
	}
}

TEST(idx_counts_must_agree)
{
	struct folder f = small_folder();
	struct data_case c;

	init(&c);
	f.files[TRAIN_LABELS].at[7] = 4;
	f.files[TRAIN_LABELS].len--;
	write_files(&f);
	CHECK_DATA_ERROR(&c, TRAIN_Y "byte 4: found 4 labels, but @/train-images-idx3-ubyte has 5 images");
}

/* The t10k labels under the name of the images, as a slip of the hand makes them. */
TEST(idx_swapped_files)
{
	struct folder f = small_folder();
	struct data_case c;

	init(&c);
	f.files[TEST_IMAGES] = f.files[TEST_LABELS];
	write_files(&f);
	CHECK_DATA_ERROR(&c, TEST_X "byte 3: found 1 dimension, but images have 3");
}

TEST(idx_description_must_fit)
{
	const struct folder f = small_folder();
	struct data_case c;

	init(&c);
	write_files(&f);
	c.description.shape.c = 3;
	CHECK_DATA_ERROR(&c,
	                 "sweeps/x.yaml:5:3: input: 2x3x3 does not fit the data: @/train-images-idx3-ubyte has 2x3x1");
	c.description.shape = (struct shape){ 1, 3, 2 };
	CHECK_DATA_ERROR(&c,
	                 "sweeps/x.yaml:5:3: input: 3x2x1 does not fit the data: @/train-images-idx3-ubyte has 2x3x1");
	c.description.shape = (struct shape){ 2147483647, 2147483647, 2147483647 };
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: input: an image of 2147483647x2147483647x2147483647 is larger than "
	                     "4294967296 bytes");
	init(&c);
	c.description.classes = 4;
	CHECK_DATA_ERROR(&c,
	                 "sweeps/x.yaml:5:3: classes: 4 does not fit the data: the largest label of its 7 images is 2");
	c.description.classes = 257;
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: classes: 257 is outside 1..256");
}

/* A header alone, of images so large that their count times their size passes 64 bits. */
TEST(idx_oversized_images)
{
	static const uint8_t header[16] = { 0, 0, 8, 3, 0, 0, 1, 0, 0, 0, 0x80, 0, 0, 1, 0, 0 };
	struct data_case c;

	init(&c);
	c.description.shape = (struct shape){ 1, 32768, 65536 };
	write_anew(names[TRAIN_IMAGES], header, sizeof header);
	CHECK_DATA_ERROR(&c, TRAIN_X "byte 4: found 256 images; 1..2 are accepted");
}

TEST(idx_only_regular_files)
{
	const struct folder f = small_folder();
	const char *path = test_path(names[TRAIN_LABELS]);
	struct data_case c;

	init(&c);
	write_files(&f);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(mkdir(path, 0777), 0);
	CHECK_DATA_ERROR(&c, TRAIN_Y "is a folder, not a file");
	CHECK_INT(rmdir(path), 0);
	CHECK_INT(mkfifo(path, 0666), 0);
	CHECK_DATA_ERROR(&c, TRAIN_Y "is a device or pipe, not a file");
	CHECK_INT(unlink(path), 0);
	CHECK_INT(symlink("/dev/zero", path), 0);
	CHECK_DATA_ERROR(&c, TRAIN_Y "is a device or pipe, not a file");
	CHECK_INT(unlink(path), 0);
	CHECK_INT(symlink(names[TRAIN_LABELS], path), 0);
	CHECK_DATA_ERROR(&c, TRAIN_Y "cannot be read: Too many levels of symbolic links");
}

TEST(idx_broken_gzip)
{
	struct folder f = small_folder();
	struct bytes_of_file packed = gzipped(&f.files[TRAIN_IMAGES]), worse = packed;
	struct data_case c;
	char want[256];

	init(&c);
	write_files(&f);
	write_anew(names[TRAIN_IMAGES], packed.at, packed.len - 1);
	snprintf(want, sizeof want, TRAIN_X "the gzip stream is cut short: it has not ended at byte %zu, where the "
	         "file ends", packed.len - 1);
	CHECK_DATA_ERROR(&c, want);
	worse.at[worse.len - 5] ^= 1;
	write_anew(names[TRAIN_IMAGES], worse.at, worse.len);
	snprintf(want, sizeof want, TRAIN_X "the gzip stream is corrupt before byte %zu",
	         packed.len - 4);
	CHECK_DATA_ERROR(&c, want);
	packed.at[packed.len] = 0;
	write_anew(names[TRAIN_IMAGES], packed.at, packed.len + 1);
	snprintf(want, sizeof want, TRAIN_X "byte %zu: the gzip stream has ended, but the file goes on", packed.len);
	CHECK_DATA_ERROR(&c, want);
	worse.len = gzip_bytes(f.files[TRAIN_IMAGES].at, 3, worse.at, ROOM);
	write_anew(names[TRAIN_IMAGES], worse.at, worse.len);
	CHECK_DATA_ERROR(&c, TRAIN_X "is cut short: it ends inside its header of 16 bytes");
	worse.len = gzip_bytes(f.files[TRAIN_IMAGES].at, 45, worse.at, ROOM);
	write_anew(names[TRAIN_IMAGES], worse.at, worse.len);
	CHECK_DATA_ERROR(&c, TRAIN_X "is cut short: it ends before the 46 bytes that its header announces");
}

/* 16 MB of zeros in 16 kB: read as far as the header announces and one byte further. And a header that announces more
 * than any stream of the file's size can hold, which must not cost the memory for it. */
TEST(idx_gzip_bomb)
{
	enum { ZEROS = 16 << 20, PACKED = 64 << 10 };
	struct folder f = small_folder();
	uint8_t *zeros = calloc(1, ZEROS), *packed = malloc(PACKED);
	struct data_case c;

	init(&c);
	write_files(&f);
	memcpy(zeros, f.files[TRAIN_IMAGES].at, 16);
	write_anew(names[TRAIN_IMAGES], packed, gzip_bytes(zeros, ZEROS, packed, PACKED));
	CHECK_DATA_ERROR(&c, TRAIN_X "byte 46: found more bytes after all that its header announces");
	zeros[4] = 0x0f;
	write_anew(names[TRAIN_IMAGES], packed, gzip_bytes(zeros, ZEROS, packed, PACKED));
	CHECK_DATA_ERROR(&c, TRAIN_X "is cut short: it ends before the 1509949486 bytes that its header announces");
	free(zeros);
	free(packed);
}

/* Reads the files: an error with a text, or exactly these bytes. */
static bool reads_or_fails(const struct data_case *c, const struct folder *f)
{
	struct error err = { "" };
	struct dataset data;

	bool done = dataset_read(&c->description, &data, &err);
	if (done)
		check_content(&data, f);
	else
		CHECK(err.text[0] && !data.pixels && !data.labels);
	dataset_free(&data);
	return done;
}

/* A header has no byte to spare. A pixel may be anything, a label anything below the number of classes, of which the
 * last must occur. */
TEST(idx_every_byte_flipped)
{
	const struct folder whole = small_folder();
	static const uint8_t flips[] = { 0x01, 0x02, 0x80, 0xff };
	struct data_case c;

	init(&c);
	write_files(&whole);
	for (int i = 0; i < FILES; i++) {
		for (size_t k = 0; k < whole.files[i].len * sizeof flips; k++) {
			struct folder f = whole;
			size_t at = k / sizeof flips;
			f.files[i].at[at] ^= flips[k % sizeof flips];
			write_anew(names[i], f.files[i].at, f.files[i].len);
			bool may_fail = at < header_len(i) || (i % 2 && f.files[i].at[at] >= CLASSES);
			CHECK_INT(reads_or_fails(&c, &f), !may_fail);
		}
		write_anew(names[i], whole.files[i].at, whole.files[i].len);
	}
}

TEST(idx_every_length_cut)
{
	const struct folder whole = small_folder();
	struct data_case c;

	init(&c);
	for (int i = 0; i < FILES; i++) {
		struct bytes_of_file packed = gzipped(&whole.files[i]);
		write_files(&whole);
		for (size_t len = 0; len < whole.files[i].len; len++) {
			write_anew(names[i], whole.files[i].at, len);
			CHECK(!reads_or_fails(&c, &whole));
		}
		for (size_t len = 0; len < packed.len; len++) {
			write_anew(names[i], packed.at, len);
			CHECK(!reads_or_fails(&c, &whole));
		}
	}
}

/* Some bits of a gzip header mean nothing for the content; all others are under the stream's check sum. */
TEST(idx_every_bit_of_gzip_flipped)
{
	const struct folder whole = small_folder();
	struct data_case c;
	int failures = 0;

	init(&c);
	for (int i = 0; i < FILES; i++) {
		const struct bytes_of_file packed = gzipped(&whole.files[i]);
		write_files(&whole);
		for (size_t bit = 0; bit < packed.len * 8; bit++) {
			struct bytes_of_file file = packed;
			file.at[bit / 8] ^= (uint8_t)(1 << bit % 8);
			write_anew(names[i], file.at, file.len);
			failures += !reads_or_fails(&c, &whole);
		}
	}
	CHECK(failures > 1000);
}
