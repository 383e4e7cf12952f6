/* Both gradients of a convolution, of one lane group. Floor 1. Formulas: struct conv_weights_job and struct conv_job in kernels.h.
 *
 * Both read d_out, and a group's d_out is often larger than L2. So they take turns over bands of its rows: the weight gradient adds a band,
 * then the gradient by data writes those rows of d_in that need no row of d_out behind the band. The sums are the same ones in the same
 * order as with one after the other; conv1x1 12 and 24 gain 4 % as a whole. Not where the weight gradient itself takes several turns over
 * d_out, for many channels: there the multiply-adds are the limit anyway.
 *
 * Tried: several layers taking turns like that (batch norm with its pooling, 1x1, 3x3, 3x3), so that the gradients between them are never
 * arrays, only bands in L2. A third fewer bytes for conv1x1 12 (2.7 to 1.8 MiB an image), and no more images/s (-5 to +2 %) with bands of
 * 0.5 to 3 MiB: the 1x1 convolution took 14.0 instead of 17.3 us an image, the first one 5.5 instead of 7.3, the 3x3 33.4 instead of 33.8;
 * but batch norm, whose input then comes from memory in short pieces, 22 instead of 13 to 16, and 16.5 with the next channel's asked for.
 * Tried: gradients that live in one segment only, in memory of the thread's instead of the group's, so that they stay in L3: 1 to 3 %. */
#include "nn/kernel/isa/bands.h"
#include "nn/kernel/isa/conv_weights.h"

enum { BAND_BYTES = 1 << 18 };  /* of d_out, of the input and of d_in, all channels: a quarter of L2 */

static int band_rows(const struct conv_weights_job *w)
{
	size_t out = (size_t)w->out_shape.c * (size_t)w->out_shape.w, in = (size_t)w->in_shape.c * (size_t)w->in_shape.w;
	size_t rows = BAND_BYTES / ((out + 2 * in) * LANES * sizeof(real));

	return rows < 1 ? 1 : rows < (size_t)w->out_shape.h ? (int)rows : w->out_shape.h;
}

/* Winograd's way by data knows no bands, and bfloat16 has its own. */
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
