/* See feature_order.h. Every tensor belongs to a class of tensors with the same order of channels. A class is free
 * until something defines its order, which may depend on another class. Lengths grow along such a chain, so there are
 * no cycles. */
#include "bench/weights/feature_order.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum definition {
	FREE,                   /* not defined yet; if it stays so, as in memory */
	MEMORY,                 /* as in memory */
	FLATTENED,              /* the pixels of a flattened map */
	MULTIPLIED,             /* each channel's outputs are adjacent */
};

struct class {
	int same_as;            /* the class that this one was joined with, or itself */
	enum definition definition;
	int of;                 /* FLATTENED, MULTIPLIED: the input's class */
	struct shape shape;     /* FLATTENED: of the map; MULTIPLIED: c channels with h outputs each */
	bool resolved;
	int *order;             /* owned; NULL: as in memory */
};

/* Input and output of layer i. */
struct layer_classes {
	struct shape in, out;
	int in_class, out_class;        /* in_class: after flattening, if the layer flattens its input */
};

struct feature_orders {
	int class_count, layer_count, join_count;
	struct class *classes;                  /* owned */
	struct layer_classes *layers;                              /* owned */
	struct { int layer, a, b; } *joins;     /* owned: joined classes that both had an order already */
	int conflict;
};

static int class_add(struct feature_orders *o, struct class class)
{
	class.same_as = o->class_count;
	o->classes[o->class_count] = class;
	return o->class_count++;
}

static int class_root(const struct feature_orders *o, int class)
{
	while (o->classes[class].same_as != class)
		class = o->classes[class].same_as;
	return class;
}

static void class_join(struct feature_orders *o, int layer, int a, int b)
{
	a = class_root(o, a);
	b = class_root(o, b);
	if (a == b)
		return;
	if (o->classes[a].definition == FREE) {
		o->classes[a].same_as = b;
	} else if (o->classes[b].definition == FREE) {
		o->classes[b].same_as = a;
	} else {
		o->joins[o->join_count].layer = layer;
		o->joins[o->join_count].a = a;
		o->joins[o->join_count++].b = b;
	}
}

static int class_flatten(struct feature_orders *o, int class, struct shape map)
{
	return map.h * map.w == 1 ? class
	                          : class_add(o, (struct class){ .definition = FLATTENED, .of = class, .shape = map });
}

/* The order of channels * each numbers: channel base[k] (NULL: k), pixel p; channels are fastest if pixels_first. */
static int *product_order(const int *base, int channels, int each, bool pixels_first)
{
	int *order = malloc((size_t)channels * (size_t)each * sizeof *order);

	for (int k = 0; order && k < channels; k++)
		for (int p = 0; p < each; p++)
			order[pixels_first ? p * channels + k : k * each + p] = (base ? base[k] : k) * each + p;
	return order;
}

static bool is_memory(const int *order, int len)
{
	int k = 0;

	while (k < len && order[k] == k)
		k++;
	return k == len;
}

static bool resolve(struct feature_orders *o, int class, struct error *err)
{
	struct class *c = &o->classes[class = class_root(o, class)];

	if (c->resolved || c->definition == FREE || c->definition == MEMORY)
		return true;
	if (!resolve(o, c->of, err))
		return false;
	bool flat = c->definition == FLATTENED;
	int each = flat ? c->shape.h * c->shape.w : c->shape.h;
	c->order = product_order(o->classes[class_root(o, c->of)].order, c->shape.c, each, flat);
	if (!c->order)
		return fail(err, "not enough memory for the order of %d features", c->shape.c * each);
	if (is_memory(c->order, c->shape.c * each)) {
		free(c->order);
		c->order = NULL;
	}
	c->resolved = true;
	return true;
}

/* The input and output axes of the layer's kernel; false if it has no array with both. */
static bool kernel_axes(const struct layer_plan *plan, int *inputs, int *outputs)
{
	*inputs = *outputs = 0;
	for (int i = 0; plan->param_count > 0 && i < plan->params[0].axis_count; i++) {
		struct axis axis = plan->params[0].axes[i];
		*inputs = axis.kind == AXIS_INPUT ? axis.len : *inputs;
		*outputs = axis.kind == AXIS_OUTPUT ? axis.len : *outputs;
	}
	return *inputs && *outputs;
}

/* The class of layer i's output. Layers that neither keep the order nor mix channels freely need class 0, as in
 * memory. */
static int out_class(struct feature_orders *o, int i, const struct layer_plan *plan)
{
	struct layer_classes *p = &o->layers[i];
	int inputs, outputs;

	if (kernel_axes(plan, &inputs, &outputs)) {
		if (inputs != p->in.c && (size_t)inputs == image_len(p->in))
			p->in_class = class_flatten(o, p->in_class, p->in);
		if (outputs == p->out.c && (inputs == p->in.c || (size_t)inputs == image_len(p->in)))
			return class_add(o, (struct class){ .definition = FREE });
		if (inputs == p->in.c && outputs == 1)
			return p->in_class;
		if (inputs == p->in.c && inputs * outputs == p->out.c)
			return class_add(o, (struct class){ .definition = MULTIPLIED, .of = p->in_class,
			                                    .shape = { p->in.c, outputs, 1 } });
	} else if (plan->view && (size_t)p->out.c == image_len(p->in)) {
		return class_flatten(o, p->in_class, p->in);
	} else if (p->out.c == p->in.c) {
		return p->in_class;
	}
	class_join(o, i, p->in_class, 0);
	return 0;
}

static void place_layer(struct feature_orders *o, const struct network *n, const struct model_plan *plan, int i)
{
	const struct layer *layer = &n->layers[i];
	struct layer_classes *p = &o->layers[i];
	int from = layer->from[0];

	p->in = from == NETWORK_INPUT ? n->input : o->layers[from].out;
	p->out = model_plan_layer(plan, i)->out;
	p->in_class = from == NETWORK_INPUT ? 0 : o->layers[from].out_class;
	for (int k = 1; k < layer->type->inputs; k++)
		class_join(o, i, p->in_class,
		           layer->from[k] == NETWORK_INPUT ? 0 : o->layers[layer->from[k]].out_class);
	p->out_class = out_class(o, i, model_plan_layer(plan, i));
}

static const int *order_of(const struct feature_orders *o, int class)
{
	return o->classes[class_root(o, class)].order;
}

static int class_len(const struct feature_orders *o, int class)
{
	const struct class *c = &o->classes[class_root(o, class)];

	return c->definition == FLATTENED ? (int)image_len(c->shape) : c->shape.c * c->shape.h;
}

static bool is_same_order(const struct feature_orders *o, int a, int b)
{
	const int *left = order_of(o, a), *right = order_of(o, b);

	if (!left || !right)
		return left == right;
	return class_len(o, a) == class_len(o, b) && !memcmp(left, right, (size_t)class_len(o, a) * sizeof *left);
}

static bool resolve_all(struct feature_orders *o, struct error *err)
{
	for (int i = 0; i < o->layer_count; i++)
		if (!resolve(o, o->layers[i].in_class, err) || !resolve(o, o->layers[i].out_class, err))
			return false;
	for (int i = 0; i < o->join_count && o->conflict < 0; i++) {
		if (!resolve(o, o->joins[i].a, err) || !resolve(o, o->joins[i].b, err))
			return false;
		if (!is_same_order(o, o->joins[i].a, o->joins[i].b))
			o->conflict = o->joins[i].layer;
	}
	return true;
}

struct feature_orders *feature_orders_create(const struct network *network, const struct model_plan *plan,
                                             struct error *err)
{
	struct feature_orders *o = calloc(1, sizeof *o);
	size_t layers = (size_t)network->layer_count;

	if (!o) {
		fail(err, "not enough memory for the order of features");
		return NULL;
	}
	*o = (struct feature_orders){ .layer_count = network->layer_count, .conflict = -1,
		.classes = calloc(2 * layers + 1, sizeof *o->classes), .layers = calloc(layers, sizeof *o->layers),
		.joins = calloc((MAX_INPUTS + 1) * layers, sizeof *o->joins) };
	if (o->classes && o->layers && o->joins) {
		class_add(o, (struct class){ .definition = MEMORY });
		for (int i = 0; i < network->layer_count; i++)
			place_layer(o, network, plan, i);
		if (resolve_all(o, err))
			return o;
	}
	fail(err, "not enough memory for the order of features");
	feature_orders_destroy(o);
	return NULL;
}

void feature_orders_destroy(struct feature_orders *o)
{
	if (!o)
		return;
	for (int i = 0; i < o->class_count; i++)
		free(o->classes[i].order);
	free(o->classes);
	free(o->layers);
	free(o->joins);
	free(o);
}

const int *feature_order(const struct feature_orders *o, int layer, struct axis axis)
{
	const struct layer_classes *p = &o->layers[layer];

	assert(layer >= 0 && layer < o->layer_count);
	switch (axis.kind) {
	case AXIS_OUTPUT: return axis.len == p->out.c ? order_of(o, p->out_class) : NULL;
	case AXIS_INPUT:
		return axis.len == p->in.c || (size_t)axis.len == image_len(p->in) ? order_of(o, p->in_class) : NULL;
	default: return NULL;
	}
}

int feature_orders_conflict(const struct feature_orders *o)
{
	return o->conflict;
}
