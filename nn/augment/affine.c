/* Rotates, zooms, shears and shifts images by one affine map. Floor 2.
 *
 * About the image's centre c, with R a rotation and S = [1 tan(shear); 0 1], a point p of the image goes to
 *   c + shift + zoom R S (p - c),
 * and the map of canvas_move() is its inverse. Each of the five numbers is drawn evenly from its range. */
#include "nn/augment/augment.h"

#include <math.h>

struct affine_range {
	double rotate, zoom, shear, shift;
	int border;
};

static const struct field fields[] = {
	{ "rotate", FIELD_FLOAT, offsetof(struct affine_range, rotate),
	  .fallback = 0, .min = 0, .max = 180, .help = "largest angle of rotation either way, in degrees" },
	{ "zoom", FIELD_FLOAT, offsetof(struct affine_range, zoom),
	  .fallback = 0, .min = 0, .max = 0.5, .help = "sizes from 1 - zoom to 1 + zoom times the image's own" },
	{ "shear", FIELD_FLOAT, offsetof(struct affine_range, shear),
	  .fallback = 0, .min = 0, .max = 45, .help = "largest slant of columns either way, in degrees" },
	{ "shift", FIELD_FLOAT, offsetof(struct affine_range, shift),
	  .fallback = 0, .min = 0, .max = 0.5,
	  .help = "the farthest move, as a share of height and of width; not rounded to whole pixels" },
	{ "border", FIELD_CHOICE, offsetof(struct affine_range, border),
	  .fallback = BORDER_ZERO, .choices = border_names, .help = "what is seen outside the image" },
	{ 0 }
};

static double radians(double degrees)
{
	return degrees * 3.141592653589793 / 180;
}

static void apply(const void *config, struct canvas *canvas)
{
	const struct affine_range *r = config;
	double angle = radians(canvas_draw(canvas, -r->rotate, r->rotate));
	double zoom = canvas_draw(canvas, 1 - r->zoom, 1 + r->zoom);
	double slant = tan(radians(canvas_draw(canvas, -r->shear, r->shear)));
	double right = canvas_draw(canvas, -r->shift, r->shift) * canvas->shape.w;
	double down = canvas_draw(canvas, -r->shift, r->shift) * canvas->shape.h;
	double cx = (canvas->shape.w - 1) / 2.0, cy = (canvas->shape.h - 1) / 2.0;
	double c = cos(angle) / zoom, s = sin(angle) / zoom;
	/* The inverses of S and R: [1 -slant; 0 1] [c s; -s c]. */
	struct image_map map = { { c + slant * s, s - slant * c, cx }, { -s, c, cy } };

	map.x[2] -= map.x[0] * (cx + right) + map.x[1] * (cy + down);
	map.y[2] -= map.y[0] * (cx + right) + map.y[1] * (cy + down);
	canvas_move(canvas, &map, (enum border)r->border);
}

static bool check(const void *config, struct mark at, struct error *err)
{
	const struct affine_range *r = config;

	if (r->rotate > 0 || r->zoom > 0 || r->shear > 0 || r->shift > 0)
		return true;
	return fail_at(err, at, "affine: nothing to do; accepted: one of rotate, zoom, shear, shift above 0");
}

const struct augment_type augment_affine = {
	.kind = { .name = "affine", .help = "rotated, zoomed, sheared and shifted at once, with bilinear interpolation",
	          .fields = fields, .config_size = sizeof(struct affine_range) },
	.changes = CHANGES_PLACES, .check = check, .apply = apply,
};
