/* From bytes to lane groups: augmentation, scaling. Floor 3. */
#ifndef NN_TRAIN_LOADER_H
#define NN_TRAIN_LOADER_H

#include "nn/augment/canvas.h"
#include "nn/train/train.h"

/* value = (byte - mean) * scale */
struct pixel_scale { real mean, scale; };

/* The recipe's scaling; SCALING_STANDARD computes mean and variance of the training images. */
struct pixel_scale pixel_scale_of(enum scaling scaling, struct images training);

struct group_load {
	const struct kernels *kernels;
	struct images images;
	const int *order;       /* image indices of this group's lanes; NULL: first, first + 1, ... */
	int first, lanes;       /* lanes that carry an image; the others get zeros */
	struct pixel_scale scale;
	const struct augmentation *augmentation;        /* in place of images.view; NULL: none */
	real *to;               /* [c][h][w][LANES] */
	struct target *targets; /* [LANES] */
};

void group_load(const struct group_load *load);

#endif
