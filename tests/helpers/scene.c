/* See scene.h. */
#include "tests/helpers/scene.h"

#include "tests/helpers/lanes.h"
#include "tests/helpers/network.h"

#include <stdlib.h>
#include <string.h>

static const struct augment_type *type_of(const char *name)
{
	for (int i = 0; augment_types[i]; i++)
		if (!strcmp(augment_types[i]->kind.name, name))
			return augment_types[i];
	abort();
}

void scene_add(struct scene *s, const char *name, const char *fields)
{
	int i = s->recipe.augment_count++;

	s->steps[i].type = type_of(name);
	config_read(s->steps[i].type->kind.fields, s->configs[i], fields);
	s->steps[i].config = s->configs[i];
	s->recipe.augment = s->steps;
}

void scene_open(struct scene *s, struct shape shape, int count)
{
	size_t len = image_len(shape) * (size_t)count;
	uint8_t *pixels = (uint8_t *)take_doubles(len), *labels = (uint8_t *)take_doubles((size_t)count);
	struct rng rng = rng_seed(71, 0);

	for (size_t i = 0; i < len; i++)
		pixels[i] = (uint8_t)rng_below(&rng, 256);
	for (int i = 0; i < count; i++)
		labels[i] = (uint8_t)(i % 7);
	*s = (struct scene){ .images = { pixels, labels, count, shape } };
}

void scene_close(struct scene *s)
{
	augmenter_destroy(s->augmenter);
	take_nothing();
}

uint8_t *scene_image(const struct scene *s, int image)
{
	return (uint8_t *)(uintptr_t)s->images.pixels + (size_t)image * image_len(s->images.shape);
}

struct seen scene_show_on(struct scene *s, const struct kernels *kernels, int image, int epoch, uint8_t *to)
{
	struct error err = { "" };
	struct augmenter_setup setup = { &s->recipe, s->images.shape, 1, 9 };
	struct shape shape = s->images.shape;

	if (!s->augmenter)
		s->augmenter = augmenter_create(&setup, &err);
	struct augmentation a = augmenter_at(s->augmenter, epoch, 0);
	struct canvas_buffers buffers = canvas_buffers(&a, shape);
	struct canvas_request request = { &a, kernels, s->images, image, &buffers, image % LANES };
	struct seen seen = canvas_image(&request);
	for (int i = 0; i < (int)image_len(shape); i++) {
		int x = i % shape.w + seen.dx, y = i / shape.w % shape.h + seen.dy;
		int column = seen.flip ? shape.w - 1 - x : x;
		bool inside = x >= 0 && x < shape.w && y >= 0 && y < shape.h;
		to[i] = inside ? seen.pixels[(i / shape.w / shape.h * shape.h + y) * shape.w + column] : 0;
	}
	return seen;
}

struct seen scene_show(struct scene *s, int image, int epoch, uint8_t *to)
{
	return scene_show_on(s, kernels_choose(NULL), image, epoch, to);
}

bool scene_is_original(const struct scene *s, int image, const uint8_t *got)
{
	return memcmp(scene_image(s, image), got, image_len(s->images.shape)) == 0;
}

struct patch scene_patch(const struct scene *s, int image, const uint8_t *got)
{
	struct shape shape = s->images.shape;
	struct patch p = { shape.h, -1, shape.w, -1 };

	for (int i = 0; i < (int)image_len(shape); i++)
		if (got[i] != scene_image(s, image)[i]) {
			int y = i / shape.w % shape.h, x = i % shape.w;
			p.y0 = y < p.y0 ? y : p.y0;
			p.y1 = y > p.y1 ? y : p.y1;
			p.x0 = x < p.x0 ? x : p.x0;
			p.x1 = x > p.x1 ? x : p.x1;
		}
	return p;
}
