/* Mixup (Zhang et al., "mixup: Beyond Empirical Risk Minimization", 2018): an image and its label are mixed with
 * another one's, pixel by pixel. Floor 2.
 *
 * The share is drawn from Beta(alpha, alpha); its larger part is the image's own, which gives the same pairs and shares
 * as the paper's, since either of two images is as likely to be the first. It is rounded to 256ths, label and pixels
 * alike. */
#include "nn/augment/augment.h"

#include <math.h>

struct mixup { double alpha, probability; };

static const struct field fields[] = {
	{ "alpha", FIELD_FLOAT, offsetof(struct mixup, alpha),
	  .fallback = 0.2, .min = 0.05, .max = 2,
	  .help = "shares are drawn from Beta(alpha, alpha): near 0 or 1 for a small alpha, all equally likely for 1" },
	{ "probability", FIELD_FLOAT, offsetof(struct mixup, probability),
	  .fallback = 1, .min = 0, .max = 1, .help = "share of the images that are mixed" },
	{ 0 }
};

static void apply(const void *config, struct canvas *canvas)
{
	const struct mixup *c = config;

	if (rng_uniform(&canvas->rng) >= c->probability)
		return;
	double share = canvas_draw_beta(canvas, c->alpha);
	int own = (int)lround((share < 0.5 ? 1 - share : share) * BLEND_WHOLE);
	struct mixing m = canvas_mix(canvas);
	canvas_kernels(canvas)->blend_bytes(m.pixels, m.other, image_len(canvas->shape), own);
	canvas_share(canvas, (double)own / BLEND_WHOLE);
}

const struct augment_type augment_mixup = {
	.kind = { .name = "mixup", .help = "blended with another training image, labels alike",
	          .fields = fields, .config_size = sizeof(struct mixup) },
	.changes = CHANGES_LABELS, .apply = apply,
};
