/* Spatial dropout: whole channels of single images, the same ones backward, the promised share, and nothing in
 * inference. */
#include "tests/helpers/lanes.h"
#include "tests/helpers/one_layer.h"
#include "tests/helpers/sets.h"
#include "tests/helpers/test.h"

enum { IMAGES = 37, CHANNELS = 60, H = 3, W = 5, PLANE = H * W, LEN = IMAGES * CHANNELS * PLANE };

static const struct shape SHAPE = { CHANNELS, H, W };

static double *ones(size_t len)
{
	double *x = take_doubles(len);

	for (size_t i = 0; i < len; i++)
		x[i] = 1;
	return x;
}

static void open_layer(struct one_layer *l, const char *text, const struct kernels *kernels)
{
	one_layer_open(l, text, kernels);
	one_layer_shape(l, SHAPE, IMAGES);
	l->member.noise = 99;
}

/* A channel of an image is kept or dropped as a whole, and what is kept is multiplied by 1 / keep. Returns the share
 * that is kept. */
static double check_planes(const double *x, const double *y, double keep)
{
	double gain = (double)(1 / (real)keep);
	int kept = 0;

	for (int plane = 0; plane < IMAGES * CHANNELS; plane++) {
		bool stays = y[plane * PLANE] != 0;
		kept += stays;
		for (int i = plane * PLANE; i < (plane + 1) * PLANE; i++)
			CHECK_CLOSE(y[i], stays ? x[i] * gain : 0, 1e-6);
	}
	return (double)kept / (IMAGES * CHANNELS);
}

/* Five standard deviations of 2,220 draws are 0.053 at most. */
TEST(spatial_dropout_takes_whole_channels_of_single_images)
{
	for (EACH_SET(k)) {
		struct one_layer l;
		struct rng rng = rng_seed(3, 0);
		double *x = take_fractions(&rng, LEN);

		open_layer(&l, "spatial_dropout rate=0.3", *k);
		CHECK_CLOSE(check_planes(x, one_layer_forward(&l, x), 0.7), 0.7, 0.053);
		open_layer(&l, "spatial_dropout rate=0.75", *k);
		CHECK_CLOSE(check_planes(x, one_layer_forward(&l, x), 0.25), 0.25, 0.053);
		take_nothing();
	}
}

/* Forward over ones shows the mask; backward must multiply by the very same. */
TEST(spatial_dropout_goes_back_by_the_mask_that_it_came_by)
{
	for (EACH_SET(k)) {
		struct one_layer l;
		struct rng rng = rng_seed(4, 0);
		double *d_out = take_fractions(&rng, LEN), *want = take_doubles(LEN);

		open_layer(&l, "spatial_dropout rate=0.4", *k);
		const double *mask = one_layer_forward(&l, ones(LEN));
		for (int i = 0; i < LEN; i++)
			want[i] = mask[i] * d_out[i];
		CHECK_NEAR("d_in", one_layer_backward(&l, d_out), want, LEN, 1e-6);
		take_nothing();
	}
}

/* How many channels two images share in being kept or dropped. */
static int count_alike(const double *y, int a, int b)
{
	int alike = 0;

	for (int c = 0; c < CHANNELS; c++)
		alike += (y[(a * CHANNELS + c) * PLANE] != 0) == (y[(b * CHANNELS + c) * PLANE] != 0);
	return alike;
}

/* Masks differ by image, within a lane group and across groups, by noise, and not otherwise. 60 fair coins: six
 * standard deviations. */
TEST(spatial_dropout_masks_differ_by_image_and_noise)
{
	struct one_layer l;

	open_layer(&l, "spatial_dropout rate=0.5", kernels_choose(NULL));
	const double *first = one_layer_forward(&l, ones(LEN)), *again = one_layer_forward(&l, ones(LEN));
	CHECK_EQUAL("again", again, first, LEN);
	for (int a = 0; a < IMAGES; a++)
		for (int b = 0; b < a; b++)
			CHECK(count_alike(first, a, b) > 6 && count_alike(first, a, b) < 54);
	l.member.noise = 100;
	const double *other = one_layer_forward(&l, ones(LEN));
	int same = 0;
	for (int i = 0; i < LEN; i += PLANE)
		same += first[i] == other[i];
	CHECK(same > IMAGES * CHANNELS * 0.43 && same < IMAGES * CHANNELS * 0.57);
	take_nothing();
}

/* In inference, at rate 0, and in a training step without dropout. */
TEST(spatial_dropout_is_the_identity_where_nothing_is_dropped)
{
	for (int i = 0; i < 3; i++) {
		struct one_layer l;
		struct rng rng = rng_seed(5, 0);
		double *x = take_fractions(&rng, LEN);

		open_layer(&l, i == 1 ? "spatial_dropout rate=0" : "spatial_dropout rate=0.5", kernels_choose(NULL));
		l.pass.training = i > 0;
		l.pass.without_dropout = i == 2;
		CHECK_EQUAL("out", one_layer_forward(&l, x), x, LEN);
		CHECK_EQUAL("d_in", one_layer_backward(&l, x), x, LEN);
		take_nothing();
	}
}

/* Where a channel is a single number, both kinds of dropout are one. */
TEST(spatial_dropout_of_single_numbers_is_dropout)
{
	static const char *const texts[] = { "spatial_dropout rate=0.4", "dropout rate=0.4" };
	struct rng rng = rng_seed(6, 0);
	double *x = take_fractions(&rng, IMAGES * CHANNELS), *y[2];

	for (int i = 0; i < 2; i++) {
		struct one_layer l;
		one_layer_open(&l, texts[i], kernels_choose(NULL));
		one_layer_shape(&l, (struct shape){ CHANNELS, 1, 1 }, IMAGES);
		l.member.noise = 7;
		y[i] = one_layer_forward(&l, x);
	}
	CHECK_EQUAL("out", y[0], y[1], IMAGES * CHANNELS);
	take_nothing();
}
