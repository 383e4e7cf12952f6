/* Lifetimes of activations and gradients, and their places. See plan.h.
 *
 * Lifetimes are counted in items. Most tensors are handed from segment to segment, and different groups may be at
 * different items of a segment, so for them whole segments count, and they get places in one block of the whole batch.
 * The others, mostly gradients, get places in a small block that each thread has. Both kinds are placed greedily: the
 * largest slot first, each at the lowest place where no slot that lives at the same time lies (Pisarchyk and Lee 2020,
 * "Efficient memory management for deep neural net inference", algorithm 3). */
#include "nn/model/plan.h"

#include <stdlib.h>
#include <string.h>

static void live(struct slot *slot, size_t len, int item)
{
	if (slot->len == 0 || slot->last == 0) {
		slot->len = len;
		slot->first = slot->last = item;
	}
	if (item < slot->first)
		slot->first = item;
	if (item > slot->last)
		slot->last = item;
}

static size_t batch_len(const struct model_plan *plan, struct shape shape)
{
	return group_len(shape) * (size_t)plan->groups;
}

/* Whether an item, which may be no operation's step, moves what that step says that it moves so often. */
#define MOVES(item, array) (!(item)->step || (item)->step->moves.array || (item)->step->data_moves.array)

static void live_forward(struct model_plan *plan, const struct item *item, int at)
{
	struct operation *op = &plan->operations[item->operation];
	struct value *out = &plan->values[op->output];

	if (MOVES(item, out))
		live(&out->data, batch_len(plan, op->out), at);
	if (item->run == model_run_loss) {
		live(&out->gradient, out->data.len, at);
		return;
	}
	for (int k = 0; MOVES(item, in) && k < plan_input_count(plan, op); k++)
		live(&plan->values[op->inputs[k]].data, batch_len(plan, op->in[k]), at);
}

static void live_backward(struct model_plan *plan, const struct item *item, int at)
{
	struct operation *op = &plan->operations[item->operation];
	struct value *out = &plan->values[op->output];

	if (MOVES(item, d_out))
		live(&out->gradient, out->data.len, at);
	if (op->plan.needs_out || op->finishes >= 0 || (!is_identity(op->activation) && !op->masked_by_reader))
		live(&out->data, out->data.len, at);
	for (int k = 0; k < plan_input_count(plan, op); k++) {
		struct value *in = &plan->values[op->inputs[k]];
		if (op->plan.needs_in)
			live(&in->data, in->data.len, at);
		if (!in->wants_gradient || !MOVES(item, d_in))
			continue;
		if (op->side[k].len)
			live(&op->side[k], op->side[k].len, at);
		live(&in->gradient, in->data.len, at);
	}
}

/* Items count from 1: 0 is before all, and behind the last one comes one more, after all. */
static int each_item(struct model_plan *plan, const struct program *program, int at,
                     void (*visit)(struct model_plan *, const struct item *, int))
{
	for (int i = 0; i < program->count; i++)
		visit(plan, &program->items[i], at++);
	return at;
}

/* Of each item the segment, or -1 - segment if its tasks are not lane groups. */
static int number_segments(const struct program *program, int segment, int *segments)
{
	for (int k = 0, i = 0; k < program->segment_count; k++, segment++)
		for (; i < program->ends[k]; i++)
			segments[i] = program->items[i].scope == EACH_GROUP ? segment : -1 - segment;
	return segment;
}

/* [before all, forward's items, backward's items, after all] */
static int *segments_of(const struct model_plan *plan)
{
	size_t count = (size_t)plan->forward.count + (size_t)plan->backward.count + 2;
	int *segments = calloc(count, sizeof *segments);

	if (!segments)
		return NULL;
	int last = number_segments(&plan->forward, 1, segments + 1);
	segments[count - 1] = -1 - number_segments(&plan->backward, last, segments + 1 + plan->forward.count);
	segments[0] = -1;
	return segments;
}

static int positive(int segment)
{
	return segment < 0 ? -1 - segment : segment;
}

static void settle_slot(const struct model_plan *plan, struct slot *slot, const int *segments)
{
	int first = segments[slot->first], last = segments[slot->last];

	slot->local = first == last && first > 0;
	if (slot->local) {
		slot->len /= (size_t)plan->groups;
	} else {
		slot->first = positive(first);
		slot->last = positive(last);
	}
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

/* Whether both live at some time, so that they may not overlap. */
static bool meet(const struct slot *a, const struct slot *b)
{
	return a->first <= b->last && b->first <= a->last;
}

/* The lowest place for a slot among those that have theirs, in the order of their places, to which it is added. One
 * walk over them: networks may have thousands. */
static void place(struct slot *slot, struct slot **placed, int count)
{
	int i;

	slot->at = 0;
	for (i = 0; i < count && placed[i]->at < slot->at + slot->len; i++)
		if (meet(slot, placed[i]) && placed[i]->at + placed[i]->len > slot->at)
			slot->at = placed[i]->at + placed[i]->len;
	while (i > 0 && placed[i - 1]->at > slot->at)
		i--;
	memmove(placed + i + 1, placed + i, (size_t)(count - i) * sizeof *placed);
	placed[i] = slot;
}

static int gather_slots(struct model_plan *plan, struct slot **slots)
{
	int count = 0;

	for (int i = 0; i < plan->value_count; i++) {
		slots[count++] = &plan->values[i].data;
		if (plan->values[i].gradient.len)
			slots[count++] = &plan->values[i].gradient;
	}
	for (int i = 0; i < plan->operation_count; i++)
		for (int k = 0; k < MAX_INPUTS; k++)
			if (plan->operations[i].side[k].len)
				slots[count++] = &plan->operations[i].side[k];
	return count;
}

/* `placed`: room for as many again in each of the two blocks. */
static void place_slots(struct model_plan *plan, struct slot **slots, int count, struct slot **placed[2])
{
	int counts[2] = { 0 };

	qsort(slots, (size_t)count, sizeof *slots, compare_slots);
	for (int i = 0; i < count; i++) {
		bool local = slots[i]->local;
		place(slots[i], placed[local], counts[local]++);
		size_t *len = slots[i]->local ? &plan->local_len : &plan->activations_len;
		if (*len < slots[i]->at + slots[i]->len)
			*len = slots[i]->at + slots[i]->len;
	}
}

/* The input is loaded before all, and its gradient, like the logits, is read when all is over. */
static void live_outside(struct model_plan *plan, int after)
{
	struct value *input = &plan->values[0], *logits = &plan->values[plan->operations[plan->operation_count -
		1].output];

	input->data.first = 0;
	logits->data.last = after;
	if (input->gradient.len)
		input->gradient.last = after;
}

bool plan_memory(struct model_plan *plan, struct error *err)
{
	size_t most = (size_t)plan->value_count * 2 + (size_t)plan->operation_count * MAX_INPUTS;
	struct slot **slots = calloc(3 * most, sizeof(struct slot *));
	int *segments = segments_of(plan);

	if (slots && segments) {
		int backward = each_item(plan, &plan->forward, 1, live_forward);
		live_outside(plan, each_item(plan, &plan->backward, backward, live_backward));
		int count = gather_slots(plan, slots);
		for (int i = 0; i < count; i++)
			settle_slot(plan, slots[i], segments);
		place_slots(plan, slots, count, (struct slot **[]){ slots + most, slots + 2 * most });
	}
	bool planned = slots && segments;
	free(slots);
	free(segments);
	return planned ? true : fail(err, "no memory for a plan of %d layers", plan->network->layer_count);
}
