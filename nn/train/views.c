/* See views.h. */
#include "nn/train/views.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_PIXELS = 64 };

struct distance { int pixels; };

static const struct field neighbour_fields[] = {
	{ "pixels", FIELD_INT, offsetof(struct distance, pixels),
	  .fallback = 1, .min = 1, .max = MAX_PIXELS, .help = "how far the image is moved" },
	{ 0 }
};

static const struct field corner_fields[] = {
	{ "pixels", FIELD_INT, offsetof(struct distance, pixels),
	  .fallback = 2, .min = 1, .max = MAX_PIXELS, .help = "how far the image is moved, in rows and in columns" },
	{ 0 }
};

static int list_flip(const void *config, struct view to[MAX_VIEWS])
{
	(void)config;
	to[0] = (struct view){ .flip = false };
	to[1] = (struct view){ .flip = true };
	return 2;
}

static int list_shifts(const void *config, struct view to[MAX_VIEWS])
{
	int by = ((const struct distance *)config)->pixels;

	to[0] = (struct view){ .dy = 0 };
	to[1] = (struct view){ .dy = -by };
	to[2] = (struct view){ .dy = by };
	to[3] = (struct view){ .dx = -by };
	to[4] = (struct view){ .dx = by };
	return 5;
}

static int list_ten_crop(const void *config, struct view to[MAX_VIEWS])
{
	int by = ((const struct distance *)config)->pixels;

	for (int i = 0; i < MAX_VIEWS; i++) {
		int corner = i / 2 - 1;         /* -1: the centre */

		to[i] = (struct view){ .flip = i % 2 == 1 };
		if (corner >= 0) {
			to[i].dy = corner < 2 ? -by : by;
			to[i].dx = corner % 2 ? by : -by;
		}
	}
	return MAX_VIEWS;
}

static const struct view_type flip = {
	.kind = { .name = "flip", .help = "the image, and the image mirrored left to right" }, .list = list_flip,
};
static const struct view_type shifts = {
	.kind = { .name = "shifts", .help = "the image, and the image moved up, down, left and right",
		.fields = neighbour_fields, .config_size = sizeof(struct distance) }, .list = list_shifts,
};
static const struct view_type ten_crop = {
	.kind = { .name = "ten_crop", .help = "the image, and the image moved to each corner, all also mirrored",
		.fields = corner_fields, .config_size = sizeof(struct distance) }, .list = list_ten_crop,
};

const struct view_type *const view_types[] = { &flip, &shifts, &ten_crop, NULL };

void views_fill(const struct view_type *type, const void *config, struct views *to)
{
	*to = (struct views){ .count = 0 };
	to->count = type->list(config, to->at);
	if (type->kind.fields)
		snprintf(to->text, sizeof to->text, "%s %d", type->kind.name,
		         ((const struct distance *)config)->pixels);
	else
		snprintf(to->text, sizeof to->text, "%s", type->kind.name);
}

int views_reach(const struct views *views)
{
	int reach = 0;

	for (int i = 0; i < views->count; i++) {
		int dy = abs(views->at[i].dy), dx = abs(views->at[i].dx), most = dy > dx ? dy : dx;

		reach = most > reach ? most : reach;
	}
	return reach;
}
