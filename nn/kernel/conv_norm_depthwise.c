/* See conv_norm_depthwise.h. */
#include "nn/kernel/conv_norm_depthwise.h"
#include "nn/base/layout.h"

enum {
	LEAST_INPUTS = 12,              /* with fewer, most lanes of the sums stay empty */
	LEAST_PIXELS = 4,               /* for each input: batch norm's work grows with the inputs' square */
	LEAST_BYTES = 1 << 20,          /* of y: with stride 1; */
	LEAST_BYTES_OF_TWO = 3 << 18,   /* with stride 2, whose output is smaller */
	BAND_BYTES = 3 << 17,           /* of y, all channels, while the gradients are computed */
	INPUT_BYTES = 3 << 17,          /* of the input's rows for which all chunks are computed */
};

bool conv_norm_depthwise_fits(const struct window *w, int multiplier)
{
	return multiplier == 1 && w->kernel.h == 3 && w->kernel.w == 3 && w->stride <= 2;
}

bool conv_norm_depthwise_pays(struct shape in, int channels, int stride)
{
	size_t bytes = group_len((struct shape){ channels, in.h, in.w }) * sizeof(real);

	return in.c >= LEAST_INPUTS && in.h * in.w >= LEAST_PIXELS * in.c &&
	       bytes >= (stride > 1 ? LEAST_BYTES_OF_TWO : LEAST_BYTES);
}

size_t conv_norm_depthwise_columns(int in_channels)
{
	return (size_t)transposed_columns(in_channels + 1);
}

static int clamp(size_t rows, int least, int most)
{
	return rows > (size_t)most ? most : (int)rows < least ? least : (int)rows;
}

int conv_norm_depthwise_rows(struct shape in, int channels, int stride)
{
	size_t rows = BAND_BYTES / (group_len((struct shape){ channels, 1, in.w }) * sizeof(real));

	return clamp(rows / (size_t)stride * (size_t)stride, stride, in.h);
}

int conv_norm_depthwise_out_rows(struct shape in, const struct window *w)
{
	size_t rows = INPUT_BYTES / (group_len((struct shape){ in.c, 1, in.w }) * sizeof(real));

	return clamp(rows / (size_t)w->stride, 1, w->out_h);
}

/* Numbers that some rows of all channels take. */
static size_t rows_len(int channels, int rows, int width)
{
	return (size_t)channels * (size_t)conv_norm_depthwise_row(rows * width) * LANES;
}

struct conv_norm_depthwise_layout conv_norm_depthwise_forward_layout(struct shape in, const struct window *w)
{
	struct layout all = { 0 };
	struct conv_norm_depthwise_layout l = { 0 };
	int rows = (conv_norm_depthwise_out_rows(in, w) - 1) * w->stride + w->kernel.h;
	int made = rows < in.h ? rows : in.h;

	l.in = layout_add(&all, rows_len(in.c, made, in.w));
	l.y = layout_add(&all, rows_len(CONV_NORM_DEPTHWISE_CHUNK, made, in.w));
	l.len = all.len;
	return l;
}

struct conv_norm_depthwise_layout conv_norm_depthwise_backward_layout(struct shape in, int channels,
                                                                      const struct window *w)
{
	struct layout all = { 0 };
	struct conv_norm_depthwise_layout l = { 0 };
	int rows = conv_norm_depthwise_rows(in, channels, w->stride);

	l.taps = layout_add(&all, (size_t)channels * 9 * LANES);
	l.transposed = layout_add(&all, (size_t)transposed_pixels(in.c + 1) * conv_norm_depthwise_columns(in.c) *
	                          LANES);
	l.in = layout_add(&all, rows_len(in.c, rows, in.w));
	l.y = layout_add(&all, rows_len(channels, rows, in.w));
	l.len = all.len;
	return l;
}

size_t conv_norm_depthwise_scratch_len(struct shape in, int channels, const struct window *w)
{
	size_t forward = conv_norm_depthwise_forward_layout(in, w).len;
	size_t backward = conv_norm_depthwise_backward_layout(in, channels, w).len;
	size_t gram = conv_weights_scratch_len(in.c, in.c, 1, 1), most = forward > gram ? forward : gram;

	return most > backward ? most : backward;
}
