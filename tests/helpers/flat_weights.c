/* See flat_weights.h. */
#include "tests/helpers/flat_weights.h"

#include "bench/weights/npz.h"
#include "tests/helpers/test.h"

void write_flat(const char *path, const float biases[3], float first)
{
	static float first_kernel[64 * 32], second_kernel[32 * 3], first_bias[32];
	struct error err = { "" };
	struct npz_draft *draft = npz_create(&err);

	first_kernel[0] = first;
	second_kernel[0] = 1;
	const struct npz_array arrays[4] = {
		{ .name = "arr_3", .type = NPZ_FLOAT32, .rank = 1, .dims = { 3 } },
		{ .name = "arr_2", .type = NPZ_FLOAT32, .rank = 2, .dims = { 32, 3 } },
		{ .name = "arr_1", .type = NPZ_FLOAT32, .rank = 1, .dims = { 32 } },
		{ .name = "arr_0", .type = NPZ_FLOAT32, .rank = 2, .dims = { 64, 32 } },
	};
	const float *const values[4] = { biases, second_kernel, first_bias, first_kernel };
	for (int i = 0; i < 4; i++)
		CHECK(npz_add_floats(draft, &arrays[i], values[i], &err));
	CHECK(npz_save(draft, path, &err));
}
