/* Number by number: activations, sums, the loops of batch norm, dropout. Floor 1. Formulas: kernel_list.h.
 *
 * Sums over many pixels are taken in `real` over SUM_RUN pixels at a time and in double beyond, so that a mean over a
 * whole batch is not worn down by rounding. Within a run CHAINS sums take turns, so that an addition need not wait for
 * the one before. */
#include "nn/kernel/isa/vector.h"

enum { SUM_RUN = 64, CHAINS = 4 };

/* The line a page ahead. Hardware prefetchers stop at the end of each page of 4 KiB, so where channels are short and
 * each number takes little work, the beginning of every page would be waited for. */
INLINE void prefetch_ahead(const real *x)
{
	__builtin_prefetch(x + PAGE);
}

/* The line to be written 16 pixels ahead: stores that miss every cache wait for each other. */
INLINE void prefetch_for_write(real *y)
{
	__builtin_prefetch(y + 16 * LANES, 1);
}

void KERNEL(activate)(const real *x, real *y, size_t vectors, struct activation a)
{
	for (size_t i = 0; i < vectors * LANES; i += VEC_LEN)
		store(y + i, activated(load(x + i), a));
}

void KERNEL(activate_backward)(const real *y, const real *d_y, real *d_x, size_t vectors, struct activation a)
{
	for (size_t i = 0; i < vectors * LANES; i += VEC_LEN)
		store(d_x + i, masked(load(d_y + i), load(y + i), a));
}

void KERNEL(add)(const real *a, const real *b, real *y, size_t vectors)
{
	for (size_t i = 0; i < vectors * LANES; i += VEC_LEN)
		store(y + i, load(a + i) + load(b + i));
}

/* `activates` and `stream` are constants where this is inlined. */
INLINE void scale_all(const real *x, real *y, size_t pixels, struct affine a, bool activates, bool stream)
{
	const vec scale = splat(a.scale), shift = splat(a.shift);

	UNROLL_SOME
	for (size_t i = 0; i < pixels * LANES; i += VEC_LEN) {
		prefetch_ahead(x + i);
		if (!stream)
			prefetch_for_write(y + i);
		vec value = load(x + i) * scale + shift;
		put(y + i, activates ? activated(value, a.activation) : value, stream);
	}
}

INLINE void scale_and(const real *x, real *y, size_t pixels, struct affine a, bool activates)
{
	if (a.stream)
		scale_all(x, y, pixels, a, activates, true);
	else
		scale_all(x, y, pixels, a, activates, false);
}

void KERNEL(scale_shift)(const real *x, real *y, size_t pixels, const struct affine *affine)
{
	if (is_identity(affine->activation))
		scale_and(x, y, pixels, *affine, false);
	else
		scale_and(x, y, pixels, *affine, true);
	if (affine->stream)
		stream_end();
}

/* One native vector of the lanes; `masking` and `stream` are constants where this is inlined. All that the loop needs
 * is in registers: for all that a compiler can tell, the job could lie where the loop writes. */
INLINE void norm_part(struct batch_norm_job j, struct activation activation, enum masking masking, bool stream)
{
	const vec gain = splat(j.gain), slope = splat(j.slope), shift = splat(j.shift), mean = splat(j.mean);
	const vec lane_mask = load(j.lane_mask);

	UNROLL_SOME
	for (size_t i = 0; i < j.pixels * LANES; i += LANES) {
		prefetch_ahead(j.x + i);
		prefetch_ahead(j.d_y + i);
		if (!stream)
			prefetch_for_write(j.d_x + i);
		vec x = load(j.x + i), d = lane_mask * (load(j.d_y + i) * gain + ((x - mean) * slope + shift));
		put(j.d_x + i, masked_as(masking, activation, d, x), stream);
	}
}

INLINE void norm_masked(const struct batch_norm_job *job, enum masking masking)
{
	struct activation activation = job->mask ? *job->mask : ACTIVATION_IDENTITY;

	for (int part = 0; part < PARTS; part++) {
		struct batch_norm_job j = *job;
		j.x += part * VEC_LEN;
		j.d_y += part * VEC_LEN;
		j.d_x += part * VEC_LEN;
		j.lane_mask += part * VEC_LEN;
		if (j.stream)
			norm_part(j, activation, masking, true);
		else
			norm_part(j, activation, masking, false);
	}
}

void KERNEL(batch_norm_backward)(const struct batch_norm_job *job)
{
	switch (masking_of(job->mask)) {
	case NO_MASK: norm_masked(job, NO_MASK); break;
	case RELU_MASK: norm_masked(job, RELU_MASK); break;
	case ANY_MASK: norm_masked(job, ANY_MASK); break;
	}
	if (job->stream)
		stream_end();
}

INLINE vec add_chains(const vec sum[CHAINS])
{
	return (sum[0] + sum[1]) + (sum[2] + sum[3]);
}

/* Lane sums of a run of pixels are added to double sums, [LANES] of them, so the order of additions does not depend on
 * VEC_LEN. */
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

void KERNEL(channel_moments)(const real *x, size_t pixels, const real *lane_mask, double sum[2])
{
	double totals[2][LANES] = { { 0 } };
	real run[2][LANES] __attribute__((aligned(64)));

	for (size_t first = 0; first < pixels; first += SUM_RUN) {
		size_t last = first + SUM_RUN < pixels ? first + SUM_RUN : pixels;
		for (int part = 0; part < PARTS; part++) {
			vec weight = load(lane_mask + part * VEC_LEN), once[CHAINS] = { 0 }, squared[CHAINS] = { 0 };
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
			for (int part = 0; part < PARTS; part++)
				store(run + part * VEC_LEN, sum_pixels(x + first * LANES + part * VEC_LEN,
				                                       last - first));
			add_run(total, run);
		}
		out[c] = (real)sum_lanes(total);
	}
}

/* Bits from places: multiply, shift, multiply, with the constants that Chris Wellons' search found least biased
 * ("Prospecting for hash functions", 2018), and the seed's upper half between. In 32 bits, so that all lanes go at
 * once. */
INLINE vec_whole place_bits(vec_whole place, uint64_t seed)
{
	vec_whole z = place * 0x9e3779b9u + (uint32_t)seed;

	z = (z ^ (z >> 16)) * 0x7feb352du;
	z = (z ^ (z >> 15) ^ (uint32_t)(seed >> 32)) * 0x846ca68bu;
	return z ^ (z >> 16);
}

/* The rule by which dropout keeps numbers: 16 bits of a number's place below `limit`; kept numbers are multiplied by
 * gain. */
struct keep_rule { uint64_t seed; uint32_t limit; vec gain; };

/* One native vector, from `lane` on, of each of two neighbouring pixels, or of one of them. A place has 32 bits: the
 * first pixel's are the lower 16. */
INLINE void draw(const real *x, real *y, size_t pair, int lane, struct range pixels, const struct keep_rule *l)
{
	vec_whole place = lane_numbers() + (uint32_t)(pair * LANES + (size_t)lane), bits = place_bits(place, l->seed);

	for (int k = pixels.first; k < pixels.last; k++) {
		vec value = load(x + (k - pixels.first) * LANES) * l->gain;
		vec_mask kept = below(k ? bits >> 16 : bits & 0xffff, l->limit);
		store(y + (k - pixels.first) * LANES, choose(kept, value, splat(0)));
	}
}

/* Half of the work is finding bits, so two pixels share 32 of them: 16 bits are a rate to 1/65536. */
void KERNEL(dropout)(const real *x, real *y, size_t first, size_t vectors, real keep, uint64_t seed)
{
	const struct keep_rule l = { seed, (uint32_t)((double)keep * 65536 + 0.5), splat(1 / keep) };
	const size_t end = first + vectors;

	for (int lane = 0; lane < LANES; lane += VEC_LEN) {
		const real *from = x + lane;
		real *to = y + lane;
		size_t i = first;
		if (i < end && i % 2) {
			draw(from, to, i / 2, lane, (struct range){ 1, 2 }, &l);
			i++;
		}
		for (; i + 1 < end; i += 2)
			draw(from + (i - first) * LANES, to + (i - first) * LANES, i / 2, lane, (struct range){ 0, 2 },
			     &l);
		if (i < end)
			draw(from + (i - first) * LANES, to + (i - first) * LANES, i / 2, lane, (struct range){ 0, 1 },
			     &l);
	}
}

void KERNEL(scale_bytes)(const uint8_t *x, real *y, size_t vectors, real mean, real scale)
{
	for (size_t i = 0; i < vectors * LANES; i++)
		y[i] = ((real)x[i] - mean) * scale;
}
