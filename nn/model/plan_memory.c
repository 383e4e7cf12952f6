/* Lifetimes of activations and gradients, counted in segments, and their places in one block. See plan.h.
 *
 * Placement is greedy: the largest slot first, each at the lowest place where no slot that lives at the same time lies
 * (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference", algorithm 3). */
#include "nn/model/plan.h"

#include <stdlib.h>

static void live(struct slot *slot, size_t len, int segment)
{
	if (slot->len == 0) {
		slot->len = len;
		slot->first = slot->last = segment;
	}
	if (segment < slot->first)
		slot->first = segment;
	if (segment > slot->last)
		slot->last = segment;
}

static size_t batch_len(const struct model_plan *plan, struct shape shape)
{
	return group_len(shape) * (size_t)plan->groups;
}

static void live_forward(struct model_plan *plan, const struct item *item, int segment)
{
	struct node *node = &plan->nodes[item->layer];
	struct storage *out = &plan->storages[node->out];

	live(&out->value, batch_len(plan, node->written), segment);
	if (item->run == model_run_loss) {
		live(&out->gradient, out->value.len, segment);
		return;
	}
	for (int k = 0; k < plan->network->layers[item->layer].type->inputs; k++)
		live(&plan->storages[node->storage[k]].value, batch_len(plan, node->in[k]), segment);
}

static void live_backward(struct model_plan *plan, const struct item *item, int segment)
{
	struct node *node = &plan->nodes[item->layer];
	struct storage *out = &plan->storages[node->out];

	live(&out->gradient, out->value.len, segment);
	if (node->plan.needs_out || (node->activated && !node->gated_elsewhere))
		live(&out->value, out->value.len, segment);
	for (int k = 0; k < plan->network->layers[item->layer].type->inputs; k++) {
		struct storage *in = &plan->storages[node->storage[k]];
		if (node->plan.needs_in)
			live(&in->value, in->value.len, segment);
		if (!in->wants_gradient)
			continue;
		if (node->side[k].len && node->side[k].last == 0)
			node->side[k].first = node->side[k].last = segment;
		if (node->side[k].len)
			live(&node->side[k], node->side[k].len, segment);
		live(&in->gradient, in->value.len, segment);
	}
}

static void each_item(struct model_plan *plan, const struct program *program, int first_segment,
                      void (*visit)(struct model_plan *, const struct item *, int))
{
	for (int segment = 0, i = 0; segment < program->segment_count; segment++)
		for (; i < program->ends[segment]; i++)
			visit(plan, &program->items[i], first_segment + segment);
}

/* Larger first; equals in order of their lifetimes, so that the result depends on the network alone. */
static int compare_slots(const void *a, const void *b)
{
	const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;

	if (x->len != y->len)
		return x->len < y->len ? 1 : -1;
	if (x->first != y->first)
		return x->first < y->first ? -1 : 1;
	return x->last == y->last ? 0 : x->last < y->last ? -1 : 1;
}

/* The lowest place for slots[n] among slots[0 .. n - 1], which have theirs. */
static void place(struct slot **slots, int n)
{
	struct slot *slot = slots[n];
	bool moved = true;

	for (slot->at = 0; moved; ) {
		moved = false;
		for (int i = 0; i < n; i++) {
			const struct slot *other = slots[i];
			if (other->last < slot->first || slot->last < other->first ||
			    other->at + other->len <= slot->at || slot->at + slot->len <= other->at)
				continue;
			slot->at = other->at + other->len;
			moved = true;
		}
	}
}

static int gather_slots(struct model_plan *plan, struct slot **slots)
{
	int count = 0;

	for (int i = 0; i < plan->storage_count; i++) {
		slots[count++] = &plan->storages[i].value;
		if (plan->storages[i].gradient.len)
			slots[count++] = &plan->storages[i].gradient;
	}
	for (int i = 0; i < plan->network->layer_count; i++)
		for (int k = 0; k < MAX_INPUTS; k++)
			if (plan->nodes[i].side[k].len)
				slots[count++] = &plan->nodes[i].side[k];
	return count;
}

bool plan_memory(struct model_plan *plan, struct error *err)
{
	size_t most = (size_t)plan->storage_count * 2 + (size_t)plan->network->layer_count * MAX_INPUTS;
	struct slot **slots = calloc(most, sizeof(struct slot *));

	if (!slots)
		return fail(err, "no memory for a plan of %d layers", plan->network->layer_count);
	each_item(plan, &plan->forward, 0, live_forward);
	each_item(plan, &plan->backward, plan->forward.segment_count, live_backward);
	int end = plan->forward.segment_count + plan->backward.segment_count;
	plan->storages[0].value.first = 0;
	struct storage *logits = &plan->storages[plan->nodes[plan->network->layer_count - 1].out];
	logits->value.last = end;       /* read after the pass is over */
	if (plan->storages[0].gradient.len)
		plan->storages[0].gradient.last = end;
	int count = gather_slots(plan, slots);
	qsort(slots, (size_t)count, sizeof *slots, compare_slots);
	for (int i = 0; i < count; i++) {
		place(slots, i);
		if (plan->activations_len < slots[i]->at + slots[i]->len)
			plan->activations_len = slots[i]->at + slots[i]->len;
	}
	free(slots);
	return true;
}
