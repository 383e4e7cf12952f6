/* Changes how far pixels lie from the image's mean, which stays: mean + factor (pixel - mean). Floor 2. */
#include "nn/augment/augment.h"

#include <math.h>

struct contrast { double range; };

static const struct field fields[] = {
	{ "range", FIELD_FLOAT, offsetof(struct contrast, range),
	  .required = 1, .min = 0, .max = 1,
	  .help = "differences from the image's mean are multiplied by 1 - range to 1 + range; results are 0 to 255" },
	{ 0 }
};

static void apply(const void *config, struct canvas *canvas)
{
	const struct contrast *c = config;
	double factor = canvas_draw(canvas, 1 - c->range, 1 + c->range);
	uint8_t *pixels = canvas_pixels(canvas);
	size_t len = image_len(canvas->shape);
	double offset = (1 - factor) * canvas_mean(pixels, len) + 0.5;

	canvas_kernels(canvas)->tone_bytes(pixels, len, (int32_t)lround(factor * (1 << TONE_BITS)),
	                               (int32_t)lround(offset * (1 << TONE_BITS)));
}

const struct augment_type augment_contrast = {
	.kind = { .name = "contrast", .help = "more or less contrast about the image's mean, over all channels",
	          .fields = fields, .config_size = sizeof(struct contrast) },
	.changes = CHANGES_VALUES, .apply = apply,
};
