/* What a step of augmentation is. Floor 2. A new one takes one file and one row of the table in registry.c.
 *
 * A training image goes through a list of steps. A step moves pixels (canvas_move), changes their values
 * (canvas_pixels), or mixes the image with another one (canvas_mix). Moves that follow each other become one affine
 * map, so that an image is resampled once, however many steps moved it. What an image becomes depends on the training's
 * seed, the epoch and the image alone: not on its batch, its lane, or the threads. */
#ifndef NN_AUGMENT_AUGMENT_H
#define NN_AUGMENT_AUGMENT_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/rng.h"
#include "nn/base/tensor.h"
#include "nn/kernel/kernels.h"

enum { MAX_AUGMENT_STEPS = 8 };

struct canvas;

/* What a step changes. */
enum augment_change {
	CHANGES_PLACES,         /* where pixels are: canvas_move alone */
	CHANGES_VALUES,         /* what pixels are: canvas_pixels alone */
	CHANGES_LABELS,         /* the image and its label: canvas_mix alone; mixed images are left alone */
};

struct augment_type {
	struct kind kind;       /* in the YAML a value instead of a map is that of the first field */
	enum augment_change changes;
	/* May be NULL; checks what ranges of single fields cannot express. */
	bool (*check)(const void *config, struct mark at, struct error *err);
	void (*apply)(const void *config, struct canvas *canvas);
};

extern const struct augment_type *const augment_types[];        /* NULL at the end */

/* One step of a list. */
struct augment_step {
	const struct augment_type *type;
	const void *config;     /* borrowed from whoever filled the list */
};

/* Output pixel (X, Y), column and row, shows input (x[0] X + x[1] Y + x[2], y[0] X + y[1] Y + y[2]). */
struct image_map { double x[3], y[3]; };

/* An image on its way through the steps, in one epoch. */
struct canvas {
	struct shape shape;
	int epoch;              /* from 0 */
	struct rng rng;         /* of this image in this epoch; steps take their numbers one after the other */
	uint64_t image_seed;    /* of this image in all epochs */
	struct canvas_state *state;       /* canvas.c's own */
};

/* Moves pixels. What the map shows from outside the image is by `border`. */
void canvas_move(struct canvas *canvas, const struct image_map *map, enum border border);

/* Moves pixels to where no output pixel shows what is outside. */
void canvas_move_within(struct canvas *canvas, const struct image_map *map);

/* The image's bytes, [c][h][w], with all moves so far, to be changed in place; until the step returns. */
uint8_t *canvas_pixels(struct canvas *canvas);

/* The kernels that may change them. */
const struct kernels *canvas_kernels(const struct canvas *canvas);

/* Another training image, evenly drawn, as this epoch's steps before this one make it, but unmixed. The step writes a
 * mixture over `pixels` and then says with canvas_share how much of the label is still the image's own, 0..1; the rest
 * is the other image's. Both [c][h][w]. */
struct mixing { uint8_t *pixels; const uint8_t *other; };
struct mixing canvas_mix(struct canvas *canvas);
void canvas_share(struct canvas *canvas, double share);

/* The words of enum border, for fields. */
extern const char *const border_names[];

/* What flip and shift are told, for the recipe's short form of them. */
enum flip_when { FLIP_RANDOM, FLIP_ALTERNATE, FLIP_NEVER };     /* the last has no word in the YAML */
struct flip { int when; };
struct shift { double share; int border; };
extern const struct augment_type augment_flip, augment_shift;

/* Evenly drawn from -most .. most, whole. */
static inline int canvas_draw_whole(struct canvas *canvas, int most)
{
	return (int)rng_below(&canvas->rng, 2 * (uint64_t)most + 1) - most;
}

/* Evenly drawn from low .. high. */
static inline double canvas_draw(struct canvas *canvas, double low, double high)
{
	return low + (high - low) * rng_uniform(&canvas->rng);
}

/* Beta(alpha, alpha), 0..1. */
double canvas_draw_beta(struct canvas *canvas, double alpha);

/* The sum over an image's bytes, divided by their number. */
double canvas_mean(const uint8_t *pixels, size_t len);

#endif
