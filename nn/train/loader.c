/* See loader.h. Rows are copied as bytes; blocks of 16 images x 16 columns are transposed to 16 columns x 16 images;
 * then one kernel scales. Rows are prefetched, since images are scattered over memory. */
#include "nn/train/loader.h"
#include "nn/kernel/move_row.h"

#include <assert.h>
#include <math.h>
#include <string.h>

enum {
	MAX_ROW = 4096,         /* columns of an image; planning refuses wider ones */
	PREFETCH_ROWS = 4,         /* distance of the prefetch, in rows */
};

struct pixel_scale pixel_scale_of(enum scaling scaling, struct images training)
{
	uint64_t counts[256] = { 0 };
	size_t len = (size_t)training.count * image_len(training.shape);
	double mean = 0, variance = 0;

	if (scaling == SCALING_UNIT)
		return (struct pixel_scale){ 0, (real)(1 / 255.0) };
	if (scaling == SCALING_RAW)
		return (struct pixel_scale){ 0, 1 };
	for (size_t i = 0; i < len; i++)
		counts[training.pixels[i]]++;
	for (int byte = 0; byte < 256; byte++)
		mean += (double)byte * (double)counts[byte] / (double)len;
	for (int byte = 0; byte < 256; byte++)
		variance += (byte - mean) * (byte - mean) * (double)counts[byte] / (double)len;
	return (struct pixel_scale){ (real)mean, (real)(variance > 0 ? 1 / sqrt(variance) : 1) };
}

static struct seen lane_of(const struct group_load *load, struct canvas_buffers *buffers, int lane)
{
	const struct images *images = &load->images;
	struct canvas_request request = { .augmentation = load->augmentation, .kernels = load->kernels,
		.from = { images->pixels, images->labels, images->count, images->shape },
		.image = load->order ? load->order[load->first + lane] : load->first + lane,
		.buffers = buffers, .lane = lane };
	struct seen seen = canvas_image(&request);

	if (!load->augmentation) {
		seen.dy = images->view.dy;
		seen.dx = images->view.dx;
		seen.flip = images->view.flip;
	}
	load->targets[lane] = (struct target){ seen.label, seen.other, (real)seen.share };
	return seen;
}

typedef uint8_t bytes __attribute__((vector_size(LANES)));

/* A 16 x 16 transpose: interleaves the two halves, four times. */
static void transpose(bytes rows[LANES])
{
	bytes mixed[LANES];

	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < LANES / 2; i++) {
			bytes a = rows[i], b = rows[i + LANES / 2];
			mixed[2 * i] = __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7,
			                                       23);
			mixed[2 * i + 1] = __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29,
			                                           14, 30, 15, 31);
		}
		memcpy(rows, mixed, sizeof mixed);
	}
}

/* One row of one channel; `rows` is scratch: [LANES][stride] bytes, zero past the width. */
static void load_row(const struct group_load *load, const struct seen *lanes, int row_index, uint8_t *rows,
                     int stride)
{
	struct shape shape = load->images.shape;
	int c = row_index / shape.h, y = row_index % shape.h;
	real *to = load->to + (size_t)row_index * (size_t)shape.w * LANES;

	memset(rows, 0, (size_t)stride * LANES);
	for (int lane = 0; lane < load->lanes; lane++) {
		const struct seen *s = &lanes[lane];
		int row = y + s->dy;
		if ((unsigned)row >= (unsigned)shape.h || s->dx <= -shape.w || s->dx >= shape.w)
			continue;
		const uint8_t *from = s->pixels + (size_t)(c * shape.h + row) * (size_t)shape.w;
		move_row(from, shape.w, s->dx, s->flip, rows + lane * stride);
		if (row + PREFETCH_ROWS < shape.h)
			__builtin_prefetch(from + PREFETCH_ROWS * shape.w);
	}
	for (int x = 0; x < shape.w; x += LANES) {
		bytes block[LANES];
		for (int lane = 0; lane < LANES; lane++)
			memcpy(&block[lane], rows + lane * stride + x, LANES);
		transpose(block);
		int columns = shape.w - x < LANES ? shape.w - x : LANES;
		load->kernels->scale_bytes((const uint8_t *)block, to + (size_t)x * LANES, (size_t)columns,
		                           load->scale.mean, load->scale.scale);
	}
}

void group_load(const struct group_load *load)
{
	struct seen lanes[LANES];
	struct canvas_buffers buffers = canvas_buffers(load->augmentation, load->images.shape);
	int stride = (int)whole_lanes((size_t)load->images.shape.w);
	uint8_t rows[LANES * MAX_ROW];

	assert(stride <= MAX_ROW);
	assert(load->lanes >= 1 && load->lanes <= LANES);
	for (int lane = 0; lane < load->lanes; lane++)
		lanes[lane] = lane_of(load, &buffers, lane);
	for (int row = 0; row < load->images.shape.c * load->images.shape.h; row++)
		load_row(load, lanes, row, rows, stride);
}
