/* Planning from beginning to end: the graph, its operations and what they need, the program, memory. See network.h and
 * plan.h. */
#include "nn/model/plan.h"

#include <stdlib.h>

/* What an operation needs, and where it lies. */
static void plan_operation(struct model_plan *plan, struct operation *op)
{
	struct member members[MAX_MEMBERS];
	struct pass p = plan_pass(plan, op, members);

	p.deferred = op->finishes >= 0 ? &p : NULL;     /* whose does not matter yet */
	if (op->type->plan)
		op->type->plan(&p, &op->plan);
	for (int k = 0; k < op->member_count; k++)
		plan->nodes[op->members[k]].grouped = op->plan.grouped_gradient[k] && !plan->network->inference;
	op->saved_at = plan->saved_len;
	op->shared_at = plan->shared_len;
	plan->saved_len += whole_lanes(op->plan.saved_len);
	plan->shared_len += whole_lanes(op->plan.shared_len);
	if (plan->scratch_len < whole_lanes(op->plan.scratch_len))
		plan->scratch_len = whole_lanes(op->plan.scratch_len);
}

/* Parameters and running state lie in the order of the layers. */
static void plan_lengths(struct model_plan *plan, struct node *node)
{
	for (int k = 0; k < node->plan.param_count; k++)
		node->params_len += node->plan.params[k].len;
	node->params_at = plan->params_len;
	node->grouped_at = plan->grouped_len;
	node->state_at = plan->state_len;
	plan->params_len += node->params_len;
	plan->grouped_len += node->grouped ? node->params_len : 0;
	for (int k = 0; k < node->plan.state_count; k++)
		plan->state_len += node->plan.state[k].len;
}

static bool plan_all(struct model_plan *plan, struct error *err)
{
	if (!plan_graph(plan, err) || !plan_fuse(plan, err))
		return false;
	if (plan->operation_count == 0)
		return fail_at(err, plan->network->layers[0].at, "the layers compute nothing");
	for (int i = 0; i < plan->operation_count; i++)
		plan_operation(plan, &plan->operations[i]);
	for (int i = 0; i < plan->network->layer_count; i++)
		plan_lengths(plan, &plan->nodes[i]);
	return plan_program(plan, err) && plan_memory(plan, err);
}

struct model_plan *model_plan_create(const struct network *network, int batch, int optimizer_slots, struct error *err)
{
	struct model_plan *plan = calloc(1, sizeof *plan);
	size_t count = (size_t)network->layer_count;

	if (!plan || network->layer_count < 1) {
		free(plan);
		fail(err, plan ? "a network without layers" : "no memory for a plan");
		return NULL;
	}
	*plan = (struct model_plan){ .network = network, .batch = batch, .groups = (batch + LANES - 1) / LANES,
		.optimizer_slots = optimizer_slots,
		.nodes = calloc(count, sizeof *plan->nodes), .operations = calloc(count, sizeof *plan->operations),
		.values = calloc(count + 1, sizeof *plan->values) };
	if (!plan->nodes || !plan->operations || !plan->values)
		fail(err, "no memory for a plan of %d layers", network->layer_count);
	else if (plan_all(plan, err))
		return plan;
	model_plan_destroy(plan);
	return NULL;
}

void model_plan_destroy(struct model_plan *plan)
{
	if (!plan)
		return;
	free(plan->nodes);
	free(plan->operations);
	free(plan->values);
	free(plan->forward.items);
	free(plan->forward.ends);
	free(plan->backward.items);
	free(plan->backward.ends);
	free(plan);
}

void model_plan_add_averages(struct model_plan *plan)
{
	plan->averages = true;
}

void model_plan_add_best(struct model_plan *plan)
{
	plan->best = true;
}

void model_plan_add_lookahead(struct model_plan *plan)
{
	plan->slow = true;
}

void model_plan_add_perturbation(struct model_plan *plan)
{
	plan->perturbation = true;
}

void model_plan_add_teacher(struct model_plan *plan)
{
	plan->teacher = true;
}

const struct layer_plan *model_plan_layer(const struct model_plan *plan, int i)
{
	return &plan->nodes[i].plan;
}
