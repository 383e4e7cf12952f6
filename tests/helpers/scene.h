/* Lists of augmentation steps and the images that they work on. For tests of nn/augment. */
#ifndef TESTS_HELPERS_SCENE_H
#define TESTS_HELPERS_SCENE_H

#include "nn/train/augmenter.h"

enum { SCENE_BYTES = 3 * 48 * 48, SCENE_CONFIG = 64 };

struct scene {
	struct recipe recipe;
	struct augment_step steps[MAX_AUGMENT_STEPS];
	_Alignas(16) char configs[MAX_AUGMENT_STEPS][SCENE_CONFIG];
	struct canvas_images images;
	struct augmenter *augmenter;    /* owned; made by the first scene_show */
};

/* `count` images of random bytes, the same each time; label n % 7. The images live until take_nothing. */
void scene_open(struct scene *s, struct shape shape, int count);
void scene_close(struct scene *s);

/* Adds a step; its fields as config_read has them. The scene must stay where it is. */
void scene_add(struct scene *s, const char *name, const char *fields);

/* Image `image`, to be read or changed. */
uint8_t *scene_image(const struct scene *s, int image);
bool scene_is_original(const struct scene *s, int image, const uint8_t *got);

/* What an image becomes in an epoch of seed 9, written out to `to`; by these kernels, or by the best. */
struct seen scene_show_on(struct scene *s, const struct kernels *kernels, int image, int epoch, uint8_t *to);
struct seen scene_show(struct scene *s, int image, int epoch, uint8_t *to);

/* The smallest rectangle around what differs from the original, in any channel; y1 and x1 are in it. */
struct patch { int y0, y1, x0, x1; };
struct patch scene_patch(const struct scene *s, int image, const uint8_t *got);

#endif
