/* What a plan costs: counts, memory, and for each stage of an update its multiply-adds and the bytes that it moves. See
 * network.h.
 *
 * Bytes are counted step by step, as if caches held everything within a step and nothing between two: each array that a
 * step reads or writes counts once, in the length that the plan gives it, empty lanes included. A kernel that reads an
 * array twice while it lies in a cache moves it once; an array that the next step finds still in a cache is moved all
 * the same. So it is neither what a perfect cache would move nor what memory sees, but what the plan says: fusing
 * two steps lowers it, a larger cache does not. */
#include "nn/model/plan.h"

static int64_t bytes_of(size_t numbers)
{
	return (int64_t)(numbers * sizeof(real));
}

static int64_t tensor_bytes(const struct model_plan *plan, struct shape shape)
{
	return bytes_of(group_len(shape) * (size_t)plan->groups);
}

struct cost model_plan_cost(const struct model_plan *plan)
{
	struct cost cost = {
		.trainable = (int64_t)plan->params_len,
		.total = (int64_t)(plan->params_len + plan->state_len),
		.activation_bytes = bytes_of(plan->activations_len + plan->local_len * (size_t)plan_threads(plan)),
		.memory_bytes = bytes_of(model_plan_len(plan)),
	};

	for (int i = 0; i < plan->network->layer_count; i++)
		cost.macs += plan->nodes[i].plan.macs;
	cost.uses_blas = plan_matrices(plan, NULL).count > 0;
	for (int i = 0; i < plan->operation_count; i++)
		cost.uses_blas = cost.uses_blas || plan->operations[i].plan.uses_blas;
	return cost;
}

/* Whether the gradient with respect to some input is needed. */
static bool wants_data(const struct model_plan *plan, const struct operation *op)
{
	bool any = false;

	for (int k = 0; k < plan_input_count(plan, op); k++)
		any = any || plan->values[op->inputs[k]].wants_gradient;
	return any;
}

/* Parameters are those of the layer that the item is counted for. */
static int64_t moved_bytes(const struct model_plan *plan, const struct item *item, const struct moves *moves)
{
	const struct operation *op = &plan->operations[item->operation];
	const struct node *node = &plan->nodes[item->layer];
	size_t gradients = node->grouped ? (size_t)plan->groups : 1;
	int64_t bytes = (moves->out + moves->d_out) * tensor_bytes(plan, op->out) +
		moves->params * bytes_of(node->params_len) +
	                moves->d_params * bytes_of(gradients * node->params_len);

	for (int k = 0; k < plan_input_count(plan, op); k++)
		bytes += (moves->in + (plan->values[op->inputs[k]].wants_gradient ? moves->d_in : 0)) *
			tensor_bytes(plan, op->in[k]);
	return bytes;
}

static int64_t item_bytes(const struct model_plan *plan, const struct item *item)
{
	const struct operation *op = &plan->operations[item->operation];

	if (item->run == model_run_activation_backward)         /* reads y and d_y, writes d_y */
		return 3 * tensor_bytes(plan, op->out);
	if (item->run == model_run_accumulate)                  /* reads two gradients, writes their sum */
		return 3 * tensor_bytes(plan, op->in[item->input]);
	if (item->run == model_run_loss)
		return 0;                                       /* a stage of its own */
	int64_t bytes = moved_bytes(plan, item, &item->step->moves);
	if (op->finishes >= 0 && item->step == op->type->backward)        /* reads its output */
		bytes += tensor_bytes(plan, op->out);
	return bytes + (wants_data(plan, op) ? moved_bytes(plan, item, &item->step->data_moves) : 0);
}

static int64_t program_bytes(const struct model_plan *plan, const struct program *program, int layer)
{
	int64_t bytes = 0;

	for (int i = 0; i < program->count; i++)
		if (program->items[i].layer == layer)
			bytes += item_bytes(plan, &program->items[i]);
	return bytes;
}

/* A byte for each number comes in, a number goes out. */
static struct stage_cost loading_cost(const struct model_plan *plan)
{
	struct shape input = plan->network->input;

	return (struct stage_cost){ .bytes = (int64_t)image_len(input) * plan->batch + tensor_bytes(plan, input) };
}

/* The operation that a layer is the host of; NULL: none. */
static const struct operation *hosted_by(const struct model_plan *plan, int layer)
{
	int i = plan->nodes[layer].operation;

	return i >= 0 && plan->operations[i].host == layer ? &plan->operations[i] : NULL;
}

/* Weights are read and written anew; those that are used as they are have nothing to pack. */
static int64_t packing_bytes(const struct model_plan *plan, const struct operation *op)
{
	return op->plan.packed_len ? bytes_of(plan->nodes[op->host].plan.params[0].len + op->plan.packed_len) : 0;
}

/* Multiply-adds of a batch's images that an operation does in one pass. */
static int64_t macs_done(const struct model_plan *plan, const struct operation *op)
{
	int64_t macs = 0;

	for (int k = 0; k < op->member_count; k++)
		macs += plan->nodes[op->members[k]].plan.macs;
	return macs * plan->batch;
}

/* What an operation does in the stages of a batch, counted for its host: multiply-adds, and what no step says. */
static struct stage_cost hosted_cost(const struct model_plan *plan, enum stage stage, const struct operation *op)
{
	switch (stage) {
	case STAGE_PACKING:
		return (struct stage_cost){ .bytes = packing_bytes(plan, op) };
	case STAGE_FORWARD:
		return (struct stage_cost){ .macs = macs_done(plan, op) };
	case STAGE_BACKWARD:    /* the gradients with respect to the weights and to the input */
		return (struct stage_cost){ .macs = op->runs_backward ? macs_done(plan, op) * (1 + wants_data(plan, op))
			: 0 };
	default:
		return (struct stage_cost){ 0 };
	}
}

/* Bytes of a layer's steps, and of its parameters. */
static int64_t stage_bytes(const struct model_plan *plan, enum stage stage, int layer)
{
	const struct node *node = &plan->nodes[layer];

	switch (stage) {
	case STAGE_FORWARD:
		return program_bytes(plan, &plan->forward, layer);
	case STAGE_LOSS:        /* reads the logits, writes their gradient */
		return layer + 1 == plan->network->layer_count ? 2 * tensor_bytes(plan, node->plan.out) : 0;
	case STAGE_BACKWARD:
		return program_bytes(plan, &plan->backward, layer);
	case STAGE_SUMMING:     /* the gradients of all groups are read, their sum is written */
		return node->grouped ? (plan->groups + 1) * bytes_of(node->params_len) : 0;
	/* parameters and the optimizer's numbers are read and written, gradients read; then averages likewise */
	case STAGE_UPDATE:
		return (3 + 2 * plan->optimizer_slots + 3 * plan->averages) * bytes_of(node->params_len);
	default:
		return 0;
	}
}

struct stage_cost model_plan_stage(const struct model_plan *plan, enum stage stage, int layer)
{
	if (layer == NETWORK_INPUT)
		return stage == STAGE_LOADING ? loading_cost(plan) : (struct stage_cost){ 0 };
	const struct operation *op = hosted_by(plan, layer);
	struct stage_cost cost = op ? hosted_cost(plan, stage, op) : (struct stage_cost){ 0 };

	cost.bytes += stage_bytes(plan, stage, layer);
	return cost;
}

struct stage_cost model_plan_update(const struct model_plan *plan)
{
	struct stage_cost sum = { 0 };

	for (int layer = NETWORK_INPUT; layer < plan->network->layer_count; layer++)
		for (int stage = 0; stage < STAGES; stage++) {
			struct stage_cost part = model_plan_stage(plan, (enum stage)stage, layer);
			sum.macs += part.macs;
			sum.bytes += part.bytes;
		}
	return sum;
}

bool model_plan_computes(const struct model_plan *plan, int layer)
{
	for (int i = 0; i < plan->forward.count; i++)
		if (plan->forward.items[i].step && plan->forward.items[i].layer == layer)
			return true;
	return false;
}
