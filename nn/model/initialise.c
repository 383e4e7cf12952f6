/* The first weights of a network. See model.h. */
#include "nn/model/model.h"
#include "nn/model/plan.h"
#include "nn/base/rng.h"

/* Weights by their plan's rule, each array from its own stream of random numbers. */
static void initialise_array(const struct param_plan *array, real *at, struct rng *rng)
{
	double deviation = sqrt(2.0 / (array->fan_in ? array->fan_in : 1));
	double reach = sqrt(6.0 / (array->fan_in + array->fan_out ? array->fan_in + array->fan_out : 1));

	for (size_t i = 0; i < array->len; i++)
		switch (array->init) {
		case INIT_ZERO: at[i] = 0; break;
		case INIT_ONE: at[i] = 1; break;
		case INIT_HE: at[i] = (real)(deviation * rng_normal(rng)); break;
		case INIT_GLOROT: at[i] = (real)(reach * (2 * rng_uniform(rng) - 1)); break;
		}
}

void model_initialise_at(const struct model_plan *plan, uint64_t seed, real *all_params, real *all_state)
{
	for (int i = 0; i < plan->network->layer_count; i++) {
		const struct node *node = &plan->nodes[i];
		struct rng rng = rng_seed(seed, (uint64_t)i);
		real *params = all_params + node->params_at, *state = all_state + node->state_at;
		for (int k = 0; k < node->plan.param_count; params += node->plan.params[k++].len)
			initialise_array(&node->plan.params[k], params, &rng);
		for (int k = 0; k < node->plan.state_count; state += node->plan.state[k++].len)
			initialise_array(&node->plan.state[k], state, &rng);
	}
}
