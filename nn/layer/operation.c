/* What operations share: sums over groups, empty lanes, a member's bias. See operation.h. */
#include "nn/layer/layer.h"

#include <string.h>

void sum_pairs(const struct pass *p, const double *from, size_t stride, double totals[2])
{
	totals[0] = totals[1] = 0;
	for (int group = 0; group < p->groups; group++, from += stride) {
		totals[0] += from[0];
		totals[1] += from[1];
	}
}

void sum_groups(const struct pass *p, const real *from, size_t stride, int count, double *totals)
{
	for (int k = 0; k < count; k++)
		totals[k] = 0;
	for (int group = 0; group < p->groups; group++, from += stride)
		for (int k = 0; k < count; k++)
			totals[k] += (double)from[k];
}

void lane_mask(const struct pass *p, int group, real mask[LANES])
{
	for (int i = 0; i < LANES; i++)
		mask[i] = group * LANES + i < p->images ? 1 : 0;
}

void clear_empty_lanes(const struct pass *p, int group, real *x)
{
	int images = p->images - group * LANES;

	for (size_t i = 0; images < LANES && i < image_len(p->in[0].shape); i++)
		memset(x + i * LANES + images, 0, (size_t)(LANES - images) * sizeof *x);
}

real *member_d_params(const struct member *m, int group)
{
	return m->d_params + (size_t)group * m->d_params_stride;
}

static bool has_bias(const struct member *m)
{
	return m->plan->param_count == 2;
}

const real *member_bias(const struct member *m)
{
	return has_bias(m) ? m->params + m->plan->params[0].len : NULL;
}

real *member_d_bias(const struct member *m, int group)
{
	return has_bias(m) ? member_d_params(m, group) + m->plan->params[0].len : NULL;
}
