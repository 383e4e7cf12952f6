/* What training sees of its images: a picture and the labels. Floor 4d.
 *
 * A row for each image, the first ones of the training images; its columns are the image itself and what becomes of it
 * in the first epochs, loaded by the code that training loads with. */
#ifndef BENCH_EVAL_PREVIEW_H
#define BENCH_EVAL_PREVIEW_H

#include "bench/data/dataset.h"
#include "bench/sweep/sweep.h"
#include "nn/kernel/kernels.h"
#include "nn/loss/loss.h"

enum { PREVIEW_IMAGES = 256, PREVIEW_EPOCHS = 256 };

struct preview_request {
	const struct sweep *sweep;
	const struct point *point;      /* whose recipe augments, by whose seed */
	const struct dataset *data;
	const struct kernels *kernels;
	int images, epochs;             /* 1 .. PREVIEW_IMAGES, at most as many as train; 1 .. PREVIEW_EPOCHS */
	const char *out;                /* path of the .png file */
};

/* Whether the picture of so many images and epochs is not too large. */
bool preview_fits(const struct preview_request *request, struct error *err);

/* Writes the picture, and the targets to targets[images][epochs]. */
bool preview_draw(const struct preview_request *request, struct target *targets, struct error *err);

#endif
