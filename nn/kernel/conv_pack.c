/* See conv_pack.h. */
#include "nn/kernel/conv_pack.h"

/* Channel k of those that are read, of numbers or of pairs: the taps of one place lie CHANNEL_BLOCK numbers apart. */
static void put_weight(const struct conv_taps *t, real *at, int k, real weight)
{
	real_bits pair, half;

	if (!t->bf16) {
		*at = weight;
		return;
	}
	half = bf16_half(weight);
	memcpy(&pair, at, sizeof pair);
	pair = k % 2 ? pair | half << HALF_BITS : half;
	memcpy(at, &pair, sizeof pair);
}

/* Where the taps of channel k of those that are read begin, from those of channel 0. */
static size_t place_of(const struct conv_taps *t, int k, int taps)
{
	return (size_t)(t->bf16 ? k / 2 : k) * (size_t)taps * CHANNEL_BLOCK;
}

void conv_pack(const struct conv_taps *t, real *to)
{
	int taps = t->size.h * t->size.w;
	size_t len = conv_places(t->in_each, t->bf16) * (size_t)taps;
	const real *from = t->kernel;

	for (int o = 0; o < t->out_each; o++)
		for (int i = 0; i < t->in_each; i++) {
			real *at = to + packed_at(o, len, 0) + place_of(t, i, taps);
			for (int k = 0; k < taps; k++, at += CHANNEL_BLOCK)
				put_weight(t, at, i, *from++);
		}
}

/* The weight of output channel o, input channel i, and one of the phase's taps. */
static real weight_at(const struct conv_taps *t, int o, int i, struct pair tap)
{
	size_t row = ((size_t)o * (size_t)t->in_each + (size_t)i) * (size_t)t->size.h +
		(size_t)(t->first.h + tap.h * t->step);

	return t->kernel[row * (size_t)t->size.w + (size_t)(t->first.w + tap.w * t->step)];
}

void conv_pack_flipped(const struct conv_taps *t, real *to)
{
	int taps = t->count.h * t->count.w;
	size_t len = conv_places(t->out_each, t->bf16) * (size_t)taps;

	for (int i = 0; i < t->in_each; i++)
		for (int o = 0; o < t->out_each; o++) {
			real *at = to + packed_at(i, len, 0) + place_of(t, o, taps);
			for (int h = t->count.h - 1; h >= 0; h--)
				for (int w = t->count.w - 1; w >= 0; w--, at += CHANNEL_BLOCK)
					put_weight(t, at, o, weight_at(t, o, i, (struct pair){ h, w }));
		}
}
