/* FER2013's CSV as bench/data/fer2013.c reads it: good files in every dialect, each way to be broken by its exact
 * message, random files against the numbers they were made of, and every byte of a small file flipped and cut off. */
#include "bench/data/dataset.h"
#include "tests/helpers/data_files.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Images of 1 x 3, three classes. */
#define GOOD "emotion,pixels,Usage\n" \
	"0,1 22 255,Training\n" \
	"2,0 0 7,Training\n" \
	"1,9 8 100,Training\n" \
	"0,10 20 30,PublicTest\n" \
	"2,40 50 60,PrivateTest\n" \
	"1,70 80 90,PrivateTest\n"

static const uint8_t good_pixels[] = { 1, 22, 255, 0, 0, 7, 9, 8, 100, 10, 20, 30, 40, 50, 60, 70, 80, 90 };
static const uint8_t good_labels[] = { 0, 2, 1, 0, 2, 1 };

static void init(struct data_case *c)
{
	data_case_init(c, "fer2013", (struct shape){ 1, 1, 3 }, 3);
	data_case_set_text(c, "file", "f.csv");
}

static void write_csv(const char *text)
{
	write_anew("f.csv", text, strlen(text));
}

static void check_good(const struct data_case *c, const char *splits)
{
	struct dataset data;
	char got[256];

	if (!CHECK_DATA_READ(c, &data))
		return;
	CHECK_INT(data.count, 6);
	CHECK_TEXT(describe_splits(&data, got), splits);
	CHECK_BYTES(data.pixels, good_pixels, sizeof good_pixels);
	CHECK_BYTES(data.labels, good_labels, sizeof good_labels);
	dataset_free(&data);
}

static const char whole_splits[] = "training 0 0+3, public 1 3+1, private 2 4+2, both 3 3+3";

TEST(fer2013_reads_every_dialect)
{
	static const char *const dialects[] = {
		GOOD,
		"emotion,pixels,Usage\n0,1 22 255,Training\n2,0 0 7,Training\n1,9 8 100,Training\n"
		"0,10 20 30,PublicTest\n2,40 50 60,PrivateTest\n1,70 80 90,PrivateTest",
		"emotion,pixels,Usage\r\n0,1 22 255,Training\r\n2,0 0 7,Training\r\n1,9 8 100,Training\r\n"
		"0,10 20 30,PublicTest\r\n2,40 50 60,PrivateTest\r\n1,70 80 90,PrivateTest\r\n",
		"\"emotion\",\"pixels\",\"Usage\"\n\"0\",\"1 22 255\",\"Training\"\n2,\"0 0 7\",Training\n"
		"1,9 8 100,\"Training\"\n\"0\",10 20 30,PublicTest\n2,40 50 60,PrivateTest\n1,70 80 90,\"PrivateTest\"",
		"Usage,emotion,pixels\r\nTraining,0,1 22 255\r\nTraining,2,0 0 7\r\nTraining,1,9 8 100\r\n"
		"PublicTest,0,10 20 30\r\nPrivateTest,2,40 50 60\r\nPrivateTest,1,70 80 90",
		"emotion, Usage, pixels\n0,Training,1 22 255\n2,Training,0 0 7\n1,Training,9 8 100\n"
		"0,PublicTest,10 20 30\n2,PrivateTest,40 50 60\n1,PrivateTest,70 80 90\n",
		"pixels,Usage,emotion\n1 22 255,Training,0\n0 0 7,Training,2\n40 50 60,PrivateTest,2\n"
		"9 8 100,Training,1\n70 80 90,PrivateTest,1\n10 20 30,PublicTest,0",
	};
	uint8_t packed[512];
	struct data_case c;

	init(&c);
	for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
		write_csv(dialects[i]);
		check_good(&c, whole_splits);
		write_anew("f.csv", packed, gzip_bytes(dialects[i], strlen(dialects[i]), packed, sizeof packed));
		check_good(&c, whole_splits);
	}
}

/* The order is that of Kaggle's page. */
TEST(fer2013_names_its_seven_classes)
{
	struct data_description faces = { .format = data_format_find("fer2013"), .classes = 7 };

	CHECK_TEXT(dataset_class_name(&faces, 0), "angry");
	CHECK_TEXT(dataset_class_name(&faces, 6), "neutral");
	faces.classes = 6;
	CHECK(!dataset_class_name(&faces, 0));
	faces.class_names = (const char *const[]){ "a", "b", "c", "d", "e", "f" };
	CHECK_TEXT(dataset_class_name(&faces, 5), "f");
}

TEST(fer2013_splits_with_and_without_validation)
{
	struct split splits[MAX_SPLITS];
	struct data_case c;

	init(&c);
	write_csv(GOOD);
	CHECK_INT(c.description.format->splits(c.description.config, splits), 4);
	data_case_set_int(&c, "validation", 1);
	check_good(&c, "training 0 0+2, validation 1 2+1, public 3 3+1, private 3 4+2, both 2 3+3");
	CHECK_INT(c.description.format->splits(c.description.config, splits), 5);
	CHECK_TEXT(splits[4].name, "both");
	data_case_set_int(&c, "validation", 2);
	check_good(&c, "training 0 0+1, validation 1 1+2, public 3 3+1, private 3 4+2, both 2 3+3");
	data_case_set_int(&c, "validation", 3);
	CHECK_DATA_ERROR(&c,
	                 "sweeps/x.yaml:5:3: validation: 3 leaves nothing to train on: @/f.csv has 3 training images");
}

#define HEADER "emotion,pixels,Usage\n"
#define SOURCE "it is fer2013.csv of Kaggle's \"Challenges in Representation Learning: Facial Expression Recognition " \
	"Challenge\", plain or gzipped"
#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"      /* 32 bytes: as much as a message shows */

static const struct broken { const char *text, *want; } broken[] = {
	{ "", "@/f.csv: is empty" },
	{ "\n", "@/f.csv:1:1: found the line's end after 1 of 3 fields" },
	{ ",,\n", "@/f.csv:1:1: found column \"\"; the header must name emotion, pixels and Usage, each once" },
	{ "0,1 2 3,Training\n2,1 2 3,Training\n",
	  "@/f.csv:1:1: found column \"0\"; the header must name emotion, pixels and Usage, each once" },
	{ "emotion,pixels\n", "@/f.csv:1:15: found the line's end after 2 of 3 fields" },
	{ "emotion,pixels,Usage,\n", "@/f.csv:1:22: found more than 3 fields" },
	{ "emotion,pixels,emotion\n",
	  "@/f.csv:1:16: found column \"emotion\" again; the header must name emotion, pixels and Usage, "
	  "each once" },
	{ "emotion,pixels,usage\n",
	  "@/f.csv:1:16: found column \"usage\"; the header must name emotion, pixels and Usage, each once" },
	{ "emotion,pixels,\033\303\251\n",
	  "@/f.csv:1:16: found column \"???\"; the header must name emotion, pixels and Usage, each "
	  "once" },
	{ "emotion," LONG "a,Usage\n",
	  "@/f.csv:1:9: found column \"" LONG "...\"; the header must name emotion, pixels and Usage, each once" },
	{ HEADER, "@/f.csv: none of its 0 rows is Training; " SOURCE },
	{ HEADER "0,1 2 3,Training\n", "@/f.csv: none of its 1 rows is PublicTest; " SOURCE },
	{ HEADER "0,1 2 3,Training\n0,1 2 3,PublicTest\n", "@/f.csv: none of its 2 rows is PrivateTest; " SOURCE },
	{ HEADER "\n", "@/f.csv:2:1: found the line's end after 1 of 3 fields" },
	{ GOOD "\n", "@/f.csv:8:1: found the line's end after 1 of 3 fields" },
	{ HEADER "0,1 2 3\n", "@/f.csv:2:8: found the line's end after 2 of 3 fields" },
	{ HEADER "0,1 2 3,Training,\n", "@/f.csv:2:18: found more than 3 fields" },
	{ HEADER "0,\"1 2 3,Training\n", "@/f.csv:2:3: found a quote that is never closed" },
	{ HEADER "0,1 2 3,\"", "@/f.csv:2:9: found a quote that is never closed" },
	{ HEADER "0,\"1 2 3\"x,Training\n", "@/f.csv:2:10: found text after a closing quote" },
	{ HEADER "0,1 2 3,Testing\n",
	  "@/f.csv:2:9: Usage: found \"Testing\"; Training, PublicTest and PrivateTest are accepted" },
	{ HEADER "0,1 2 3,Training \n",
	  "@/f.csv:2:9: Usage: found \"Training \"; Training, PublicTest and PrivateTest are accepted" },
	{ HEADER "0,1 2 3,", "@/f.csv:2:9: Usage: found \"\"; Training, PublicTest and PrivateTest are accepted" },
	{ HEADER "3,1 2 3,Training\n", "@/f.csv:2:1: emotion: found \"3\"; 0..2 is accepted" },
	{ HEADER "-1,1 2 3,Training\n", "@/f.csv:2:1: emotion: found \"-1\"; 0..2 is accepted" },
	{ HEADER "1.5,1 2 3,Training\n", "@/f.csv:2:1: emotion: found \"1.5\"; 0..2 is accepted" },
	{ HEADER ",1 2 3,Training\n", "@/f.csv:2:1: emotion: found \"\"; 0..2 is accepted" },
	{ HEADER "0001,1 2 3,Training\n", "@/f.csv:2:1: emotion: found \"0001\"; 0..2 is accepted" },
	{ HEADER "0,1 256 3,Training\n",
	  "@/f.csv:2:5: pixel 2: found \"256\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,1 2 1000,Training\n",
	  "@/f.csv:2:7: pixel 3: found \"1000\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,-1 2 3,Training\n",
	  "@/f.csv:2:3: pixel 1: found \"-1\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,1  2 3,Training\n",
	  "@/f.csv:2:5: pixel 2: found \"\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0, 1 2 3,Training\n",
	  "@/f.csv:2:3: pixel 1: found \"\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,1 2 3 ,Training\n",
	  "@/f.csv:2:9: pixel 4: found \"\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,1\t2 3,Training\n",
	  "@/f.csv:2:3: pixel 1: found \"1?2\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,,Training\n",
	  "@/f.csv:2:3: pixel 1: found \"\"; a whole number 0..255 is accepted, one space between" },
	{ HEADER "0,1 2,Training\n",
	  "sweeps/x.yaml:5:3: input: 1x3x1 does not fit the data: @/f.csv has rows of 2 pixels" },
	{ HEADER "0,1 2 3 4,Training\n",
	  "sweeps/x.yaml:5:3: input: 1x3x1 does not fit the data: @/f.csv has rows of 4 pixels" },
	{ GOOD "0,1 2,Training\n", "@/f.csv:8:3: found 2 pixels; 1x3 are 3" },
	{ GOOD "0,1 2 3 4,Training\n", "@/f.csv:8:3: found 4 pixels; 1x3 are 3" },
};

TEST(fer2013_names_what_is_wrong_in_a_row)
{
	struct data_case c;

	init(&c);
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		write_csv(broken[i].text);
		CHECK_DATA_ERROR(&c, broken[i].want);
	}
}

TEST(fer2013_zero_bytes_and_endless_lines)
{
	static const char zeros[] = HEADER "0,1 \0 3,Training\n";
	enum { LONGEST = 4 * 3 + (1 << 20), LEN = 3 << 20 };
	char *endless = malloc(LEN), want[128];
	struct data_case c;

	init(&c);
	write_anew("f.csv", zeros, sizeof zeros - 1);
	CHECK_DATA_ERROR(&c, "@/f.csv:2:5: pixel 2: found \"?\"; a whole number 0..255 is accepted, one space between");
	memset(endless, '1', LEN);
	write_anew("f.csv", endless, LEN);
	snprintf(want, sizeof want, "@/f.csv:1: the line is longer than %d bytes", LONGEST);
	CHECK_DATA_ERROR(&c, want);
	memcpy(endless, HEADER, sizeof HEADER - 1);
	endless[LEN - 1] = '\n';
	write_anew("f.csv", endless, LEN);
	snprintf(want, sizeof want, "@/f.csv:2: the line is longer than %d bytes", LONGEST);
	CHECK_DATA_ERROR(&c, want);
	free(endless);
}

TEST(fer2013_description_must_fit)
{
	struct data_case c;

	init(&c);
	write_csv(GOOD);
	c.description.shape = (struct shape){ 3, 1, 1 };
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: input: 1x1x3 does not fit the data: faces have 1 channel");
	c.description.shape = (struct shape){ 1, 2, 2 };
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: input: 2x2x1 does not fit the data: @/f.csv has rows of 3 pixels");
	init(&c);
	c.description.classes = 2;
	CHECK_DATA_ERROR(&c, "@/f.csv:3:1: emotion: found \"2\"; 0..1 is accepted");
	c.description.classes = 7;
	CHECK_DATA_ERROR(&c,
	                 "sweeps/x.yaml:5:3: classes: 7 does not fit the data: the largest label of its 6 images is 2");
}

TEST(fer2013_missing_or_not_a_file)
{
	struct data_case c;

	init(&c);
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: file: @/f.csv does not exist; " SOURCE);
	data_case_set_text(&c, "file", "");
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: file: found an empty path");
	data_case_set_text(&c, "file", ".");
	CHECK_DATA_ERROR(&c, "@/.: is a folder, not a file");
	data_case_set_text(&c, "file", "/dev/zero");
	CHECK_DATA_ERROR(&c, "/dev/zero: is a device or pipe, not a file");
	write_csv(GOOD);
	data_case_set_text(&c, "file", "f.csv/below");
	CHECK_DATA_ERROR(&c, "sweeps/x.yaml:5:3: file: @/f.csv/below does not exist; " SOURCE);
}

TEST(fer2013_broken_gzip)
{
	uint8_t packed[512];
	struct data_case c;
	char want[256];

	init(&c);
	size_t len = gzip_bytes(GOOD, strlen(GOOD), packed, sizeof packed);
	write_anew("f.csv", packed, len - 8);
	snprintf(want, sizeof want,
	         "@/f.csv: the gzip stream is cut short: it has not ended at byte %zu, where the file ends", len - 8);
	CHECK_DATA_ERROR(&c, want);
	snprintf(want, sizeof want, "@/f.csv: byte %zu: the gzip stream has ended, but the file goes on", len);
	static const char *const rests[] = { "\n", "\037", "\n\n", "\037\n", "\n\213", "0,1 2 3,Training\n" };
	for (size_t i = 0; i < sizeof rests / sizeof *rests; i++) {
		memcpy(packed + len, rests[i], strlen(rests[i]));
		write_anew("f.csv", packed, len + strlen(rests[i]));
		CHECK_DATA_ERROR(&c, want);
	}
	packed[len - 1] ^= 1;
	write_anew("f.csv", packed, len);
	snprintf(want, sizeof want, "@/f.csv: the gzip stream is corrupt before byte %zu", len);
	CHECK_DATA_ERROR(&c, want);
	write_anew("f.csv", packed, gzip_bytes("", 0, packed, sizeof packed));
	CHECK_DATA_ERROR(&c, "@/f.csv: is empty");
}

/* Numbers without a seed from outside: a linear congruential generator (Knuth's MMIX). */
static unsigned draw(uint64_t *state, unsigned below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)(*state >> 33) % below;
}

enum { SIDE = 24, PIXELS = SIDE * SIDE, ROWS = 300, CLASSES = 7, ROOM = ROWS * (PIXELS * 4 + 32) };

/* A CSV of random faces in random order, more than is read at a time, and what must come of it. */
struct random_file {
	char text[ROOM];
	uint8_t packed[ROOM];
	size_t len;
	int usage[ROWS];
	uint8_t pixels[ROWS * PIXELS], labels[ROWS];    /* in file order */
};

static void random_row(struct random_file *f, int row, uint64_t *state)
{
	static const char *const usages[] = { "Training", "PublicTest", "PrivateTest" };
	const bool quoted = draw(state, 4) == 0;

	f->usage[row] = row < 3 ? row : (int)draw(state, 3);
	f->labels[row] = (uint8_t)(row < CLASSES ? row : (int)draw(state, CLASSES));
	f->len += (size_t)snprintf(f->text + f->len, ROOM - f->len, "%d,%s", f->labels[row], quoted ? "\"" : "");
	for (int i = 0; i < PIXELS; i++) {
		uint8_t pixel = (uint8_t)draw(state, draw(state, 2) ? 256 : 12);
		f->pixels[row * PIXELS + i] = pixel;
		f->len += (size_t)snprintf(f->text + f->len, ROOM - f->len, i ? " %d" : "%d", pixel);
	}
	f->len += (size_t)snprintf(f->text + f->len, ROOM - f->len, "%s,%s%s", quoted ? "\"" : "",
	                           usages[f->usage[row]], draw(state, 2) ? "\r\n" : "\n");
}

static struct random_file *random_file(uint64_t seed)
{
	struct random_file *f = calloc(1, sizeof *f);

	f->len = (size_t)snprintf(f->text, ROOM, HEADER);
	for (int row = 0; row < ROWS; row++)
		random_row(f, row, &seed);
	return f;
}

/* Each usage's images follow each other in file order. */
static void check_random(const struct dataset *data, const struct random_file *f)
{
	int next = 0;

	for (int usage = 0; usage < 3; usage++) {
		CHECK_INT(data->splits[usage].first, next);
		for (int row = 0; row < ROWS; row++)
			if (f->usage[row] == usage) {
				CHECK_INT(data->labels[next], f->labels[row]);
				CHECK_BYTES(data->pixels + next * PIXELS, f->pixels + row * PIXELS, PIXELS);
				next++;
			}
		CHECK_INT(data->splits[usage].first + data->splits[usage].count, next);
	}
	CHECK_INT(data->count, ROWS);
}

TEST(fer2013_random_files)
{
	struct dataset data;
	struct data_case c;

	data_case_init(&c, "fer2013", (struct shape){ 1, SIDE, SIDE }, CLASSES);
	data_case_set_text(&c, "file", "f.csv");
	for (uint64_t seed = 1; seed <= 4; seed++) {
		struct random_file *f = random_file(seed);
		if (seed % 2)
			write_anew("f.csv", f->text, f->len);
		else
			write_anew("f.csv", f->packed, gzip_bytes(f->text, f->len, f->packed, ROOM));
		if (CHECK_DATA_READ(&c, &data))
			check_random(&data, f);
		dataset_free(&data);
		free(f);
	}
}

/* Reads the file: returns the number of images, or -1 with an error that has a text. */
static int read_count(const struct data_case *c, uint64_t *digest)
{
	struct error err = { "" };
	struct dataset data;

	int count = dataset_read(&c->description, &data, &err) ? data.count : -1;
	CHECK(count < 0 ? err.text[0] && !data.pixels && !data.labels : !err.text[0]);
	*digest = data.digest;
	dataset_free(&data);
	return count;
}

/* A digit may become another digit; nothing may make an image more or less. */
TEST(fer2013_every_bit_flipped)
{
	struct data_case c;
	char text[] = GOOD;
	uint64_t digest;
	int failures = 0;

	init(&c);
	for (size_t bit = 0; bit < strlen(GOOD) * 8; bit++) {
		text[bit / 8] ^= (char)(1 << bit % 8);
		write_anew("f.csv", text, sizeof text - 1);
		int count = read_count(&c, &digest);
		CHECK(count == -1 || count == 6);
		failures += count == -1;
		text[bit / 8] ^= (char)(1 << bit % 8);
	}
	CHECK(failures > 1000);
}

/* Cut behind a whole row, nothing tells that there were more; cut anywhere else, it must show. */
TEST(fer2013_every_length_cut)
{
	static const char text[] = GOOD;
	struct data_case c;
	uint64_t digest;

	init(&c);
	for (size_t len = 0; len < strlen(text); len++) {
		write_anew("f.csv", text, len);
		bool whole_row = text[len] == '\n' || (len && text[len - 1] == '\n');
		int rows = 0;
		for (size_t i = 0; i <= len; i++)
			rows += text[i] == '\n' && (i < len || text[len] == '\n');
		CHECK_INT(read_count(&c, &digest), whole_row && rows >= 6 ? rows - 1 : -1);
	}
}

/* The check sum of a gzip stream tells every cut, and every flip but those of bits that mean nothing. */
TEST(fer2013_every_bit_of_gzip_flipped)
{
	uint64_t whole, digest;
	uint8_t packed[512];
	struct data_case c;
	int failures = 0;

	init(&c);
	size_t len = gzip_bytes(GOOD, strlen(GOOD), packed, sizeof packed);
	write_anew("f.csv", packed, len);
	CHECK_INT(read_count(&c, &whole), 6);
	for (size_t bit = 0; bit < len * 8; bit++) {
		packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
		write_anew("f.csv", packed, len);
		bool failed = read_count(&c, &digest) == -1;
		CHECK(failed || digest == whole);
		failures += failed;
		packed[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK(failures > 900);
	for (size_t cut = 0; cut < len; cut++) {
		write_anew("f.csv", packed, cut);
		CHECK_INT(read_count(&c, &digest), -1);
	}
}

TEST(fer2013_digest_sees_order_and_usage)
{
	static const char *const texts[] = {
		GOOD,
		HEADER "2,0 0 7,Training\n0,1 22 255,Training\n1,9 8 100,Training\n0,10 20 30,PublicTest\n"
		       "2,40 50 60,PrivateTest\n"
		"1,70 80 90,PrivateTest\n",
		HEADER "0,1 22 255,Training\n2,0 0 7,Training\n1,9 8 100,PublicTest\n0,10 20 30,PublicTest\n"
		       "2,40 50 60,PrivateTest\n"
		"1,70 80 90,PrivateTest\n",
	};
	uint64_t digests[3] = { 0 };
	struct dataset data;
	struct data_case c;

	init(&c);
	for (int i = 0; i < 3; i++) {
		write_csv(texts[i]);
		if (CHECK_DATA_READ(&c, &data))
			digests[i] = data.digest;
		dataset_free(&data);
	}
	CHECK(digests[0] != digests[1]);
	CHECK(digests[0] != digests[2]);
	CHECK(digests[1] != digests[2]);
}
