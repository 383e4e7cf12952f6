/* Changes of pixel values. Whole numbers throughout: the same bytes on every instruction set. Loops that compilers turn
 * into vectors by themselves. */
#include "nn/kernel/isa/vector.h"

void KERNEL(tone_bytes)(uint8_t *x, size_t len, int32_t gain, int32_t offset)
{
	for (size_t i = 0; i < len; i++) {
		int32_t value = (x[i] * gain + offset) >> TONE_BITS;
		x[i] = (uint8_t)(value < 0 ? 0 : value > 255 ? 255 : value);
	}
}

void KERNEL(blend_bytes)(uint8_t *x, const uint8_t *other, size_t len, int share)
{
	const uint16_t own = (uint16_t)share, rest = (uint16_t)(BLEND_WHOLE - share);

	for (size_t i = 0; i < len; i++)
		x[i] = (uint8_t)((uint16_t)(x[i] * own + other[i] * rest + BLEND_WHOLE / 2) / BLEND_WHOLE);
}
