/* Pictures in memory, and PNG files of them. Floor 4b. libpng compresses; a file is there whole or not at all. */
#ifndef BENCH_PICTURE_PNG_H
#define BENCH_PICTURE_PNG_H

#include "nn/base/error.h"

#include <stdbool.h>
#include <stdint.h>

/* Sides that we write: viewers and libpng take more. */
enum { PICTURE_SIDE = 16384 };

struct picture {
	int width, height;      /* 1 .. PICTURE_SIDE */
	uint8_t *rgb;           /* owned: [height][width][3] */
};

/* Whether sides are in range. */
bool picture_fits(int width, int height, struct error *err);
/* A white picture. False and an error for sides out of range, and without memory. */
bool picture_create(struct picture *picture, int width, int height, struct error *err);
void picture_free(struct picture *picture);

/* The same picture gives the same bytes with the same libpng. */
bool png_write(const struct picture *picture, const char *path, struct error *err);

#endif
