/* See window.h. */
#include "nn/kernel/window.h"

#include <string.h>

struct span { int before, after; };     /* zeros at both ends of one axis */

static struct span same_span(int in, int kernel, int stride)
{
	int out = (in + stride - 1) / stride;
	int zeros = (out - 1) * stride + kernel - in;

	if (zeros < 0)
		zeros = 0;
	return (struct span){ zeros / 2, zeros - zeros / 2 };
}

bool window_place(struct window *window, struct shape in, struct padding padding, struct mark at, struct error *err)
{
	struct span rows = { padding.top, padding.bottom }, columns = { padding.left, padding.right };

	if (padding.rule == PADDING_SAME) {
		rows = same_span(in.h, window->kernel.h, window->stride);
		columns = same_span(in.w, window->kernel.w, window->stride);
	} else if (padding.rule == PADDING_VALID) {
		memset(&rows, 0, sizeof rows);
		memset(&columns, 0, sizeof columns);
	}
	int h = in.h + rows.before + rows.after, w = in.w + columns.before + columns.after;
	if (window->kernel.h > h || window->kernel.w > w)
		return fail_at(err, at, "kernel: %dx%d is larger than its input of %dx%d%s",
		               window->kernel.h, window->kernel.w, h, w, h > in.h || w > in.w ? " (padded)" : "");
	window->top = rows.before;
	window->bottom = rows.after;
	window->left = columns.before;
	window->right = columns.after;
	window->out_h = (h - window->kernel.h) / window->stride + 1;
	window->out_w = (w - window->kernel.w) / window->stride + 1;
	return true;
}

struct padding window_padding(const struct window *window)
{
	return (struct padding){ PADDING_EXPLICIT, window->top, window->bottom, window->left, window->right };
}
