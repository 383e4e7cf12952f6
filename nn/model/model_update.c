/* What follows the gradients: clipping, the optimizer's step, perturbation, lookahead, running
 * averages. See model.h.
 *
 * Sums over stretches are added up in their order, so that results are the same for any number of threads. */
#include "nn/model/model_parts.h"

#include <assert.h>
#include <math.h>
#include <string.h>

/* --- the gradients' norm, and clipping ---------------------------------------------------------------------------- */

/* The sum of squares of one stretch of gradients: LANES sums, then their sum. */
static void run_square(void *about, int index, int thread)
{
	struct model *m = about;
	const struct stretch *s = &m->stretches[index];
	const real *gradients = m->gradients + s->at;
	double sums[LANES] = { 0 }, sum = 0;

	(void)thread;
	observe_begin(m->observer);
	for (size_t i = 0; i < s->len; i++)
		sums[i % LANES] += (double)gradients[i] * (double)gradients[i];
	for (int k = 0; k < LANES; k++)
		sum += sums[k];
	m->squares[index] = sum;
	observe_end(m->observer, STAGE_UPDATE, s->layer);
}

static double gradient_norm(struct model *m, struct team *team)
{
	double sum = 0;

	team_run(team, m->stretch_count, run_square, m);
	for (int i = 0; i < m->stretch_count; i++)
		sum += m->squares[i];
	return sqrt(sum);
}

/* What all gradients are multiplied by: 1, or less where their norm is larger than `largest` (0: there is no limit), as
 * torch.nn.utils.clip_grad_norm_ does. */
static double clip_factor(struct model *m, struct team *team, double largest)
{
	if (largest == 0)
		return 1;
	double factor = largest / (gradient_norm(m, team) + 1e-6);
	return factor > 1 ? 1 : factor;         /* a norm that is not a number stays one */
}

/* --- the step ----------------------------------------------------------------------------------------------------- */

/* What the tasks of model_update are told. */
struct updating {
	struct model *model;
	const struct model_step *step;
	double clip;            /* factor on the gradients */
};

static void scale(real *values, size_t len, real factor)
{
	for (size_t i = 0; i < len && factor != 1; i++)
		values[i] *= factor;
}

/* Of the parameters from `at` on. */
static struct update update_of(const struct updating *updating, size_t at, size_t len)
{
	struct model *m = updating->model;
	struct update u = { .params = m->params + at, .gradients = m->gradients + at, .len = len,
		.step = updating->step->step, .learning_rate = updating->step->learning_rate };

	for (int i = 0; i < m->plan->optimizer_slots; i++)
		u.slots[i] = m->slots[i] + at;
	return u;
}

static void update_matrix(const struct updating *updating, const struct matrix *matrix)
{
	struct model *m = updating->model;
	size_t len = (size_t)matrix->rows * (size_t)matrix->columns;
	struct update u = update_of(updating, matrix->at, len);

	u.decays = matrix->decays;
	u.rows = matrix->rows;
	u.columns = matrix->columns;
	u.scratch = m->matrix_scratch + matrix->scratch_at;
	u.gemm = m->gemm;
	observe_begin(m->observer);
	scale(m->gradients + matrix->at, len, (real)updating->clip);
	updating->step->optimizer->update_matrix(updating->step->config, &u);
	observe_end(m->observer, STAGE_UPDATE, matrix->layer);
}

static void update_stretch(const struct updating *updating, const struct stretch *s)
{
	struct model *m = updating->model;
	struct update u = update_of(updating, s->at, s->len);

	u.decays = s->decays;
	observe_begin(m->observer);
	scale(m->gradients + s->at, s->len, (real)updating->clip);
	updating->step->optimizer->update(updating->step->config, &u);
	observe_end(m->observer, STAGE_UPDATE, s->layer);
}

/* Whole kernels come first, since they take longest. */
static void run_update(void *about, int index, int thread)
{
	const struct updating *updating = about;
	const struct model *m = updating->model;

	(void)thread;
	if (index < m->matrix_count)
		update_matrix(updating, &m->matrices[index]);
	else if (!m->stretches[index - m->matrix_count].matrix)
		update_stretch(updating, &m->stretches[index - m->matrix_count]);
}

void model_update(struct model *m, struct team *team, const struct model_step *step)
{
	struct updating updating = { m, step, clip_factor(m, team, step->clip) };

	assert(!m->plan->matrix_optimizer || m->plan->matrix_optimizer == step->optimizer);
	team_run(team, m->matrix_count + m->stretch_count, run_update, &updating);
}

/* --- perturbation ------------------------------------------------------------------------------------------------- */

/* What the tasks of model_perturb are told. */
struct perturbing { struct model *model; real factor; };

static void run_perturb(void *about, int index, int thread)
{
	const struct perturbing *p = about;
	const struct stretch *s = &p->model->stretches[index];
	const real *restrict gradients = p->model->gradients + s->at;
	real *restrict params = p->model->params + s->at, *restrict kept = p->model->params_kept + s->at;

	(void)thread;
	observe_begin(p->model->observer);
	for (size_t i = 0; i < s->len; i++) {
		kept[i] = params[i];
		params[i] += p->factor * gradients[i];
	}
	observe_end(p->model->observer, STAGE_UPDATE, s->layer);
}

void model_perturb(struct model *m, struct team *team, double reach)
{
	struct perturbing perturbing = { m, (real)(reach / (gradient_norm(m, team) + 1e-12)) };

	assert(m->params_kept);
	team_run(team, m->stretch_count, run_perturb, &perturbing);
	memcpy(m->state_kept, m->state, m->plan->state_len * sizeof(real));
}

void model_put_back(struct model *m)
{
	memcpy(m->params, m->params_kept, m->plan->params_len * sizeof(real));
	memcpy(m->state, m->state_kept, m->plan->state_len * sizeof(real));
	m->repack = true;
}

/* --- lookahead ---------------------------------------------------------------------------------------------------- */

/* What the tasks of model_look_ahead are told. */
struct looking { struct model *model; real share; };

static void run_look_ahead(void *about, int index, int thread)
{
	const struct looking *l = about;
	const struct stretch *s = &l->model->stretches[index];
	real *restrict slow = l->model->slow + s->at, *restrict params = l->model->params + s->at;

	(void)thread;
	observe_begin(l->model->observer);
	for (size_t i = 0; i < s->len; i++)
		params[i] = slow[i] += l->share * (params[i] - slow[i]);
	observe_end(l->model->observer, STAGE_UPDATE, s->layer);
}

void model_look_ahead(struct model *m, struct team *team, double share)
{
	struct looking looking = { m, (real)share };

	assert(m->slow);
	team_run(team, m->stretch_count, run_look_ahead, &looking);
}

/* --- averages ----------------------------------------------------------------------------------------------------- */

static void average(real *restrict averages, const real *restrict values, size_t len, real take)
{
	for (size_t i = 0; i < len; i++)
		averages[i] += take * (values[i] - averages[i]);
}

/* What the tasks of model_average are told. */
struct averaging {
	struct model *model;
	real take;              /* share of the new values */
};

static void run_average(void *about, int index, int thread)
{
	const struct averaging *a = about;
	const struct stretch *s = &a->model->stretches[index];

	(void)thread;
	observe_begin(a->model->observer);
	average(a->model->averages + s->at, a->model->params + s->at, s->len, a->take);
	observe_end(a->model->observer, STAGE_UPDATE, s->layer);
}

void model_average(struct model *m, struct team *team, double keep)
{
	struct averaging averaging = { m, (real)(1 - keep) };

	assert(m->averages);
	team_run(team, m->stretch_count, run_average, &averaging);
	average(m->state_averages, m->state, m->plan->state_len, averaging.take);
}
