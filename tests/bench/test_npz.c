/* .npz files: we read what numpy wrote, numpy could read what we write, and broken files are refused. */
#include "bench/weights/npz.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#define FIXTURE(name) "tests/fixtures/npz/" name ".npz"

static void check_floats(struct npz *npz, const char *name, const float *want, int count)
{
	struct error err = { "" };
	float got[32];

	CHECK_INT(npz_find_well(npz, name)->count, count);
	CHECK(npz_read_floats(npz, npz_find_well(npz, name), got, &err));
	for (int i = 0; i < count; i++)
		check_close(__FILE__, __LINE__, (double)got[i], (double)want[i], 0, name);
}

static void check_integers(struct npz *npz, const char *name, const int64_t *want, int count)
{
	struct error err = { "" };
	int64_t got[32];

	CHECK_INT(npz_find_well(npz, name)->count, count);
	CHECK(npz_read_integers(npz, npz_find_well(npz, name), got, &err));
	for (int i = 0; i < count; i++)
		check_long(__FILE__, __LINE__, got[i], want[i], name);
}

TEST(npz_reads_every_type_of_numpy)
{
	static const struct { const char *name; int64_t least, most; } integers[] = {
		{ "int8", INT8_MIN, INT8_MAX }, { "int16", INT16_MIN, INT16_MAX }, { "int32", INT32_MIN, INT32_MAX },
		{ "int64", INT64_MIN, INT64_MAX }, { "uint8", 0, UINT8_MAX }, { "uint16", 0, UINT16_MAX },
		{ "uint32", 0, UINT32_MAX }, { "uint64", 0, INT64_MAX },
	};
	struct npz *npz = npz_open_well(FIXTURE("types"));

	CHECK_INT(npz_count(npz), 15);
	CHECK_TEXT(npz_at(npz, 0)->name, "float16");
	check_floats(npz, "float16", (const float[]){ -65504, -1.5f, 0, 0.5f, 65504 }, 5);
	check_floats(npz, "float32", (const float[]){ -3.4028235e38f, -1.5f, 0, 0.5f, 3.4028235e38f }, 5);
	check_floats(npz, "float64", (const float[]){ -INFINITY, -1.5f, 0, 0.5f, INFINITY }, 5);
	for (int i = 0; i < 8; i++) {
		check_integers(npz, integers[i].name, (const int64_t[]){ integers[i].least, 7, integers[i].most }, 3);
		CHECK_TEXT(npz_type_name(npz_find_well(npz, integers[i].name)->type), integers[i].name);
		CHECK(!npz_is_float(npz_find_well(npz, integers[i].name)->type));
	}
	check_floats(npz, "int16", (const float[]){ INT16_MIN, 7, INT16_MAX }, 3);
	npz_close(npz);
}

TEST(npz_reads_every_shape_of_numpy)
{
	struct npz *npz = npz_open_well(FIXTURE("types")), *version2 = npz_open_well(FIXTURE("version2"));
	int64_t counted[24];
	char shape[NPZ_SHAPE_BYTES];

	for (int i = 0; i < 24; i++)
		counted[i] = i;
	check_integers(npz, "fortran", counted, 24);
	CHECK_TEXT(npz_shape(3, npz_find_well(npz, "fortran")->dims, shape), "[2, 3, 4]");
	CHECK_INT(npz_find_well(npz, "scalar")->rank, 0);
	CHECK_TEXT(npz_shape(0, NULL, shape), "[]");
	check_floats(npz, "scalar", (const float[]){ 2.5f }, 1);
	CHECK_INT(npz_find_well(npz, "empty")->rank, 3);
	check_floats(npz, "empty", NULL, 0);
	check_floats(version2, "x", (const float[]){ 0, 1, 2, 3, 4, 5 }, 6);
	CHECK(!npz_find(version2, "y"));
	npz_close(npz);
	npz_close(version2);
}

TEST(npz_refuses_integers_that_are_none)
{
	struct npz *npz = npz_open_well(FIXTURE("types"));
	struct error err = { "" };
	int64_t to[5];

	CHECK(!npz_read_integers(npz, npz_find_well(npz, "float16"), to, &err));
	CHECK_TEXT(err.text, FIXTURE("types") ": array \"float16\": numbers of type float16; accepted: integers");
	err.text[0] = '\0';
	CHECK(!npz_read_integers(npz, npz_find_well(npz, "uint64-large"), to, &err));
	CHECK_TEXT(err.text, FIXTURE("types") ": array \"uint64-large\": number 1 is above 9223372036854775807");
	npz_close(npz);
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static const float numbers[6] = { 0, -1, 0.333333343f, 65504, 1e-8f, 1024.5f };
static const int64_t integers[3] = { INT64_MIN, -1, INT64_MAX };

static bool write_sample(const char *path, enum npz_type type, struct error *err)
{
	struct npz_draft *draft = npz_create(err);

	CHECK(npz_add_floats(draft, &(struct npz_array){ .name = "deep/name", .type = type, .rank = 2,
	                                                 .dims = { 2, 3 } }, numbers, err));
	CHECK(npz_add_floats(draft, &(struct npz_array){ .name = "scalar", .type = type, .rank = 0 }, numbers + 2,
	                     err));
	CHECK(npz_add_floats(draft, &(struct npz_array){ .name = "none", .type = type, .rank = 1, .dims = { 0 } },
	                     numbers, err));
	CHECK(npz_add_integers(draft, &(struct npz_array){ .name = "whole", .type = NPZ_INT64, .rank = 1,
	                                                   .dims = { 3 } }, integers, err));
	return npz_save(draft, path, err);
}

/* The whole file; its length in *len. */
static const char *read_bytes(const char *path, size_t *len)
{
	static char bytes[2][1 << 14];
	static int next;
	char *to = bytes[next++ % 2];
	FILE *file = fopen(path, "rb");

	*len = file ? fread(to, 1, sizeof bytes[0], file) : 0;
	if (file)
		fclose(file);
	return to;
}

TEST(npz_writes_what_it_reads)
{
	const char *path = test_path("a.npz"), *again = test_path("b.npz");
	struct error err = { "" };
	size_t len, other_len;

	CHECK(write_sample(path, NPZ_FLOAT32, &err));
	struct npz *npz = npz_open_well(path);
	CHECK_INT(npz_count(npz), 4);
	check_floats(npz, "deep/name", numbers, 6);
	check_floats(npz, "scalar", numbers + 2, 1);
	check_floats(npz, "none", NULL, 0);
	check_integers(npz, "whole", integers, 3);
	npz_close(npz);
	CHECK(write_sample(again, NPZ_FLOAT32, &err));
	const char *bytes = read_bytes(path, &len), *others = read_bytes(again, &other_len);
	CHECK(len > 0 && len == other_len && !memcmp(bytes, others, len));
}

/* The bytes that numpy.save gives for the same array, in a stored entry of 1980-01-01. */
TEST(npz_writes_what_numpy_would)
{
	static const char header[] = "\x93NUMPY\1\0v\0{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }";
	const char *path = test_path("a.npz");
	struct error err = { "" };
	size_t len;

	CHECK(write_sample(path, NPZ_FLOAT32, &err));
	const char *bytes = read_bytes(path, &len), *at = bytes + 30 + strlen("deep/name.npy");
	CHECK(!memcmp(bytes, "PK\3\4", 4) && !memcmp(bytes + 8, "\0\0\0\0\x21\0", 6));
	CHECK(!memcmp(at, header, sizeof header - 1));
	CHECK(at[127] == '\n' && at[126] == ' ');
	CHECK(!memcmp(at + 128, numbers, sizeof numbers));
}

TEST(npz_writes_half_precision)
{
	static const float want[6] = { 0, -1, 0.33325195f, 65504, 0, 1024 };    /* 1024.5: ties to even */
	struct error err = { "" };

	CHECK(write_sample(test_path("a.npz"), NPZ_FLOAT16, &err));
	struct npz *npz = npz_open_well(test_path("a.npz"));
	CHECK(npz_find_well(npz, "deep/name")->type == NPZ_FLOAT16);
	check_floats(npz, "deep/name", want, 6);
	npz_close(npz);
	struct npz_draft *draft = npz_create(&err);
	CHECK(!npz_add_floats(draft, &(struct npz_array){ .name = "x", .type = NPZ_FLOAT16, .rank = 1, .dims = { 2 } },
	                      (const float[]){ 1, -65520 }, &err));
	CHECK_TEXT(err.text, "array \"x\": number 1 is -65520, and float16 ends at 65504");
	npz_discard(draft);
}

static void fetch_places(const struct npz_floats *from, int64_t first, int count, float *to)
{
	(void)from;
	for (int i = 0; i < count; i++)
		to[i] = (float)(first + i);
}

static long most_kib_so_far(void)
{
	struct rusage used;

	getrusage(RUSAGE_SELF, &used);
	return used.ru_maxrss;
}

/* An odd number of pieces and a part of one, 64 MiB in all. */
TEST(npz_fetched_numbers_take_no_memory)
{
	enum { COUNT = (16 << 20) + 77 };
	struct npz_array array = { .name = "x", .type = NPZ_FLOAT32, .rank = 1, .dims = { COUNT } };
	struct npz_array half = { .name = "half", .type = NPZ_FLOAT16, .rank = 1, .dims = { 2001 } };
	struct error err = { "" };
	struct npz_draft *draft = npz_create(&err);
	long before = most_kib_so_far();

	CHECK(npz_add_fetched(draft, &array, &(struct npz_floats){ .fetch = fetch_places }, &err));
	CHECK(npz_add_fetched(draft, &half, &(struct npz_floats){ .fetch = fetch_places }, &err));
	CHECK(npz_save(draft, test_path("a.npz"), &err));
	long grown = most_kib_so_far() - before;
	if (grown > 8 << 10)
		test_fail(__FILE__, __LINE__, "%ld KiB more memory than before", grown);
	struct npz *npz = npz_open_well(test_path("a.npz"));
	float *got = malloc(COUNT * sizeof *got);
	CHECK(npz_read_floats(npz, npz_find_well(npz, "x"), got, &err));
	for (int i = 0; i < COUNT; i++)
		if (got[i] != (float)i)
			test_fail(__FILE__, __LINE__, "number %d is %g", i, (double)got[i]);
	CHECK(npz_read_floats(npz, npz_find_well(npz, "half"), got, &err));
	for (int i = 0; i < 2001; i++)
		CHECK_CLOSE(got[i], i, 0);
	free(got);
	npz_close(npz);
}

TEST(npz_without_arrays)
{
	struct error err = { "" };

	CHECK(npz_save(npz_create(&err), test_path("a.npz"), &err));
	struct npz *npz = npz_open_well(test_path("a.npz"));
	CHECK_INT(npz_count(npz), 0);
	npz_close(npz);
}

TEST(npz_on_a_full_disk_leaves_the_old_one)
{
	const char *path = test_path("a.npz");
	struct rlimit limit;
	struct error err = { "" };
	char want[512];
	size_t len, after;

	CHECK(write_sample(path, NPZ_FLOAT32, &err));
	read_bytes(path, &len);
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	setrlimit(RLIMIT_FSIZE, &(struct rlimit){ 100, limit.rlim_max });
	bool written = write_sample(path, NPZ_FLOAT16, &err);
	setrlimit(RLIMIT_FSIZE, &limit);
	snprintf(want, sizeof want, "%s: cannot be written: File too large", path);
	CHECK(!written);
	CHECK_TEXT(err.text, want);
	read_bytes(path, &after);
	CHECK(len == after);
	CHECK(rmdir(test_folder()) != 0 && unlink(path) == 0 && rmdir(test_folder()) == 0);  /* left nothing */
}

/* --- what is broken ----------------------------------------------------------------------------------------------- */

static void check_refused(const char *path, const char *want)
{
	struct error err = { "" };
	struct npz *npz = npz_open(path, &err);
	char text[1200];

	snprintf(text, sizeof text, "%s: %s", path, want);
	CHECK(!npz);
	CHECK_TEXT(err.text, text);
	npz_close(npz);
}

/* One more entry for an archive. */
static void add_entry(zip_t *archive, const char *name, const void *bytes, size_t len)
{
	zip_int64_t i = zip_file_add(archive, name, zip_source_buffer(archive, bytes, len, 0), 0);

	CHECK(i >= 0 && zip_set_file_compression(archive, (zip_uint64_t)i, ZIP_CM_DEFLATE, 0) == 0);
}

static const char *write_entry(const char *name, const void *bytes, size_t len)
{
	const char *path = test_path("broken.npz");
	zip_t *archive = zip_open(path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

	add_entry(archive, name, bytes, len);
	CHECK_INT(zip_close(archive), 0);
	return path;
}

/* An array "x" with this dictionary and `zeros` zero bytes of numbers. */
static const char *write_array(const char *dictionary, size_t zeros)
{
	static char bytes[1 << 20];
	size_t len = strlen(dictionary);

	memset(bytes, 0, sizeof bytes);
	memcpy(bytes, "\x93NUMPY\1\0", 8);
	bytes[8] = (char)(len & 255);
	bytes[9] = (char)(len >> 8);
	memcpy(bytes + 10, dictionary, len);
	return write_entry("x.npy", bytes, 10 + len + zeros);
}

TEST(npz_that_is_no_archive_is_refused)
{
	size_t len;
	const char *whole = read_bytes(FIXTURE("types"), &len);

	check_refused(test_path("none.npz"), "cannot be read: No such file or directory");
	mkdir(test_path("folder.npz"), 0777);
	check_refused(test_path("folder.npz"), "not a file");
	mkfifo(test_path("pipe.npz"), 0666);
	check_refused(test_path("pipe.npz"), "not a file");
	check_refused(test_write("a.npz", "", 0), "not an .npz file, which is a zip archive: Not a zip archive");
	check_refused(test_write("a.npz", "hello", 5), "not an .npz file, which is a zip archive: Not a zip archive");
	check_refused(test_write("a.npz", whole, len / 2),
	              "not an .npz file, which is a zip archive: Not a zip archive");
	check_refused(test_write("a.npz", whole, len - 1),
	              "not an .npz file, which is a zip archive: Not a zip archive");
}

#define N17 "nnnnnnnnnnnnnnnnn"

TEST(npz_with_something_else_is_refused)
{
	char name[400];

	check_refused(write_entry("notes.txt", "hello", 5),
	              "holds \"notes.txt\", which is not the name of an array: NAME.npy");
	check_refused(write_entry(".npy", "hello", 5), "holds \".npy\", which is not the name of an array: NAME.npy");
	check_refused(write_entry("x.npy", "hello", 5), "array \"x\": ends early");
	check_refused(write_entry("x.npy", "hello, world", 12), "array \"x\": does not begin as a .npy array does");
	check_refused(write_entry("x.npy", "\x93NUMPY\3\0....", 12),
	              "array \"x\": .npy version 3.0; accepted: 1.0, 2.0");
	check_refused(write_entry("x.npy", "\x93NUMPY\1\0\5\0{}", 12), "array \"x\": ends early");
	check_refused(write_entry("x.npy", "\x93NUMPY\2\0\0\0\0\1", 12),
	              "array \"x\": .npy header: 16777216 bytes; accepted: up to 65536");
	memset(name, 'n', sizeof name);
	memcpy(name + sizeof name - 5, ".npy", 5);
	check_refused(write_entry(name, "hello", 5),
	              "the name of array \"" N17 N17 N17 N17 "...\" is longer than 255 bytes");
}

#define HEADER(type, shape) "{'descr': '" type "', 'fortran_order': False, 'shape': (" shape ")}"

TEST(npz_header_that_is_no_dictionary_of_an_array_is_refused)
{
	static const struct { const char *text, *want; } cases[] = {
		{ "x", ".npy header: \"{\" expected, found \"x\"" },
		{ "{1: 2}", ".npy header: a text in quotes expected, found \"1: 2}\"" },
		{ "{'descr' '<f4'}", ".npy header: \":\" expected, found \"'<f4'}\"" },
		{ "{'descr': '<f4', 'more': 1}", ".npy header: key \"more\" is unknown" },
		{ "{'descr': '<f4', 'descr': '<f4'}", ".npy header: key \"descr\" is there twice" },
		{ "{'descr': '<f4', 'shape': (1,)}", ".npy header: descr, fortran_order or shape is missing" },
		{ "{'descr': '<f4' 'shape': (1,)}", ".npy header: \",\" or \"}\" expected, found \"'shape': (1,)}\"" },
		{ "{'fortran_order': 0}", ".npy header: True or False expected, found \"0}\"" },
		{ "{'shape': 3}", ".npy header: a tuple of dimensions expected, found \"3}\"" },
		{ "{'shape': (3, -1)}", ".npy header: a dimension expected, found \"-1)}\"" },
		{ "{'shape': (3 4)}", ".npy header: \",\" or \")\" expected, found \"4)}\"" },
		{ "{'shape': (1,1,1,1,1,1,1,1,1)}", "more than 8 dimensions" },
		{ "{'shape': (99999999999999999999,)}", "more than 2147483648 numbers" },
		{ "{'shape': (65536, 65536)}", "more than 2147483648 numbers" },
		{ "{'descr': '<f4", ".npy header: a short text in quotes expected, found \"'<f4\"" },
		{ "{'descr': [('a', '<f4')]}", ".npy header: an array of records; accepted: an array of numbers" },
		{ HEADER(">f4", "1"),
		  "numbers of type \">f4\"; accepted: little-endian floats of 2, 4 and 8 bytes, integers of 1 to 8" },
		{ HEADER("<c8", "1"),
		  "numbers of type \"<c8\"; accepted: little-endian floats of 2, 4 and 8 bytes, integers of 1 to 8" },
		{ HEADER("|O", "1"),
		  "numbers of type \"|O\"; accepted: little-endian floats of 2, 4 and 8 bytes, integers of 1 to 8" },
		{ HEADER("<f4", "1") " x", ".npy header: nothing more expected, found \"x\"" },
		{ HEADER("<f4", "2"), "80 bytes long, where its header makes it 72" },
		{ HEADER("<f4", "1000000000"), "89 bytes long, where its header makes it 4000000073" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char want[300];

		snprintf(want, sizeof want, "array \"x\": %s", cases[i].want);
		check_refused(write_array(cases[i].text, 16), want);
	}
	write_array(HEADER("<f4", "4"), 16);
	npz_close(npz_open_well(test_path("broken.npz")));
}

/* Where `what` begins in the file for the `which`-th time, from 0. */
static long place_of(char *bytes, size_t len, const void *what, int which)
{
	size_t what_len = strlen(what);

	for (char *at = bytes; (at = memmem(at, len - (size_t)(at - bytes), what, what_len)); at++)
		if (which-- == 0)
			return at - bytes;
	test_fail(__FILE__, __LINE__, "nothing to patch");
	abort();
}

/* broken.npz with a few bytes overwritten, `offset` behind the place of `what`. */
static const char *patch(const char *what, int which, int offset, const void *with, size_t with_len)
{
	size_t len;
	static char bytes[1 << 14];

	memcpy(bytes, read_bytes(test_path("broken.npz"), &len), sizeof bytes);
	memcpy(bytes + place_of(bytes, len, what, which) + offset, with, with_len);
	return test_write("broken.npz", bytes, len);
}

TEST(npz_with_an_array_twice_is_refused)
{
	zip_t *archive = zip_open(test_path("broken.npz"), ZIP_CREATE | ZIP_TRUNCATE, NULL);
	static const char one[] = "\x93NUMPY\1\0\x38\0" HEADER("|i1", "1,") "\n.";

	add_entry(archive, "x.npy", one, sizeof one - 1);
	add_entry(archive, "y.npy", one, sizeof one - 1);
	CHECK_INT(zip_close(archive), 0);
	npz_close(npz_open_well(test_path("broken.npz")));
	patch("y.npy", 0, 0, "x", 1);
	check_refused(patch("y.npy", 0, 0, "x", 1), "holds array \"x\" twice");
}

TEST(npz_compressed_in_another_way_is_refused)
{
	write_array(HEADER("<f4", "4"), 16);
	check_refused(patch("PK\1\2", 0, 10, "\x0e", 1),
	              "array \"x\": compressed by method 14; accepted: stored, deflated");
}

static void check_unreadable(const char *path, const char *want)
{
	struct npz *npz = npz_open_well(path);
	struct error err = { "" };
	static float to[1 << 18];
	char text[1200];

	snprintf(text, sizeof text, "%s: array \"x\": %s", path, want);
	CHECK(!npz_read_floats(npz, npz_find_well(npz, "x"), to, &err));
	CHECK_TEXT(err.text, text);
	npz_close(npz);
}

/* The archive states an entry's length; reading detects both wrong lengths. */
TEST(npz_that_lies_about_its_length_is_refused)
{
	write_array(HEADER("<f4", "10"), 100000);
	uint32_t stated = 10 + sizeof HEADER("<f4", "10") - 1 + 40;
	check_unreadable(patch("PK\1\2", 0, 24, &stated, 4), "longer than its header says");
	write_array(HEADER("<f4", "200000"), 40);
	stated = 10 + sizeof HEADER("<f4", "200000") - 1 + 800000;
	check_unreadable(patch("PK\1\2", 0, 24, &stated, 4), "ends early");
}

TEST(npz_with_a_changed_number_is_refused)
{
	struct error err = { "" };

	write_sample(test_path("broken.npz"), NPZ_FLOAT32, &err);
	patch("deep/name.npy", 0, 13 + 128 + 4, "\1", 1);
	struct npz *npz = npz_open_well(test_path("broken.npz"));
	float to[6];
	char want[512];
	snprintf(want, sizeof want, "%s: array \"deep/name\": cannot be read: CRC error", test_path("broken.npz"));
	CHECK(!npz_read_floats(npz, npz_find_well(npz, "deep/name"), to, &err));
	CHECK_TEXT(err.text, want);
	npz_close(npz);
}
