/* See augmenter.h. The recipe's short form, `flip` and `shift`, becomes the two steps of these names. */
#include "nn/train/augmenter.h"

#include "nn/base/block.h"

#include <stdlib.h>

struct augmenter {
	struct augmenter_setup setup;
	struct flip flip;
	struct shift shift;
	struct augment_step short_form[2];
	const struct augment_step *steps;
	int count;
	uint8_t *scratch;       /* owned: scratch_len bytes a thread; NULL: none needed */
	size_t scratch_len;
};

/* An image's numbers begin with the one that a flip takes, whether it flips or not. */
static void take_steps(struct augmenter *a)
{
	const struct recipe *r = a->setup.recipe;

	a->steps = r->augment;
	a->count = r->augment_count;
	if (a->count || (!r->flip && r->shift == 0))
		return;
	a->flip.when = r->flip ? FLIP_RANDOM : FLIP_NEVER;
	a->shift = (struct shift){ r->shift, BORDER_ZERO };
	a->short_form[0] = (struct augment_step){ &augment_flip, &a->flip };
	a->short_form[1] = (struct augment_step){ &augment_shift, &a->shift };
	a->steps = a->short_form;
	a->count = 2;
}

struct augmenter *augmenter_create(const struct augmenter_setup *setup, struct error *err)
{
	struct augmenter *a = calloc(1, sizeof *a);

	if (!a) {
		fail(err, "no memory for augmentation");
		return NULL;
	}
	a->setup = *setup;
	take_steps(a);
	a->scratch_len = canvas_scratch_len(a->steps, a->count, setup->shape);
	if (a->scratch_len && !(a->scratch = block_allocate(a->scratch_len * (size_t)setup->threads))) {
		fail(err, "no memory for the augmentation of images by %d threads", setup->threads);
		augmenter_destroy(a);
		return NULL;
	}
	return a;
}

void augmenter_destroy(struct augmenter *a)
{
	if (!a)
		return;
	free(a->scratch);
	free(a);
}

bool augmenter_has_steps(const struct augmenter *a)
{
	return a->count > 0;
}

struct augmentation augmenter_at(const struct augmenter *a, int epoch, int thread)
{
	return (struct augmentation){ .steps = a->steps, .count = a->count, .seed = a->setup.seed, .epoch = epoch,
		.scratch = a->scratch ? a->scratch + a->scratch_len * (size_t)thread : NULL };
}
