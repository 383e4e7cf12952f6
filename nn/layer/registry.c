/* The table of layer types: a new type is one file and one row here. Floor 2. */
#include "nn/layer/layer.h"

#include <string.h>

extern const struct layer_type layer_conv, layer_depthwise, layer_batch_norm, layer_relu, layer_relu6, layer_leaky_relu,
	layer_max_pool, layer_average_pool, layer_global_average_pool, layer_flatten, layer_dense, layer_dropout,
	layer_spatial_dropout, layer_add;

const struct layer_type *const layer_types[] = {
	&layer_conv,
	&layer_depthwise,
	&layer_batch_norm,
	&layer_relu,
	&layer_relu6,
	&layer_leaky_relu,
	&layer_max_pool,
	&layer_average_pool,
	&layer_global_average_pool,
	&layer_flatten,
	&layer_dense,
	&layer_dropout,
	&layer_spatial_dropout,
	&layer_add,
	NULL
};

const struct layer_type *layer_type_find(const char *name)
{
	for (const struct layer_type *const *type = layer_types; *type; type++)
		if (!strcmp((*type)->kind.name, name))
			return *type;
	return NULL;
}

bool plan_same_shape(const void *config, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	(void)config;
	(void)err;
	out->out = in->in[0];
	return true;
}

bool plan_dropout(double rate, const struct plan_request *in, struct layer_plan *out, struct error *err)
{
	const double most = 0.99;

	out->out = in->in[0];
	out->dropout = rate * in->dropout;
	out->view = out->identity = in->dropout == 0;
	return out->dropout <= most ||
	       fail_at(err, in->at, "rate: %.10g times the recipe's dropout of %.10g is %.10g; accepted: 0..%.10g",
	               rate, in->dropout, out->dropout, most);
}
