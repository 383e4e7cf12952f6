/* From bytes to lane groups: scaling, flips, shifts. Floor 3. */
#ifndef NN_TRAIN_LOADER_H
#define NN_TRAIN_LOADER_H

#include "nn/train/train.h"

/* value = (byte - mean) * scale */
struct pixel_scale { real mean, scale; };

/* The recipe's scaling; SCALING_STANDARD computes mean and variance of the training images. */
struct pixel_scale pixel_scale_of(enum scaling scaling, struct images training);

/* How training images are augmented. Flip and shift of an image depend on `seed` and the image's index only. */
struct augmentation {
	bool flip;
	int shift_h, shift_w;   /* largest shift in rows and columns */
	uint64_t seed;          /* of the epoch */
};

struct group_load {
	const struct kernels *kernels;
	struct images images;
	const int *order;       /* image indices of this group's lanes; NULL: first, first + 1, ... */
	int first, lanes;       /* lanes that carry an image; the others get zeros */
	struct pixel_scale scale;
	const struct augmentation *augmentation;        /* NULL: none */
	real *to;               /* [c][h][w][LANES] */
	int *labels;            /* [LANES] */
};

/* Pixels that a shift uncovers are byte 0. */
void group_load(const struct group_load *load);

#endif
