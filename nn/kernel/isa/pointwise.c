/* Number by number: activations, sums, batch norm's loops, dropout. Floor 1. Formulas: kernels.h.
 *
 * Sums over many pixels are taken in `real` over SUM_RUN pixels at a time and in double beyond, so that a mean over a whole batch
 * is not worn down by rounding. Within a run CHAINS sums take turns, so that an addition needs not wait for the one before (3 times as fast
 * where the pixels lie in a cache). */
#include "nn/kernel/isa/vector.h"

enum { SUM_RUN = 64, CHAINS = 4 };

void KERNEL(activate)(const real *x, real *y, size_t vectors, struct activation a)
{
	for (size_t i = 0; i < vectors * LANES; i += VEC_LEN)
		store(y + i, activated(load(x + i), a));
}

void KERNEL(activate_backward)(const real *y, const real *d_y, real *d_x, size_t vectors, struct activation a)
{
	for (size_t i = 0; i < vectors * LANES; i += VEC_LEN)
		store(d_x + i, gated(load(d_y + i), load(y + i), a));
}

void KERNEL(add)(const real *a, const real *b, real *y, size_t vectors)
{
	for (size_t i = 0; i < vectors * LANES; i += VEC_LEN)
		store(y + i, load(a + i) + load(b + i));
}

void KERNEL(scale_shift)(const real *x, real *y, size_t pixels, const struct affine *affine)
{
	vec scale = splat(affine->scale), shift = splat(affine->shift);

	if (is_identity(affine->activation))
		for (size_t i = 0; i < pixels * LANES; i += VEC_LEN)
			put(y + i, load(x + i) * scale + shift, affine->stream);
	else
		for (size_t i = 0; i < pixels * LANES; i += VEC_LEN)
			put(y + i, activated(load(x + i) * scale + shift, affine->activation), affine->stream);
	stream_end();
}

void KERNEL(batch_norm_backward)(const struct batch_norm_job *job)
{
	vec gain = splat(job->gain), slope = splat(job->slope), shift = splat(job->shift), mean = splat(job->mean);

	for (int part = 0; part < PARTS; part++) {
		vec mask = load(job->mask + part * VEC_LEN);
		for (size_t i = (size_t)part * VEC_LEN; i < job->pixels * LANES; i += LANES) {
			vec x = load(job->x + i), d = mask * (load(job->d_y + i) * gain + (x - mean) * slope + shift);
			put(job->d_x + i, job->gate ? gated(d, x, *job->gate) : d, job->stream);
		}
	}
	stream_end();
}

INLINE vec add_chains(const vec sum[CHAINS])
{
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Lane sums of a run of pixels are added to double sums, [LANES] of them, so the order of additions does not depend on VEC_LEN. */
INLINE void add_run(double total[LANES], const real *run)
{
	for (int i = 0; i < LANES; i++)
		total[i] += (double)run[i];
}

static double sum_lanes(const double x[LANES])
{
	double sum = 0;

	for (int i = 0; i < LANES; i++)
		sum += x[i];
	return sum;
}

void KERNEL(channel_moments)(const real *x, size_t pixels, const real *mask, double sum[2])
{
	double totals[2][LANES] = { { 0 } };
	real run[2][LANES] __attribute__((aligned(64)));

	for (size_t first = 0; first < pixels; first += SUM_RUN) {
		size_t last = first + SUM_RUN < pixels ? first + SUM_RUN : pixels;
		for (int part = 0; part < PARTS; part++) {
			vec weight = load(mask + part * VEC_LEN), once[CHAINS] = { 0 }, squared[CHAINS] = { 0 };
			const real *at = x + part * VEC_LEN;
			size_t i = first;
			for (; i + CHAINS <= last; i += CHAINS)
				UNROLL
				for (size_t k = 0; k < CHAINS; k++) {
					vec value = load(at + (i + k) * LANES);
					once[k] += value;
					squared[k] += value * value;
				}
			for (; i < last; i++) {
				vec value = load(at + i * LANES);
				once[0] += value;
				squared[0] += value * value;
			}
			store(run[0] + part * VEC_LEN, weight * add_chains(once));
			store(run[1] + part * VEC_LEN, weight * add_chains(squared));
		}
		add_run(totals[0], run[0]);
		add_run(totals[1], run[1]);
	}
	sum[0] = sum_lanes(totals[0]);
	sum[1] = sum_lanes(totals[1]);
}

void KERNEL(channel_products)(const real *x, const real *d_y, size_t pixels, real mean, double sum[2])
{
	double totals[2][LANES] = { { 0 } };
	real run[2][LANES] __attribute__((aligned(64)));

	for (size_t first = 0; first < pixels; first += SUM_RUN) {
		size_t last = first + SUM_RUN < pixels ? first + SUM_RUN : pixels;
		for (int part = 0; part < PARTS; part++) {
			vec once[CHAINS] = { 0 }, product[CHAINS] = { 0 }, center = splat(mean);
			size_t i = first * LANES + (size_t)part * VEC_LEN, end = last * LANES;
			for (; i + (CHAINS - 1) * LANES < end; i += CHAINS * LANES)
				UNROLL
				for (size_t k = 0; k < CHAINS; k++) {
					vec d = load(d_y + i + k * LANES);
					once[k] += d;
					product[k] += d * (load(x + i + k * LANES) - center);
				}
			for (; i < end; i += LANES) {
				vec d = load(d_y + i);
				once[0] += d;
				product[0] += d * (load(x + i) - center);
			}
			store(run[0] + part * VEC_LEN, add_chains(once));
			store(run[1] + part * VEC_LEN, add_chains(product));
		}
		add_run(totals[0], run[0]);
		add_run(totals[1], run[1]);
	}
	sum[0] = sum_lanes(totals[0]);
	sum[1] = sum_lanes(totals[1]);
}

void KERNEL(channel_sums)(const real *x, int channels, size_t pixels, real *out)
{
	real run[LANES] __attribute__((aligned(64)));

	for (int c = 0; c < channels; c++, x += pixels * LANES) {
		double total[LANES] = { 0 };
		for (size_t first = 0; first < pixels; first += SUM_RUN) {
			size_t last = first + SUM_RUN < pixels ? first + SUM_RUN : pixels;
			for (int part = 0; part < PARTS; part++) {
				vec sum[CHAINS] = { 0 };
				size_t i = first * LANES + (size_t)part * VEC_LEN, end = last * LANES;
				for (; i + (CHAINS - 1) * LANES < end; i += CHAINS * LANES)
					UNROLL
					for (size_t k = 0; k < CHAINS; k++)
						sum[k] += load(x + i + k * LANES);
				for (; i < end; i += LANES)
					sum[0] += load(x + i);
				store(run + part * VEC_LEN, add_chains(sum));
			}
			add_run(total, run);
		}
		out[c] = (real)sum_lanes(total);
	}
}

/* A number's bits from its place: multiply, shift, multiply, with the constants that Chris Wellons' search found least biased
 * ("Prospecting for hash functions", 2018), and the seed's upper half between. In 32 bits, so that all lanes go at once. */
INLINE uint32_t place_bits(uint32_t place, uint64_t seed)
{
	uint32_t z = place * 0x9e3779b9u + (uint32_t)seed;

	z = (z ^ (z >> 16)) * 0x7feb352du;
	z = (z ^ (z >> 15) ^ (uint32_t)(seed >> 32)) * 0x846ca68bu;
	return z ^ (z >> 16);
}

void KERNEL(dropout)(const real *x, real *y, size_t first, size_t vectors, real keep, uint64_t seed)
{
	const uint32_t start = (uint32_t)(first * LANES);
	const uint32_t limit = (uint32_t)((double)keep * 4294967295.0);
	const real gain = 1 / keep;

	for (size_t i = 0; i < vectors * LANES; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			y[i + k] = place_bits(start + (uint32_t)(i + k), seed) < limit ? x[i + k] * gain : 0;
}

void KERNEL(scale_bytes)(const uint8_t *x, real *y, size_t vectors, real mean, real scale)
{
	for (size_t i = 0; i < vectors * LANES; i++)
		y[i] = ((real)x[i] - mean) * scale;
}
