/* The graph: each layer planned for itself, and what its operations need. See network.h and plan.h. */
#include "nn/model/plan.h"

#include <stdlib.h>

enum { MAX_IMAGE_LEN = 1 << 26 };       /* numbers in one image of one tensor */

static struct shape shape_of(const struct model_plan *plan, int layer)
{
	return layer == NETWORK_INPUT ? plan->network->input : plan->nodes[layer].plan.out;
}

/* Whether the gradient with respect to what a layer writes, or the network's input, is needed. */
static bool wants_gradient(const struct model_plan *plan, int layer)
{
	return layer == NETWORK_INPUT ? plan->network->input_gradient : plan->nodes[layer].wants_gradient;
}

static bool plan_layer(struct model_plan *plan, int i, struct error *err)
{
	const struct layer *layer = &plan->network->layers[i];
	struct node *node = &plan->nodes[i];
	struct plan_request request = { .input_count = layer->type->inputs, .at = layer->at,
		.bf16 = plan->network->bf16 };

	for (int k = 0; k < layer->type->inputs; k++) {
		request.in[k] = shape_of(plan, layer->from[k]);
		node->wants_gradient = node->wants_gradient || wants_gradient(plan, layer->from[k]);
	}
	node->in = request.in[0];
	if (!layer->type->plan(layer->config, &request, &node->plan, err))
		return false;
	if (image_len(node->plan.out) > MAX_IMAGE_LEN)
		return fail_at(err, layer->at,
			"%s: its output of %dx%dx%d (height x width x channels) is larger than %d numbers",
		               layer->type->kind.name, node->plan.out.h, node->plan.out.w, node->plan.out.c,
		               MAX_IMAGE_LEN);
	node->wants_gradient = node->wants_gradient || node->plan.param_count > 0;
	return true;
}

int plan_input_count(const struct model_plan *plan, const struct operation *op)
{
	return plan->network->layers[op->members[0]].type->inputs;
}

struct member plan_member(const struct model_plan *plan, int i)
{
	const struct layer *layer = &plan->network->layers[i], *active = layer;
	const struct node *node = &plan->nodes[i];

	if (node->activation >= 0)
		active = &plan->network->layers[node->activation];
	return (struct member){ .config = layer->config, .plan = &node->plan, .in = node->in,
		.activation = active->type->activation ? active->type->activation(active->config)
		: ACTIVATION_IDENTITY };
}

struct pass plan_pass(const struct model_plan *plan, const struct operation *op, struct member *members)
{
	struct pass p = { .plan = &op->plan, .members = members, .member_count = op->member_count,
		.activation = op->activation,
		.mask = op->mask, .groups = plan->groups, .images = plan->batch, .training = true };

	for (int k = 0; k < op->member_count; k++) {
		members[k] = plan_member(plan, op->members[k]);
		if (op->members[k] == op->host)
			p.host = &members[k];
	}
	for (int k = 0; k < plan_input_count(plan, op); k++)
		p.in[k].shape = p.d_in[k].shape = op->in[k];
	p.out.shape = p.d_out.shape = op->out;
	return p;
}

/* What an operation needs, and where it lies. */
static void plan_operation(struct model_plan *plan, struct operation *op)
{
	struct member members[MAX_MEMBERS];
	struct pass p = plan_pass(plan, op, members);

	p.deferred = op->finishes >= 0 ? &p : NULL;     /* whose does not matter yet */
	if (op->type->plan)
		op->type->plan(&p, &op->plan);
	for (int k = 0; k < op->member_count; k++)
		plan->nodes[op->members[k]].grouped = op->plan.grouped_gradient[k];
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

static bool check_readers(const struct network *n, struct error *err)
{
	for (int i = 0; i + 1 < n->layer_count; i++)
		if (plan_reader_count(n, i) == 0)
			return fail_at(err, n->layers[i].at, "%s: nothing reads its output",
				n->layers[i].type->kind.name);
	return true;
}

static bool check_input(const struct network *n, struct error *err)
{
	struct shape in = n->input;

	return image_len(in) <= MAX_IMAGE_LEN ? true :
	       fail(err, "the input of %dx%dx%d (height x width x channels) is larger than %d numbers", in.h, in.w,
	       in.c, MAX_IMAGE_LEN);
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

static bool plan_graph(struct model_plan *plan, struct error *err)
{
	if (!check_input(plan->network, err))
		return false;
	for (int i = 0; i < plan->network->layer_count; i++)
		if (!plan_layer(plan, i, err))
			return false;
	return true;
}

static bool plan_all(struct model_plan *plan, struct error *err)
{
	if (!plan_graph(plan, err) || !plan_fuse(plan, err))
		return false;
	for (int i = 0; i < plan->operation_count; i++)
		plan_operation(plan, &plan->operations[i]);
	for (int i = 0; i < plan->network->layer_count; i++)
		plan_lengths(plan, &plan->nodes[i]);
	return check_readers(plan->network, err) && check_logits(plan, err) && plan_program(plan, err) &&
		plan_memory(plan, err);
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

void model_plan_add_kept(struct model_plan *plan)
{
	plan->kept = true;
}

int plan_seats(const struct model_plan *plan)
{
	return plan->groups < CREW_SEATS ? plan->groups : CREW_SEATS;
}

const struct layer_plan *model_plan_layer(const struct model_plan *plan, int i)
{
	return &plan->nodes[i].plan;
}
