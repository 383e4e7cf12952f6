/* The graph: each layer planned for itself, and what everybody asks of it. See plan.h. */
#include "nn/model/plan.h"

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
		.bf16 = plan->network->bf16, .dropout = plan->network->dropout };

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
	node->wants_gradient = !plan->network->inference && (node->wants_gradient || node->plan.param_count > 0);
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

int plan_source(const struct model_plan *plan, int layer)
{
	while (layer != NETWORK_INPUT && plan->nodes[layer].plan.identity)
		layer = plan->network->layers[layer].from[0];
	return layer;
}

bool plan_reads(const struct model_plan *plan, int reader, int input, int layer)
{
	return !plan->nodes[reader].plan.identity &&
	       plan_source(plan, plan->network->layers[reader].from[input]) == layer;
}

int plan_reader_count(const struct model_plan *plan, int i)
{
	const struct network *n = plan->network;
	int count = 0;

	for (int k = i + 1; k < n->layer_count; k++)
		for (int j = 0; j < n->layers[k].type->inputs; j++)
			count += plan_reads(plan, k, j, i);
	return count;
}

int plan_threads(const struct model_plan *plan)
{
	return plan->groups < TEAM_THREADS ? plan->groups : TEAM_THREADS;
}

static bool is_read(const struct network *n, int i)
{
	for (int k = i + 1; k < n->layer_count; k++)
		for (int j = 0; j < n->layers[k].type->inputs; j++)
			if (n->layers[k].from[j] == i)
				return true;
	return false;
}

static bool check_readers(const struct network *n, struct error *err)
{
	for (int i = 0; i + 1 < n->layer_count; i++)
		if (!is_read(n, i))
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

bool plan_graph(struct model_plan *plan, struct error *err)
{
	if (!check_input(plan->network, err))
		return false;
	for (int i = 0; i < plan->network->layer_count; i++)
		if (!plan_layer(plan, i, err))
			return false;
	return check_readers(plan->network, err) && check_logits(plan, err);
}
