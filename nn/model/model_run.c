/* The running of programs: forward, backward, the sums of gradients. See model.h and plan.h. */
#include "nn/model/model_parts.h"
#include "nn/base/rng.h"

#include <assert.h>
#include <string.h>

/* What the tasks of one team_run are told. */
struct run {
	struct model *model;
	const struct item *from, *to;
	enum stage stage;
	/* tasks are lane groups, from the last one to the first; for several threads: see group_of() */
	bool descending, shared;
};

/* From the last group to the first. Of several threads the leader takes its groups from one end, others from the other:
 * each half. */
static int group_of(const struct run *run, int index)
{
	int groups = run->model->groups, half = run->shared ? (groups + 1) / 2 : 0;

	return index < half ? half - 1 - index : groups - 1 - (index - half);
}

static void run_segment(void *about, int index, int thread)
{
	const struct run *run = about;

	if (run->descending)
		index = group_of(run, index);
	for (const struct item *item = run->from; item < run->to; item++) {
		observe_begin(run->model->observer);
		item->run(run->model, item, index, item->scope == EACH_GROUP ? thread : 0);
		observe_end(run->model->observer, item->run == model_run_loss ? STAGE_LOSS : run->stage, item->layer);
	}
}

static int segment_tasks(const struct model *m, const struct item *first)
{
	if (first->scope == EACH_GROUP)
		return m->groups;
	return first->scope == EACH_BLOCK ? first->step->blocks(pass_of(m, first->operation, 0)) : 1;
}

/* Segments go through the groups in turns from the first to the last and from the last to the first: a thread begins
 * with what it has just written, which its cache still holds. The loader has gone from the first to the last. */
static void run_program(struct model *m, struct team *team, const struct program *program)
{
	int from = 0;

	for (int segment = 0; segment < program->segment_count; from = program->ends[segment++]) {
		struct run run = { m, program->items + from, program->items + program->ends[segment],
		                   program == &m->plan->forward ? STAGE_FORWARD : STAGE_BACKWARD,
		                   .shared = atomic_load_explicit(&team->helpers, memory_order_relaxed) > 0 };
		if (run.from->scope == EACH_GROUP)
			run.descending = m->descending = !m->descending;
		team_run(team, segment_tasks(m, run.from), run_segment, &run);
	}
}

void model_run_step(struct model *m, const struct item *item, int index, int thread)
{
	item->step->run(pass_of(m, item->operation, thread), index);
}

void model_run_loss(struct model *m, const struct item *item, int group, int thread)
{
	const struct pass *p = pass_of(m, item->operation, thread);
	int images = m->batch.images - group * LANES;
	const struct batch_loss *loss = &m->batch.loss;
	const struct loss_job job = {
		.logits = group_at(p->out, group), .d_logits = group_at(p->d_out, group), .classes = p->out.shape.c,
		.targets = model_targets(m, group), .teacher = model_teacher(m, group),
		.class_weights = loss->class_weights, .lanes = images < LANES ? images : LANES,
		.batch_images = m->batch.images, .batch_weight = m->batch_weight,
		.label_smoothing = m->batch.label_smoothing,
		.losses = m->losses + (size_t)group * LANES, .correct = m->correct + (size_t)group * LANES,
	};

	if (loss->type)
		loss->type->evaluate(loss->config, &job);
	else
		loss_softmax(&job);
}

void model_run_activation_backward(struct model *m, const struct item *item, int group, int thread)
{
	const struct pass *p = pass_of(m, item->operation, thread);
	real *d_out = group_at(p->d_out, group);

	m->kernels->activate_backward(group_at(p->out, group), d_out, d_out, image_len(p->out.shape), p->activation);
}

void model_run_accumulate(struct model *m, const struct item *item, int group, int thread)
{
	const struct pass *p = pass_of(m, item->operation, thread);
	const struct value *in = &m->plan->values[m->plan->operations[item->operation].inputs[item->input]];
	struct tensor sum = tensor_of(m, thread, p->d_in[item->input].shape, &in->gradient);

	m->kernels->add(group_at(sum, group), group_at(p->d_in[item->input], group), group_at(sum, group),
		image_len(sum.shape));
}

static void run_prepare(void *about, int i, int thread)
{
	struct model *m = about;
	const struct operation *op = &m->plan->operations[i];

	(void)thread;
	if (!op->type->prepare)
		return;
	observe_begin(m->observer);
	op->type->prepare(pass_of(m, i, 0));
	observe_end(m->observer, STAGE_PACKING, op->host);
}

static void begin_pass(struct pass *p, const struct batch *batch)
{
	p->groups = (batch->images + LANES - 1) / LANES;
	p->images = batch->images;
	p->training = batch->training;
	p->without_dropout = batch->without_dropout;
}

/* Each layer has noise of its own. */
static void begin_batch(struct model *m, const struct batch *batch)
{
	for (int thread = 0; thread < plan_threads(m->plan); thread++)
		for (int i = 0; i < m->plan->operation_count; i++)
			begin_pass(pass_of(m, i, thread), batch);
	for (int i = 0; i < m->plan->operation_count; i++) {
		const struct operation *op = &m->plan->operations[i];
		for (int k = 0; k < op->member_count; k++)
			m->members[i * MAX_MEMBERS + k].noise = rng_mix(batch->noise, (uint64_t)op->members[k]);
	}
}

/* In image order. */
static double batch_weight(const struct model *m, const struct batch *batch)
{
	double sum = 0;

	for (int i = 0; i < batch->images; i++)
		sum += loss_weight(batch->loss.class_weights, m->targets[i]);
	return sum;
}

void model_forward(struct model *m, struct team *team, const struct batch *batch, bool fresh)
{
	assert(!batch->training || (m->used == MODEL_TRAINED && !m->plan->network->inference));
	m->batch = *batch;
	m->batch_weight = batch_weight(m, batch);
	m->groups = (batch->images + LANES - 1) / LANES;
	m->descending = false;
	begin_batch(m, batch);
	if (fresh || m->repack)
		team_run(team, m->plan->operation_count, run_prepare, m);
	m->repack = false;
	run_program(m, team, &m->plan->forward);
}

/* Adds the gradients of all groups, in group order. */
static void run_sum(void *about, int index, int thread)
{
	struct model *m = about;
	const struct stretch *s = &m->stretches[index];
	real *sum = m->gradients + s->at;
	const real *from = m->grouped + s->grouped_at;

	(void)thread;
	if (!s->grouped)
		return;
	observe_begin(m->observer);
	memcpy(sum, from, s->len * sizeof *sum);
	for (int group = 1; group < m->groups; group++) {
		from += m->plan->grouped_len;
		for (size_t i = 0; i < s->len; i++)
			sum[i] += from[i];
	}
	observe_end(m->observer, STAGE_SUMMING, s->layer);
}

void model_backward(struct model *m, struct team *team)
{
	run_program(m, team, &m->plan->backward);
	team_run(team, m->stretch_count, run_sum, m);
}
