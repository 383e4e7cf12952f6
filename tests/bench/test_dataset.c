/* What all data formats share: the table of formats, splits by role, and the digest that stands in every record. */
#include "bench/data/dataset.h"
#include "tests/helpers/data_files.h"
#include "tests/helpers/test.h"

#include <stdio.h>
#include <string.h>

enum { IMAGES = 4, PIXELS = 27, CLASSES = 2 };

/* Four images of 3 x 9: two to train on, one public, one private. */
struct faces { uint8_t pixels[IMAGES][PIXELS], labels[IMAGES]; };

static struct faces some_faces(void)
{
	struct faces f;

	for (int i = 0; i < IMAGES; i++) {
		f.labels[i] = (uint8_t)(i % CLASSES);
		for (int k = 0; k < PIXELS; k++)
			f.pixels[i][k] = (uint8_t)(61 * i + 7 * k);
	}
	return f;
}

static void write_faces(const struct faces *f)
{
	static const char *const usages[IMAGES] = { "Training", "Training", "PublicTest", "PrivateTest" };
	char text[2048];
	size_t used = (size_t)snprintf(text, sizeof text, "emotion,pixels,Usage\n");

	for (int i = 0; i < IMAGES; i++) {
		used += (size_t)snprintf(text + used, sizeof text - used, "%d,", f->labels[i]);
		for (int k = 0; k < PIXELS; k++)
			used += (size_t)snprintf(text + used, sizeof text - used, k ? " %d" : "%d", f->pixels[i][k]);
		used += (size_t)snprintf(text + used, sizeof text - used, ",%s\n", usages[i]);
	}
	write_anew("f.csv", text, used);
}

static void init(struct data_case *c)
{
	data_case_init(c, "fer2013", (struct shape){ 1, 3, 9 }, CLASSES);
	data_case_set_text(c, "file", "f.csv");
}

static uint64_t digest_of(const struct data_case *c, const struct faces *f)
{
	struct dataset data;
	uint64_t digest = 0;

	write_faces(f);
	if (CHECK_DATA_READ(c, &data))
		digest = data.digest;
	dataset_free(&data);
	return digest;
}

TEST(dataset_formats_are_found_by_name)
{
	CHECK_TEXT(data_format_find("idx")->kind.name, "idx");
	CHECK_TEXT(data_format_find("fer2013")->kind.name, "fer2013");
	CHECK(data_format_find("id") == NULL);
	CHECK(data_format_find("") == NULL);
}

TEST(dataset_splits_are_found_by_role)
{
	const struct faces f = some_faces();
	struct dataset data;
	struct data_case c;

	init(&c);
	write_faces(&f);
	if (CHECK_DATA_READ(&c, &data)) {
		CHECK_TEXT(dataset_split(&data, ROLE_TRAINING)->name, "training");
		CHECK_TEXT(dataset_split(&data, ROLE_VALIDATION)->name, "public");
		CHECK_TEXT(dataset_split(&data, ROLE_TEST)->name, "private");
		CHECK_TEXT(dataset_split(&data, ROLE_REPORT)->name, "both");
		data.split_count = 1;
		CHECK(dataset_split(&data, ROLE_TEST) == NULL);
	}
	dataset_free(&data);
	CHECK(data.pixels == NULL && data.labels == NULL && data.count == 0);
	dataset_free(&data);
}

/* Worked out by another program from the definition in dataset.c: records of all machines share these numbers. */
TEST(dataset_digest_is_the_same_everywhere)
{
	const struct faces f = some_faces();
	struct data_case c;

	init(&c);
	CHECK(digest_of(&c, &f) == UINT64_C(0x8c593a645d7f3eb7));
}

TEST(dataset_digest_sees_every_bit)
{
	const struct faces whole = some_faces();
	struct data_case c;

	init(&c);
	uint64_t digest = digest_of(&c, &whole);
	for (int bit = 0; bit < IMAGES * PIXELS * 8; bit += 3) {
		struct faces f = whole;
		f.pixels[bit / 8 / PIXELS][bit / 8 % PIXELS] ^= (uint8_t)(1 << bit % 8);
		CHECK(digest_of(&c, &f) != digest);
	}
	struct faces f = whole;
	f.labels[0] ^= 1;
	CHECK(digest_of(&c, &f) != digest);
	data_case_set_int(&c, "validation", 1);
	CHECK(digest_of(&c, &whole) != digest);
}

/* The top bits of two words of eight pixels: in a plain FNV-1a over words they would cancel out. */
TEST(dataset_digest_sees_pairs_of_top_bits)
{
	const struct faces whole = some_faces();
	struct data_case c;

	init(&c);
	uint64_t digest = digest_of(&c, &whole);
	for (int second = 15; second < PIXELS; second += 8) {
		struct faces f = whole;
		f.pixels[0][7] ^= 0x80;
		f.pixels[0][second] ^= 0x80;
		CHECK(digest_of(&c, &f) != digest);
	}
}
