/* See canvas.h. Moves wait until a step wants pixels, or until the end, so that they become one. What is then left to
 * do is nothing, a flip and a shift by whole pixels over zeros, which is a copy of rows, or a resampling. */
#include "nn/augment/canvas.h"

#include "nn/kernel/move_row.h"

#include <assert.h>
#include <math.h>

enum { ALIGNED = 64 };

struct canvas_state {
	const struct canvas_request *request;
	const uint8_t *pixels;          /* what the waiting move reads: the data's bytes, or `own` */
	uint8_t *own;                   /* [c][h][w], and LANES more */
	struct image_map waiting;
	enum border border;
	bool bordered;                  /* something outside the image may be seen, by `border` */
	int steps;                      /* of this image, done so far */
	int label, other;
	double share;
	bool mixed;
};

/* --- memory ------------------------------------------------------------------------------------------------------- */

static size_t aligned(size_t bytes)
{
	return (bytes + ALIGNED - 1) / ALIGNED * ALIGNED;
}

static size_t buffer_len(struct shape shape)
{
	return aligned(image_len(shape) + LANES);
}

size_t canvas_scratch_len(const struct augment_step *steps, int count, struct shape shape)
{
	bool plain = true;      /* flips and the short form's shifts only */

	for (int i = 0; i < count; i++)
		plain &= steps[i].type == &augment_flip || (steps[i].type == &augment_shift &&
			((const struct shift *)steps[i].config)->border == BORDER_ZERO);
	if (plain)
		return 0;
	return (LANES + 2) * buffer_len(shape) + aligned(resample_pairs(shape.h, shape.w) * sizeof(uint16_t));
}

struct canvas_buffers canvas_buffers(const struct augmentation *augmentation, struct shape shape)
{
	struct canvas_buffers b = { .pairs = NULL };
	size_t len = buffer_len(shape);
	uint8_t *at = augmentation ? augmentation->scratch : NULL;

	if (!at)
		return b;
	for (int lane = 0; lane < LANES; lane++)
		b.images[lane] = at + (size_t)lane * len;
	b.spare = at + LANES * len;
	b.other = b.spare + len;
	b.pairs = (uint16_t *)(void *)(b.other + len);
	return b;
}

/* --- moves -------------------------------------------------------------------------------------------------------- */

static const struct image_map unmoved = { { 1, 0, 0 }, { 0, 1, 0 } };

/* `first`, then `second`: what the second shows of what the first shows. */
static struct image_map composed(const struct image_map *first, const struct image_map *second)
{
	struct image_map m;

	for (int i = 0; i < 3; i++) {
		m.x[i] = first->x[0] * second->x[i] + first->x[1] * second->y[i] + (i == 2 ? first->x[2] : 0);
		m.y[i] = first->y[0] * second->x[i] + first->y[1] * second->y[i] + (i == 2 ? first->y[2] : 0);
	}
	return m;
}

/* Whether the kernel's fixed-point numbers hold every coordinate. */
static bool fits(const struct image_map *m, struct shape s)
{
	for (int corner = 0; corner < 4; corner++) {
		double x = corner & 1 ? s.w - 1 : 0, y = corner & 2 ? s.h - 1 : 0;
		if (fabs(m->x[0] * x + m->x[1] * y + m->x[2]) > RESAMPLE_REACH ||
		    fabs(m->y[0] * x + m->y[1] * y + m->y[2]) > RESAMPLE_REACH)
			return false;
	}
	return true;
}

/* A flip and a move by whole pixels, or neither. */
static bool is_whole(const struct image_map *m)
{
	return fabs(m->x[0]) == 1 && m->x[1] == 0 && m->y[0] == 0 && m->y[1] == 1 && m->x[2] == round(m->x[2]) &&
	       m->y[2] == round(m->y[2]);
}

/* The waiting move of whole pixels over zeros, or over nothing that is seen. */
static bool is_copy(const struct canvas_state *s)
{
	return is_whole(&s->waiting) && (!s->bordered || s->border == BORDER_ZERO);
}

static struct seen seen_by_copy(const struct canvas *v)
{
	const struct image_map *m = &v->state->waiting;
	bool flip = m->x[0] < 0;

	return (struct seen){ .pixels = v->state->pixels, .dy = (int)m->y[2], .flip = flip,
	                      .dx = flip ? v->shape.w - 1 - (int)m->x[2] : (int)m->x[2] };
}

static void copy_moved(const struct canvas *v, uint8_t *to)
{
	struct seen seen = seen_by_copy(v);
	struct shape s = v->shape;

	memset(to, 0, image_len(s));
	if (seen.dx <= -s.w || seen.dx >= s.w)
		return;
	for (int row = 0; row < s.c * s.h; row++) {
		int y = row % s.h + seen.dy;
		size_t channel = (size_t)(row / s.h) * (size_t)s.h;
		if (y >= 0 && y < s.h)
			move_row(seen.pixels + (channel + (size_t)y) * (size_t)s.w, s.w, seen.dx, seen.flip,
			         to + (size_t)row * (size_t)s.w);
	}
}

static int32_t fixed(double x)
{
	return (int32_t)lround(x * (1 << RESAMPLE_BITS));
}

static void resample(const struct canvas *v, uint8_t *to)
{
	const struct canvas_state *s = v->state;
	size_t plane = (size_t)v->shape.h * (size_t)v->shape.w;
	struct resample_job job = { .h = v->shape.h, .w = v->shape.w, .border = s->border,
		.pairs = s->request->buffers->pairs };

	for (int i = 0; i < 3; i++) {
		job.x[i] = fixed(s->waiting.x[i]);
		job.y[i] = fixed(s->waiting.y[i]);
	}
	for (int c = 0; c < v->shape.c; c++) {
		job.in = s->pixels + (size_t)c * plane;
		job.out = to + (size_t)c * plane;
		s->request->kernels->resample(&job);
	}
}

static void settle(struct canvas_state *s)
{
	s->waiting = unmoved;
	s->bordered = false;
}

/* Makes the waiting move. Reads and writes different buffers: the spare one becomes the image's own. */
static void make_move(struct canvas *v)
{
	struct canvas_state *s = v->state;
	uint8_t *to = s->request->buffers->spare;

	assert(to);
	if (is_copy(s))
		copy_moved(v, to);
	else
		resample(v, to);
	s->request->buffers->spare = s->own;
	s->pixels = s->own = to;
	settle(s);
}

static bool is_unmoved(const struct canvas_state *s)
{
	return memcmp(&s->waiting, &unmoved, sizeof unmoved) == 0;
}

/* Moves over different borders cannot become one. */
static void add_move(struct canvas *v, const struct image_map *map)
{
	struct canvas_state *s = v->state;
	struct image_map both = composed(&s->waiting, map);

	if (!fits(&both, v->shape)) {
		make_move(v);
		both = *map;
		assert(fits(&both, v->shape));
	}
	s->waiting = both;
}

void canvas_move(struct canvas *v, const struct image_map *map, enum border border)
{
	struct canvas_state *s = v->state;

	if (s->bordered && s->border != border)
		make_move(v);
	add_move(v, map);
	s->border = border;
	s->bordered = true;
}

void canvas_move_within(struct canvas *v, const struct image_map *map)
{
	add_move(v, map);
}

/* --- values and labels -------------------------------------------------------------------------------------------- */

uint8_t *canvas_pixels(struct canvas *v)
{
	if (v->state->pixels != v->state->own || !is_unmoved(v->state))
		make_move(v);
	return v->state->own;
}

const struct kernels *canvas_kernels(const struct canvas *v)
{
	return v->state->request->kernels;
}

double canvas_mean(const uint8_t *pixels, size_t len)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += pixels[i];
	return (double)sum / (double)len;
}

/* Joehnk's method ("Erzeugung von betaverteilten und gammaverteilten Zufallszahlen", 1964): with u, v evenly drawn, of
 * x = u^(1/a) and y = v^(1/a), x / (x + y) has the distribution wherever x + y is at most 1. */
double canvas_draw_beta(struct canvas *v, double alpha)
{
	for (;;) {
		double x = pow(rng_uniform(&v->rng), 1 / alpha), y = pow(rng_uniform(&v->rng), 1 / alpha);
		if (x + y > 0 && x + y <= 1)
			return x / (x + y);
	}
}

static void begin(struct canvas *v, struct canvas_state *s, const struct canvas_request *r, int image, uint8_t *own)
{
	const struct augmentation *a = r->augmentation;
	int label = r->from.labels[image];

	*s = (struct canvas_state){ .request = r, .own = own, .waiting = unmoved, .label = label, .other = label,
		.share = 1, .pixels = r->from.pixels + (size_t)image * image_len(r->from.shape) };
	*v = (struct canvas){ .shape = r->from.shape, .state = s };
	if (a) {
		v->epoch = a->epoch;
		v->rng = rng_seed(rng_mix(a->seed, (uint64_t)a->epoch), (uint64_t)image);
		v->image_seed = rng_mix(~a->seed, (uint64_t)image);
	}
}

/* Takes the image through the first steps. */
static void apply_steps(struct canvas *v, int count, bool mix)
{
	const struct augment_step *steps = v->state->request->augmentation->steps;

	for (int i = 0; i < count; i++) {
		bool mixes = steps[i].type->changes == CHANGES_LABELS;
		v->state->steps = i;
		if (!mixes || (mix && !v->state->mixed))
			steps[i].type->apply(steps[i].config, v);
	}
}

struct mixing canvas_mix(struct canvas *v)
{
	struct canvas_state *s = v->state, state;
	const struct canvas_request *r = s->request;
	uint8_t *pixels = canvas_pixels(v);
	int image = (int)rng_below(&v->rng, (uint64_t)r->from.count);
	struct canvas other;

	begin(&other, &state, r, image, r->buffers->other);
	apply_steps(&other, s->steps, false);
	if (!is_unmoved(&state))
		canvas_pixels(&other);
	r->buffers->other = state.own;  /* moves have swapped it with the spare one */
	s->other = state.label;
	s->mixed = true;
	return (struct mixing){ pixels, state.pixels };
}

void canvas_share(struct canvas *v, double share)
{
	v->state->share = share;
}

struct seen canvas_image(const struct canvas_request *r)
{
	struct canvas_state s;
	struct canvas v;
	uint8_t **own = &r->buffers->images[r->lane];

	begin(&v, &s, r, r->image, *own);
	if (r->augmentation)
		apply_steps(&v, r->augmentation->count, true);
	if (!is_copy(&s))
		make_move(&v);
	*own = s.own;
	struct seen seen = seen_by_copy(&v);
	seen.label = s.label;
	seen.other = s.other;
	seen.share = s.share;
	return seen;
}
