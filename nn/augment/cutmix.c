/* CutMix (Yun et al., "CutMix: Regularization Strategy to Train Strong Classifiers with Localizable Features", 2019): a
 * rectangle of an image shows another one, and the label is shared by area. Floor 2.
 *
 * With s from Beta(alpha, alpha) the rectangle's sides are sqrt(1 - s) times the image's, rounded down; its centre is
 * any pixel, and what reaches over the edge is cut off. */
#include "nn/augment/augment.h"

#include <math.h>
#include <string.h>

struct cutmix { double alpha, probability; };

static const struct field fields[] = {
	{ "alpha", FIELD_FLOAT, offsetof(struct cutmix, alpha),
	  .fallback = 1, .min = 0.05, .max = 2,
	  .help = "the share of the image that stays is drawn from Beta(alpha, alpha); with 1 all are equally likely" },
	{ "probability", FIELD_FLOAT, offsetof(struct cutmix, probability),
	  .fallback = 0.5, .min = 0, .max = 1, .help = "share of the images that are mixed" },
	{ 0 }
};

struct stretch { int first, last; };    /* first <= k < last */

/* `len` of 0 .. side - 1 about a random centre, cut off at both ends. */
static struct stretch draw_stretch(struct canvas *canvas, int side, int len)
{
	int first = (int)rng_below(&canvas->rng, (uint64_t)side) - len / 2, last = first + len;

	return (struct stretch){ first < 0 ? 0 : first, last > side ? side : last };
}

static void apply(const void *config, struct canvas *canvas)
{
	const struct cutmix *c = config;
	struct shape s = canvas->shape;

	if (rng_uniform(&canvas->rng) >= c->probability)
		return;
	double side = sqrt(1 - canvas_draw_beta(canvas, c->alpha));
	struct stretch y = draw_stretch(canvas, s.h, (int)(side * s.h));
	struct stretch x = draw_stretch(canvas, s.w, (int)(side * s.w));
	int rows = y.last - y.first, columns = x.last - x.first;
	struct mixing m = canvas_mix(canvas);
	for (int row = 0; row < s.c * rows; row++) {
		size_t line = (size_t)(row / rows) * (size_t)s.h + (size_t)(y.first + row % rows);
		size_t at = line * (size_t)s.w + (size_t)x.first;
		memcpy(m.pixels + at, m.other + at, (size_t)columns);
	}
	canvas_share(canvas, 1 - (double)rows * columns / ((double)s.h * s.w));
}

const struct augment_type augment_cutmix = {
	.kind = { .name = "cutmix", .help = "a rectangle replaced by another training image's, labels shared by area",
	          .fields = fields, .config_size = sizeof(struct cutmix) },
	.changes = CHANGES_LABELS, .apply = apply,
};
