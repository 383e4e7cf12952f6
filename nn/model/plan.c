/* Shapes: a network's plan but for what is folded, its program, memory and cost. See network.h and plan.h. */
#include "nn/model/plan.h"

#include <stdlib.h>

enum { MAX_IMAGE_LEN = 1 << 26 };       /* numbers in one image of one tensor */

static struct shape shape_of(const struct model_plan *plan, int layer)
{
	return layer == NETWORK_INPUT ? plan->network->input : plan->nodes[layer].plan.out;
}

static int storage_of(const struct model_plan *plan, int layer)
{
	return layer == NETWORK_INPUT ? 0 : plan->nodes[layer].out;
}

static bool plan_layer(struct model_plan *plan, int i, struct error *err)
{
	const struct layer *layer = &plan->network->layers[i];
	struct node *node = &plan->nodes[i];
	struct plan_request request = { .input_count = layer->type->inputs, .groups = plan->groups, .at = layer->at,
	                                .bf16 = plan->network->bf16 };

	for (int k = 0; k < layer->type->inputs; k++) {
		request.in[k] = node->in[k] = shape_of(plan, layer->from[k]);
		node->storage[k] = storage_of(plan, layer->from[k]);
	}
	node->activation = layer->type->activation ? layer->type->activation(layer->config) : ACTIVATION_IDENTITY;
	if (!layer->type->plan(layer->config, &request, &node->plan, err))
		return false;
	if (image_len(node->plan.out) > MAX_IMAGE_LEN)
		return fail_at(err, layer->at, "%s: its output of %dx%dx%d (height x width x channels) is larger than %d numbers",
		               layer->type->kind.name, node->plan.out.h, node->plan.out.w, node->plan.out.c, MAX_IMAGE_LEN);
	node->type = layer->type;
	node->written = node->plan.out;
	node->runs = !node->plan.view && !plan_fold_activation(plan, i) && !plan_fold_pooling(plan, i);
	node->out = node->storage[0];
	if (node->runs) {
		if (!plan_fold_expansion(plan, i))
			plan_fold_input(plan, i);
		node->out = plan->storage_count++;
		plan->storages[node->out] = (struct storage){ .producer = i };
	}
	return true;
}

/* Whether a gradient flows through layer i, and on to what it reads. */
static void plan_gradient(struct model_plan *plan, int i)
{
	struct node *node = &plan->nodes[i];
	bool behind = node->plan.param_count > 0;

	for (int k = 0; k < plan->network->layers[i].type->inputs; k++)
		behind = behind || plan->storages[node->storage[k]].wants_gradient;
	node->runs_backward = node->runs && behind;
	if (node->runs)
		plan->storages[node->out].wants_gradient = behind;
}

/* A layer that also does the work of others, or whose work others do, needs other memory. */
static bool is_folded(const struct node *node)
{
	return node->pooled || node->through_count || node->expands || node->made || node->normed || node->moments_alone ||
	       node->finishes;
}

static bool plan_folded(struct model_plan *plan, int i, struct error *err)
{
	const struct layer *layer = &plan->network->layers[i];
	struct node *node = &plan->nodes[i];
	struct plan_request request = { .input_count = layer->type->inputs, .in = { node->in[0] }, .groups = plan->groups, .at = layer->at,
	                                .pooling = node->pooled ? &node->pooling : NULL, .through = node->through_count > 0,
	                                .unfinished = node->finishes,
	                                .expanded = node->expands ? node->plan.out.c : 0, .made = node->made || node->moments_alone,
	                                .bf16 = plan->network->bf16 };

	node->plan = (struct layer_plan){ 0 };
	return node->type->plan(layer->config, &request, &node->plan, err);
}

static void plan_lengths(struct model_plan *plan, int i)
{
	struct node *node = &plan->nodes[i];
	size_t state = 0;

	for (int k = 0; k < node->plan.param_count; k++)
		node->params_len += node->plan.params[k].len;
	for (int k = 0; k < node->plan.state_count; k++)
		state += node->plan.state[k].len;
	node->params_at = plan->params_len;
	node->grouped_at = plan->grouped_len;
	node->state_at = plan->state_len;
	node->saved_at = plan->saved_len;
	node->shared_at = plan->shared_len;
	plan->params_len += node->params_len;
	plan->grouped_len += node->plan.grouped_gradient ? node->params_len : 0;
	plan->state_len += state;
	plan->saved_len += whole_lanes(node->plan.saved_len);
	plan->shared_len += whole_lanes(node->plan.shared_len);
	if (plan->scratch_len < whole_lanes(node->plan.scratch_len))
		plan->scratch_len = whole_lanes(node->plan.scratch_len);
}

static bool check_readers(const struct network *n, struct error *err)
{
	for (int i = 0; i + 1 < n->layer_count; i++)
		if (plan_reader_count(n, i) == 0)
			return fail_at(err, n->layers[i].at, "%s: nothing reads its output", n->layers[i].type->kind.name);
	return true;
}

static bool check_input(const struct network *n, struct error *err)
{
	struct shape in = n->input;

	return image_len(in) <= MAX_IMAGE_LEN ? true :
	       fail(err, "the input of %dx%dx%d (height x width x channels) is larger than %d numbers", in.h, in.w, in.c, MAX_IMAGE_LEN);
}

static bool check_logits(const struct model_plan *plan, struct error *err)
{
	const struct network *n = plan->network;
	struct shape out = shape_of(plan, n->layer_count - 1);

	if (out.c == n->classes && out.h == 1 && out.w == 1)
		return true;
	return fail_at(err, n->layers[n->layer_count - 1].at,
	               "the last layer's output is %dx%dx%d (height x width x channels), not 1x1x%d as %d classes need",
	               out.h, out.w, out.c, n->classes, n->classes);
}

static bool plan_all(struct model_plan *plan, struct error *err)
{
	if (!check_input(plan->network, err))
		return false;
	plan->storages[plan->storage_count++] = (struct storage){ .producer = NETWORK_INPUT,
	                                                          .wants_gradient = plan->network->input_gradient };
	for (int i = 0; i < plan->network->layer_count; i++) {
		if (!plan_layer(plan, i, err))
			return false;
		plan_gradient(plan, i);
	}
	for (int i = 0; i < plan->network->layer_count; i++)
		plan_fold_norm(plan, i);
	for (int i = 0; i < plan->network->layer_count; i++)
		plan_fold_transition(plan, i);
	for (int i = 0; i < plan->network->layer_count; i++)
		plan_fold_gate(plan, i);
	for (int i = 0; i < plan->network->layer_count; i++)
		plan_fold_finish(plan, i);
	for (int i = 0; i < plan->network->layer_count; i++) {
		if (is_folded(&plan->nodes[i]) && !plan_folded(plan, i, err))
			return false;
		plan_lengths(plan, i);
	}
	return check_readers(plan->network, err) && check_logits(plan, err) && plan_program(plan, err) && plan_memory(plan, err);
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
		.nodes = calloc(count, sizeof *plan->nodes), .storages = calloc(count + 1, sizeof *plan->storages) };
	if (!plan->nodes || !plan->storages)
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
	free(plan->storages);
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

void model_plan_add_kept(struct model_plan *plan)
{
	plan->kept = true;
}

size_t model_plan_len(const struct model_plan *plan)
{
	size_t groups = (size_t)plan->groups, others = (size_t)plan->averages + (size_t)plan->kept;

	return plan->params_len * (2 + (size_t)plan->optimizer_slots + others) + plan->state_len * (1 + others) +
	       plan->grouped_len * groups + plan->activations_len + plan->saved_len + plan->shared_len +
	       (plan->local_len + plan->scratch_len) * (size_t)plan_seats(plan);
}

int plan_seats(const struct model_plan *plan)
{
	return plan->groups < CREW_SEATS ? plan->groups : CREW_SEATS;
}

const struct layer_plan *model_plan_layer(const struct model_plan *plan, int i)
{
	return &plan->nodes[i].plan;
}
