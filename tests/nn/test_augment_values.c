/* Steps of augmentation that change values and labels, each from the images that it makes. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/scene.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct shape colour = { 3, 17, 9 };

/* --- values ------------------------------------------------------------------------------------------------------- */

static double bounded(double byte)
{
	return fmin(255, fmax(0, byte));
}

TEST(augment_brightness_and_contrast_are_their_formulas)
{
	struct scene b, c;
	uint8_t got[SCENE_BYTES];

	scene_open(&b, colour, 50);
	c = b;
	scene_add(&b, "brightness", "range=0.6");
	scene_add(&c, "contrast", "range=0.6");
	for (int image = 0; image < 50; image++) {
		struct rng rng = rng_seed(rng_mix(9, 1), (uint64_t)image);
		double factor = 0.4 + 1.2 * rng_uniform(&rng), mean = 0;
		int len = (int)image_len(colour);
		for (int i = 0; i < len; i++)
			mean += scene_image(&b, image)[i] / (double)len;
		scene_show(&b, image, 1, got);
		for (int i = 0; i < len; i++)
			CHECK(fabs(got[i] - bounded(factor * scene_image(&b, image)[i])) < 0.51);
		scene_show(&c, image, 1, got);
		for (int i = 0; i < len; i++)
			CHECK(fabs(got[i] - bounded(mean + factor * (scene_image(&b, image)[i] - mean))) < 0.51);
	}
	augmenter_destroy(c.augmenter);
	scene_close(&b);
}

TEST(augment_erase_fills_rectangles)
{
	static const char *const fields[] = { "fill=0", "fill=1", "fill=2" };
	const struct shape shape = { 2, 40, 30 };
	uint8_t got[SCENE_BYTES];

	for (int fill = 0; fill < 3; fill++) {
		struct scene s;
		int erased = 0;
		double areas = 0;
		scene_open(&s, shape, 400);
		scene_add(&s, "erase", fields[fill]);
		for (int image = 0; image < 400; image++) {
			scene_show(&s, image, 0, got);
			if (scene_is_original(&s, image, got))
				continue;
			struct patch p = scene_patch(&s, image, got);
			double h = p.y1 - p.y0 + 1, w = p.x1 - p.x0 + 1, mean = 0;
			for (int i = 0; i < 2400; i++)
				mean += scene_image(&s, image)[i] / 2400.0;
			for (int i = 0; fill && i < 2400; i++)
				if (i / 30 % 40 >= p.y0 && i / 30 % 40 <= p.y1 && i % 30 >= p.x0 && i % 30 <= p.x1)
					CHECK_INT(got[i], fill == 2 ? 0 : (int)lround(mean));
			erased++;
			areas += h * w / 1200;
			CHECK(h * w / 1200 < 0.42 && h * w / 1200 > 0.01);
			CHECK(h / w > 0.2 && h / w < 5);
		}
		CHECK(erased > 150 && erased < 250);
		CHECK_CLOSE(areas / erased, 0.2, 0.03);
		scene_close(&s);
	}
}

/* --- mixtures ----------------------------------------------------------------------------------------------------- */

/* The image that was mixed in: the one that the seen label and the numbers drawn name. */
static bool is_mixture(const struct scene *s, int image, const uint8_t *got, const struct seen *seen)
{
	int len = (int)image_len(s->images.shape);

	for (int other = 0; other < s->images.count; other++) {
		int i = 0;
		if (s->images.labels[other] != seen->other)
			continue;
		while (i < len && got[i] == (int)floor(scene_image(s, image)[i] * seen->share +
		                                       scene_image(s, other)[i] * (1 - seen->share) + 0.5))
			i++;
		if (i == len)
			return true;
	}
	return false;
}

TEST(augment_mixup_mixes_images_and_labels_alike)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	double shares = 0;
	int others[7] = { 0 };

	scene_open(&s, colour, 210);
	scene_add(&s, "mixup", "alpha=1");
	for (int image = 0; image < 210; image++) {
		struct seen seen = scene_show(&s, image, 0, got);
		CHECK_INT(seen.label, image % 7);
		CHECK(seen.share >= 0.5 && seen.share <= 1);
		CHECK(is_mixture(&s, image, got, &seen));
		shares += seen.share / 210;
		others[seen.other]++;
	}
	CHECK_CLOSE(shares, 0.75, 0.03);        /* of the larger part where all shares are equally likely */
	for (int i = 0; i < 7; i++)
		CHECK(others[i] > 12 && others[i] < 55);
	scene_close(&s);
}

TEST(augment_cutmix_shares_by_area)
{
	struct scene s;
	uint8_t got[SCENE_BYTES];
	const struct shape shape = { 3, 20, 24 };
	int mixed = 0;

	scene_open(&s, shape, 300);
	scene_add(&s, "cutmix", "");
	for (int n = 0; n < 300; n++)   /* image n is n % 251 everywhere, never its neighbour's */
		memset(scene_image(&s, n), n % 251, image_len(shape));
	for (int image = 0; image < 300; image++) {
		struct seen seen = scene_show(&s, image, 0, got);
		int foreign = 0;
		struct patch p = scene_patch(&s, image, got);
		for (int i = 0; i < 1440; i++)
			foreign += got[i] != image % 251;
		mixed += foreign > 0;
		if (foreign) {          /* another image, and not one of the same bytes */
			CHECK_CLOSE(seen.share, 1 - foreign / 1440.0, 1e-12);
			CHECK_INT(foreign, 3 * (p.y1 - p.y0 + 1) * (p.x1 - p.x0 + 1));
			int byte = got[p.y0 * 24 + p.x0];
			CHECK(byte % 7 == seen.other || (byte + 251) % 7 == seen.other);
		}
	}
	CHECK(mixed > 110 && mixed < 180);
	scene_close(&s);
}

/* The moments of Beta(a, a): mean 1/2, variance 1 / (8 a + 4). */
TEST(augment_draws_from_beta)
{
	static const double alphas[] = { 0.05, 0.2, 1, 2 };

	for (size_t k = 0; k < 4; k++) {
		struct canvas v = { .rng = rng_seed(1, k) };
		double sum = 0, squares = 0;
		for (int i = 0; i < 20000; i++) {
			double x = canvas_draw_beta(&v, alphas[k]);
			CHECK(x >= 0 && x <= 1);
			sum += x / 20000;
			squares += (x - 0.5) * (x - 0.5) / 20000;
		}
		CHECK_CLOSE(sum, 0.5, 0.012);
		CHECK_CLOSE(squares * (8 * alphas[k] + 4), 1, 0.03);
	}
}

/* The other image as the steps before make it in this epoch; a second mixture leaves a mixed image alone. */
TEST(augment_mixes_what_earlier_steps_made)
{
	struct scene s, before;
	uint8_t got[SCENE_BYTES];
	static uint8_t views[40][SCENE_BYTES];

	scene_open(&s, colour, 40);
	before = s;
	for (int mixed = 0; mixed < 2; mixed++) {
		struct scene *to = mixed ? &s : &before;
		scene_add(to, "flip", "");
		scene_add(to, "affine", "rotate=20 border=2");
		scene_add(to, "brightness", "range=0.3");
		scene_add(to, "shift", "share=0.2");
	}
	scene_add(&s, "mixup", "alpha=1");
	scene_add(&s, "cutmix", "probability=1");
	for (int image = 0; image < 40; image++)
		scene_show(&before, image, 2, views[image]);
	struct scene made = s;
	static uint8_t all[40 * 3 * 17 * 9];
	for (int image = 0; image < 40; image++)
		memcpy(all + image * 459, views[image], 459);
	made.images.pixels = all;
	for (int image = 0; image < 40; image++) {
		struct seen seen = scene_show(&s, image, 2, got);
		CHECK(is_mixture(&made, image, got, &seen));
	}
	augmenter_destroy(before.augmenter);
	scene_close(&s);
}
