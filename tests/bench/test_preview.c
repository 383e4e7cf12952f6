/* `archsweep preview`: its picture pixel by pixel, its table, what it refuses. */
#include "tests/helpers/run_case.h"
#include "tests/helpers/test.h"
#include "tests/helpers/texts.h"

#include <png.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ARGUMENTS = 20, SIDE = 8, SCALE = 12, CELL = SIDE * SCALE, GAP = 4 };

/* Runs `archsweep preview tiny.yaml --output FOLDER/out.png` with more arguments. */
static struct program_result preview(const char *const *more)
{
	const char *arguments[MAX_ARGUMENTS] = { "preview", run_case_write_sweep(NULL), "--output",
	                                         test_path("out.png") };
	int count = 4;

	for (; *more; more++)
		arguments[count++] = *more;
	return run_archsweep(arguments);
}
#define PREVIEW(...) preview((const char *const[]){ __VA_ARGS__, NULL })

struct pixels { int width, height; uint8_t *rgb; };

static struct pixels read_png(const char *path)
{
	png_image image = { .version = PNG_IMAGE_VERSION };
	struct pixels p = { 0 };

	if (!png_image_begin_read_from_file(&image, path)) {
		test_fail(__FILE__, __LINE__, "%s: %s", path, image.message);
		return p;
	}
	image.format = PNG_FORMAT_RGB;
	p = (struct pixels){ (int)image.width, (int)image.height, malloc(PNG_IMAGE_SIZE(image)) };
	CHECK(png_image_finish_read(&image, NULL, p.rgb, 0, NULL));
	return p;
}

static const uint8_t *at(const struct pixels *p, int y, int x)
{
	return p->rgb + ((size_t)y * (size_t)p->width + (size_t)x) * 3;
}

/* The byte of an image's pixel, by the middle of its square. */
static int cell_byte(const struct pixels *p, int row, int column, int y, int x)
{
	int top = GAP + row * (CELL + GAP), left = GAP + column * (CELL + GAP);

	return *at(p, top + y * SCALE + SCALE / 2, left + x * SCALE + SCALE / 2);
}

/* Byte i of the tiny data's first training images. */
static int training_byte(int image, int i)
{
	unsigned char byte = 0;
	FILE *file = fopen(test_path("train-images-idx3-ubyte"), "rb");

	if (file && fseek(file, 16 + image * SIDE * SIDE + i, SEEK_SET) == 0)
		CHECK_INT((long)fread(&byte, 1, 1, file), 1);
	if (file)
		fclose(file);
	return byte;
}

TEST(preview_shows_images_and_what_becomes_of_them)
{
	run_case_write_data(1);
	struct program_result r = PREVIEW("--images", "3", "--epochs", "2", "--set", "recipe.flip=false", "--set",
	                                  "recipe.shift=0", "--set", "recipe.augment=[{flip: alternate}]", "--tsv");
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	struct pixels p = read_png(test_path("out.png"));
	CHECK_INT(p.width, GAP + 3 * (CELL + GAP));
	CHECK_INT(p.height, GAP + 3 * (CELL + GAP));
	for (int image = 0; image < 3 && p.rgb; image++) {
		bool first = cell_byte(&p, image, 1, 0, 0) != cell_byte(&p, image, 0, 0, 0);
		for (int i = 0; i < SIDE * SIDE; i++) {
			int y = i / SIDE, x = i % SIDE, byte = training_byte(image, i);
			CHECK_INT(cell_byte(&p, image, 0, y, x), byte);
			CHECK_INT(cell_byte(&p, image, 1, y, first ? SIDE - 1 - x : x), byte);
			CHECK_INT(cell_byte(&p, image, 2, y, first ? x : SIDE - 1 - x), byte);
		}
	}
	for (int i = 0; i < 9 && p.rgb; i++)    /* squares of one colour, white between cells */
		CHECK(at(&p, GAP + i, GAP + i)[1] == training_byte(0, 0) && at(&p, i / 3, GAP + i)[2] == 255);
	CHECK_CONTAINS(r.out, "image\tepoch\tlabel\tname\tshare\tother\tother_name\n1\t1\t0\t\t1.000\t\t\n1\t2\t0\t\t");
	free(p.rgb);
	program_result_free(&r);
}

static struct pixels preview_of(const char *set, const char *point)
{
	struct program_result r = point ? PREVIEW(point, "--set", set) : PREVIEW("--set", set);

	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	program_result_free(&r);
	return read_png(test_path("out.png"));
}

/* The seed decides, not the network; the same call gives the same bytes. */
TEST(preview_depends_on_the_seed)
{
	run_case_write_data(1);
	struct pixels p[4];
	static const char *const points[] = { NULL, "small/4/1", "small/1/2", "flat/8/2" };

	for (int i = 0; i < 4; i++) {
		p[i] = preview_of("seeds=[1, 2]", points[i]);
		CHECK_INT(p[i].height, GAP + 8 * (CELL + GAP));
		CHECK_INT(p[i].width, GAP + 5 * (CELL + GAP));
	}
	size_t len = (size_t)p[0].height * (size_t)p[0].width * 3;
	CHECK(memcmp(p[0].rgb, p[1].rgb, len) == 0 && memcmp(p[2].rgb, p[3].rgb, len) == 0);
	CHECK(memcmp(p[0].rgb, p[2].rgb, len) != 0);
	for (int i = 0; i < 4; i++)
		free(p[i].rgb);
}

TEST(preview_says_what_was_mixed)
{
	run_case_write_data(1);
	struct program_result r = PREVIEW("--images", "20", "--epochs", "1", "--set", "recipe.flip=false", "--set",
	                                  "recipe.shift=0", "--set", "recipe.augment=[{mixup: 1}]", "--json");
	CHECK_INT(r.status, 0);
	CHECK_TEXT(r.err, "");
	CHECK_CONTAINS(r.out, "{\"image\": 20, \"epoch\": 1, \"label\": ");
	CHECK_CONTAINS(r.out, "\"share\": 0.");
	CHECK_CONTAINS(r.out, "\"other\": 2");
	program_result_free(&r);
}

TEST(preview_refuses)
{
	run_case_write_data(1);
	CHECK_RUN(PREVIEW("--images", "0"), 2,
	          "archsweep preview: --images: 0 is outside 1..256; see archsweep preview --help\n");
	CHECK_RUN(PREVIEW("--images", "96"), 0, "");
	CHECK_RUN(PREVIEW("--epochs", "200"), 2,
	          "archsweep preview: --images, --epochs: a picture of 20104 x 804 pixels where 1 to 16384 a side are "
	          "accepted; see archsweep preview --help\n");
	CHECK_RUN(PREVIEW("big"), 2, "archsweep preview: no point is \"big\"; there are small/1/1, small/2/1, "
	          "small/4/1, flat/8/1; see archsweep preview --help\n");
	const char *nowhere[] = { "preview", run_case_write_sweep(NULL), "--output", test_path("no/out.png"), NULL };
	CHECK_RUN(run_archsweep(nowhere), 1, "@/no/out.png: cannot be written: No such file or directory\n");
}
