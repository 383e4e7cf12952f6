/* See png.h. */
#include "bench/picture/png.h"

#include "bench/system/atomic_file.h"

#include <png.h>
#include <stdlib.h>
#include <string.h>

enum { WHITE = 255 };

bool picture_fits(int width, int height, struct error *err)
{
	if (width >= 1 && width <= PICTURE_SIDE && height >= 1 && height <= PICTURE_SIDE)
		return true;
	return fail(err, "a picture of %d x %d pixels where 1 to %d a side are accepted", width, height, PICTURE_SIDE);
}

bool picture_create(struct picture *p, int width, int height, struct error *err)
{
	size_t len = (size_t)width * (size_t)height * 3;

	*p = (struct picture){ width, height, NULL };
	if (!picture_fits(width, height, err))
		return false;
	p->rgb = malloc(len);
	if (!p->rgb)
		return fail(err, "not enough memory for a picture of %d x %d pixels", width, height);
	memset(p->rgb, WHITE, len);
	return true;
}

void picture_free(struct picture *p)
{
	free(p->rgb);
	p->rgb = NULL;
}

static bool write_file(const void *bytes, size_t len, const char *path, struct error *err)
{
	struct atomic_file file;

	if (!atomic_file_create(&file, path, err))
		return false;
	if (atomic_file_write(&file, bytes, len, err))
		return atomic_file_publish(&file, err);
	atomic_file_discard(&file);
	return false;
}

bool png_write(const struct picture *p, const char *path, struct error *err)
{
	png_image image = { .version = PNG_IMAGE_VERSION, .width = (png_uint_32)p->width,
		.height = (png_uint_32)p->height, .format = PNG_FORMAT_RGB };
	png_alloc_size_t len = PNG_IMAGE_PNG_SIZE_MAX(image);
	void *bytes = malloc(len);
	bool written = false;

	if (!bytes)
		fail(err, "%s: not enough memory to compress the picture", path);
	else if (!png_image_write_to_memory(&image, bytes, &len, 0, p->rgb, 0, NULL))
		fail(err, "%s: libpng: %s", path, image.message);
	else
		written = write_file(bytes, len, path, err);
	png_image_free(&image);
	free(bytes);
	return written;
}
