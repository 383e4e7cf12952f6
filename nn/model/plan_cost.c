/* What a plan costs: counts, memory, and for each stage of an update its multiply-adds and the bytes that it moves. See network.h.
 *
 * Bytes are counted step by step, as if caches held everything within a step and nothing between two: each array that a step reads or
 * writes counts once, in the length that the plan gives it, empty lanes included. A kernel that reads an array twice while it lies in
 * a cache moves it once; an array that the next step finds still in a cache is moved all the same. So it is neither what a perfect
 * cache would move nor what memory sees, but what the plan asks for: fusing two steps lowers it, a larger cache does not. */
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
		.activation_bytes = bytes_of(plan->activations_len + plan->local_len * (size_t)plan_seats(plan)),
		.memory_bytes = bytes_of(model_plan_len(plan)),
	};

	for (int i = 0; i < plan->network->layer_count; i++)
		cost.macs += plan->nodes[i].plan.macs;
	return cost;
}

static int input_count(const struct model_plan *plan, int layer)
{
	return plan->network->layers[layer].type->inputs;
}

/* Whether somebody needs the gradient by that input. */
static bool wants_data(const struct model_plan *plan, int layer, int input)
{
	return plan->storages[plan->nodes[layer].storage[input]].wants_gradient;
}

static bool wants_any_data(const struct model_plan *plan, int layer)
{
	bool any = false;

	for (int k = 0; k < input_count(plan, layer); k++)
		any = any || wants_data(plan, layer, k);
	return any;
}

static int64_t moved_bytes(const struct model_plan *plan, int layer, const struct moves *moves)
{
	const struct node *node = &plan->nodes[layer];
	size_t gradients = node->plan.grouped_gradient ? (size_t)plan->groups : 1;
	int64_t bytes = (moves->out + moves->d_out) * tensor_bytes(plan, node->written) +
	                moves->params * bytes_of(node->params_len) + moves->d_params * bytes_of(gradients * node->params_len);

	for (int k = 0; k < input_count(plan, layer); k++)
		bytes += (moves->in + (wants_data(plan, layer, k) ? moves->d_in : 0)) * tensor_bytes(plan, node->in[k]);
	return bytes;
}

static int64_t item_bytes(const struct model_plan *plan, const struct item *item)
{
	const struct node *node = &plan->nodes[item->layer];

	if (item->run == model_run_activation_backward)         /* reads y and d_y, writes d_y */
		return 3 * tensor_bytes(plan, node->written);
	if (item->run == model_run_accumulate)                  /* reads two gradients, writes their sum */
		return 3 * tensor_bytes(plan, node->in[item->input]);
	if (item->run == model_run_loss)
		return 0;                                       /* a stage of its own */
	int64_t bytes = moved_bytes(plan, item->layer, &item->step->moves);
	if (node->finishes && item->step == node->type->backward)        /* reads its output */
		bytes += tensor_bytes(plan, node->written);
	return bytes + (wants_any_data(plan, item->layer) ? moved_bytes(plan, item->layer, &item->step->data_moves) : 0);
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

/* Weights are read and written anew; those that are used as they are have nothing to pack. */
static int64_t packing_bytes(const struct node *node)
{
	return node->plan.packed_len ? bytes_of(node->plan.params[0].len + node->plan.packed_len) : 0;
}

/* Multiply-adds of one image that are done where layer i runs. */
static int64_t macs_done(const struct model_plan *plan, int i)
{
	const struct node *node = &plan->nodes[i];

	return node->made ? 0 : node->plan.macs + (node->expands ? plan->nodes[node->conv].plan.macs : 0);
}

struct stage_cost model_plan_stage(const struct model_plan *plan, enum stage stage, int layer)
{
	if (layer == NETWORK_INPUT)
		return stage == STAGE_LOADING ? loading_cost(plan) : (struct stage_cost){ 0 };
	const struct node *node = &plan->nodes[layer];
	int64_t macs = macs_done(plan, layer) * plan->batch;

	switch (stage) {
	case STAGE_PACKING:
		return (struct stage_cost){ .bytes = packing_bytes(node) };
	case STAGE_FORWARD:
		return (struct stage_cost){ macs, program_bytes(plan, &plan->forward, layer) };
	case STAGE_LOSS:        /* reads the logits, writes their gradient */
		return (struct stage_cost){ .bytes = layer + 1 == plan->network->layer_count ? 2 * tensor_bytes(plan, node->plan.out) : 0 };
	case STAGE_BACKWARD:    /* the gradient by the weights, and that by the data */
		return (struct stage_cost){ macs * (node->runs_backward + (node->runs_backward && wants_any_data(plan, layer))),
		                            program_bytes(plan, &plan->backward, layer) };
	case STAGE_SUMMING:     /* the gradients of all groups are read, their sum is written */
		return (struct stage_cost){ .bytes = node->plan.grouped_gradient ? (plan->groups + 1) * bytes_of(node->params_len) : 0 };
	case STAGE_UPDATE:      /* parameters and the optimizer's numbers are read and written, gradients read; then averages likewise */
		return (struct stage_cost){ .bytes = (3 + 2 * plan->optimizer_slots + 3 * plan->averages) * bytes_of(node->params_len) };
	case STAGE_LOADING:
	case STAGES:
		break;
	}
	return (struct stage_cost){ 0 };
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
	return plan->nodes[layer].runs;
}
