/* Takes one training image through the steps of a list. Floor 2. See augment.h. */
#ifndef NN_AUGMENT_CANVAS_H
#define NN_AUGMENT_CANVAS_H

#include "nn/augment/augment.h"

/* The steps at work, in one epoch, by one thread. */
struct augmentation {
	const struct augment_step *steps;
	int count;
	uint64_t seed;
	int epoch;              /* from 0 */
	uint8_t *scratch;       /* canvas_scratch_len bytes of this thread's, 64-byte aligned */
};

/* Bytes of one thread's scratch for a lane group of such images; 0 where the steps need none. */
size_t canvas_scratch_len(const struct augment_step *steps, int count, struct shape shape);

/* Places in the scratch. */
struct canvas_buffers {
	uint8_t *images[LANES]; /* of each lane */
	uint8_t *spare, *other; /* for one more resampling; for the image that is mixed in */
	uint16_t *pairs;        /* for the kernel */
};
struct canvas_buffers canvas_buffers(const struct augmentation *augmentation, struct shape shape);

/* All training images, borrowed: pixels [count][c][h][w], labels [count]. */
struct canvas_images {
	const uint8_t *pixels, *labels;
	int count;
	struct shape shape;
};

struct canvas_request {
	const struct augmentation *augmentation;        /* NULL: the image as it is */
	const struct kernels *kernels;
	struct canvas_images from;
	int image;
	struct canvas_buffers *buffers;   /* shared by the lanes of a group; used only where there is scratch */
	int lane;
};

/* What is to be seen: output (y, x) shows pixels (y + dy, x + dx), columns counted from the right if flipped, and 0
 * outside. */
struct seen {
	const uint8_t *pixels;  /* [c][h][w]: the image's own, or in the lane's buffer */
	int dy, dx;
	bool flip;
	int label, other;       /* other: of the image that was mixed in; else the same label */
	double share;           /* of `label`, 0..1; the rest is that of `other` */
};

struct seen canvas_image(const struct canvas_request *request);

#endif
