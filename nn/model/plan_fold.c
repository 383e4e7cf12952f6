/* Layers that need no pass of their own, because a neighbour does their work on its way. See plan.h.
 *
 * Small networks are bound by what they read and write, not by arithmetic: a pass over an array that is larger than L2 costs as much as
 * the convolution that made it. */
#include "nn/kernel/conv_norm_pool.h"
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

/* Layer k's work is done by a reader which reads `source` instead. */
static void make_elsewhere(struct model_plan *plan, int k, int source)
{
	struct node *node = &plan->nodes[k];

	node->made = true;
	node->runs = node->runs_backward = false;
	node->out = source;
}

/* Whether layer k is batch norm, with or without an activation, whose work a layer that alone reads it can do. */
static bool is_norm(const struct model_plan *plan, int k)
{
	const struct node *node = &plan->nodes[k];

	return node->type->moments_alone && !node->pooled && !node->in_place;
}

static bool is_pointwise(const struct model_plan *plan, int k)
{
	const struct layer *layer = &plan->network->layers[k];

	return layer->type->pointwise && layer->type->pointwise(layer->config) && !plan->nodes[k].activated;
}

bool plan_fold_expansion(struct model_plan *plan, int i)
{
	const struct layer *layer = &plan->network->layers[i];
	struct node *reader = &plan->nodes[i];
	int norm = layer->type->with_expansion && !plan->network->bf16 ? only_producer(plan, i) : -1;
	int conv = norm >= 0 && plan->network->layers[norm].type->norm_steps && !plan->nodes[norm].pooled ? only_producer(plan, norm) : -1;

	if (conv < 0 || !is_pointwise(plan, conv) || !layer->type->expands(layer->config, plan->nodes[conv].in[0], reader->in[0].c))
		return false;
	reader->expands = true;
	reader->conv = conv;
	reader->norm = norm;
	reader->type = layer->type->with_expansion;
	reader->in[0] = plan->nodes[conv].in[0];
	reader->before = only_producer(plan, conv);
	reader->normed = reader->before >= 0 && is_norm(plan, reader->before) && !plan->nodes[reader->before].activated;
	reader->storage[0] = plan->nodes[reader->normed ? reader->before : conv].storage[0];
	if (reader->normed)
		make_elsewhere(plan, reader->before, reader->storage[0]);
	plan->nodes[conv].storage[0] = reader->storage[0];
	make_elsewhere(plan, conv, reader->storage[0]);
	make_elsewhere(plan, norm, reader->storage[0]);
	plan->nodes[norm].storage[0] = reader->storage[0];
	return true;
}

/* The layers in a row before layer i that it can do, last one first. An activation can stand at the row's end only: its gradient wants the
 * outputs, and what comes later hides them. The row begins with a layer that has steps of its own left: it alone can wait for all groups
 * before the gradient goes on, and to everybody before the row it is the one reader. */
static int row_before(const struct model_plan *plan, int i, int row[MAX_THROUGH])
{
	int count = 0;

	for (int k = only_producer(plan, i); k >= 0 && count < MAX_THROUGH; k = only_producer(plan, k)) {
		const struct node *node = &plan->nodes[k];
		if (!node->type->channel_steps || (count && node->activated) || only_producer(plan, k) < 0)
			break;
		row[count++] = k;
		if (node->type->when_read)
			return count;
	}
	return 0;
}

/* Nothing of the row's is written but what the row reads and, in the same place, gradients. */
void plan_fold_input(struct model_plan *plan, int i)
{
	struct node *reader = &plan->nodes[i];
	int row[MAX_THROUGH], count = reader->type->reads_through ? row_before(plan, i, row) : 0;

	if (count == 0)
		return;
	int source = plan->nodes[row[count - 1]].storage[0];
	plan->storages[source].wants_gradient = true;
	reader->storage[0] = source;
	for (int k = 0; k < count; k++) {
		struct node *node = &plan->nodes[row[k]];
		reader->through[count - 1 - k] = row[k];
		node->out = node->storage[0] = source;
		node->in_place = node->type->when_read != NULL;
		node->runs = node->runs_backward = node->in_place;
		if (node->in_place)
			node->type = node->type->when_read;
	}
	reader->through_count = count;
}

/* How layer i, a 1x1 convolution, does the work of batch norm k before it: NULL if it does not. An activation between them keeps batch norm
 * out of the weights, and wants the gradient by what it reads written. */
static const struct layer_type *with_norm(const struct model_plan *plan, int i, int k)
{
	const struct layer_type *type = plan->network->layers[i].type;
	const struct node *norm = &plan->nodes[k];

	if (!is_norm(plan, k))
		return NULL;
	if (!norm->activated)
		return type->with_norm;
	return plan->storages[norm->storage[0]].wants_gradient ? type->with_active_norm : NULL;
}

void plan_fold_norm(struct model_plan *plan, int i)
{
	const struct layer *layer = &plan->network->layers[i];
	struct node *reader = &plan->nodes[i];
	bool may = reader->runs && layer->type->with_norm && layer->type->pointwise(layer->config) && !plan->network->bf16;
	int k = may ? only_producer(plan, i) : -1;
	const struct layer_type *type = k >= 0 ? with_norm(plan, i, k) : NULL;

	if (!type)
		return;
	struct node *norm = &plan->nodes[k];
	norm->type = norm->type->moments_alone;
	norm->moments_alone = true;
	norm->runs_backward = false;
	norm->out = norm->storage[0];
	reader->type = type;
	reader->normed = true;
	reader->before = k;
	reader->storage[0] = norm->storage[0];
}

/* The layer, batch norm with a max pooling and no activation, that alone reads layer i; -1 where there is none. */
static int pooled_norm_behind(const struct model_plan *plan, int i)
{
	for (int k = i + 1; k < plan->network->layer_count; k++) {
		const struct node *node = &plan->nodes[k];
		if (node->pooled && !node->activated && plan->network->layers[k].type->norm_steps && only_producer(plan, k) == i)
			return k;
	}
	return -1;
}

void plan_fold_transition(struct model_plan *plan, int i)
{
	const struct layer *layer = &plan->network->layers[i];
	struct node *node = &plan->nodes[i];
	bool may = node->runs && !node->normed && layer->type->with_pooled_norm && layer->type->pointwise(layer->config) &&
	           !plan->network->bf16 && conv_norm_pool_pays(node->in[0], node->plan.out.c);
	int k = may ? pooled_norm_behind(plan, i) : -1;

	if (k < 0)
		return;
	struct node *norm = &plan->nodes[k];
	node->type = layer->type->with_pooled_norm;
	node->transits = node->pooled = node->gated_elsewhere = true;
	node->norm = k;
	node->pooling = norm->pooling;
	node->written = norm->written;
	node->out = norm->out;
	norm->pooled = false;
	make_elsewhere(plan, k, node->out);
}

/* The one layer that reads what layer i writes, itself or a view of it; -1 where there are more. */
static int only_reader(const struct model_plan *plan, int i)
{
	int reader = -1;

	for (int k = i + 1; k < plan->network->layer_count; k++)
		for (int j = 0; plan->nodes[k].runs && j < plan->network->layers[k].type->inputs; j++) {
			if (plan->nodes[k].storage[j] != plan->nodes[i].out || plan->nodes[k].moments_alone)
				continue;
			if (plan->nodes[k].in_place)    /* and those after it read what it would write */
				return k;
			if (reader >= 0)
				return -1;
			reader = k;
		}
	return reader;
}

void plan_fold_finish(struct model_plan *plan, int i)
{
	struct node *node = &plan->nodes[i];
	int reader = node->runs && node->type->finishes && (!node->activated || node->gated_elsewhere) ? only_reader(plan, i) : -1;

	if (reader < 0 || !plan->nodes[reader].type->finish)
		return;
	node->finishes = true;
	node->reader = reader;
	plan->nodes[reader].finished_elsewhere = true;
}

void plan_fold_gate(struct model_plan *plan, int i)
{
	struct node *node = &plan->nodes[i];
	bool may = node->runs && node->activated && !node->gated_elsewhere && !node->moments_alone;
	int reader = may ? only_reader(plan, i) : -1;

	if (reader < 0 || !plan->network->layers[reader].type->gates)
		return;
	plan->nodes[reader].gate = &node->activation;
	node->gated_elsewhere = true;
}
