/* See preview.h. */
#include "bench/eval/preview.h"

#include "bench/data/images.h"
#include "bench/picture/grid.h"
#include "nn/base/block.h"
#include "nn/train/loader.h"

#include <assert.h>
#include <stdlib.h>

struct preview {
	const struct preview_request *request;
	struct images images;           /* all training images */
	struct augmenter *augmenter;    /* owned, as are the next three */
	struct grid grid;
	real *lanes;                    /* one lane group */
	uint8_t *bytes;                 /* one image */
};

/* A column more than epochs: the images as they are. */
static struct grid_size size_of(const struct preview_request *r)
{
	return (struct grid_size){ r->images, r->epochs + 1, r->data->shape };
}

bool preview_fits(const struct preview_request *r, struct error *err)
{
	struct grid_size size = size_of(r);

	return grid_fits(&size, err);
}

static bool prepare(struct preview *p, struct error *err)
{
	const struct preview_request *r = p->request;
	struct shape shape = p->images.shape;
	struct grid_size size = size_of(r);

	p->augmenter = training_augmenter(&r->point->variant->recipe, shape, 1, (uint64_t)r->point->seed, err);
	if (!p->augmenter || !grid_create(&p->grid, &size, err))
		return false;
	p->lanes = block_allocate(group_len(shape) * sizeof *p->lanes);
	p->bytes = malloc(image_len(shape));
	return (p->lanes && p->bytes) || fail(err, "not enough memory for a group of images");
}

/* Lane `lane` of the loaded group, in bytes again. */
static void put_lane(struct preview *p, int row, int column, int lane)
{
	size_t len = image_len(p->images.shape);

	for (size_t i = 0; i < len; i++)
		p->bytes[i] = (uint8_t)p->lanes[i * LANES + (size_t)lane];
	grid_put(&p->grid, row, column, p->bytes);
}

/* The images from `first` on, as many as a lane group has; epoch -1: as they are. */
static void draw_group(struct preview *p, int first, int epoch, struct target *targets)
{
	struct augmentation augmentation = augmenter_at(p->augmenter, epoch, 0);
	struct target of_lanes[LANES];
	int left = p->request->images - first, lanes = left < LANES ? left : LANES;

	group_load(&(struct group_load){ .kernels = p->request->kernels, .images = p->images, .first = first,
		.lanes = lanes, .scale = pixel_scale_of(SCALING_RAW, p->images), .to = p->lanes, .targets = of_lanes,
		.augmentation = epoch >= 0 && augmenter_has_steps(p->augmenter) ? &augmentation : NULL });
	for (int lane = 0; lane < lanes; lane++) {
		put_lane(p, first + lane, epoch + 1, lane);
		if (epoch >= 0)
			targets[(size_t)(first + lane) * (size_t)p->request->epochs + (size_t)epoch] = of_lanes[lane];
	}
}

bool preview_draw(const struct preview_request *r, struct target *targets, struct error *err)
{
	struct preview p = { .request = r, .images = images_of(r->data, dataset_split(r->data, ROLE_TRAINING)) };
	bool good = prepare(&p, err);

	assert(r->images <= p.images.count);
	for (int epoch = -1; good && epoch < r->epochs; epoch++)
		for (int first = 0; first < r->images; first += LANES)
			draw_group(&p, first, epoch, targets);
	good = good && png_write(&p.grid.picture, r->out, err);
	augmenter_destroy(p.augmenter);
	grid_free(&p.grid);
	free(p.lanes);
	free(p.bytes);
	return good;
}
