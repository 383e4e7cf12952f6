/* Batch norm, its activation and the max pooling behind them. Floor 2b.
 *
 * Batch norm is affine once its moments are known, and an activation never falls, so which x of a window becomes the
 * maximum depends on the sign of gamma alone. The forward pass picks those x while it sums up the moments, and applies
 * batch norm to them; the output of batch norm is never written. Backward, the gradient is not 0 at the picked x only,
 * so batch norm's sums are over them.
 *
 * 3 passes over an array of the input's size, backward included, instead of 12. */
#include "nn/fused/fused.h"
#include "nn/layer/batch_norm.h"
#include "nn/layer/pool.h"

/* What a pass needs beside its arrays. */
struct memory {
	struct norm norm;
	struct tensor picked;           /* of each window the x that becomes its maximum; like the output */
	struct layout saved, shared;
};

static struct memory memory_of(const struct pass *p)
{
	struct memory m = { .saved = { p->saved, 0 }, .shared = { p->shared, 0 } };

	m.norm = norm_take(p, &p->members[0], &m.saved, &m.shared);
	m.picked = tensor_at(p->out.shape, layout_take(&m.saved, group_len(p->out.shape) * (size_t)p->groups));
	return m;
}

static void plan(const struct pass *p, struct operation_plan *out)
{
	struct memory m = memory_of(p);

	out->saved_len = m.saved.len;
	out->shared_len = m.shared.len;
	out->grouped_gradient[0] = true;
	out->needs_in = true;
}

/* The pooling of channel c of one group. */
static struct pool_job pool_job(const struct memory *m, int group, int c)
{
	const struct pass *p = m->norm.pass;
	struct window w = pool_windows(&p->members[1]);
	struct shape in = p->in[0].shape, out = p->out.shape;

	return (struct pool_job){
		.in = channel_at(p->in[0], group, c), .in_shape = { 1, in.h, in.w },
		.out = channel_at(m->picked, group, c), .out_shape = { 1, out.h, out.w },
		.window = { w.kernel.h, w.kernel.w }, .stride = w.stride, .top = w.top, .left = w.left,
		.choice = pool_choice_under(p->members[0].params[c]),
	};
}

/* Each channel is read once for both. */
static void measure(const struct pass *p, int group)
{
	struct memory m = memory_of(p);
	_Alignas(64) real mask[LANES];

	lane_mask(p, group, mask);
	for (int c = 0; c < p->in[0].shape.c; c++) {
		struct pool_job pool = pool_job(&m, group, c);
		if (p->training)
			p->kernels->channel_moments(pool.in, pixels_of(p->in[0].shape), mask,
				norm_sums(&m.norm, group, c));
		p->kernels->max_pool(&pool);
	}
}

static void settle(const struct pass *p, int index)
{
	struct memory m = memory_of(p);

	(void)index;
	norm_settle(&m.norm);
}

static void apply(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	for (int c = 0; c < p->out.shape.c; c++) {
		struct affine affine = norm_affine(&m.norm, c);
		affine.stream = streams_past(p->out);
		p->kernels->scale_shift(channel_at(m.picked, group, c), channel_at(p->out, group, c),
			pixels_of(p->out.shape), &affine);
	}
}

static void measure_backward(const struct pass *p, int group)
{
	struct memory m = memory_of(p);

	for (int c = 0; c < p->out.shape.c; c++)
		norm_measure_backward(&m.norm, group, c, (struct norm_gradient){
			channel_at(m.picked, group, c), channel_at(p->d_out, group, c), pixels_of(p->out.shape) });
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
	_Alignas(64) real mask[LANES];

	if (!p->d_in[0].at)
		return;
	lane_mask(p, group, mask);
	for (int c = 0; c < p->in[0].shape.c; c++) {
		struct norm_pool_job job = { .pool = pool_job(&m, group, c), .norm = norm_job(&m.norm, c) };
		job.norm.lane_mask = mask;
		job.norm.mask = p->mask;
		job.norm.stream = streams_past(p->d_in[0]);
		job.pool.d_out = channel_at(p->d_out, group, c);
		job.pool.d_in = channel_at(p->d_in[0], group, c);
		job.pool.mask = p->mask;
		p->kernels->norm_max_pool_backward(&job);
	}
}

/* The picked x move as often as outputs of that length. */
const struct operation_type fused_norm_pool = {
	.applies_activation = true, .masks = true, .plan = plan,
	.forward = {
		{ .run = measure, .moves = { .in = 1, .out = 1 } },
		{ .run = settle, .scope = ONCE },
		{ .run = apply, .moves = { .out = 2, .params = 1 } },
	},
	.backward = {
		{ .run = measure_backward, .moves = { .out = 1, .d_out = 1, .d_params = 1 } },
		{ .run = settle_backward, .scope = ONCE },
		{ .run = apply_backward, .data_moves = { .in = 1, .out = 1, .d_out = 1, .d_in = 1, .params = 1 } },
	},
};
