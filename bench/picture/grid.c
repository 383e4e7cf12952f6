/* See grid.h. */
#include "bench/picture/grid.h"


/* Pixels of the picture: an image's shorter side, about; between images and around them. */
enum { ENLARGED = 96, GAP = 4 };

static int scale_of(struct shape image)
{
	int shorter = image.h < image.w ? image.h : image.w;

	return shorter >= ENLARGED ? 1 : (ENLARGED + shorter - 1) / shorter;
}

/* Saturates instead of overflowing: picture_create refuses it. */
static int side_of(int cells, int pixels, int scale)
{
	int64_t side = (int64_t)cells * ((int64_t)pixels * scale + GAP) + GAP;

	return side > INT32_MAX ? INT32_MAX : (int)side;
}

static int width_of(const struct grid_size *size)
{
	return side_of(size->columns, size->image.w, scale_of(size->image));
}

static int height_of(const struct grid_size *size)
{
	return side_of(size->rows, size->image.h, scale_of(size->image));
}

bool grid_fits(const struct grid_size *size, struct error *err)
{
	return picture_fits(width_of(size), height_of(size), err);
}

bool grid_create(struct grid *grid, const struct grid_size *size, struct error *err)
{
	*grid = (struct grid){ .size = *size, .scale = scale_of(size->image) };
	return picture_create(&grid->picture, width_of(size), height_of(size), err);
}

void grid_free(struct grid *grid)
{
	picture_free(&grid->picture);
}

void grid_put(struct grid *grid, int row, int column, const uint8_t *pixels)
{
	struct shape s = grid->size.image;
	int scale = grid->scale, top = GAP + row * (s.h * scale + GAP), left = GAP + column * (s.w * scale + GAP);
	size_t plane = s.c >= 3 ? (size_t)s.h * (size_t)s.w : 0;

	for (int y = 0; y < s.h * scale; y++) {
		uint8_t *to = grid->picture.rgb + ((size_t)(top + y) * (size_t)grid->picture.width + (size_t)left) * 3;
		for (int x = 0; x < s.w * scale; x++, to += 3) {
			size_t from = (size_t)(y / scale) * (size_t)s.w + (size_t)(x / scale);
			to[0] = pixels[from];
			to[1] = pixels[from + plane];
			to[2] = pixels[from + 2 * plane];
		}
	}
}
