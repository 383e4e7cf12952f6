/* Cuts images of their own size out of images that were padded on all sides: moves them by whole pixels. Floor 2. */
#include "nn/augment/augment.h"

struct crop {
	int padding;            /* pixels */
	int border;             /* enum border */
};

static const struct field fields[] = {
	{ "padding", FIELD_INT, offsetof(struct crop, padding),
	  .required = 1, .min = 1, .max = 1024, .help = "pixels on each side, in images of that size or larger" },
	{ "border", FIELD_CHOICE, offsetof(struct crop, border),
	  .fallback = BORDER_ZERO, .choices = border_names, .help = "what the padding is" },
	{ 0 }
};

static int at_most(int padding, int side)
{
	return padding < side ? padding : side;
}

static void apply(const void *config, struct canvas *canvas)
{
	const struct crop *c = config;
	int dy = canvas_draw_whole(canvas, at_most(c->padding, canvas->shape.h));
	int dx = canvas_draw_whole(canvas, at_most(c->padding, canvas->shape.w));

	canvas_move(canvas, &(struct image_map){ { 1, 0, dx }, { 0, 1, dy } }, (enum border)c->border);
}

const struct augment_type augment_crop = {
	.kind = { .name = "crop", .help = "padded on all sides, then cut out anywhere at its old size",
	          .fields = fields, .config_size = sizeof(struct crop) },
	.changes = CHANGES_PLACES, .apply = apply,
};
