/* Kernels as matrices, for optimizers that update them whole. See plan.h. */
#include "nn/model/plan.h"

#include <assert.h>

/* The last layer with a kernel, whose outputs are the logits: it is for update(). -1: there is none. */
static int last_kernel(const struct model_plan *plan)
{
	int i = plan->network->layer_count - 1;

	while (i >= 0 && (plan->nodes[i].plan.param_count == 0 || plan->nodes[i].plan.params[0].axis_count == 1))
		i--;
	return i;
}

bool plan_is_matrix(const struct model_plan *plan, int layer, int array)
{
	return plan->matrix_optimizer && plan->nodes[layer].plan.params[array].axis_count > 1 &&
	       layer != last_kernel(plan);
}

/* A kernel's axes up to that of the outputs are rows: of a depthwise one the input's channels too. */
static int rows_of(const struct param_plan *array)
{
	int rows = 1, i = 0;

	do
		rows *= array->axes[i].len;
	while (array->axes[i].kind != AXIS_OUTPUT && ++i < array->axis_count);
	return rows;
}

struct matrices plan_matrices(const struct model_plan *plan, struct matrix *to)
{
	struct matrices all = { 0 };

	for (int i = 0; i < plan->network->layer_count; i++) {
		const struct layer_plan *layer = &plan->nodes[i].plan;
		size_t at = plan->nodes[i].params_at;
		for (int k = 0; k < layer->param_count; at += layer->params[k++].len) {
			if (!plan_is_matrix(plan, i, k))
				continue;
			int rows = rows_of(&layer->params[k]), columns = (int)(layer->params[k].len / (size_t)rows);
			if (to)
				to[all.count] = (struct matrix){ .at = at, .rows = rows, .columns = columns, .layer = i,
					.decays = layer->params[k].decays, .scratch_at = all.scratch_len };
			all.scratch_len += whole_lanes(plan->matrix_optimizer->matrix_scratch(rows, columns));
			all.count++;
		}
	}
	return all;
}

void model_plan_add_matrices(struct model_plan *plan, const struct optimizer_type *optimizer)
{
	assert(optimizer->update_matrix);
	plan->matrix_optimizer = optimizer;
}
