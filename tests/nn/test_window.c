/* Where windows lie: TensorFlow's "same" by numbers from paper, and the error by its text. */
#include "nn/kernel/window.h"
#include "tests/helpers/test.h"

#include <stddef.h>
#include <string.h>

/* out = ceil(in / stride); zeros = max((out - 1) * stride + kernel - in, 0), the smaller half before. */
static const struct { int in, kernel, stride, out, before, after; } same[] = {
	{ 28, 3, 1, 28, 1, 1 },    /* 2 zeros: 1, 1 */
	{ 28, 2, 1, 28, 0, 1 },    /* 1 zero: 0, 1 */
	{ 28, 5, 1, 28, 2, 2 },    /* 4 zeros */
	{ 48, 3, 2, 24, 0, 1 },    /* 23 * 2 + 3 - 48 = 1 zero: 0, 1 */
	{ 47, 3, 2, 24, 1, 1 },    /* 23 * 2 + 3 - 47 = 2 zeros: 1, 1 */
	{ 5, 5, 3, 2, 1, 2 },      /* 3 + 5 - 5 = 3 zeros: 1, 2 */
	{ 7, 1, 2, 4, 0, 0 },      /* 6 + 1 - 7 = 0 */
	{ 8, 1, 3, 3, 0, 0 },      /* 6 + 1 - 8 < 0: none */
	{ 1, 5, 1, 1, 2, 2 },      /* 4 zeros */
	{ 2, 4, 4, 1, 1, 1 },      /* 2 zeros */
};

TEST(window_same_is_tensorflows)
{
	for (size_t i = 0; i < sizeof same / sizeof *same; i++)
		for (int wide = 0; wide < 2; wide++) {
			int kernel = same[i].kernel, size = same[i].in;
			struct window w = { .kernel = { wide ? 1 : kernel, wide ? kernel : 1 },
				.stride = same[i].stride };
			struct shape in = { 3, wide ? 1 : size, wide ? size : 1 };
			CHECK(window_place(&w, in, (struct padding){ .rule = PADDING_SAME }, (struct mark){ 0 }, NULL));
			CHECK_INT(wide ? w.out_w : w.out_h, same[i].out);
			CHECK_INT(wide ? w.left : w.top, same[i].before);
			CHECK_INT(wide ? w.right : w.bottom, same[i].after);
			CHECK_INT(wide ? w.out_h : w.out_w, 1);
			CHECK_INT(wide ? w.top : w.left, 0);
		}
}

TEST(window_valid_takes_what_fits)
{
	struct window w = { .kernel = { 3, 2 }, .stride = 2, .top = 9, .bottom = 9, .left = 9, .right = 9 };

	CHECK(window_place(&w, (struct shape){ 1, 23, 7 }, (struct padding){ .rule = PADDING_VALID },
	                   (struct mark){ 0 }, NULL));
	CHECK_INT(w.out_h, 11);         /* (23 - 3) / 2 + 1 */
	CHECK_INT(w.out_w, 3);          /* (7 - 2) / 2 + 1 = 3.5, rounded down */
	CHECK_INT(w.top + w.bottom, 0);
	CHECK_INT(w.left + w.right, 0);
}

TEST(window_takes_explicit_zeros_side_by_side)
{
	struct window w = { .kernel = { 3, 4 }, .stride = 2 };
	struct padding padding = { PADDING_EXPLICIT, .top = 1, .bottom = 2, .left = 3, .right = 4 };

	CHECK(window_place(&w, (struct shape){ 1, 6, 5 }, padding, (struct mark){ 0 }, NULL));
	CHECK_INT(w.out_h, 4);          /* (1 + 6 + 2 - 3) / 2 + 1 */
	CHECK_INT(w.out_w, 5);          /* (3 + 5 + 4 - 4) / 2 + 1 */
	CHECK_INT(w.top, 1);
	CHECK_INT(w.left, 3);
	struct padding again = window_padding(&w);
	CHECK(memcmp(&again, &padding, sizeof again) == 0);
}

TEST(window_larger_than_its_input_is_an_error)
{
	struct window w = { .kernel = { 3, 5 }, .stride = 1 };
	struct mark at = { "a.yaml", 7, 11 };
	struct error err = { "" };

	CHECK(!window_place(&w, (struct shape){ 1, 3, 4 }, (struct padding){ .rule = PADDING_VALID }, at, &err));
	CHECK_TEXT(err.text, "a.yaml:7:11: kernel: 3x5 is larger than its input of 3x4");
	err.text[0] = '\0';
	CHECK(!window_place(&w, (struct shape){ 1, 1, 8 }, (struct padding){ PADDING_EXPLICIT, 1, 0, 0, 0 }, at, &err));
	CHECK_TEXT(err.text, "a.yaml:7:11: kernel: 3x5 is larger than its input of 2x8 (padded)");
}
