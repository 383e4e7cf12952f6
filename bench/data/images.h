/* Converts a data set's splits to the engine's struct images. Floor 4b. */
#ifndef BENCH_DATA_IMAGES_H
#define BENCH_DATA_IMAGES_H

#include "bench/data/dataset.h"
#include "nn/train/train.h"

/* The images of a split, borrowed from the data set. NULL: no images. */
static inline struct images images_of(const struct dataset *data, const struct split *split)
{
	if (!split)
		return (struct images){ .shape = data->shape };
	size_t first = (size_t)split->first;
	return (struct images){ .pixels = data->pixels + first * image_len(data->shape),
		.labels = data->labels + first, .count = split->count, .shape = data->shape };
}

#endif
