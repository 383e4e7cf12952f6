/* Batch norm, its activation, up to two dropouts, and a depthwise convolution that alone reads them. Floor 2b.
 *
 * A depthwise convolution reads one channel at a time, and each layer before it changes that channel by itself once
 * batch norm's moments are known. So each channel's plane is taken through them into scratch, where it stays in L1 or
 * L2, and the convolution reads it there. Backward, the plane is computed again for the weight gradient; the gradient
 * with respect to it is taken back through dropout at once, and batch norm's sums are added up while it is in cache.
 * Then, with all sums known, batch norm turns it into the gradient with respect to the input, in place. As separate
 * passes each plane would be read and written three times. */
#include "nn/fused/fused.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/conv.h"
#include "nn/layer/dropout.h"

/* Backward writes in the place of d_in[0] before all is known of it, so it must be there, for this operation alone. */
bool fused_norm_depthwise_pays(const struct match *m)
{
	return m->only_reader && m->wants_gradient;
}

/* What a pass needs beside its arrays. */
struct memory {
	struct conv_geometry conv;      /* its packed weights come first in shared memory */
	struct norm norm;
	real *plane, *conv_scratch;     /* one channel of the convolution's input; what the convolution needs */
	struct layout saved, shared, scratch;
};

static struct memory memory_of(const struct pass *p)
{
	struct memory m = { .conv = conv_geometry(p->host), .saved = { p->saved, 0 }, .shared = { p->shared, 0 },
		.scratch = { p->scratch, 0 } };

	layout_take(&m.shared, conv_packed_len(&m.conv));
	m.norm = norm_take(p, &p->members[0], &m.saved, &m.shared);
	m.plane = layout_take(&m.scratch, group_len((struct shape){ 1, m.conv.in.h, m.conv.in.w }));
	m.conv_scratch = layout_take(&m.scratch, conv_scratch_len(p, &m.conv));
	return m;
}

static void plan(const struct pass *p, struct operation_plan *out)
{
	struct memory m = memory_of(p);

	out->packed_len = conv_packed_len(&m.conv);
	out->saved_len = m.saved.len;
	out->shared_len = m.shared.len;
	out->scratch_len = m.scratch.len;
	out->grouped_gradient[0] = out->grouped_gradient[p->member_count - 1] = true;
	out->needs_in = true;
}

static void measure(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	norm_measure(&m.norm, group);
}

static void settle(const struct pass *p, int index)
{
	struct memory m = memory_of(p);

	(void)index;
	norm_settle(&m.norm);
}

/* The dropouts of one channel, in place; a dropout is its own gradient, so backward they only come in the other
 * order. */
static void drop(const struct pass *p, int group, struct dropout_plane plane)
{
	for (int k = 1; k < p->member_count - 1; k++)
		dropout_channel(p, &p->members[k], group, plane);
}

static void drop_backward(const struct pass *p, int group, struct dropout_plane plane)
{
	for (int k = p->member_count - 2; k > 0; k--)
		dropout_channel(p, &p->members[k], group, plane);
}

/* One channel of the convolution's input. */
static const real *make_plane(const struct pass *p, const struct memory *m, int group, int channel)
{
	struct affine affine = norm_affine(&m->norm, channel);

	p->kernels->scale_shift(channel_at(p->in[0], group, channel), m->plane, pixels_of(p->in[0].shape), &affine);
	drop(p, group, (struct dropout_plane){ channel, m->plane, m->plane });
	return m->plane;
}

static void forward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);
	struct conv_call call = { .g = &m.conv, .group = group, .scratch = m.conv_scratch };

	for (call.k = 0; call.k < m.conv.groups; call.k++) {
		call.in = make_plane(p, &m, group, call.k);
		conv_forward(p, &call);
	}
}

static void backward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);
	const struct activation *between = &p->members[0].activation;
	struct conv_call call = { .g = &m.conv, .group = group, .scratch = m.conv_scratch,
		.mask = is_identity(*between) ? NULL : between };

	for (call.k = 0; call.k < m.conv.groups; call.k++) {
		real *d = channel_at(p->d_in[0], group, call.k);
		call.in = make_plane(p, &m, group, call.k);
		conv_backward(p, &call);
		drop_backward(p, group, (struct dropout_plane){ call.k, d, d });
		norm_measure_backward(&m.norm, group, call.k, (struct norm_gradient){
			channel_at(p->in[0], group, call.k), d, pixels_of(p->in[0].shape) });
	}
}

static void settle_backward(const struct pass *p, int index)
{
	struct memory m = memory_of(p);

	(void)index;
	norm_settle_backward(&m.norm);
}

static void apply_backward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	norm_apply_backward(&m.norm, group, p->d_in[0]);
}

const struct operation_type fused_norm_depthwise = {
	.applies_activation = true, .masks = true, .takes_deferred = true, .plan = plan, .prepare = conv_prepare,
	.forward = {
		{ .run = measure, .moves = { .in = 1 }, .by_first = true },
		{ .run = settle, .scope = ONCE, .by_first = true },
		{ .run = forward, .moves = { .in = 1, .out = 1, .params = 1 } },
	},
	.backward = {
		{ .run = backward, .moves = { .in = 1, .d_out = 1, .d_params = 1 },
			.data_moves = { .d_in = 1, .params = 1 } },
		{ .run = settle_backward, .scope = ONCE, .by_first = true },
		{ .run = apply_backward, .moves = { .d_params = 1 }, .data_moves = { .in = 1, .d_in = 2, .params = 1 },
			.by_first = true },
	},
};
