/* Moves images by whole pixels. Floor 2. */
#include "nn/augment/augment.h"

static const struct field fields[] = {
	{ "share", FIELD_FLOAT, offsetof(struct shift, share),
	  .required = 1, .min = 0, .max = 0.5,
	  .help = "the farthest move, as a share of height and of width, rounded down to whole pixels" },
	{ "border", FIELD_CHOICE, offsetof(struct shift, border),
	  .fallback = BORDER_ZERO, .choices = border_names, .help = "what is seen outside the image" },
	{ 0 }
};

static void apply(const void *config, struct canvas *canvas)
{
	const struct shift *c = config;
	int dy = canvas_draw_whole(canvas, (int)(c->share * canvas->shape.h));
	int dx = canvas_draw_whole(canvas, (int)(c->share * canvas->shape.w));

	canvas_move(canvas, &(struct image_map){ { 1, 0, dx }, { 0, 1, dy } }, (enum border)c->border);
}

const struct augment_type augment_shift = {
	.kind = { .name = "shift", .help = "moved by whole pixels, as far as a share of the image's size",
	          .fields = fields, .config_size = sizeof(struct shift) },
	.changes = CHANGES_PLACES, .apply = apply,
};
