/* The augmentation of one training: a recipe's steps, and the memory that they need. Floor 3. */
#ifndef NN_TRAIN_AUGMENTER_H
#define NN_TRAIN_AUGMENTER_H

#include "nn/augment/canvas.h"
#include "nn/train/recipe.h"

struct augmenter;

struct augmenter_setup {
	const struct recipe *recipe;
	struct shape shape;     /* of the images */
	int threads;            /* that load lane groups at the same time */
	uint64_t seed;
};

/* Borrows the recipe's steps. NULL and an error without memory. */
struct augmenter *augmenter_create(const struct augmenter_setup *setup, struct error *err);
void augmenter_destroy(struct augmenter *a);

/* Whether the recipe augments at all. */
bool augmenter_has_steps(const struct augmenter *a);

/* The steps of an epoch (from 0), for the thread of that number, 0 <= thread < threads. */
struct augmentation augmenter_at(const struct augmenter *a, int epoch, int thread);

#endif
