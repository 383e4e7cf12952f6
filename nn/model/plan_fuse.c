/* From layers to operations: chains that fit a pattern become one, every other layer one by itself. See plan.h and
 * nn/fused/fused.h. */
#include "nn/model/plan.h"

#include <stdlib.h>

/* The layer that alone reads layer i; -1: none or several. */
static int only_reader(const struct model_plan *plan, int i)
{
	const struct network *n = plan->network;

	for (int k = i + 1; k < n->layer_count; k++)
		for (int j = 0; j < n->layers[k].type->inputs; j++)
			if (plan_reads(plan, k, j, i))
				return plan_reader_count(plan, i) == 1 ? k : -1;
	return -1;
}

/* An activation is applied by the layer before it if that can do so and nobody else reads what it writes before. */
static void attach_activations(struct model_plan *plan)
{
	const struct network *n = plan->network;

	for (int i = 0; i < n->layer_count; i++) {
		int reader = n->layers[i].type->alone.applies_activation ? only_reader(plan, i) : -1;
		bool may = reader >= 0 && n->layers[reader].type->activation;
		plan->nodes[i].activation = may ? reader : -1;
		if (may)
			plan->nodes[reader].applied = true;
	}
}

/* --- Chains ------------------------------------------------------------------------------------------------------- */

/* The layers that fit a pattern's elements, or one by itself. `taken`: one of such a chain. */
struct chain {
	const struct pattern *pattern;
	int count, layers[MAX_MEMBERS];
	bool taken;
};

static bool fits(const struct model_plan *plan, int i, const struct element *e)
{
	const struct layer *layer = &plan->network->layers[i];
	bool activated = plan->nodes[i].activation >= 0;

	return layer->type == e->type && (!e->accepts || e->accepts(layer->config)) &&
	       (e->activated == MAYBE || activated == (e->activated == ACTIVATED));
}

/* The chain that begins with layer i, if it fits the pattern and none of its layers is taken; else of no layers. */
static struct chain chain_from(const struct model_plan *plan, const struct chain *chains, const struct pattern *pattern,
	int i)
{
	struct chain chain = { .pattern = pattern };
	const struct element *e = pattern->chain;

	for (; e->type; e++) {
		if (i < 0 || chains[i].taken || !fits(plan, i, e))
			return (struct chain){ .count = 0 };
		chain.layers[chain.count++] = i;
		i = only_reader(plan, plan->nodes[i].activation >= 0 ? plan->nodes[i].activation : i);
	}
	return chain;
}

static bool pays(const struct model_plan *plan, const struct chain *chain)
{
	const struct network *n = plan->network;
	struct member members[MAX_MEMBERS];
	int from = plan_source(plan, n->layers[chain->layers[0]].from[0]);
	struct match match = { .members = members, .count = chain->count, .bf16 = n->bf16,
		.wants_gradient = from == NETWORK_INPUT ? n->input_gradient : plan->nodes[from].wants_gradient,
		.only_reader = from != NETWORK_INPUT && plan_reader_count(plan, from) == 1 };

	for (int k = 0; k < chain->count; k++)
		members[k] = plan_member(plan, chain->layers[k]);
	return chain->pattern->pays ? chain->pattern->pays(&match) : true;
}

/* Finds all chains of the patterns, first pattern first; each stands at the place of its last layer. */
static void find_chains(const struct model_plan *plan, struct chain *chains)
{
	for (const struct pattern *pattern = patterns; pattern->name; pattern++)
		for (int i = 0; i < plan->network->layer_count; i++) {
			struct chain chain = chain_from(plan, chains, pattern, i);
			if (chain.count == 0 || !pays(plan, &chain))
				continue;
			for (int k = 0; k < chain.count; k++)
				chains[chain.layers[k]].taken = true;
			chain.taken = true;
			chains[chain.layers[chain.count - 1]] = chain;
		}
}

/* --- Operations --------------------------------------------------------------------------------------------------- */

static int value_of(const struct model_plan *plan, int layer)
{
	return layer == NETWORK_INPUT ? 0 : plan->nodes[layer].value;
}

static struct shape shape_of(const struct model_plan *plan, int layer)
{
	return layer == NETWORK_INPUT ? plan->network->input : plan->nodes[layer].plan.out;
}

/* What is applied to the output is the activation of the last member that applies one: a pooling behind it changes
 * nothing of that. */
static struct activation output_activation(const struct model_plan *plan, const struct chain *chain)
{
	int k = chain->count - 1;

	while (k > 0 && !plan->network->layers[chain->layers[k]].type->alone.applies_activation)
		k--;
	return plan->nodes[chain->layers[k]].activation >= 0 ? plan_member(plan, chain->layers[k]).activation
		: ACTIVATION_IDENTITY;
}

/* The layer's work, and that of the activation that it applies, is the operation's. */
static void assign_layer(struct model_plan *plan, int layer, int operation)
{
	struct node *node = &plan->nodes[layer];

	node->operation = operation;
	if (node->activation >= 0)
		plan->nodes[node->activation].operation = operation;
}

static void add_operation(struct model_plan *plan, const struct chain *chain)
{
	const struct layer *first = &plan->network->layers[chain->layers[0]];
	int last = chain->layers[chain->count - 1], index = plan->operation_count++;
	struct operation *op = &plan->operations[index];

	*op = (struct operation){ .pattern = chain->pattern, .member_count = chain->count, .host = last, .finishes = -1,
		.type = chain->pattern ? chain->pattern->type : &first->type->alone, .out = plan->nodes[last].plan.out,
		.activation = output_activation(plan, chain), .output = plan->value_count++ };
	if (chain->pattern)
		op->host = chain->layers[chain->pattern->host];
	for (int k = 0; k < chain->count; k++) {
		op->members[k] = chain->layers[k];
		assign_layer(plan, chain->layers[k], index);
	}
	for (int k = 0; k < first->type->inputs; k++) {
		op->in[k] = shape_of(plan, first->from[k]);
		op->inputs[k] = value_of(plan, first->from[k]);
	}
	op->runs_backward = plan->nodes[last].wants_gradient;
	plan->values[op->output].wants_gradient = op->runs_backward;
	plan->nodes[last].value = op->output;
}

/* In the order of the chains' last layers, so that what an operation reads is written before. */
static void add_operations(struct model_plan *plan, const struct chain *chains)
{
	plan->values[plan->value_count++].wants_gradient = plan->network->input_gradient;
	for (int i = 0; i < plan->network->layer_count; i++) {
		struct node *node = &plan->nodes[i];
		int from = plan->network->layers[i].from[0];
		if (node->plan.view)
			node->operation = -1;
		if (node->plan.view || node->applied)
			node->value = value_of(plan, from);
		else if (chains[i].count > 0)
			add_operation(plan, &chains[i]);
		else if (!chains[i].taken)
			add_operation(plan, &(struct chain){ .count = 1, .layers = { i } });
		else
			node->value = -1;
	}
}

/* --- What operations leave to their neighbours -------------------------------------------------------------------- */

/* The operation that alone reads what this one writes, itself or a view of it; -1: none or several. */
static int reader_of(const struct model_plan *plan, const struct operation *op)
{
	int reader = -1;

	for (int k = 0; k < plan->operation_count; k++)
		for (int j = 0; j < plan_input_count(plan, &plan->operations[k]); j++) {
			if (plan->operations[k].inputs[j] != op->output)
				continue;
			if (reader >= 0)
				return -1;
			reader = k;
		}
	return reader;
}

/* The gradient through an activation is taken by the operation that reads its outputs, if there is one that can do
 * so. */
static void share_masks(struct model_plan *plan)
{
	for (int i = 0; i < plan->operation_count; i++) {
		struct operation *op = &plan->operations[i];
		int reader = is_identity(op->activation) ? -1 : reader_of(plan, op);
		if (reader < 0 || !plan->operations[reader].type->masks)
			continue;
		plan->operations[reader].mask = &op->activation;
		op->masked_by_reader = true;
	}
}

/* The last step of an operation's backward pass is done by its producer, if that can and nothing stands between
 * them. */
static void share_last_steps(struct model_plan *plan)
{
	for (int i = 0; i < plan->operation_count; i++) {
		struct operation *op = &plan->operations[i];
		bool may = op->type->takes_deferred && (is_identity(op->activation) || op->masked_by_reader);
		int reader = may ? reader_of(plan, op) : -1;
		if (reader < 0 || !plan->operations[reader].type->finish)
			continue;
		op->finishes = reader;
		plan->operations[reader].deferred = true;
	}
}

bool plan_fuse(struct model_plan *plan, struct error *err)
{
	struct chain *chains = calloc((size_t)plan->network->layer_count, sizeof *chains);

	if (!chains)
		return fail(err, "no memory for a plan of %d layers", plan->network->layer_count);
	attach_activations(plan);
	find_chains(plan, chains);
	add_operations(plan, chains);
	free(chains);
	share_masks(plan);
	share_last_steps(plan);
	return true;
}
