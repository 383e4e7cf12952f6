/* Layers that need no pass of their own, because a neighbour does their work on its way. See plan.h.
 *
 * Small networks are bound by what they read and write, not by arithmetic: a pass over an array that is larger than L2 costs as much as
 * the convolution that made it. */
#include "nn/model/plan.h"

int plan_reader_count(const struct network *n, int i)
{
	int count = 0;

	for (int k = i + 1; k < n->layer_count; k++)
		for (int j = 0; j < n->layers[k].type->inputs; j++)
			count += n->layers[k].from[j] == i;
	return count;
}

bool plan_fold_activation(struct model_plan *plan, int i)
{
	const struct layer *layer = &plan->network->layers[i];
	int from = layer->from[0];

	if (!layer->type->activation || from == NETWORK_INPUT)
		return false;
	struct node *producer = &plan->nodes[from];
	if (!plan->network->layers[from].type->applies_activation || producer->activated || plan_reader_count(plan->network, from) != 1)
		return false;
	producer->activated = true;
	producer->activation = plan->nodes[i].activation;
	return true;
}

/* The layer that wrote what layer i reads, if it wrote it in that shape and for layer i alone; else -1. */
static int only_producer(const struct model_plan *plan, int i)
{
	int from = plan->network->layers[i].from[0];

	if (from == NETWORK_INPUT || plan_reader_count(plan->network, from) != 1)
		return -1;
	if (plan->network->layers[from].type->activation && !plan->nodes[from].runs)
		return plan->network->layers[from].from[0];
	return plan->nodes[from].runs ? from : -1;
}

bool plan_fold_pooling(struct model_plan *plan, int i)
{
	const struct layer *layer = &plan->network->layers[i];
	int producer = layer->type->max_pool ? only_producer(plan, i) : -1;

	if (producer < 0 || !plan->nodes[producer].type->with_max_pool)
		return false;
	struct node *node = &plan->nodes[producer];
	node->type = node->type->with_max_pool;
	layer->type->max_pool(layer->config, node->written, &node->pooling);
	node->written = plan->nodes[i].plan.out;
	node->pooled = true;
	return true;
}

/* The one layer that reads what layer i writes, itself or a view of it; -1 where there are more. */
static int only_reader(const struct model_plan *plan, int i)
{
	int reader = -1;

	for (int k = i + 1; k < plan->network->layer_count; k++)
		for (int j = 0; plan->nodes[k].runs && j < plan->network->layers[k].type->inputs; j++) {
			if (plan->nodes[k].storage[j] != plan->nodes[i].out)
				continue;
			if (reader >= 0)
				return -1;
			reader = k;
		}
	return reader;
}

void plan_fold_gate(struct model_plan *plan, int i)
{
	struct node *node = &plan->nodes[i];
	int reader = node->runs && node->activated ? only_reader(plan, i) : -1;

	if (reader < 0 || !plan->network->layers[reader].type->gates)
		return;
	plan->nodes[reader].gate = &node->activation;
	node->gated_elsewhere = true;
}
