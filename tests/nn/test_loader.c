/* From bytes to lane groups: exact numbers without augmentation, flips and shifts by search, scaling against plain
 * loops. */
#include "nn/train/loader.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <stdio.h>

/* Byte of image n, channel c, pixel (y, x): no two of an image alike, none 0. */
static uint8_t byte_at(struct shape s, int n, int c, int y, int x)
{
	return (uint8_t)(1 + (n * 13 + (c * s.h + y) * s.w + x) % 255);
}

static struct images images_of(struct shape s, int count)
{
	uint8_t *pixels = (uint8_t *)take_doubles(image_len(s) * (size_t)count),
		*labels = (uint8_t *)take_doubles((size_t)count);

	for (int n = 0; n < count; n++) {
		labels[n] = (uint8_t)(n % 7);
		for (int c = 0; c < s.c; c++)
			for (int y = 0; y < s.h; y++)
				for (int x = 0; x < s.w; x++)
					pixels[((n * s.c + c) * s.h + y) * s.w + x] = byte_at(s, n, c, y, x);
	}
	return (struct images){ .pixels = pixels, .labels = labels, .count = count, .shape = s };
}

/* What an image is moved by: the pixel shown at (y, x) is (y + dy, x + dx), or its mirror. */
struct move { int dy, dx; bool flip; };

static double moved_byte(struct shape s, int n, int c, int y, int x, struct move m)
{
	int row = y + m.dy, column = x + m.dx;

	if (row < 0 || row >= s.h || column < 0 || column >= s.w)
		return 0;
	return byte_at(s, n, c, row, m.flip ? s.w - 1 - column : column);
}

/* Whether a lane shows image n moved by m. */
static bool shows(const real *lane, struct shape s, int n, struct move m)
{
	for (int c = 0; c < s.c; c++)
		for (int y = 0; y < s.h; y++)
			for (int x = 0; x < s.w; x++)
				if ((double)lane[((c * s.h + y) * s.w + x) * LANES] != moved_byte(s, n, c, y, x, m))
					return false;
	return true;
}

static struct group_load load_of(struct images images, struct target *targets)
{
	for (int i = 0; i < LANES; i++)
		targets[i] = target_of(-1);
	return (struct group_load){ .kernels = kernels_choose(NULL), .images = images, .lanes = LANES,
	                            .scale = { 0, 1 }, .to = take_reals(group_len(images.shape)), .targets = targets };
}

/* Rows around the lengths that vectors have, and a group that starts in the middle. */
TEST(loader_copies_bytes_exactly)
{
	static const struct shape shapes[] = { { 1, 1, 1 }, { 3, 2, 5 }, { 2, 3, 15 }, { 1, 2, 16 }, { 2, 2, 17 },
	                                       { 1, 3, 63 },
		{ 1, 1, 64 }, { 1, 2, 65 }, { 1, 1, 200 } };

	for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
		struct target targets[LANES];
		struct group_load load = load_of(images_of(shapes[i], 20), targets);
		load.first = 3;
		group_load(&load);
		for (int lane = 0; lane < LANES; lane++) {
			CHECK(shows(load.to + lane, shapes[i], 3 + lane, (struct move){ 0, 0, false }));
			CHECK_INT(targets[lane].label, (3 + lane) % 7);
		}
		take_nothing();
	}
}

TEST(loader_follows_the_order)
{
	static const int order[] = { 9, 9, 2, 0, 19, 7 };
	struct target targets[LANES];
	struct shape shape = { 2, 3, 4 };
	struct group_load load = load_of(images_of(shape, 20), targets);

	load.order = order;
	load.first = 2;
	load.lanes = 4;
	group_load(&load);
	for (int lane = 0; lane < 4; lane++) {
		CHECK(shows(load.to + lane, shape, order[2 + lane], (struct move){ 0, 0, false }));
		CHECK_INT(targets[lane].label, order[2 + lane] % 7);
	}
	take_nothing();
}

/* A partial group: lanes without an image hold finite numbers, their targets are left alone, no image beyond the last
 * is read. */
TEST(loader_fills_empty_lanes)
{
	struct target targets[LANES];
	struct shape shape = { 1, 3, 70 };
	struct group_load load = load_of(images_of(shape, 20), targets);

	load.first = 16;
	load.lanes = 4;
	load.scale = (struct pixel_scale){ 10, 0.5 };
	group_load(&load);
	for (int lane = 0; lane < LANES; lane++) {
		CHECK_INT(targets[lane].label, lane < 4 ? (16 + lane) % 7 : -1);
		for (int i = 0; i < 210; i++)
			CHECK_CLOSE(load.to[i * LANES + lane],
			            ((lane < 4 ? byte_at(shape, 16 + lane, 0, 0, i) : 0) - 10) * 0.5, 0);
	}
	take_nothing();
}

/* --- Augmentation --- */

/* What a shift of 0.45 is of 5 or 6 rows and of 7 or 8 columns. */
enum { SHIFT_H = 2, SHIFT_W = 3, SEEDS = 60 };

/* Searches for the one move that explains a lane's content. */
static bool find_move(const real *lane, struct shape s, int n, struct move *found)
{
	int count = 0;

	for (int dy = -SHIFT_H; dy <= SHIFT_H; dy++)
		for (int dx = -SHIFT_W; dx <= SHIFT_W; dx++)
			for (int flip = 0; flip < 2; flip++)
				if (shows(lane, s, n, (struct move){ dy, dx, flip })) {
					*found = (struct move){ dy, dx, flip };
					count++;
				}
	return count == 1;
}

/* The steps of `flip` and `shift`, as a recipe's short form has them. */
struct short_steps {
	struct flip flip;
	struct shift shift;
	struct augment_step steps[2];
	struct augmentation augmentation;
};

/* `shift` is a share of each side, rounded down to whole pixels. */
static const struct augmentation *short_steps(struct short_steps *s, bool flip, double shift, uint64_t seed)
{
	s->flip.when = flip ? FLIP_RANDOM : FLIP_NEVER;
	s->shift = (struct shift){ shift, BORDER_ZERO };
	s->steps[0] = (struct augment_step){ &augment_flip, &s->flip };
	s->steps[1] = (struct augment_step){ &augment_shift, &s->shift };
	s->augmentation = (struct augmentation){ .steps = s->steps, .count = 2, .seed = seed };
	return &s->augmentation;
}

/* Every move is a flip and a shift within the limits, zeros follow, and all of them are met, about equally often. */
TEST(loader_flips_and_shifts_within_limits)
{
	struct shape shape = { 2, 5, 7 };
	struct images images = images_of(shape, LANES);
	int rows[2 * SHIFT_H + 1] = { 0 }, columns[2 * SHIFT_W + 1] = { 0 }, flips = 0;
	struct target targets[LANES];

	for (int seed = 0; seed < SEEDS; seed++) {
		struct short_steps steps;
		struct group_load load = load_of(images, targets);
		load.augmentation = short_steps(&steps, true, 0.45, (uint64_t)seed);
		group_load(&load);
		for (int lane = 0; lane < LANES; lane++) {
			struct move m = { 0, 0, false };
			CHECK(find_move(load.to + lane, shape, lane, &m));
			rows[SHIFT_H + m.dy]++;
			columns[SHIFT_W + m.dx]++;
			flips += m.flip;
		}
		if (seed % 16 == 15) {
			take_nothing();
			images = images_of(shape, LANES);
		}
	}
	for (int i = 0; i <= 2 * SHIFT_H; i++)
		CHECK_CLOSE(rows[i], SEEDS * LANES / 5, 0.35);
	for (int i = 0; i <= 2 * SHIFT_W; i++)
		CHECK_CLOSE(columns[i], SEEDS * LANES / 7, 0.4);
	CHECK_CLOSE(flips, SEEDS * LANES / 2, 0.2);
	take_nothing();
}

/* Depends on seed and image only, not on the lane, the order, or the group. Flips do not change the shift. */
TEST(loader_augments_by_seed_and_image_alone)
{
	struct shape shape = { 1, 6, 8 };
	struct images images = images_of(shape, 40);
	static const int order[] = { 31, 8, 31 };
	struct target targets[LANES];
	int differ = 0;

	for (int seed = 0; seed < 8; seed++) {
		struct short_steps a, plain;
		struct group_load load = load_of(images, targets), other = load_of(images, targets);
		struct group_load unflipped = load_of(images, targets);
		struct move m[3], n, u;
		load.order = order;
		load.lanes = 3;
		other.first = 24;
		unflipped.first = 24;
		load.augmentation = other.augmentation = short_steps(&a, true, 0.45, (uint64_t)seed);
		unflipped.augmentation = short_steps(&plain, false, 0.45, (uint64_t)seed);
		group_load(&load);
		group_load(&other);
		group_load(&unflipped);
		for (int lane = 0; lane < 3; lane++)
			CHECK(find_move(load.to + lane, shape, order[lane], &m[lane]));
		CHECK(find_move(other.to + 7, shape, 31, &n));
		CHECK(find_move(unflipped.to + 7, shape, 31, &u));
		CHECK(m[0].dy == m[2].dy && m[0].dx == m[2].dx && m[0].flip == m[2].flip);
		CHECK(m[0].dy == n.dy && m[0].dx == n.dx && m[0].flip == n.flip);
		CHECK(u.dy == n.dy && u.dx == n.dx && !u.flip);
		differ += m[0].dy != m[1].dy || m[0].dx != m[1].dx || m[0].flip != m[1].flip;
	}
	CHECK(differ > 0);
	take_nothing();
}

/* What a shift uncovers is byte 0, then scaled like any other byte. */
TEST(loader_scales_the_zeros_that_a_shift_uncovers)
{
	struct shape shape = { 1, 4, 4 };
	struct images images = images_of(shape, LANES);
	struct short_steps steps;
	struct target targets[LANES];
	int uncovered = 0;
	struct group_load load = load_of(images, targets), scaled = load_of(images, targets);

	load.augmentation = scaled.augmentation = short_steps(&steps, false, 0.75, 1);
	scaled.scale = (struct pixel_scale){ 40, 0.25 };
	group_load(&load);
	group_load(&scaled);
	for (int i = 0; i < 16 * LANES; i++) {
		uncovered += load.to[i] == 0;
		CHECK_CLOSE(scaled.to[i], ((double)load.to[i] - 40) * 0.25, 0);
	}
	CHECK(uncovered > 20);
	take_nothing();
}

/* --- Scaling --- */

TEST(loader_scaling_kinds)
{
	struct images images = images_of((struct shape){ 3, 5, 7 }, 23);
	size_t len = 23 * 105;
	double mean = 0, variance = 0;

	struct pixel_scale unit = pixel_scale_of(SCALING_UNIT, images), raw = pixel_scale_of(SCALING_RAW, images);
	CHECK_CLOSE(unit.mean, 0, 0);
	CHECK_CLOSE(unit.scale, 1 / 255.0, 1e-9);
	CHECK_CLOSE(raw.mean, 0, 0);
	CHECK_CLOSE(raw.scale, 1, 0);
	for (size_t i = 0; i < len; i++)
		mean += images.pixels[i] / (double)len;
	for (size_t i = 0; i < len; i++)
		variance += pow(images.pixels[i] - mean, 2) / (double)len;
	struct pixel_scale standard = pixel_scale_of(SCALING_STANDARD, images);
	CHECK_CLOSE(standard.mean, mean, 1e-6);
	CHECK_CLOSE(standard.scale * sqrt(variance), 1, 1e-6);
	take_nothing();
}

/* All bytes alike: nothing to divide by. */
TEST(loader_standard_scaling_of_one_grey)
{
	uint8_t pixels[8] = { 9, 9, 9, 9, 9, 9, 9, 9 }, labels[2] = { 0, 0 };
	struct images images = { .pixels = pixels, .labels = labels, .count = 2, .shape = { 1, 2, 2 } };
	struct pixel_scale s = pixel_scale_of(SCALING_STANDARD, images);

	CHECK_CLOSE(s.mean, 9, 0);
	CHECK_CLOSE(s.scale, 1, 0);
}

/* Each view of images that are evaluated, in an order and without one; an augmentation takes its place. */
TEST(loader_shows_views)
{
	static const struct move moves[] = { { 0, 0, true }, { -1, 0, false }, { 2, -3, true }, { 0, 16, false },
		{ -2, 5, true } };
	struct target targets[LANES];
	struct shape shape = { 2, 3, 21 };
	struct images images = images_of(shape, LANES);

	for (size_t i = 0; i < sizeof moves / sizeof *moves; i++) {
		struct group_load load = load_of(images, targets);
		load.images.view = (struct view){ moves[i].flip, moves[i].dy, moves[i].dx };
		group_load(&load);
		for (int lane = 0; lane < LANES; lane++)
			CHECK(shows(load.to + lane, shape, lane, moves[i]));
		load.augmentation = &(struct augmentation){ .count = 0 };
		group_load(&load);
		for (int lane = 0; lane < LANES; lane++)
			CHECK(shows(load.to + lane, shape, lane, (struct move){ 0, 0, false }));
	}
	take_nothing();
}
