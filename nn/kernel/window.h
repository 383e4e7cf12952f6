/* Where the windows of a convolution or a pooling lie on their input. Floor 1. */
#ifndef NN_KERNEL_WINDOW_H
#define NN_KERNEL_WINDOW_H

#include "nn/base/error.h"
#include "nn/base/field.h"
#include "nn/base/tensor.h"

struct window {
	struct pair kernel;
	int stride;
	int top, bottom, left, right;   /* rows and columns of zeros around the input */
	int out_h, out_w;       /* windows that fit */
};

/* kernel, stride and padding are the user's words; window->top .. out_w are what follows. "same" is TensorFlow's: the
 * output has ceil(input / stride) rows, and of an odd number of padding rows the larger half goes to the bottom and
 * right. False, with an error at `at`, where the kernel is larger than the padded input. */
bool window_place(struct window *window, struct shape in, struct padding padding, struct mark at, struct error *err);

/* The padding of a placed window in numbers. */
struct padding window_padding(const struct window *window);

#endif
