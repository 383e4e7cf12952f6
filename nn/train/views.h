/* Test-time augmentation: a network is shown several views of each image, and the mean of its softmax outputs counts
 * (Krizhevsky et al. 2012). Floor 3.
 *
 * A kind of views takes one row of the table in views.c. Evaluation goes through the list: images.view = views.at[i]
 * (train.h) shows all images that way. */
#ifndef NN_TRAIN_VIEWS_H
#define NN_TRAIN_VIEWS_H

#include "nn/base/field.h"
#include "nn/train/train.h"

enum { MAX_VIEWS = 10, VIEWS_TEXT_BYTES = 24 };

struct view_type {
	struct kind kind;
	/* Fills `to`, first the image as it is; returns how many views there are. */
	int (*list)(const void *config, struct view to[MAX_VIEWS]);
};

extern const struct view_type *const view_types[];      /* NULL at the end */

struct views {
	int count;                      /* 0: none */
	struct view at[MAX_VIEWS];      /* at[0] is the image as it is */
	char text[VIEWS_TEXT_BYTES];    /* what they are, in records: "flip", "shifts 1" */
};

/* The views of a type whose struct has been filled from its fields. */
void views_fill(const struct view_type *type, const void *config, struct views *to);

/* The farthest that a view moves the image, in pixels. */
int views_reach(const struct views *views);

#endif
