/* The kernels of augmentation: resampling against PyTorch's numbers and a naive loop in double precision; tones and
 * blends against plain formulas; the same bytes from every instruction set. */
#include "nn/kernel/kernels.h"
#include "tests/helpers/draw.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/test.h"

#include <math.h>
#include <string.h>

enum { UNTOUCHED = 171 };

/* A job of its own memory: random bytes, LANES bytes of slack behind the output and then one that stays. */
static struct resample_job take_job(struct rng *rng, int h, int w)
{
	size_t len = (size_t)h * (size_t)w;
	uint8_t *in = (uint8_t *)take_doubles(len), *out = (uint8_t *)take_doubles(len + LANES + 1);

	for (size_t i = 0; i < len; i++)
		in[i] = (uint8_t)rng_below(rng, 256);
	memset(out, UNTOUCHED, len + LANES + 1);
	return (struct resample_job){ .in = in, .out = out, .h = h, .w = w,
		.pairs = (uint16_t *)take_doubles(resample_pairs(h, w)) };
}

static int32_t fixed(double x)
{
	return (int32_t)lround(x * (1 << RESAMPLE_BITS));
}

/* From torch.nn.functional.grid_sample, mode bilinear, padding zeros, border and reflection, align_corners=True, in
 * float64, rounded to the nearest whole number, of p[y][x] = (37 y y + 91 x + 53 x y + 11) mod 256 with the coordinates
 * (0.75 X + 0.28125 Y - 1.015625, -0.3125 X + 0.875 Y + 1.203125). All these are multiples of 1/64. */
static const uint8_t torch_numbers[][35] = {
	[BORDER_ZERO] = {
		0, 32, 91, 135, 183, 46, 24,
		41, 133, 138, 125, 124, 129, 106,
		50, 106, 92, 53, 152, 202, 112,
		75, 102, 95, 73, 127, 167, 156,
		29, 80, 154, 172, 133, 63, 75,
	},
	[BORDER_EDGE] = {
		71, 44, 91, 135, 192, 72, 72,
		153, 133, 138, 125, 124, 129, 106,
		91, 106, 92, 53, 152, 202, 112,
		90, 102, 95, 73, 127, 167, 156,
		96, 131, 167, 172, 133, 63, 75,
	},
	[BORDER_REFLECT] = {
		172, 81, 91, 135, 186, 113, 138,
		113, 133, 138, 125, 124, 129, 106,
		87, 106, 92, 53, 152, 202, 112,
		97, 102, 95, 73, 127, 167, 156,
		90, 112, 160, 172, 133, 63, 75,
	},
};

TEST(resample_gives_pytorch_s_numbers)
{
	struct rng rng = rng_seed(1, 0);

	for (const struct kernels *const *k = kernels_all; *k; k++)
		for (int border = 0; border < 3 && (*k)->runs_here(); border++, take_nothing()) {
			struct resample_job job = take_job(&rng, 5, 7);
			uint8_t in[35];
			for (int y = 0; y < 5; y++)
				for (int x = 0; x < 7; x++)
					in[y * 7 + x] = (uint8_t)(37 * y * y + 91 * x + 53 * x * y + 11);
			job.in = in;
			job.border = (enum border)border;
			memcpy(job.x, ((int32_t[3]){ fixed(0.75), fixed(0.28125), fixed(-1.015625) }), sizeof job.x);
			memcpy(job.y, ((int32_t[3]){ fixed(-0.3125), fixed(0.875), fixed(1.203125) }), sizeof job.y);
			(*k)->resample(&job);
			for (int i = 0; i < 35; i++)
				if (job.out[i] != torch_numbers[border][i])
					test_fail(__FILE__, __LINE__, "%s, border %d, pixel %d: %d, not %d", (*k)->name,
					          border, i, job.out[i], torch_numbers[border][i]);
		}
}

/* --- the naive loop ----------------------------------------------------------------------------------------------- */

/* A pixel by its border, whole coordinates. */
static double pixel(const struct resample_job *j, int y, int x)
{
	return y < 0 || y >= j->h || x < 0 || x >= j->w ? 0 : j->in[y * j->w + x];
}

static double brought_inside(double at, int side, enum border border)
{
	if (border == BORDER_ZERO)
		return fmin(fmax(at, -1), side);
	if (border == BORDER_REFLECT)
		at = fmin(fabs(at), 2 * (side - 1) - fabs(at));
	return fmin(fmax(at, 0), side - 1);
}

/* Output pixel (x, y), from coordinates that are rounded to 1/64 as the formula says. */
static double naive(const struct resample_job *j, int x, int y)
{
	const double one = 1 << RESAMPLE_BITS;
	double u = (j->x[0] * (double)x + j->x[1] * (double)y + j->x[2]) / one;
	double v = (j->y[0] * (double)x + j->y[1] * (double)y + j->y[2]) / one;

	u = brought_inside(floor(u * 64 + 0.5) / 64, j->w, j->border);
	v = brought_inside(floor(v * 64 + 0.5) / 64, j->h, j->border);
	int left = (int)floor(u), top = (int)floor(v);
	double fx = u - left, fy = v - top;
	double sum = (1 - fy) * ((1 - fx) * pixel(j, top, left) + fx * pixel(j, top, left + 1)) +
		fy * ((1 - fx) * pixel(j, top + 1, left) + fx * pixel(j, top + 1, left + 1));
	return floor(sum + 0.5);
}

static void draw_map(struct rng *rng, struct resample_job *j, double most)
{
	for (int i = 0; i < 3; i++) {
		j->x[i] = fixed((2 * rng_uniform(rng) - 1) * (i == 2 ? 2.0 * j->w : most));
		j->y[i] = fixed((2 * rng_uniform(rng) - 1) * (i == 2 ? 2.0 * j->h : most));
	}
	j->border = (enum border)rng_below(rng, 3);
}

static void check_naive(const struct kernels *k, const struct resample_job *j)
{
	size_t len = (size_t)j->h * (size_t)j->w;

	k->resample(j);
	CHECK_INT(j->out[len + LANES], UNTOUCHED);
	for (int i = 0; i < (int)len; i++) {
		double want = naive(j, i % j->w, i / j->w);
		if (j->out[i] != want) {
			test_fail(__FILE__, __LINE__, "%s, %dx%d, border %d, pixel %d: %d, not %g", k->name, j->h, j->w,
			          (int)j->border, i, j->out[i], want);
			return;
		}
	}
}

TEST(resample_is_the_naive_loop)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		for (int round = 0; round < 300 && (*k)->runs_here(); round++, take_nothing()) {
			struct rng rng = rng_seed(2, (uint64_t)round);
			struct resample_job j = take_job(&rng, draw_between(&rng, 1, 40), draw_between(&rng, 1, 40));
			draw_map(&rng, &j, round % 10 == 0 ? 5 : 1.2);
			check_naive(*k, &j);
		}
}

/* As far as coordinates may go, on the longest sides. */
TEST(resample_reaches_far)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		for (int round = 0; round < 12 && (*k)->runs_here(); round++, take_nothing()) {
			struct rng rng = rng_seed(3, (uint64_t)round);
			int side = round % 2 ? RESAMPLE_SIDE : 3;
			struct resample_job j = take_job(&rng, round % 2 ? 3 : RESAMPLE_SIDE, side);
			int sign = round % 4 < 2 ? 1 : -1;
			j.border = (enum border)(round % 3);
			j.x[2] = sign * RESAMPLE_REACH * (1 << RESAMPLE_BITS);
			j.y[2] = -sign * RESAMPLE_REACH * (1 << RESAMPLE_BITS);
			j.x[0] = j.x[1] = -sign * 6 * (1 << RESAMPLE_BITS);
			j.y[0] = j.y[1] = sign * 6 * (1 << RESAMPLE_BITS);
			check_naive(*k, &j);
		}
}

/* A pixel itself where its map says so, whatever the border. */
TEST(resample_of_whole_pixels_is_exact)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		for (int border = 0; border < 3 && (*k)->runs_here(); border++, take_nothing()) {
			struct rng rng = rng_seed(4, 0);
			struct resample_job j = take_job(&rng, 19, 33);
			j.border = (enum border)border;
			j.x[0] = -1 * (1 << RESAMPLE_BITS);
			j.x[2] = 32 * (1 << RESAMPLE_BITS);
			j.y[1] = 1 << RESAMPLE_BITS;
			(*k)->resample(&j);
			for (int y = 0; y < 19; y++)
				for (int x = 0; x < 33; x++)
					CHECK_INT(j.out[y * 33 + x], j.in[y * 33 + 32 - x]);
		}
}

/* --- values ------------------------------------------------------------------------------------------------------- */

TEST(tone_bytes_is_its_formula)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		for (int round = 0; round < 100 && (*k)->runs_here(); round++) {
			struct rng rng = rng_seed(5, (uint64_t)round);
			uint8_t x[300], was[300];
			int len = draw_between(&rng, 1, 299);
			int32_t gain = (int32_t)rng_below(&rng, 1 + (1 << (TONE_BITS + 2)));
			int32_t offset = draw_between(&rng, -(1 << (TONE_BITS + 10)), 1 << (TONE_BITS + 10));

			for (int i = 0; i < 300; i++)
				x[i] = was[i] = (uint8_t)rng_below(&rng, 256);
			(*k)->tone_bytes(x, (size_t)len, gain, offset);
			for (int i = 0; i < 300; i++) {
				double want = floor((was[i] * (double)gain + offset) / (1 << TONE_BITS));
				CHECK_INT(x[i], i < len ? (int)fmin(fmax(want, 0), 255) : was[i]);
			}
		}
}

TEST(blend_bytes_is_its_formula)
{
	for (const struct kernels *const *k = kernels_all; *k; k++)
		for (int share = 0; share <= BLEND_WHOLE && (*k)->runs_here(); share++) {
			struct rng rng = rng_seed(6, (uint64_t)share);
			uint8_t x[300], was[300], other[300];
			int len = draw_between(&rng, 1, 299);

			for (int i = 0; i < 300; i++) {
				x[i] = was[i] = (uint8_t)(i % 7 ? rng_below(&rng, 256) : 255);
				other[i] = (uint8_t)(i % 5 ? rng_below(&rng, 256) : 255);
			}
			(*k)->blend_bytes(x, other, (size_t)len, share);
			for (int i = 0; i < 300; i++) {
				double mixed = (was[i] * (double)share + other[i] * (256.0 - share)) / 256;
				CHECK_INT(x[i], i < len ? (int)floor(mixed + 0.5) : was[i]);
			}
		}
}
