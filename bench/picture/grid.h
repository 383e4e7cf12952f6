/* Small images side by side, enlarged so that they can be seen. Floor 4b.
 *
 *	struct grid grid;
 *	bool good = grid_create(&grid, &(struct grid_size){ .rows = 2, .columns = 3, .image = { 1, 28, 28 } }, &err);
 *	grid_put(&grid, 0, 1, pixels);
 *	good = good && png_write(&grid.picture, "out.png", &err);
 *	grid_free(&grid); */
#ifndef BENCH_PICTURE_GRID_H
#define BENCH_PICTURE_GRID_H

#include "bench/picture/png.h"
#include "nn/base/tensor.h"

struct grid_size {
	int rows, columns;
	struct shape image;     /* of every image */
};

struct grid {
	struct grid_size size;
	int scale;              /* picture's pixels along an image's pixel */
	struct picture picture; /* owned; white where nothing was put */
};

/* Every pixel becomes scale x scale of them, as many as make an image's shorter side about 96. False and an error where
 * the picture would be too large. */
bool grid_create(struct grid *grid, const struct grid_size *size, struct error *err);
/* Whether grid_create would not find it too large; the error says how large it is. */
bool grid_fits(const struct grid_size *size, struct error *err);
void grid_free(struct grid *grid);

/* Puts an image of bytes, [c][h][w], into a cell. Three channels are red, green, blue, of more the first three; of one
 * or two the first is grey. */
void grid_put(struct grid *grid, int row, int column, const uint8_t *pixels);

#endif
