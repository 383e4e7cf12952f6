/* Spatial dropout: while training, each channel of each image is kept whole with probability 1 - rate and divided by
 * it, or set to 0; otherwise nothing happens (Tompson et al. 2015; Keras' SpatialDropout2D, PyTorch's Dropout2d).
 * Neighbours in a picture are alike, so that plain dropout takes little away from convolutions. The mask is a function
 * of the pass's noise and the lane group, so backward makes it again instead of keeping it. Floor 2. */
#include "nn/base/rng.h"
#include "nn/layer/layer.h"

#include <string.h>

struct spatial_dropout { double rate; };

static const struct field fields[] = {
	{ "rate", FIELD_FLOAT, offsetof(struct spatial_dropout, rate), .min = 0, .max = 0.99, .required = 1,
	  .help = "share of channels that are set to 0" },
	{ 0 }
};

static const char about[] =
	"As `dropout`, but whole channels of an image are set to 0: neighbouring pixels are alike, so single zeros "
	"take little away from a convolution. Keras calls it SpatialDropout2D, PyTorch Dropout2d.";

static bool plan(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	return plan_dropout(((const struct spatial_dropout *)config)->rate, in, out, err);
}

static void resolve(void *config, const struct plan_request *in)
{
	((struct spatial_dropout *)config)->rate *= in->dropout;
}

/* scratch: the gain of each channel in each lane, [c][LANES]. */
static void plan_operation(const struct pass *p, struct operation_plan *out)
{
	out->scratch_len = (size_t)p->in[0].shape.c * LANES;
}

static void scale_plane(const real *from, real *to, size_t pixels, const real gains[LANES])
{
	for (size_t i = 0; i < pixels * LANES; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			to[i + k] = gains[k] > 0 ? from[i + k] * gains[k] : 0;
}

static void drop(const struct pass *p, int group, const real *from, real *to)
{
	const double rate = p->host->plan->dropout;
	size_t channels = (size_t)p->out.shape.c, pixels = (size_t)p->out.shape.h * (size_t)p->out.shape.w;
	real *gains = p->scratch;

	if (!p->training || p->without_dropout || rate == 0) {
		memcpy(to, from, channels * pixels * LANES * sizeof *to);
		return;
	}
	for (size_t i = 0; i < channels * LANES; i++)
		gains[i] = 1;
	p->kernels->dropout(gains, gains, 0, channels, (real)(1 - rate), rng_mix(p->host->noise, (uint64_t)group));
	for (size_t c = 0; c < channels; c++)
		scale_plane(from + c * pixels * LANES, to + c * pixels * LANES, pixels, gains + c * LANES);
}

static void forward(const struct pass *p, int group)
{
	drop(p, group, group_at(p->in[0], group), group_at(p->out, group));
}

static void backward(const struct pass *p, int group)
{
	drop(p, group, group_at(p->d_out, group), group_at(p->d_in[0], group));
}

const struct layer_type layer_spatial_dropout = {
	.kind = { "spatial_dropout", "random channels of zeros while training", fields,
	          sizeof(struct spatial_dropout), about },
	.inputs = 1, .plan = plan, .resolve = resolve,
	.alone = {
		.plan = plan_operation,
		.forward = { { .run = forward, .moves = { .in = 1, .out = 1 } } },
		.backward = { { .run = backward, .moves = { .d_out = 1, .d_in = 1 } } },
	},
};
