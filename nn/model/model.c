/* Memory, passes, and the running of programs. See model.h and plan.h. */
#include "nn/model/model.h"
#include "nn/model/loss.h"
#include "nn/model/plan.h"
#include "nn/base/block.h"
#include "nn/base/layout.h"
#include "nn/base/rng.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 8192 };        /* numbers of a parameter stretch that one task adds up or updates */

/* A piece of one parameter array. */
struct stretch {
	size_t at, len;
	size_t grouped_at;      /* its place among the gradients that come once per group */
	int layer;
	bool grouped, decays;
};

struct model {
	const struct model_plan *plan;
	const struct kernels *kernels;
	struct pass *passes;    /* owned: one per operation, for each seat: [seats][operations] */
	struct member *members; /* owned: [operations][MAX_MEMBERS], which the passes of all seats share */
	struct stretch *stretches;      /* owned */
	int stretch_count;
	int *labels;            /* owned: one per lane, as are losses and correct */
	double *losses;
	bool *correct;
	real *block;            /* owned: everything below lies in it */
	real *averages, *state_averages;        /* NULL unless planned, and so are */
	real *kept, *state_kept;
	real *params, *gradients, *slots[3], *state, *grouped, *activations, *saved, *shared;
	real *local, *scratch;  /* [seats] of them */
	struct batch batch;     /* of the last forward pass */
	int groups;
	bool turned;            /* the last segment of groups went from the last one to the first */
	const struct model_step *step;  /* while model_update runs */
	enum model_weights used;        /* by passes */
	bool repack;            /* passes use other parameters than before */
	const struct observer *observer;        /* borrowed, or NULL */
};

/* The parts of the block: described once, for its length and for its places. */
static size_t lay_out(struct model *m, real *block)
{
	const struct model_plan *plan = m->plan;
	size_t groups = (size_t)plan->groups, seats = (size_t)plan_seats(plan);
	struct layout rest = { block, 0 };

	m->params = layout_take(&rest, plan->params_len);
	m->gradients = layout_take(&rest, plan->params_len);
	for (int i = 0; i < plan->optimizer_slots; i++)
		m->slots[i] = layout_take(&rest, plan->params_len);
	m->state = layout_take(&rest, plan->state_len);
	if (plan->averages) {
		m->averages = layout_take(&rest, plan->params_len);
		m->state_averages = layout_take(&rest, plan->state_len);
	}
	if (plan->kept) {
		m->kept = layout_take(&rest, plan->params_len);
		m->state_kept = layout_take(&rest, plan->state_len);
	}
	m->grouped = layout_take(&rest, plan->grouped_len * groups);
	m->activations = layout_take(&rest, plan->activations_len);
	m->saved = layout_take(&rest, plan->saved_len);
	m->shared = layout_take(&rest, plan->shared_len);
	m->local = layout_take(&rest, plan->local_len * seats);
	m->scratch = layout_take(&rest, plan->scratch_len * seats);
	return rest.len;
}

size_t model_plan_len(const struct model_plan *plan)
{
	struct model m = { .plan = plan };

	return lay_out(&m, NULL);
}

static bool allocate_block(struct model *m, struct error *err)
{
	size_t bytes = model_plan_len(m->plan) * sizeof(real);

	m->block = block_allocate(bytes);
	if (!m->block)
		return fail(err, "no memory: a model needs %zu bytes", bytes);
	lay_out(m, m->block);
	return true;
}

static struct pass *pass_of(const struct model *m, int operation, int seat)
{
	return m->passes + (size_t)seat * (size_t)m->plan->operation_count + operation;
}

static struct tensor tensor_of(const struct model *m, int seat, struct shape shape, const struct slot *slot)
{
	if (slot->len == 0)
		return (struct tensor){ .shape = shape };
	if (slot->local)
		return (struct tensor){ shape, m->local + (size_t)seat * m->plan->local_len + slot->at, 0 };
	return tensor_at(shape, m->activations + slot->at);
}

/* The numbers of an operation's layers. */
static void fill_members(struct model *m, const struct operation *op, struct member *members)
{
	const struct model_plan *plan = m->plan;

	for (int k = 0; k < op->member_count; k++) {
		const struct node *node = &plan->nodes[op->members[k]];
		members[k].params = m->params + node->params_at;
		members[k].state = m->state + node->state_at;
		members[k].d_params = node->grouped ? m->grouped + node->grouped_at : m->gradients + node->params_at;
		members[k].d_params_stride = node->grouped ? plan->grouped_len : 0;
	}
}

static void fill_tensors(struct model *m, const struct operation *op, int seat, struct pass *p)
{
	const struct value *values = m->plan->values;

	p->out = tensor_of(m, seat, op->out, &values[op->output].data);
	p->d_out = tensor_of(m, seat, op->out, &values[op->output].gradient);
	for (int k = 0; k < plan_input_count(m->plan, op); k++) {
		const struct value *in = &values[op->inputs[k]];
		p->in[k] = tensor_of(m, seat, op->in[k], &in->data);
		p->d_in[k] = tensor_of(m, seat, op->in[k], op->side[k].len ? &op->side[k] : &in->gradient);
	}
}

static void fill_pass(struct model *m, int i, int seat)
{
	const struct operation *op = &m->plan->operations[i];
	struct pass *p = pass_of(m, i, seat);

	*p = plan_pass(m->plan, op, m->members + (size_t)i * MAX_MEMBERS);
	fill_members(m, op, m->members + (size_t)i * MAX_MEMBERS);
	fill_tensors(m, op, seat, p);
	p->kernels = m->kernels;
	p->saved = m->saved + op->saved_at;
	p->shared = m->shared + op->shared_at;
	p->scratch = m->scratch + (size_t)seat * m->plan->scratch_len;
	if (op->finishes >= 0) {
		p->deferred = pass_of(m, op->finishes, seat);
		p->finish = m->plan->operations[op->finishes].type->finish;
	}
}

/* Cuts each parameter array into stretches; returns how many, and writes them if `to` is not NULL. */
static int cut_stretches(const struct model_plan *plan, struct stretch *to)
{
	int count = 0;

	for (int i = 0; i < plan->network->layer_count; i++) {
		const struct node *node = &plan->nodes[i];
		size_t array_at = 0;
		for (int k = 0; k < node->plan.param_count; array_at += node->plan.params[k++].len)
			for (size_t at = 0; at < node->plan.params[k].len; at += STRETCH, count++) {
				size_t left = node->plan.params[k].len - at;
				if (to)
					to[count] = (struct stretch){ node->params_at + array_at + at, left < STRETCH ? left : STRETCH,
					                              node->grouped_at + array_at + at, i, node->grouped,
					                              node->plan.params[k].decays };
			}
	}
	return count;
}

static bool allocate_tables(struct model *m, struct error *err)
{
	size_t operations = (size_t)m->plan->operation_count, lanes = (size_t)m->plan->groups * LANES;

	m->stretch_count = cut_stretches(m->plan, NULL);
	m->passes = calloc(operations * (size_t)plan_seats(m->plan), sizeof *m->passes);
	m->members = calloc(operations * MAX_MEMBERS, sizeof *m->members);
	m->stretches = calloc((size_t)m->stretch_count + 1, sizeof *m->stretches);
	m->labels = calloc(lanes, sizeof *m->labels);
	m->losses = calloc(lanes, sizeof *m->losses);
	m->correct = calloc(lanes, sizeof *m->correct);
	return m->passes && m->members && m->stretches && m->labels && m->losses && m->correct ? true : fail(err, "no memory for a model's tables");
}

struct model *model_create(const struct model_plan *plan, const struct kernels *kernels, struct error *err)
{
	struct model *m = calloc(1, sizeof *m);

	if (!m) {
		fail(err, "no memory for a model");
		return NULL;
	}
	m->plan = plan;
	m->kernels = kernels;
	if (!allocate_tables(m, err) || !allocate_block(m, err)) {
		model_destroy(m);
		return NULL;
	}
	cut_stretches(plan, m->stretches);
	for (int seat = 0; seat < plan_seats(plan); seat++)
		for (int i = 0; i < plan->operation_count; i++)
			fill_pass(m, i, seat);
	return m;
}

void model_destroy(struct model *m)
{
	if (!m)
		return;
	free(m->passes);
	free(m->members);
	free(m->stretches);
	free(m->labels);
	free(m->losses);
	free(m->correct);
	free(m->block);
	free(m);
}

void model_observe(struct model *m, const struct observer *observer)
{
	m->observer = observer;
}

real *model_input(struct model *m, int group)
{
	return group_at(tensor_of(m, 0, m->plan->network->input, &m->plan->values[0].data), group);
}

int *model_labels(struct model *m, int group)
{
	return m->labels + (size_t)group * LANES;
}

/* What the tasks of one crew_run are told. */
struct run {
	struct model *model;
	const struct item *from, *to;
	enum stage stage;
	bool turned, shared;    /* tasks are lane groups, from the last one to the first; for several threads: see group_of() */
};

/* From the last group to the first. Of several threads the leader takes its groups from one end, others from the other: each half. */
static int group_of(const struct run *run, int index)
{
	int groups = run->model->groups, half = run->shared ? (groups + 1) / 2 : 0;

	return index < half ? half - 1 - index : groups - 1 - (index - half);
}

static void run_segment(void *about, int index, int seat)
{
	const struct run *run = about;

	if (run->turned)
		index = group_of(run, index);
	for (const struct item *item = run->from; item < run->to; item++) {
		observe_begin(run->model->observer);
		item->run(run->model, item, index, item->scope == EACH_GROUP ? seat : 0);
		observe_end(run->model->observer, item->run == model_run_loss ? STAGE_LOSS : run->stage, item->layer);
	}
}

static int segment_tasks(const struct model *m, const struct item *first)
{
	if (first->scope == EACH_GROUP)
		return m->groups;
	return first->scope == EACH_BLOCK ? first->step->blocks(pass_of(m, first->operation, 0)) : 1;
}

/* Segments go through the groups in turns from the first to the last and from the last to the first: a thread begins with what it has just
 * written, which its cache still holds. The loader has gone from the first to the last. */
static void run_program(struct model *m, struct crew *crew, const struct program *program)
{
	int from = 0;

	for (int segment = 0; segment < program->segment_count; from = program->ends[segment++]) {
		struct run run = { m, program->items + from, program->items + program->ends[segment],
		                   program == &m->plan->forward ? STAGE_FORWARD : STAGE_BACKWARD,
		                   .shared = atomic_load_explicit(&crew->helpers, memory_order_relaxed) > 0 };
		if (run.from->scope == EACH_GROUP)
			run.turned = m->turned = !m->turned;
		crew_run(crew, segment_tasks(m, run.from), run_segment, &run);
	}
}

void model_run_step(struct model *m, const struct item *item, int index, int seat)
{
	item->step->run(pass_of(m, item->operation, seat), index);
}

void model_run_loss(struct model *m, const struct item *item, int group, int seat)
{
	const struct pass *p = pass_of(m, item->operation, seat);
	int images = m->batch.images - group * LANES;

	loss_softmax(&(struct loss_job){
		.logits = group_at(p->out, group), .d_logits = group_at(p->d_out, group), .classes = p->out.shape.c,
		.labels = m->labels + (size_t)group * LANES, .lanes = images < LANES ? images : LANES,
		.batch_images = m->batch.images, .label_smoothing = m->batch.label_smoothing,
		.losses = m->losses + (size_t)group * LANES, .correct = m->correct + (size_t)group * LANES,
	});
}

void model_run_activation_backward(struct model *m, const struct item *item, int group, int seat)
{
	const struct pass *p = pass_of(m, item->operation, seat);
	real *d_out = group_at(p->d_out, group);

	m->kernels->activate_backward(group_at(p->out, group), d_out, d_out, image_len(p->out.shape), p->activation);
}

void model_run_accumulate(struct model *m, const struct item *item, int group, int seat)
{
	const struct pass *p = pass_of(m, item->operation, seat);
	const struct value *in = &m->plan->values[m->plan->operations[item->operation].inputs[item->input]];
	struct tensor sum = tensor_of(m, seat, p->d_in[item->input].shape, &in->gradient);

	m->kernels->add(group_at(sum, group), group_at(p->d_in[item->input], group), group_at(sum, group), image_len(sum.shape));
}

static void run_prepare(void *about, int i, int seat)
{
	struct model *m = about;
	const struct operation *op = &m->plan->operations[i];

	(void)seat;
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
	for (int seat = 0; seat < plan_seats(m->plan); seat++)
		for (int i = 0; i < m->plan->operation_count; i++)
			begin_pass(pass_of(m, i, seat), batch);
	for (int i = 0; i < m->plan->operation_count; i++) {
		const struct operation *op = &m->plan->operations[i];
		for (int k = 0; k < op->member_count; k++)
			m->members[i * MAX_MEMBERS + k].noise = rng_mix(batch->noise, (uint64_t)op->members[k]);
	}
}

void model_forward(struct model *m, struct crew *crew, const struct batch *batch, bool fresh)
{
	assert(!batch->training || m->used == MODEL_TRAINED);
	m->batch = *batch;
	m->groups = (batch->images + LANES - 1) / LANES;
	m->turned = false;
	begin_batch(m, batch);
	if (fresh || m->repack)
		crew_run(crew, m->plan->operation_count, run_prepare, m);
	m->repack = false;
	run_program(m, crew, &m->plan->forward);
}

/* Adds the gradients of all groups, in group order. */
static void run_sum(void *about, int index, int seat)
{
	struct model *m = about;
	const struct stretch *s = &m->stretches[index];
	real *sum = m->gradients + s->at;
	const real *from = m->grouped + s->grouped_at;

	(void)seat;
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

void model_backward(struct model *m, struct crew *crew)
{
	run_program(m, crew, &m->plan->backward);
	crew_run(crew, m->stretch_count, run_sum, m);
}

static void run_update(void *about, int index, int seat)
{
	struct model *m = about;
	const struct stretch *s = &m->stretches[index];
	struct update u = { .params = m->params + s->at, .gradients = m->gradients + s->at, .len = s->len, .step = m->step->step,
		.learning_rate = m->step->learning_rate, .decays = s->decays };

	(void)seat;
	for (int i = 0; i < m->plan->optimizer_slots; i++)
		u.slots[i] = m->slots[i] + s->at;
	observe_begin(m->observer);
	m->step->optimizer->update(m->step->config, &u);
	observe_end(m->observer, STAGE_UPDATE, s->layer);
}

void model_update(struct model *m, struct crew *crew, const struct model_step *step)
{
	m->step = step;
	crew_run(crew, m->stretch_count, run_update, m);
	m->step = NULL;
}

static void average(real *restrict averages, const real *restrict values, size_t len, real take)
{
	for (size_t i = 0; i < len; i++)
		averages[i] += take * (values[i] - averages[i]);
}

/* What the tasks of model_average are told. */
struct averaging {
	struct model *model;
	real take;              /* share of the new values */
};

static void run_average(void *about, int index, int seat)
{
	const struct averaging *a = about;
	const struct stretch *s = &a->model->stretches[index];

	(void)seat;
	observe_begin(a->model->observer);
	average(a->model->averages + s->at, a->model->params + s->at, s->len, a->take);
	observe_end(a->model->observer, STAGE_UPDATE, s->layer);
}

void model_average(struct model *m, struct crew *crew, double keep)
{
	struct averaging averaging = { m, (real)(1 - keep) };

	assert(m->averages);
	crew_run(crew, m->stretch_count, run_average, &averaging);
	average(m->state_averages, m->state, m->plan->state_len, averaging.take);
}

/* NULL where the plan has none. */
static real *params_of(const struct model *m, enum model_weights which)
{
	return which == MODEL_TRAINED ? m->params : which == MODEL_AVERAGES ? m->averages : m->kept;
}

static real *state_of(const struct model *m, enum model_weights which)
{
	return which == MODEL_TRAINED ? m->state : which == MODEL_AVERAGES ? m->state_averages : m->state_kept;
}

void model_keep(struct model *m, enum model_weights which)
{
	assert(m->kept && params_of(m, which));
	memcpy(m->kept, params_of(m, which), m->plan->params_len * sizeof(real));
	memcpy(m->state_kept, state_of(m, which), m->plan->state_len * sizeof(real));
}

void model_use(struct model *m, enum model_weights which)
{
	assert(params_of(m, which));
	for (int i = 0; i < m->plan->operation_count; i++) {
		const struct operation *op = &m->plan->operations[i];
		for (int k = 0; k < op->member_count; k++) {
			const struct node *node = &m->plan->nodes[op->members[k]];
			m->members[i * MAX_MEMBERS + k].params = params_of(m, which) + node->params_at;
			m->members[i * MAX_MEMBERS + k].state = state_of(m, which) + node->state_at;
		}
	}
	m->used = which;
	m->repack = true;
}

double model_loss(const struct model *m, int image)
{
	return m->losses[image];
}

bool model_correct(const struct model *m, int image)
{
	return m->correct[image];
}

const real *model_logits(const struct model *m)
{
	return pass_of(m, m->plan->operation_count - 1, 0)->out.at;
}

struct model_memory model_memory(const struct model *m)
{
	return (struct model_memory){ m->params, m->gradients, m->state, m->averages, m->state_averages,
		m->plan->params_len, m->plan->state_len,
		tensor_of(m, 0, m->plan->network->input, &m->plan->values[0].gradient).at };
}

void model_initialise(struct model *m, uint64_t seed)
{
	model_initialise_at(m->plan, seed, m->params, m->state);
	if (m->averages) {
		memcpy(m->averages, m->params, m->plan->params_len * sizeof(real));
		memcpy(m->state_averages, m->state, m->plan->state_len * sizeof(real));
	}
}
