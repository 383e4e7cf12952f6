/* See conv_norm_pool.h. */
#include "nn/kernel/conv_norm_pool.h"
#include "nn/base/layout.h"

enum {
	BAND_BYTES = 3 << 17,           /* of x: stays in L2 beside as much of its gradient, and the input's rows */
	MOST_INPUTS = 64,               /* of more, computing x again takes longer than reading it */
};

static int larger_of(int a, int b)
{
	return a > b ? a : b;
}

/* The most rows of x that a band of windows sees, with those before the first or behind the last of them that no window
 * sees. */
static int rows_of(const struct window *w, int windows)
{
	return (windows - 1) * w->stride + larger_of(w->kernel.h, w->stride) + w->stride - 1;
}

/* The larger a band, the fewer rows are carried on; but all of it stays in L2. */
int conv_norm_pool_windows(struct shape in, int channels, const struct window *w)
{
	int rows = (int)(BAND_BYTES / (group_len((struct shape){ channels, 1, in.w }) * sizeof(real)));
	int windows = 1 + (rows - rows_of(w, 1)) / w->stride;

	return windows < 1 ? 1 : windows < w->out_h ? windows : w->out_h;
}

int conv_norm_pool_rows(struct shape in, int channels, const struct window *w)
{
	int rows = rows_of(w, conv_norm_pool_windows(in, channels, w));

	return rows < in.h ? rows : in.h;
}

bool conv_norm_pool_pays(struct shape in, int channels)
{
	struct conv_weights_job job = { .in_shape.c = in.c, .out_shape.c = channels, .kernel = { 1, 1 } };
	bool fits = product_sides(in.c, channels).pays || conv_weights_at_once(&job) * CHANNEL_BLOCK >= channels;

	return fits && in.c <= MOST_INPUTS && streams((struct shape){ channels, in.h, in.w });
}

struct conv_norm_pool_layout conv_norm_pool_layout(struct shape in, int channels, const struct window *w)
{
	struct layout all = { 0 };
	struct conv_norm_pool_layout l = { .shape = { channels, conv_norm_pool_rows(in, channels, w), in.w } };

	l.x = layout_add(&all, group_len(l.shape));
	l.d = layout_add(&all, group_len(l.shape));
	l.weights = layout_add(&all, conv_weights_scratch_len(in.c, channels, 1, 1));
	l.len = all.len;
	return l;
}

size_t conv_norm_pool_scratch_len(struct shape in, int channels, const struct window *w)
{
	return conv_norm_pool_layout(in, channels, w).len;
}
