/* How steps of augmentation move images, how moves work together, and what the outcome depends on. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/scene.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct shape grey = { 1, 12, 20 }, colour = { 3, 17, 9 };

/* --- moves -------------------------------------------------------------------------------------------------------- */

static bool is_mirrored(const struct scene *s, int image, const uint8_t *got)
{
	const uint8_t *from = scene_image(s, image);
	struct shape shape = s->images.shape;

	for (int i = 0; i < (int)image_len(shape); i++)
		if (got[i] != from[i / shape.w * shape.w + shape.w - 1 - i % shape.w])
			return false;
	return true;
}

/* Each image in every second epoch, half of them in the first. */
TEST(augment_flip_alternates_between_epochs)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	int first = 0;

	scene_open(&s, grey, 200);
	scene_add(&s, "flip", "when=1");
	for (int image = 0; image < 200; image++) {
		scene_show(&s, image, 0, got);
		bool mirrored = is_mirrored(&s, image, got);
		first += mirrored;
		for (int epoch = 0; epoch < 6; epoch++) {
			scene_show(&s, image, epoch, got);
			CHECK(is_mirrored(&s, image, got) == (mirrored ^ (epoch % 2 == 1)));
			CHECK(scene_is_original(&s, image, got) != (mirrored ^ (epoch % 2 == 1)));
		}
	}
	CHECK(first > 70 && first < 130);
	scene_close(&s);
}

TEST(augment_flip_draws_anew_in_each_epoch)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	int flips = 0;

	scene_open(&s, grey, 10);
	scene_add(&s, "flip", "");
	for (int epoch = 0; epoch < 100; epoch++)
		for (int image = 0; image < 10; image++) {
			scene_show(&s, image, epoch, got);
			flips += is_mirrored(&s, image, got);
			CHECK(is_mirrored(&s, image, got) || scene_is_original(&s, image, got));
		}
	CHECK(flips > 400 && flips < 600);
	scene_close(&s);
}

/* The list [flip, {shift: x}] and the short form give the same images. */
TEST(augment_short_form_is_the_two_steps)
{
	struct scene a, b;
	uint8_t got[SCENE_BYTES], want[SCENE_BYTES];

	for (int flip = 0; flip < 2; flip++) {
		scene_open(&a, colour, 30);
		b = a;
		b.recipe = (struct recipe){ .flip = true, .shift = 0.3 };
		scene_add(&a, "flip", "");
		scene_add(&a, "shift", "share=0.3");
		for (int image = 0; image < 30; image++) {
			scene_show(&a, image, image % 4, got);
			scene_show(&b, image, image % 4, want);
			CHECK(memcmp(got, want, image_len(colour)) == 0);
		}
		augmenter_destroy(b.augmenter);
		scene_close(&a);
	}
}

/* The byte that a move of whole pixels shows, by the border's definition. */
static int moved_byte(const struct scene *s, int image, int at, const int move[2], int border)
{
	struct shape shape = s->images.shape;
	int y = at / shape.w % shape.h + move[0], x = at % shape.w + move[1], channel = at / shape.w / shape.h;

	if (border == BORDER_ZERO && (y < 0 || y >= shape.h || x < 0 || x >= shape.w))
		return 0;
	if (border == BORDER_REFLECT) {
		y = y < 0 ? -y : y >= shape.h ? 2 * (shape.h - 1) - y : y;
		x = x < 0 ? -x : x >= shape.w ? 2 * (shape.w - 1) - x : x;
	}
	y = y < 0 ? 0 : y >= shape.h ? shape.h - 1 : y;
	x = x < 0 ? 0 : x >= shape.w ? shape.w - 1 : x;
	return scene_image(s, image)[(channel * shape.h + y) * shape.w + x];
}

/* Whether there is such a move of at most `most` pixels; which one. */
static bool find_move(const struct scene *s, int image, const uint8_t *got, int most, int border, int move[2])
{
	for (move[0] = -most; move[0] <= most; move[0]++)
		for (move[1] = -most; move[1] <= most; move[1]++) {
			int i = 0, len = (int)image_len(s->images.shape);
			while (i < len && got[i] == moved_byte(s, image, i, move, border))
				i++;
			if (i == len)
				return true;
		}
	return false;
}

TEST(augment_crop_moves_over_each_border)
{
	static const char *const fields[] = { "padding=3 border=0", "padding=3 border=1", "padding=3 border=2" };
	uint8_t got[SCENE_BYTES];

	for (int border = 0; border < 3; border++) {
		struct scene s;
		int met[7][7] = { { 0 } }, move[2], cells = 0;
		scene_open(&s, colour, 400);
		scene_add(&s, "crop", fields[border]);
		for (int image = 0; image < 400; image++) {
			scene_show(&s, image, 1, got);
			CHECK(find_move(&s, image, got, 3, border, move));
			met[(move[0] + 3) % 7][(move[1] + 3) % 7]++;
		}
		for (int i = 0; i < 49; i++)
			cells += met[i / 7][i % 7] > 0;
		CHECK(cells > 45);
		scene_close(&s);
	}
}

/* A padding larger than the image moves it at most out of sight. */
TEST(augment_crop_of_small_images)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	int move[2];

	scene_open(&s, (struct shape){ 1, 3, 5 }, 100);
	scene_add(&s, "crop", "padding=64");
	for (int image = 0; image < 100; image++) {
		scene_show(&s, image, 0, got);
		CHECK(find_move(&s, image, got, 5, BORDER_ZERO, move));
	}
	scene_close(&s);
}

/* A smooth image, so that resampling it twice, or at slightly other places, shows little. */
static void make_smooth(struct scene *s)
{
	uint8_t *pixels = scene_image(s, 0);
	struct shape shape = s->images.shape;

	for (int n = 0; n < s->images.count; n++)
		for (int i = 0; i < (int)image_len(shape); i++) {
			double waves = sin(0.15 * (i % shape.w) + n) * cos(0.11 * (i / shape.w % shape.h));
			pixels[n * (int)image_len(shape) + i] = (uint8_t)lround(128 + 100 * waves);
		}
}

/* A rotation alone leaves the centre, and what is d away from it stays d away: the brightest pixel of a dot. */
TEST(augment_affine_rotates_about_the_centre)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	double least = 9, most = -9;
	const struct shape square = { 1, 31, 31 };

	scene_open(&s, square, 100);
	scene_add(&s, "affine", "rotate=90");
	for (int image = 0; image < 100; image++) {
		uint8_t *pixels = scene_image(&s, image);
		double mass = 0, x = 0, y = 0;
		memset(pixels, 0, 31 * 31);
		pixels[15 * 31 + 25] = pixels[15 * 31 + 26] = pixels[16 * 31 + 25] = pixels[16 * 31 + 26] =
			pixels[14 * 31 + 25] = pixels[14 * 31 + 26] = 200;
		scene_show(&s, image, 0, got);
		for (int i = 0; i < 31 * 31; i++) {
			mass += got[i];
			x += got[i] * (i % 31 - 15.0);
			y += got[i] * (i / 31 - 15.0);
		}
		CHECK_CLOSE(mass, 1200, 0.05);
		CHECK_CLOSE(hypot(x, y) / mass, 10.5, 0.02);
		least = fmin(least, atan2(y, x));
		most = fmax(most, atan2(y, x));
	}
	CHECK(least < -1.3 && least > -1.6 && most > 1.3 && most < 1.6);
	scene_close(&s);
}

/* The affine step against its own inverse in plain double arithmetic, from the numbers that it draws. */
TEST(augment_affine_is_its_formula)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	const double pi = 3.141592653589793;
	const struct shape shape = { 1, 40, 48 };

	scene_open(&s, shape, 40);
	make_smooth(&s);
	scene_add(&s, "affine", "rotate=25 zoom=0.3 shear=15 shift=0.1 border=1");
	for (int image = 0; image < 40; image++) {
		struct rng rng = rng_seed(rng_mix(9, 2), (uint64_t)image);
		double angle = (50 * rng_uniform(&rng) - 25) * pi / 180, zoom = 0.7 + 0.6 * rng_uniform(&rng);
		double slant = tan((30 * rng_uniform(&rng) - 15) * pi / 180);
		double right = (0.2 * rng_uniform(&rng) - 0.1) * 48, down = (0.2 * rng_uniform(&rng) - 0.1) * 40;
		int worst = 0;
		scene_show(&s, image, 2, got);
		/* Forward, as the file's head has it: where points of the image go, the output shows them. */
		for (int y = 5; y < 35; y += 3)
			for (int x = 5; x < 43; x += 3) {
				double px = x - 23.5 + slant * (y - 19.5), py = y - 19.5;
				double to_x = 23.5 + right + zoom * (cos(angle) * px - sin(angle) * py);
				double to_y = 19.5 + down + zoom * (sin(angle) * px + cos(angle) * py);
				int i = (int)lround(to_y) * 48 + (int)lround(to_x);
				if (to_x < 1 || to_x > 46 || to_y < 1 || to_y > 38)
					continue;
				int difference = abs(got[i] - scene_image(&s, image)[y * 48 + x]);
				worst = difference > worst ? difference : worst;
			}
		CHECK(worst < 20);      /* half an output pixel's step of the waves */
	}
	scene_close(&s);
}

/* Moves next to each other lose nothing between them: there and back again is the image itself. */
TEST(augment_moves_become_one)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];

	scene_open(&s, grey, 60);
	scene_add(&s, "flip", "");
	scene_add(&s, "shift", "share=0.5");
	scene_add(&s, "flip", "when=1");
	scene_add(&s, "shift", "share=0.5");
	for (int image = 0; image < 60; image++) {
		struct seen seen = scene_show(&s, image, 3, got);
		CHECK(seen.pixels == scene_image(&s, image));      /* nothing was copied or resampled */
	}
	scene_close(&s);
}

/* Over different borders they remain two: pixels that the first move uncovered are black under an edge. */
TEST(augment_moves_over_different_borders_are_two)
{
	struct scene s;
	uint8_t got[SCENE_BYTES], want[SCENE_BYTES];
	struct shape shape = grey;

	scene_open(&s, shape, 60);
	scene_add(&s, "shift", "share=0.4");
	scene_add(&s, "crop", "padding=4 border=1");
	for (int image = 0; image < 60; image++) {
		struct rng rng = rng_seed(rng_mix(9, 0), (uint64_t)image);
		int first[2] = { (int)rng_below(&rng, 9) - 4, (int)rng_below(&rng, 17) - 8 };
		int second[2] = { (int)rng_below(&rng, 9) - 4, (int)rng_below(&rng, 9) - 4 };
		for (int i = 0; i < 240; i++)
			want[i] = (uint8_t)moved_byte(&s, image, i, first, BORDER_ZERO);
		struct scene halfway = s;
		halfway.images.pixels = want;
		scene_show(&s, image, 0, got);
		for (int i = 0; i < 240; i++)
			CHECK_INT(got[i], moved_byte(&halfway, 0, i, second, BORDER_EDGE));
	}
	scene_close(&s);
}

/* --- what it depends on ------------------------------------------------------------------------------------------- */

static void add_everything(struct scene *s)
{
	scene_add(s, "flip", "when=1");
	scene_add(s, "crop", "padding=2 border=2");
	scene_add(s, "affine", "rotate=15 zoom=0.2 shear=5 shift=0.1 border=1");
	scene_add(s, "brightness", "range=0.2");
	scene_add(s, "contrast", "range=0.2");
	scene_add(s, "erase", "");
	scene_add(s, "mixup", "probability=0.5");
	scene_add(s, "cutmix", "probability=0.5");
}

/* Not on the lane, on images before it, or on the instruction set. */
TEST(augment_depends_on_seed_epoch_and_image_alone)
{
	uint8_t got[SCENE_BYTES], want[SCENE_BYTES];

	for (const struct kernels *const *k = kernels_all; *k; k++) {
		struct scene s, other;
		int differ = 0;
		if (!(*k)->runs_here())
			continue;
		scene_open(&s, colour, 64);
		other = s;
		add_everything(&s);
		add_everything(&other);
		for (int image = 0; image < 64; image++) {
			struct seen a = scene_show(&s, image, 4, want);
			scene_show_on(&other, *k, 63 - image, 4, got);
			struct seen b = scene_show_on(&other, *k, image, 4, got);
			CHECK(memcmp(got, want, image_len(colour)) == 0);
			CHECK(a.label == b.label && a.other == b.other && a.share == b.share);
			scene_show(&s, image, 5, got);
			differ += memcmp(got, want, image_len(colour)) != 0;
		}
		CHECK_INT(differ, 64);
		augmenter_destroy(other.augmenter);
		scene_close(&s);
	}
}

TEST(augment_tables_are_complete)
{
	for (int i = 0; augment_types[i]; i++) {
		const struct augment_type *t = augment_types[i];
		CHECK(t->kind.name && t->kind.help && t->apply && t->kind.fields && t->kind.fields[0].name);
		CHECK(t->kind.config_size <= SCENE_CONFIG);
		for (const struct field *f = t->kind.fields; f->name; f++)
			if (f->kind == FIELD_FLOAT && !f->required && (f->fallback < f->min || f->fallback > f->max))
				test_fail(__FILE__, __LINE__, "%s: the default of %s is out of its range",
				          t->kind.name, f->name);
	}
	CHECK_TEXT(border_names[BORDER_ZERO], "zero");
	CHECK_TEXT(border_names[BORDER_EDGE], "edge");
	CHECK_TEXT(border_names[BORDER_REFLECT], "reflect");
}
