/* Makes images brighter or darker: every pixel times one factor, black stays black. Floor 2. */
#include "nn/augment/augment.h"

#include <math.h>

struct brightness { double range; };

static const struct field fields[] = {
	{ "range", FIELD_FLOAT, offsetof(struct brightness, range),
	  .required = 1, .min = 0, .max = 1, .help = "pixels are multiplied by 1 - range to 1 + range, up to 255" },
	{ 0 }
};

static void apply(const void *config, struct canvas *canvas)
{
	const struct brightness *c = config;
	double factor = canvas_draw(canvas, 1 - c->range, 1 + c->range);

	canvas_kernels(canvas)->tone_bytes(canvas_pixels(canvas), image_len(canvas->shape),
	                               (int32_t)lround(factor * (1 << TONE_BITS)), 1 << (TONE_BITS - 1));
}

const struct augment_type augment_brightness = {
	.kind = { .name = "brightness", .help = "brighter or darker by a factor",
	          .fields = fields, .config_size = sizeof(struct brightness) },
	.changes = CHANGES_VALUES, .apply = apply,
};
