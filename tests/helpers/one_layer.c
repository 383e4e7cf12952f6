/* See one_layer.h. */
#include "tests/helpers/one_layer.h"
#include "tests/helpers/lanes.h"
#include "tests/helpers/test.h"

#include <stdlib.h>

static const double JUNK = 5;   /* in empty lanes */

void one_layer_open(struct one_layer *l, const char *text, const struct kernels *kernels)
{
	net_read(&l->net, (struct shape){ 1, 1, 1 }, 1, text);
	l->type = l->net.layers[0].type;
	l->bf16 = false;
	l->member = (struct member){ .config = l->net.layers[0].config, .plan = &l->plan,
		.activation = ACTIVATION_IDENTITY };
	l->pass = (struct pass){ .kernels = kernels, .plan = &l->needs, .members = &l->member, .host = &l->member,
		.member_count = 1,
	                         .activation = ACTIVATION_IDENTITY, .training = true };
}

void one_layer_shape(struct one_layer *l, struct shape in, int images)
{
	struct pass *p = &l->pass;
	struct error err = { "" };
	size_t groups = (size_t)groups_of(images), state = 0;

	l->plan = (struct layer_plan){ .macs = 0 };
	l->needs = (struct operation_plan){ .saved_len = 0 };
	p->groups = groups_of(images);
	p->images = images;
	struct plan_request request = { .input_count = 1, .in = { in }, .at = { "net", 1, 1 }, .bf16 = l->bf16,
		.dropout = 1 };
	if (!l->type->plan(l->member.config, &request, &l->plan, &err)) {
		test_fail(__FILE__, __LINE__, "%s", err.text);
		abort();
	}
	l->params_len = 0;
	for (int k = 0; k < l->plan.param_count; k++)
		l->params_len += l->plan.params[k].len;
	for (int k = 0; k < l->plan.state_count; k++)
		state += l->plan.state[k].len;
	l->member.in = in;
	p->in[0] = tensor_at(in, NULL);
	p->d_in[0] = tensor_at(in, take_reals(groups * group_len(in)));
	p->out = tensor_at(l->plan.out, take_reals(groups * group_len(l->plan.out)));
	p->d_out = tensor_at(l->plan.out, NULL);
	if (l->type->alone.plan)
		l->type->alone.plan(p, &l->needs);
	p->gemm = l->needs.uses_blas ? blas_load(&err) : NULL;
	if (l->needs.uses_blas && !p->gemm) {
		test_fail(__FILE__, __LINE__, "%s", err.text);
		abort();
	}
	l->member.d_params = take_reals(groups * l->params_len);
	l->member.d_params_stride = l->params_len;
	l->member.state = take_reals(state);
	p->saved = take_reals(l->needs.saved_len);
	p->shared = take_reals(l->needs.shared_len);
	p->scratch = take_reals(l->needs.scratch_len);
}

static void run_steps(const struct pass *p, const struct step *steps)
{
	for (; steps->run; steps++) {
		int count = steps->scope == EACH_GROUP ? p->groups : steps->scope == EACH_BLOCK ? steps->blocks(p) : 1;
		for (int i = 0; i < count; i++)
			steps->run(p, i);
	}
}

double *one_layer_forward(struct one_layer *l, const double *in)
{
	struct pass *p = &l->pass;

	p->in[0].at = take_lanes(in, p->in[0].shape, p->images, JUNK);
	l->member.params = l->params_len ? take_copy(l->params, l->params_len) : NULL;
	if (l->type->alone.prepare)
		l->type->alone.prepare(p);
	run_steps(p, l->type->alone.forward);
	return take_plain(p->out.at, p->out.shape, p->images);
}

static double *add_groups(const struct one_layer *l)
{
	int groups = l->needs.grouped_gradient[0] ? l->pass.groups : 1;
	double *sum = take_wide(l->member.d_params, l->params_len);

	for (size_t i = 0; i < l->params_len; i++)
		for (int group = 1; group < groups; group++)
			sum[i] += (double)l->member.d_params[(size_t)group * l->params_len + i];
	return sum;
}

double *one_layer_backward(struct one_layer *l, const double *d_out)
{
	struct pass *p = &l->pass;

	p->d_out.at = take_lanes(d_out, p->out.shape, p->images, 0);
	run_steps(p, l->type->alone.backward);
	l->d_params = add_groups(l);
	return take_plain(p->d_in[0].at, p->in[0].shape, p->images);
}
