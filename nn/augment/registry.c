/* The table of augmentation steps: a new one takes one file and one row here. Floor 2. */
#include "nn/augment/augment.h"

extern const struct augment_type augment_crop, augment_affine, augment_brightness, augment_contrast, augment_erase,
	augment_mixup, augment_cutmix;

const struct augment_type *const augment_types[] = {
	&augment_flip,
	&augment_shift,
	&augment_crop,
	&augment_affine,
	&augment_brightness,
	&augment_contrast,
	&augment_erase,
	&augment_mixup,
	&augment_cutmix,
	NULL
};

/* In the order of enum border. */
const char *const border_names[] = { "zero", "edge", "reflect", NULL };
