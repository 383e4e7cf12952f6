/* Mirrors images left to right. Floor 2.
 *
 * Alternating (Jordan, "94% on CIFAR-10 in 3.29 seconds on a single GPU", 2024): in its first epoch a random half of
 * the images is mirrored, and each image is mirrored in every second epoch from then on. Two epochs in a row show both
 * sides of every image, where independent draws show the same side twice for half of them. */
#include "nn/augment/augment.h"

/* In the order of enum flip_when. */
static const char *const whens[] = { "random", "alternate", NULL };

static const struct field fields[] = {
	{ "when", FIELD_CHOICE, offsetof(struct flip, when),
	  .fallback = FLIP_RANDOM, .choices = whens,
	  .help = "random: half of the images, drawn anew in each epoch; alternate: each image in every second epoch" },
	{ 0 }
};

static bool mirrors(const struct flip *c, struct canvas *canvas)
{
	bool random = rng_below(&canvas->rng, 2) == 1;    /* taken in any case: later steps draw the same numbers */

	if (c->when == FLIP_ALTERNATE)
		return (canvas->image_seed + (uint64_t)canvas->epoch) % 2 == 1;
	return random && c->when == FLIP_RANDOM;
}

static void apply(const void *config, struct canvas *canvas)
{
	const struct image_map map = { { -1, 0, canvas->shape.w - 1 }, { 0, 1, 0 } };

	if (mirrors(config, canvas))
		canvas_move_within(canvas, &map);
}

const struct augment_type augment_flip = {
	.kind = { .name = "flip", .help = "mirrored left to right",
	          .fields = fields, .config_size = sizeof(struct flip) },
	.changes = CHANGES_PLACES, .apply = apply,
};
