/* See problem.h. */
#include "tests/helpers/problem.h"
#include "nn/base/rng.h"
#include "tests/helpers/test.h"

#include <sched.h>
#include <string.h>

static void make_images(struct problem *p)
{
	struct rng rng = rng_seed(81, 0);

	for (int n = 0; n < TRAINING + VALIDATION; n++) {
		int label = (int)rng_below(&rng, 2);
		for (int i = 0; i < PIXELS; i++)
			p->pixels[n][i] = (uint8_t)(rng_below(&rng, 120) +
			                            ((i % SIDE < SIDE / 2) == (label == 0) ? 60 : 0));
		p->labels[n] = (uint8_t)label;
	}
}

static const struct optimizer_type *find_optimizer(const char *name)
{
	const struct optimizer_type *const *type = optimizer_types;

	while (*type && strcmp((*type)->kind.name, name))
		type++;
	CHECK(*type);
	return *type;
}

void problem_open(struct problem *p, const char *optimizer, double rate)
{
	const struct optimizer_type *type = find_optimizer(optimizer);
	struct shape shape = { 1, SIDE, SIDE };

	memset(p, 0, sizeof *p);
	make_images(p);
	net_read(&p->net, shape, 2,
	         "conv channels=4 kernel=3; batch_norm; relu; max_pool window=2; conv channels=6 kernel=3;"
	         "relu; dropout rate=0.1; global_average_pool; dense units=2");
	config_read(type->kind.fields, p->optimizer_config, "");
	p->recipe = (struct recipe){ .epochs = 6, .batch = 40, .learning_rate = rate, .scaling = SCALING_STANDARD,
		.optimizer = type, .optimizer_config = p->optimizer_config,
		.schedule = schedule_types[0], .schedule_config = p->schedule_config,
		.loss = loss_types[0], .loss_config = p->loss_config };
	team_init(&p->team);
	p->setup = (struct training_setup){ .network = &p->net.network, .recipe = &p->recipe, .seed = 1,
		.kernels = kernels_choose(NULL), .team = &p->team,
		.training = { .pixels = p->pixels[0], .labels = p->labels, .count = TRAINING, .shape = shape },
		.validation = { .pixels = p->pixels[TRAINING], .labels = p->labels + TRAINING, .count = VALIDATION,
			.shape = shape } };
}

struct training *problem_start(const struct problem *p)
{
	struct error err = { "" };
	struct training *t = training_create(&p->setup, &err);

	CHECK_TEXT(err.text, "");
	return t;
}

int problem_run(const struct problem *p, struct epoch_row *rows, struct score *score)
{
	struct training *t = problem_start(p);
	int count = 0;

	do
		CHECK(training_epoch(t, &rows[count]));
	while (!rows[count++].last && count < 30);
	CHECK(training_evaluate(t, p->setup.training, score));
	training_destroy(t);
	return count;
}

void problem_schedule(struct problem *p, const char *name, const char *fields)
{
	for (const struct schedule_type *const *type = schedule_types; *type; type++)
		if (!strcmp((*type)->kind.name, name)) {
			config_read((*type)->kind.fields, p->schedule_config, fields);
			p->recipe.schedule = *type;
		}
	CHECK_TEXT(p->recipe.schedule->kind.name, name);
}

static void *help(void *team)
{
	static const atomic_int stay;

	team_help(team, &stay);
	return NULL;
}

void problem_help(struct problem *p, int helpers)
{
	p->helpers = helpers;
	for (int i = 0; i < helpers; i++)
		pthread_create(&p->threads[i], NULL, help, &p->team);
	while (atomic_load(&p->team.helpers) < helpers)
		sched_yield();
}

void problem_leave(struct problem *p)
{
	team_close(&p->team);
	for (int i = 0; i < p->helpers; i++)
		pthread_join(p->threads[i], NULL);
}
