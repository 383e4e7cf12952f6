/* Data that is larger than this machine's memory, or than `ulimit -v`, is refused before memory is taken for it. */
#include "bench/data/dataset.h"
#include "tests/helpers/data_files.h"
#include "tests/helpers/test.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

enum { SIDE = 1024, MIB = 1 << 20, MORE_BYTES = 32 * MIB };

/* This process may take so many more bytes. */
static void limit_memory(void)
{
	struct rlimit limit;
	FILE *file = fopen("/proc/self/statm", "r");
	long pages = 0;

#ifdef __SANITIZE_ADDRESS__
	test_skip("the address sanitizer takes its addresses beforehand");
#endif

	CHECK(file && fscanf(file, "%ld", &pages) == 1);
	if (file)
		fclose(file);
	CHECK(getrlimit(RLIMIT_AS, &limit) == 0);
	limit.rlim_cur = (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE) + MORE_BYTES;
	CHECK(setrlimit(RLIMIT_AS, &limit) == 0);
}

/* The error is `before`, a size, and `after`; '@' in front stands for the test's folder. */
static void check_refusal(const struct data_case *c, const char *before, const char *after)
{
	struct error err = { "" };
	struct dataset data;
	const char *text = err.text;

	CHECK(!dataset_read(&c->description, &data, &err));
	if (*before == '@') {
		CHECK(strncmp(text, test_folder(), strlen(test_folder())) == 0);
		text += strlen(test_folder());
		before++;
	}
	CHECK(strlen(text) > strlen(before) + strlen(after));
	CHECK_TEXT(text + strlen(text) - strlen(after), after);
	err.text[text - err.text + (long)strlen(before)] = '\0';
	CHECK_TEXT(text, before);
	CHECK(!data.pixels && !data.labels);
}

/* Images without content: the file is as long as its header announces, and takes no space. */
static void write_idx(const char *name, unsigned count, bool images)
{
	uint8_t header[16] = { 0, 0, 8, images ? 3 : 1, 0, 0, (uint8_t)(count >> 8), (uint8_t)count,
		0, 0, SIDE >> 8, 0, 0, 0, SIDE >> 8, 0 };
	const char *path = test_write(name, header, images ? 16 : 8);

	CHECK(truncate(path, images ? 16 + (off_t)count * SIDE * SIDE : 8 + (off_t)count) == 0);
}

TEST(idx_larger_than_memory_is_refused)
{
	struct data_case c;

	write_idx("train-images-idx3-ubyte", 60, true);
	write_idx("train-labels-idx1-ubyte", 60, false);
	write_idx("t10k-images-idx3-ubyte", 4, true);
	write_idx("t10k-labels-idx1-ubyte", 4, false);
	data_case_init(&c, "idx", (struct shape){ 1, SIDE, SIDE }, 2);
	data_case_set_text(&c, "folder", ".");
	limit_memory();
	check_refusal(&c, "sweeps/x.yaml:5:3: data: not enough memory for the 67108864 bytes of its 64 images: ",
	              " MiB are available");
}

/* Of a gzipped CSV nobody knows how large it is before it is read. */
TEST(fer2013_larger_than_memory_is_refused)
{
	enum { EDGE = 256, PIXELS = EDGE * EDGE, ROWS = 800, ROW = 2 + 2 * PIXELS + 9, HEAD = 21 };
	size_t len = HEAD + (size_t)ROWS * ROW, room = len / 100;
	char *text = malloc(len), *row = text + HEAD;
	uint8_t *packed = malloc(room);
	struct data_case c;

	memcpy(text, "emotion,pixels,Usage\n", HEAD);
	for (int i = 0; i < ROWS; i++, row += ROW) {
		memcpy(row, "0,", 2);
		for (int pixel = 0; pixel < PIXELS; pixel++)
			memcpy(row + 2 + 2 * pixel, "0 ", 2);
		memcpy(row + 2 + 2 * PIXELS - 1, ",Training\n", 10);
	}
	write_anew("faces.csv.gz", packed, gzip_bytes(text, len, packed, room));
	free(text);
	free(packed);
	data_case_init(&c, "fer2013", (struct shape){ 1, EDGE, EDGE }, 2);
	data_case_set_text(&c, "file", "faces.csv.gz");
	limit_memory();
	check_refusal(&c, "@/faces.csv.gz:", " are available");
}

TEST(fer2013_rows_larger_than_memory_are_refused)
{
	struct data_case c;

	test_write("faces.csv", "emotion,pixels,Usage\n", 21);
	data_case_init(&c, "fer2013", (struct shape){ 1, 4096, 4096 }, 2);
	data_case_set_text(&c, "file", "faces.csv");
	limit_memory();
	check_refusal(&c, "@/faces.csv: not enough memory for a row of 16777216 pixels: ", " MiB are available");
}
