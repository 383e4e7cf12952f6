/* A model's memory: one block, cut as the plan says, and the passes that point into it. See model.h and plan.h. */
#include "nn/model/model_parts.h"
#include "nn/base/block.h"
#include "nn/base/layout.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { STRETCH = 8192 };        /* numbers of a parameter stretch that one task adds up or updates */

/* Numbers of one lane group. */
static size_t teacher_len(const struct model_plan *plan)
{
	return (size_t)plan->network->classes * LANES;
}

/* The parts of the block: described once, for its length and for its places. */
static size_t lay_out(struct model *m, real *block)
{
	const struct model_plan *plan = m->plan;
	size_t groups = (size_t)plan->groups, threads = (size_t)plan_threads(plan);
	struct layout rest = { block, 0 };

	m->params = layout_take(&rest, plan->params_len);
	m->gradients = layout_take(&rest, plan->network->inference ? 0 : plan->params_len);
	for (int i = 0; i < plan->optimizer_slots; i++)
		m->slots[i] = layout_take(&rest, plan->params_len);
	m->state = layout_take(&rest, plan->state_len);
	if (plan->averages) {
		m->averages = layout_take(&rest, plan->params_len);
		m->state_averages = layout_take(&rest, plan->state_len);
	}
	if (plan->best) {
		m->best = layout_take(&rest, plan->params_len);
		m->state_best = layout_take(&rest, plan->state_len);
	}
	if (plan->slow)
		m->slow = layout_take(&rest, plan->params_len);
	if (plan->perturbation) {
		m->params_kept = layout_take(&rest, plan->params_len);
		m->state_kept = layout_take(&rest, plan->state_len);
	}
	if (plan->teacher)
		m->teacher = layout_take(&rest, teacher_len(plan) * groups);
	m->matrix_scratch = layout_take(&rest, plan_matrices(plan, NULL).scratch_len);
	m->grouped = layout_take(&rest, plan->grouped_len * groups);
	m->activations = layout_take(&rest, plan->activations_len);
	m->saved = layout_take(&rest, plan->saved_len);
	m->shared = layout_take(&rest, plan->shared_len);
	m->local = layout_take(&rest, plan->local_len * threads);
	m->scratch = layout_take(&rest, plan->scratch_len * threads);
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

/* The numbers of an operation's layers. */
static void fill_members(struct model *m, const struct operation *op, struct member *members)
{
	const struct model_plan *plan = m->plan;

	for (int k = 0; k < op->member_count; k++) {
		const struct node *node = &plan->nodes[op->members[k]];
		members[k].params = m->params + node->params_at;
		members[k].state = m->state + node->state_at;
		if (plan->network->inference)
			continue;
		members[k].d_params = node->grouped ? m->grouped + node->grouped_at : m->gradients + node->params_at;
		members[k].d_params_stride = node->grouped ? plan->grouped_len : 0;
	}
}

static void fill_tensors(struct model *m, const struct operation *op, int thread, struct pass *p)
{
	const struct value *values = m->plan->values;

	p->out = tensor_of(m, thread, op->out, &values[op->output].data);
	p->d_out = tensor_of(m, thread, op->out, &values[op->output].gradient);
	for (int k = 0; k < plan_input_count(m->plan, op); k++) {
		const struct value *in = &values[op->inputs[k]];
		p->in[k] = tensor_of(m, thread, op->in[k], &in->data);
		p->d_in[k] = tensor_of(m, thread, op->in[k], op->side[k].len ? &op->side[k] : &in->gradient);
	}
}

static void fill_pass(struct model *m, int i, int thread)
{
	const struct operation *op = &m->plan->operations[i];
	struct pass *p = pass_of(m, i, thread);

	*p = plan_pass(m->plan, op, m->members + (size_t)i * MAX_MEMBERS);
	fill_members(m, op, m->members + (size_t)i * MAX_MEMBERS);
	fill_tensors(m, op, thread, p);
	p->kernels = m->kernels;
	p->gemm = m->gemm;
	p->saved = m->saved + op->saved_at;
	p->shared = m->shared + op->shared_at;
	p->scratch = m->scratch + (size_t)thread * m->plan->scratch_len;
	if (op->finishes >= 0) {
		p->deferred = pass_of(m, op->finishes, thread);
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
					to[count] = (struct stretch){ node->params_at + array_at + at,
					left < STRETCH ? left : STRETCH,
					                              node->grouped_at + array_at + at, i,
					                              node->grouped,
					                              node->plan.params[k].decays,
					                              plan_is_matrix(plan, i, k) };
			}
	}
	return count;
}

static bool allocate_tables(struct model *m, struct error *err)
{
	size_t operations = (size_t)m->plan->operation_count, lanes = (size_t)m->plan->groups * LANES;

	m->stretch_count = cut_stretches(m->plan, NULL);
	m->passes = calloc(operations * (size_t)plan_threads(m->plan), sizeof *m->passes);
	m->members = calloc(operations * MAX_MEMBERS, sizeof *m->members);
	m->stretches = calloc((size_t)m->stretch_count + 1, sizeof *m->stretches);
	m->matrix_count = plan_matrices(m->plan, NULL).count;
	m->matrices = calloc((size_t)m->matrix_count + 1, sizeof *m->matrices);
	m->squares = calloc((size_t)m->stretch_count + 1, sizeof *m->squares);
	m->targets = calloc(lanes, sizeof *m->targets);
	m->losses = calloc(lanes, sizeof *m->losses);
	m->correct = calloc(lanes, sizeof *m->correct);
	return m->passes && m->members && m->stretches && m->matrices && m->squares && m->targets && m->losses &&
		m->correct ? true : fail(err, "no memory for a model's tables");
}

static bool load_blas(struct model *m, struct error *err)
{
	if (!model_plan_cost(m->plan).uses_blas)
		return true;
	m->gemm = blas_load(err);
	return m->gemm;
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
	if (!load_blas(m, err) || !allocate_tables(m, err) || !allocate_block(m, err)) {
		model_destroy(m);
		return NULL;
	}
	cut_stretches(plan, m->stretches);
	plan_matrices(plan, m->matrices);
	for (int thread = 0; thread < plan_threads(plan); thread++)
		for (int i = 0; i < plan->operation_count; i++)
			fill_pass(m, i, thread);
	return m;
}

void model_destroy(struct model *m)
{
	if (!m)
		return;
	free(m->passes);
	free(m->members);
	free(m->stretches);
	free(m->matrices);
	free(m->squares);
	free(m->targets);
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

struct target *model_targets(struct model *m, int group)
{
	return m->targets + (size_t)group * LANES;
}

real *model_teacher(struct model *m, int group)
{
	return m->teacher ? m->teacher + (size_t)group * teacher_len(m->plan) : NULL;
}

/* NULL where the plan has none. */
static real *params_of(const struct model *m, enum model_weights which)
{
	return which == MODEL_TRAINED ? m->params : which == MODEL_AVERAGES ? m->averages : m->best;
}

static real *state_of(const struct model *m, enum model_weights which)
{
	return which == MODEL_TRAINED ? m->state : which == MODEL_AVERAGES ? m->state_averages : m->state_best;
}

void model_keep_best(struct model *m, enum model_weights which)
{
	assert(m->best && params_of(m, which));
	memcpy(m->best, params_of(m, which), m->plan->params_len * sizeof(real));
	memcpy(m->state_best, state_of(m, which), m->plan->state_len * sizeof(real));
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

int model_arrays(const struct model *m, struct model_array to[MODEL_ARRAYS])
{
	size_t params = m->plan->params_len, state = m->plan->state_len;
	const struct model_array all[MODEL_ARRAYS] = {
		{ m->params, params }, { m->state, state }, { m->slots[0], params }, { m->slots[1], params },
		{ m->slots[2], params }, { m->averages, params }, { m->state_averages, state }, { m->best, params },
		{ m->state_best, state }, { m->slow, params },
	};
	int count = 0;

	for (int i = 0; i < MODEL_ARRAYS; i++)
		if (all[i].at)
			to[count++] = all[i];
	return count;
}

void model_initialise(struct model *m, uint64_t seed)
{
	model_initialise_at(m->plan, seed, m->params, m->state);
	if (m->slow)
		memcpy(m->slow, m->params, m->plan->params_len * sizeof(real));
	if (m->averages) {
		memcpy(m->averages, m->params, m->plan->params_len * sizeof(real));
		memcpy(m->state_averages, m->state, m->plan->state_len * sizeof(real));
	}
}
