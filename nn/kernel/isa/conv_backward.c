/* Both gradients of a convolution, of one lane group. Floor 1. Formulas: struct conv_weights_job and struct conv_job in
 * kernels.h.
 *
 * Both read d_out, which is often larger than L2. So they take turns over bands of its rows: first the weight gradient
 * adds a band, then those rows of d_in are computed that need no row of d_out behind the band. The sums are the same
 * ones in the same order as with one gradient after the other. Not done where the weight gradient itself passes over
 * d_out several times, for many channels: there the multiply-adds are the limit anyway. */
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/conv_weights.h"

enum { BAND_BYTES = 1 << 18 };  /* of d_out, of the input and of d_in, all channels: a quarter of L2 */

static int band_rows(const struct conv_weights_job *w)
{
	size_t out = (size_t)w->out_shape.c * (size_t)w->out_shape.w;
	size_t in = (size_t)w->in_shape.c * (size_t)w->in_shape.w;
	size_t rows = BAND_BYTES / ((out + 2 * in) * LANES * sizeof(real));

	return rows < 1 ? 1 : rows < (size_t)w->out_shape.h ? (int)rows : w->out_shape.h;
}

/* Winograd's algorithm cannot compute d_in in bands, and bfloat16 has bands of its own. */
static bool pays(const struct conv_weights_job *w, const struct conv_job *data)
{
	return streams(w->out_shape) && !data->winograd && !data->bf16 && KERNEL(conv_weights_fit)(w);
}

void KERNEL(conv_backward)(const struct conv_weights_job *w, const struct conv_job *data)
{
	if (!pays(w, data)) {
		KERNEL(conv_weights)(w);
		KERNEL(conv)(data);
		return;
	}
	struct conv_job part = *data;
	int height = w->out_shape.h, step = band_rows(w);

	KERNEL(conv_weights_begin)(w);
	for (struct range b = band_from(0, step, height); b.first < height; b = band_from(b.last, step, height)) {
		int ready = b.last < height ? b.last + data->top - data->kernel.h + 1 : data->rows;

		KERNEL(conv_weights_add)(w, b);
		part.rows = ready > part.first_row ? ready : part.first_row;
		KERNEL(conv)(&part);
		part.first_row = part.rows;
	}
	KERNEL(conv_weights_end)(w);
}
