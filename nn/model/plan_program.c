/* Which steps run in which order, and where everybody has to wait. See plan.h. */
#include "nn/model/plan.h"

#include <stdlib.h>

/* Most items an operation adds to a program: its steps, its activation's gradient, and the sums of gradients of its
 * inputs. */
enum { ITEMS_PER_OPERATION = MAX_STEPS + 1 + MAX_INPUTS };

static void add_item(struct program *program, struct item item)
{
	int last = program->count - 1;

	if (program->count == 0 || item.scope != EACH_GROUP || program->items[last].scope != EACH_GROUP)
		program->segment_count++;
	program->items[program->count++] = item;
	program->ends[program->segment_count - 1] = program->count;
}

static void add_step(const struct model_plan *plan, struct program *program, const struct step *step, int i)
{
	const struct operation *op = &plan->operations[i];

	add_item(program, (struct item){ .run = model_run_step, .scope = step->scope, .operation = i,
		.layer = step->by_first ? op->members[0] : op->host, .step = step });
}

static void add_steps(const struct model_plan *plan, struct program *program, const struct step *steps, int i)
{
	bool but_last = plan->operations[i].deferred && program == &plan->backward;

	for (; steps->run && (steps[1].run || !but_last); steps++)
		add_step(plan, program, steps, i);
}

/* The first to write a gradient writes it in place; a later one writes aside, and is added. */
static void add_backward(struct model_plan *plan, int i, bool *written)
{
	struct operation *op = &plan->operations[i];
	int inputs = plan_input_count(plan, op);

	if (!is_identity(op->activation) && !op->masked_by_reader)
		add_item(&plan->backward, (struct item){ .run = model_run_activation_backward, .scope = EACH_GROUP,
			.operation = i, .layer = op->host });
	for (int k = 0; k < inputs; k++) {
		if (!plan->values[op->inputs[k]].wants_gradient)
			continue;
		if (written[op->inputs[k]])
			op->side[k].len = group_len(op->in[k]) * (size_t)plan->groups;
		written[op->inputs[k]] = true;
	}
	add_steps(plan, &plan->backward, op->type->backward, i);
	for (int k = 0; k < inputs; k++)
		if (op->side[k].len)
			add_item(&plan->backward, (struct item){ .run = model_run_accumulate, .scope = EACH_GROUP,
				.operation = i, .layer = op->host, .input = k });
}

static bool program_allocate(struct program *program, int operations, struct error *err)
{
	size_t most = (size_t)operations * ITEMS_PER_OPERATION + 1;

	program->items = calloc(most, sizeof *program->items);
	program->ends = calloc(most, sizeof *program->ends);
	return program->items && program->ends ? true : fail(err, "no memory for a program of %d operations",
		operations);
}

/* In inference such a step reads parameters and running state alone: it settles batch norm, or folds it into
 * weights. */
static bool is_settling(const struct step *step)
{
	return step->scope != EACH_GROUP && !step->moves.in && !step->moves.out;
}

/* What settles comes first, so that a lane group runs from layer to layer with nobody to wait for. */
static void add_inference(struct model_plan *plan)
{
	for (int settling = 1; settling >= 0; settling--)
		for (int i = 0; i < plan->operation_count; i++)
			for (const struct step *step = plan->operations[i].type->forward; step->run; step++)
				if (is_settling(step) == (bool)settling)
					add_step(plan, &plan->forward, step, i);
}

static void add_forward(struct model_plan *plan)
{
	int last = plan->operation_count - 1;

	if (plan->network->inference) {
		add_inference(plan);
		return;
	}
	for (int i = 0; i <= last; i++)
		add_steps(plan, &plan->forward, plan->operations[i].type->forward, i);
	add_item(&plan->forward, (struct item){ .run = model_run_loss, .scope = EACH_GROUP, .operation = last,
		.layer = plan->network->layer_count - 1 });
}

bool plan_program(struct model_plan *plan, struct error *err)
{
	int operations = plan->operation_count;
	bool *written = calloc((size_t)plan->value_count, sizeof *written);

	if (!written || !program_allocate(&plan->forward, operations, err) ||
		!program_allocate(&plan->backward, operations, err)) {
		free(written);
		return fail(err, "no memory for a program of %d operations", operations);
	}
	add_forward(plan);
	for (int i = operations - 1; i >= 0; i--)
		if (plan->operations[i].runs_backward)
			add_backward(plan, i, written);
	free(written);
	return true;
}
