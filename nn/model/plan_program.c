/* Which steps run in which order, and where everybody has to wait. See plan.h. */
#include "nn/model/plan.h"

#include <stdlib.h>

/* Most items a layer adds to a program: its steps, its activation's gradient, and the sums of gradients by its inputs. */
enum { ITEMS_PER_LAYER = MAX_STEPS + 1 + MAX_INPUTS };

static void add_item(struct program *program, struct item item)
{
	int last = program->count - 1;

	if (program->count == 0 || item.scope != EACH_GROUP || program->items[last].scope != EACH_GROUP)
		program->segment_count++;
	program->items[program->count++] = item;
	program->ends[program->segment_count - 1] = program->count;
}

static void add_steps(struct program *program, const struct step *steps, bool but_last, int layer)
{
	for (; steps->run && (steps[1].run || !but_last); steps++)
		add_item(program, (struct item){ .run = model_run_step, .scope = steps->scope, .layer = layer, .step = steps });
}

/* The first to write a gradient by some tensor writes it in place; a later one writes aside, and is added. */
static void add_backward(struct model_plan *plan, int i, bool *written)
{
	struct node *node = &plan->nodes[i];
	const struct layer_type *type = plan->network->layers[i].type;

	if (node->activated && !node->gated_elsewhere)
		add_item(&plan->backward, (struct item){ .run = model_run_activation_backward, .scope = EACH_GROUP, .layer = i });
	for (int k = 0; k < type->inputs; k++) {
		if (!plan->storages[node->storage[k]].wants_gradient || node->in_place)
			continue;
		if (written[node->storage[k]])
			node->side[k].len = image_len(node->in[k]) * LANES * (size_t)plan->groups;
		written[node->storage[k]] = true;
	}
	add_steps(&plan->backward, node->type->backward, node->finished_elsewhere, i);
	for (int k = 0; k < type->inputs; k++)
		if (node->side[k].len)
			add_item(&plan->backward, (struct item){ .run = model_run_accumulate, .scope = EACH_GROUP,
			                                         .layer = i, .input = k });
}

static bool program_allocate(struct program *program, int layers, struct error *err)
{
	size_t most = (size_t)layers * ITEMS_PER_LAYER + 1;

	program->items = calloc(most, sizeof *program->items);
	program->ends = calloc(most, sizeof *program->ends);
	return program->items && program->ends ? true : fail(err, "no memory for a program of %d layers", layers);
}

bool plan_program(struct model_plan *plan, struct error *err)
{
	int layers = plan->network->layer_count;
	bool *written = calloc((size_t)plan->storage_count, sizeof *written);

	if (!written || !program_allocate(&plan->forward, layers, err) || !program_allocate(&plan->backward, layers, err)) {
		free(written);
		return fail(err, "no memory for a program of %d layers", layers);
	}
	for (int i = 0; i < layers; i++)
		if (plan->nodes[i].runs)
			add_steps(&plan->forward, plan->nodes[i].type->forward, false, i);
	add_item(&plan->forward, (struct item){ .run = model_run_loss, .scope = EACH_GROUP, .layer = layers - 1 });
	for (int i = layers - 1; i >= 0; i--)
		if (plan->nodes[i].runs_backward)
			add_backward(plan, i, written);
	free(written);
	return true;
}
