/* Random erasing (Zhong et al., "Random Erasing Data Augmentation", 2017): one rectangle of an image is overwritten.
 * Floor 2.
 *
 * Its area is a share drawn evenly from area_min .. area_max, its ratio of height to width lies between aspect and
 * 1 / aspect, evenly drawn by its logarithm; what does not fit into the image is drawn again, up to ten times. */
#include "nn/augment/augment.h"

#include <math.h>
#include <string.h>

enum { ATTEMPTS = 10 };

enum fill { FILL_RANDOM, FILL_MEAN, FILL_BLACK };

struct erase {
	double probability, area_min, area_max, aspect;
	int fill;
};

/* In the order of enum fill. */
static const char *const fills[] = { "random", "mean", "black", NULL };

static const struct field fields[] = {
	{ "probability", FIELD_FLOAT, offsetof(struct erase, probability),
	  .fallback = 0.5, .min = 0, .max = 1, .help = "share of the images that are changed" },
	{ "area_min", FIELD_FLOAT, offsetof(struct erase, area_min),
	  .fallback = 0.02, .min = 0, .max = 1, .help = "least share of the image's area" },
	{ "area_max", FIELD_FLOAT, offsetof(struct erase, area_max),
	  .fallback = 0.4, .min = 0, .max = 1, .help = "largest share of the image's area" },
	{ "aspect", FIELD_FLOAT, offsetof(struct erase, aspect),
	  .fallback = 0.3, .min = 0.01, .max = 1, .help = "least ratio of one side of the rectangle to the other" },
	{ "fill", FIELD_CHOICE, offsetof(struct erase, fill),
	  .fallback = FILL_RANDOM, .choices = fills,
	  .help = "what is written there: random bytes, the image's mean, or byte 0" },
	{ 0 }
};

struct rectangle { int y, x, h, w; };

/* False where ten attempts found none that fits. */
static bool draw_rectangle(const struct erase *c, struct canvas *canvas, struct rectangle *to)
{
	struct shape s = canvas->shape;

	for (int i = 0; i < ATTEMPTS; i++) {
		double area = canvas_draw(canvas, c->area_min, c->area_max) * s.h * s.w;
		double ratio = exp(canvas_draw(canvas, log(c->aspect), -log(c->aspect)));
		double h = round(sqrt(area * ratio)), w = round(sqrt(area / ratio));

		if (h < 1 || w < 1 || h > s.h || w > s.w)
			continue;
		to->h = (int)h;
		to->w = (int)w;
		to->y = (int)rng_below(&canvas->rng, (uint64_t)(s.h - to->h + 1));
		to->x = (int)rng_below(&canvas->rng, (uint64_t)(s.w - to->w + 1));
		return true;
	}
	return false;
}

static void fill_random(struct rng *rng, uint8_t *to, int count)
{
	for (int i = 0; i < count; i += 8) {
		uint64_t bytes = rng_u64(rng);
		for (int k = i; k < i + 8 && k < count; k++, bytes >>= 8)
			to[k] = (uint8_t)bytes;
	}
}

static void apply(const void *config, struct canvas *canvas)
{
	const struct erase *c = config;
	struct shape s = canvas->shape;
	struct rectangle r;

	if (rng_uniform(&canvas->rng) >= c->probability || !draw_rectangle(c, canvas, &r))
		return;
	uint8_t *pixels = canvas_pixels(canvas);
	int even = c->fill == FILL_MEAN ? (int)lround(canvas_mean(pixels, image_len(s))) : 0;
	for (int row = 0; row < s.c * r.h; row++) {
		int channel = row / r.h, y = r.y + row % r.h;
		uint8_t *to = pixels + ((size_t)channel * (size_t)s.h + (size_t)y) * (size_t)s.w + r.x;
		if (c->fill == FILL_RANDOM)
			fill_random(&canvas->rng, to, r.w);
		else
			memset(to, even, (size_t)r.w);
	}
}

static bool check(const void *config, struct mark at, struct error *err)
{
	const struct erase *c = config;

	if (c->area_min <= c->area_max)
		return true;
	return fail_at(err, at, "erase: area_min %.10g is above area_max %.10g; accepted: area_min up to area_max",
	               c->area_min, c->area_max);
}

const struct augment_type augment_erase = {
	.kind = { .name = "erase", .help = "a random rectangle overwritten (random erasing)",
	          .fields = fields, .config_size = sizeof(struct erase) },
	.changes = CHANGES_VALUES, .check = check, .apply = apply,
};
