/* See active_norm_conv.h. */
#include "nn/kernel/active_norm_conv.h"

enum {
	BAND_BYTES = 1 << 18,           /* of y: beside x, out and the weights it stays in L2 */
	BAND_STEP = 12,                 /* pixels: whole blocks of a convolution's */
};

int active_norm_conv_pixels(struct shape in)
{
	int all = in.h * in.w, room = BAND_BYTES / (in.c * LANES * (int)sizeof(real)) / BAND_STEP * BAND_STEP;

	return room < BAND_STEP ? BAND_STEP : room < all ? room : all;
}

size_t active_norm_conv_scratch_len(struct shape in, int channels)
{
	size_t forward = (size_t)in.c * ((size_t)active_norm_conv_pixels(in) | 1) * LANES;
	size_t backward = product_layout(product_sides(in.c, channels)).len;

	return forward > backward ? forward : backward;
}
